/* The watch's rounds: the last outcome is handed to the RIB lcore, which says whom to ask next;
 * both instances are asked; their answers are compared. */
#include "partner_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "page.h"
#include "partner.h"

enum { IDLE_MS = 1000 };

struct partner_watch {
	struct desk *desk;	/* borrowed */
	const char *own_socket; /* borrowed */
	struct page *page;	/* owned, but while `asked` with the RIB lcore */
	bool asked, looking;
	struct instance_query here, there;
	const struct partner_view *view;   /* the RIB lcore's: it keeps it until the next page */
	const struct partner_view *passed; /* the next one, while `asked` */
	char partner[CONFIG_PARTNER];	   /* as configured; empty: none */
	uint64_t next_ms;
};

/* --- the page --------------------------------------------------------------------------------- */

/* The RIB lcore has the new view, and gives back the one before. */
static void answered(struct page *page, void *ctx)
{
	struct partner_watch *watch = ctx;

	if (page->more && desk_ask(watch->desk, page, answered, watch))
		return;
	free(page->seen);
	page->seen = NULL;
	watch->view = watch->passed;
	watch->passed = NULL;
	watch->asked = false;
	if (strcmp(watch->partner, page->partner))
		watch->next_ms = 0;
	memcpy(watch->partner, page->partner, sizeof(watch->partner));
}

static void pass(struct partner_watch *watch, struct partner_view *view)
{
	watch->page->command = PAGE_PARTNER_SEEN;
	watch->page->seen = view;
	watch->page->cursor[0] = 0;
	watch->passed = view;
	watch->asked = desk_ask(watch->desk, watch->page, answered, watch);
	if (watch->asked)
		return;
	free(view); /* never with as many pages as there can be; then the next look tells */
	watch->page->seen = NULL;
	watch->passed = NULL;
}

/* --- looking ---------------------------------------------------------------------------------- */

static void looks_begin(struct partner_watch *watch, uint64_t now_ms)
{
	char path[PATH_MAX];

	instance_query_begin(&watch->here, watch->own_socket, now_ms);
	instance_query_begin(&watch->there, config_partner_path(watch->partner, path, sizeof(path)),
			     now_ms);
	watch->looking = true;
}

/* A look at ourselves that fails says nothing about the partner. */
static void looks_end(struct partner_watch *watch)
{
	struct partner_view *view = NULL;

	if (!watch->here.error[0])
		view = partner_compare(watch->view, watch->partner, &watch->here, &watch->there);
	if (view)
		pass(watch, view);
	instance_query_release(&watch->here);
	instance_query_release(&watch->there);
	watch->looking = false;
}

int partner_watch_poll(const struct partner_watch *watch, struct pollfd *fds, uint64_t now_ms)
{
	fds[0] = instance_query_poll(&watch->here);
	fds[1] = instance_query_poll(&watch->there);
	if (watch->looking || watch->asked || watch->next_ms >= now_ms + IDLE_MS)
		return IDLE_MS;
	return watch->next_ms > now_ms ? (int)(watch->next_ms - now_ms) : 0;
}

void partner_watch_serve(struct partner_watch *watch, const struct pollfd *fds, uint64_t now_ms)
{
	if (watch->looking) {
		instance_query_serve(&watch->here, fds[0].revents, now_ms);
		instance_query_serve(&watch->there, fds[1].revents, now_ms);
		if (instance_query_done(&watch->here) && instance_query_done(&watch->there))
			looks_end(watch);
		return;
	}
	if (watch->asked || now_ms < watch->next_ms)
		return;
	watch->next_ms = now_ms + PARTNER_PERIOD_MS;
	if (watch->partner[0])
		looks_begin(watch, now_ms);
	else
		pass(watch, NULL);
}

/* --- life ------------------------------------------------------------------------------------- */

int partner_watch_open(struct desk *desk, const char *own_socket, struct partner_watch **out)
{
	struct partner_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->desk = desk;
	watch->own_socket = own_socket;
	watch->page = calloc(1, sizeof(*watch->page));
	if (!watch->page) {
		free(watch);
		return -ENOMEM;
	}
	watch->here.fd = watch->there.fd = -1;
	*out = watch;
	return 0;
}

void partner_watch_close(struct partner_watch *watch)
{
	instance_query_release(&watch->here);
	instance_query_release(&watch->there);
	free(watch->page->seen); /* not taken, or given back and not read */
	free(watch->page);
	free(watch);
}
