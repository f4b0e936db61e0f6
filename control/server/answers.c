/* See answers.h. */
#include "answers.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "route_server.h"

void rs_answered(struct route_server *rs, struct page *page)
{
	struct page **back = mailbox_reserve(rs->answers, sizeof(*back));
	const uint64_t one = 1;

	assert(back); /* there is room for as many pages as there can be */
	*back = page;
	mailbox_post(rs->answers, sizeof(*back));
	if (write(rs->answered, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_warning("management: eventfd: %s", strerror(errno));
}
