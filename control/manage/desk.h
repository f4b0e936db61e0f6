/* The desk: where a thread of this process asks the RIB lcore, and is answered. Each thread that
 * asks has a desk of its own: the management thread for the clients of its sockets (ctl.h), the
 * partner's watch and SIGHUP, the HTTP thread for its clients. A desk is two mailboxes of pages
 * (page.h) and an eventfd.
 *
 *   front ─ request.h ─► inquiry_go_on ─ page ─► RIB lcore
 *   front ◄─ sink of rows ─ inquiry_tell ◄─ page ─┘          ... until there are no more
 *
 * A front (socket, HTTP) has an inquiry for each question of a client. The next page is asked for
 * when the front says so, which is when its client has taken the last one: so neither a slow client
 * nor a long answer holds up anybody else, and what a client can make this process keep is bounded.
 * A reload is asked when its file has been read, by a thread of its own, one at a time. */
#ifndef BASCULE_DESK_H
#define BASCULE_DESK_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "mailbox.h"
#include "page.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	DESK_INQUIRIES = 128,	 /* at once, those included whose page is still to come back */
	DESK_PAGES = 4,		 /* of desk_ask() at once, at most: the partner's watch, a reload */
	DESK_PAGES_SIZE = 16384, /* octets of each mailbox: pointers to pages */
	DESK_POLL_FDS = 2,
	DESK_READ_MS = 5000, /* a reload waits no longer for its file */
};

struct row_reload; /* rows.h */
struct desk;	   /* owned by desk_open()'s caller, used by one thread */

struct desk_params {
	const char *config_path;	   /* what a reload reads; borrowed */
	struct mailbox *to_rib, *from_rib; /* struct page * each; borrowed */
	int answered; /* eventfd, non-blocking, raised after each post to from_rib; borrowed */
	/* Called when a reload has been applied; NULL: nobody wants to know. */
	void (*reloaded)(const struct row_reload *row);
};

int desk_open(const struct desk_params *params, struct desk **desk); /* 0 or -ENOMEM */
/* The RIB lcore must have stopped: pages that were with it are freed, and all inquiries. */
void desk_close(struct desk *desk);

/* Fill `fds`, DESK_POLL_FDS of them, for poll(2). desk_serve() does everything that can be done
 * without waiting; to be called after each poll, and once a second at least. */
void desk_poll(const struct desk *desk, struct pollfd *fds);
void desk_serve(struct desk *desk, uint64_t now_ms);

/* Ask a page of this process's own; `done` gets it back, in desk_serve(). False: no room, and the
 * page is still the caller's. */
bool desk_ask(struct desk *desk, struct page *page, page_done *done, void *ctx);

/* Read the configuration again and apply it, as the command "reload" does; what is wrong goes to
 * the log. */
void desk_reload(struct desk *desk, uint64_t now_ms);

/* --- a question of a client ------------------------------------------------------------------- */

struct inquiry; /* the front's, until inquiry_end() */

/* A page of the answer is there, or the error: called in desk_serve(), where the inquiry may be
 * ended. */
typedef void inquiry_answered(struct inquiry *inquiry, void *ctx, uint64_t now_ms);

/* NULL: no memory, or too many at once. */
struct inquiry *inquiry_new(struct desk *desk, inquiry_answered *answered, void *ctx);
/* The question, to be filled in (request.h); zeroed at first. After an answer: what has been
 * answered. NULL while the RIB lcore has it. */
struct page *inquiry_page(struct inquiry *inquiry);
/* Ask for the first page of the answer, or for the next one. */
void inquiry_go_on(struct inquiry *inquiry);
/* Give it up, at any moment. What the RIB lcore has of it is freed when it comes back. */
void inquiry_end(struct inquiry *inquiry);

/* Where the rows of an answer go. */
struct sink {
	/* Takes the reference; NULL: no memory. */
	void (*row)(void *ctx, json_t *row);
	/* The answer is whole, or `error` (not empty) says why it ends here, and `hint` (may be
	 * empty) what to do next. `left`: so many rows more there are than a limit lets be told. */
	void (*end)(void *ctx, const char *error, const char *hint, uint64_t left);
	void *ctx; /* borrowed */
};

/* Hand the page's rows to the sink, and after the last page's the end. True: there are more, to be
 * asked for. Also for a page whose question could not be asked (page->error). */
bool inquiry_tell(struct inquiry *inquiry, const struct sink *sink);

#ifdef __cplusplus
}
#endif
#endif
