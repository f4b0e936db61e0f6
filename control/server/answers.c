/* See answers.h. */
#include "answers.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "page.h"
#include "route_server.h"

void rs_answered(struct route_server *rs, struct page *page)
{
	const struct rs_desk *desk = &rs->desks[page->desk];
	struct page **back = mailbox_reserve(desk->answers, sizeof(*back));
	const uint64_t one = 1;

	assert(back); /* there is room for as many pages as there can be */
	*back = page;
	mailbox_post(desk->answers, sizeof(*back));
	if (write(desk->answered, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_warning("desk: eventfd: %s", strerror(errno));
}
