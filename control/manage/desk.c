/* Pages to the RIB lcore and back; inquiries; the configuration that is read for a reload. */
#include "desk.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include <rte_lcore.h>

#include "config.h"
#include "format.h"
#include "format_rows.h"
#include "listing.h"
#include "log.h"
#include "plan.h"
#include "reading.h"
#include "rows.h"

enum inquiry_state {
	INQUIRY_FRONT, /* the front has the page */
	INQUIRY_READS, /* a reload that waits for its file */
	INQUIRY_ASKED, /* the RIB lcore has it */
};

struct inquiry {
	struct desk *desk; /* borrowed */
	struct page *page; /* owned */
	enum inquiry_state state;
	bool left; /* the front has gone: freed when the page comes back */
	inquiry_answered *answered;
	void *ctx;
	TAILQ_ENTRY(inquiry) link;
};

TAILQ_HEAD(inquiries, inquiry);

struct desk {
	struct desk_params params;
	struct inquiries all; /* owned */
	unsigned int nb;      /* of them */
	uint64_t now_ms;
	/* of a reload that no client asked for: its page is under way; another one is wanted */
	bool reloading, reload_again;
	/* The configuration that is being read, since when, and the page that waits for it: of an
	 * inquiry, or owned; NULL: nobody waits any more. */
	struct reading reading;
	uint64_t reading_ms;
	struct page *reads;
};

/* --- pages ------------------------------------------------------------------------------------ */

bool desk_ask(struct desk *desk, struct page *page, page_done *done, void *ctx)
{
	struct page **slot = mailbox_reserve(desk->params.to_rib, sizeof(page));

	page->done = done;
	page->ctx = ctx;
	if (!slot)
		return false;
	*slot = page;
	mailbox_post(desk->params.to_rib, sizeof(page));
	return true;
}

static void page_release(struct page *page)
{
	config_free(page->config);
	config_report_free(&page->report);
	plan_free(page->plan);
	listing_free(page->listing);
	free(page);
}

static void answers_take(struct desk *desk)
{
	struct page *const *slot;
	uint64_t wakes;
	size_t len;

	/* Only clears the descriptor; how often it was raised says nothing. */
	if (read(desk->params.answered, &wakes, sizeof(wakes)) < 0 && errno != EAGAIN)
		log_warning("desk: eventfd: %s", strerror(errno));
	while ((slot = mailbox_peek(desk->params.from_rib, &len))) {
		struct page *page = *slot;

		mailbox_done(desk->params.from_rib);
		page->done(page, page->ctx);
	}
}

/* --- inquiries -------------------------------------------------------------------------------- */

struct inquiry *inquiry_new(struct desk *desk, inquiry_answered *answered, void *ctx)
{
	struct inquiry *inquiry;

	if (desk->nb == DESK_INQUIRIES)
		return NULL;
	inquiry = calloc(1, sizeof(*inquiry));
	if (!inquiry)
		return NULL;
	inquiry->page = calloc(1, sizeof(*inquiry->page));
	if (!inquiry->page) {
		free(inquiry);
		return NULL;
	}
	inquiry->desk = desk;
	inquiry->answered = answered;
	inquiry->ctx = ctx;
	TAILQ_INSERT_TAIL(&desk->all, inquiry, link);
	desk->nb++;
	return inquiry;
}

static void inquiry_free(struct inquiry *inquiry)
{
	struct desk *desk = inquiry->desk;

	TAILQ_REMOVE(&desk->all, inquiry, link);
	desk->nb--;
	page_release(inquiry->page);
	free(inquiry);
}

struct page *inquiry_page(struct inquiry *inquiry)
{
	return inquiry->state == INQUIRY_FRONT ? inquiry->page : NULL;
}

/* A reload that has been applied concerns others too. */
static void tell_reloaded(const struct desk *desk, const struct page *page)
{
	const void *row;
	uint32_t at = 0;
	uint16_t type;

	if (page->command != PAGE_RELOAD || page->error[0] || !desk->params.reloaded)
		return;
	while ((row = page_next(page, &at, &type)))
		if (type == ROW_RELOAD)
			desk->params.reloaded(row);
}

static void inquiry_done(struct page *page, void *ctx)
{
	struct inquiry *inquiry = ctx;

	tell_reloaded(inquiry->desk, page);
	inquiry->state = INQUIRY_FRONT;
	if (inquiry->left)
		inquiry_free(inquiry);
	else
		inquiry->answered(inquiry, inquiry->ctx, inquiry->desk->now_ms);
}

static void inquiry_ask(struct inquiry *inquiry)
{
	bool asked = desk_ask(inquiry->desk, inquiry->page, inquiry_done, inquiry);

	/* One page an inquiry, so the mailbox cannot be full: see the assertion in desk_open(). */
	assert(asked);
	(void)asked;
	inquiry->state = INQUIRY_ASKED;
}

void inquiry_end(struct inquiry *inquiry)
{
	if (inquiry->state == INQUIRY_ASKED) {
		inquiry->left = true;
		return;
	}
	if (inquiry->page == inquiry->desk->reads)
		inquiry->desk->reads = NULL;
	inquiry_free(inquiry);
}

/* Is the row to be told now? */
static bool tells(struct page *page, uint16_t type, const void *row)
{
	bool no_memory, now;

	if (!page->listing || type != ROW_ROUTE)
		return true;
	now = listing_take(page->listing, row, page_row_len(row), &no_memory);
	if (no_memory)
		page_error(page, "no memory");
	return now;
}

/* What has been kept until the end. Returns how many rows more there are. */
static uint64_t tell_kept(struct listing *listing, const struct sink *sink)
{
	if (!listing)
		return 0;
	if (listing->count) {
		sink->row(sink->ctx,
			  json_pack("{s:I, s:I}", "prefixes", (json_int_t)listing->prefixes,
				    "paths", (json_int_t)listing->paths));
		return 0;
	}
	listing_end(listing);
	for (uint32_t i = 0; i < listing->nb_kept; i++)
		sink->row(sink->ctx, format_route(listing->kept[i].row));
	return listing->limit ? listing->paths - listing->nb_kept : 0;
}

bool inquiry_tell(struct inquiry *inquiry, const struct sink *sink)
{
	struct page *page = inquiry->page;
	uint64_t left = 0;
	const void *row;
	uint32_t at = 0;
	uint16_t type;

	while ((row = page_next(page, &at, &type)))
		if (tells(page, type, row))
			sink->row(sink->ctx, format_row(type, row, &page->report));
	for (size_t i = 0; i < page->report.nb_errors; i++)
		sink->row(sink->ctx, json_pack("{s:s}", "complaint", page->report.errors[i]));
	if (page->more && !page->error[0])
		return true;
	if (!page->error[0])
		left = tell_kept(page->listing, sink);
	sink->end(sink->ctx, page->error, page->hint, left);
	return false;
}

/* --- reload ----------------------------------------------------------------------------------- */

/* Begin to read the configuration for this page. False: page->error says why not. */
static bool reading_try(struct desk *desk, struct page *page, uint64_t now_ms)
{
	int err = reading_begin(&desk->reading, desk->params.config_path, rte_ctrl_thread_create);

	if (err) {
		page_error(page, "%s: cannot be read: %s; nothing was applied",
			   desk->params.config_path, strerror(-err));
		return false;
	}
	desk->reading_ms = now_ms;
	desk->reads = page;
	return true;
}

/* The reading takes so long that its disk must be in trouble. */
static bool reading_hangs(const struct desk *desk, uint64_t now_ms)
{
	return reading_under_way(&desk->reading) && now_ms - desk->reading_ms >= DESK_READ_MS;
}

static void error_hangs(const struct desk *desk, struct page *page, uint64_t now_ms)
{
	page_error(page, "still reading %s, for %llu s; nothing was applied",
		   desk->params.config_path,
		   (unsigned long long)(now_ms - desk->reading_ms) / 1000);
	page_hint(page, "its disk, or one that a file named in it is on, does not answer");
}

static page_done reload_done;

void desk_reload(struct desk *desk, uint64_t now_ms)
{
	struct page *page;

	if (desk->reloading || reading_under_way(&desk->reading)) {
		if (reading_hangs(desk, now_ms))
			log_error("reload: still reading %s; it is read once more when that is "
				  "through",
				  desk->params.config_path);
		desk->reload_again = true;
		return;
	}
	page = calloc(1, sizeof(*page));
	if (!page) {
		log_error("reload: no memory");
		return;
	}
	page->command = PAGE_RELOAD;
	desk->reloading = true;
	if (!reading_try(desk, page, now_ms))
		reload_done(page, desk);
}

/* Answered, or refused. */
static void reload_done(struct page *page, void *ctx)
{
	struct desk *desk = ctx;

	for (size_t i = 0; i < page->report.nb_errors; i++)
		log_error("reload: %s", page->report.errors[i]);
	tell_reloaded(desk, page);
	if (page->error[0])
		log_error("reload: %s%s%s", page->error, page->hint[0] ? "; " : "", page->hint);
	page_release(page);
	desk->reloading = false;
}

/* The inquiry whose page waits for the reading; NULL: the page is of a reload that no client asked
 * for. */
static struct inquiry *reader(struct desk *desk)
{
	struct inquiry *inquiry;

	TAILQ_FOREACH (inquiry, &desk->all, link)
		if (inquiry->page == desk->reads)
			return inquiry;
	return NULL;
}

/* The page that waited goes on: to the RIB lcore, or back with an error. */
static void reload_go_on(struct desk *desk, struct page *page)
{
	struct inquiry *inquiry = reader(desk);

	desk->reads = NULL;
	if (inquiry && page->error[0])
		inquiry_done(page, inquiry);
	else if (inquiry)
		inquiry_ask(inquiry);
	else if (page->error[0] || !desk_ask(desk, page, reload_done, desk))
		reload_done(page, desk);
}

/* The configuration has been read, or not in time. */
static void reading_serve(struct desk *desk, uint64_t now_ms)
{
	struct config_report report;
	struct config *config;
	struct page *page = desk->reads;

	if (!reading_take(&desk->reading, &config, &report)) {
		if (page && reading_hangs(desk, now_ms)) {
			error_hangs(desk, page, now_ms);
			reload_go_on(desk, page);
		}
		return;
	}
	if (!page) {
		log_warning("%s has been read at last, after %llu s; nobody waits for it any more, "
			    "and nothing was applied",
			    desk->params.config_path,
			    (unsigned long long)(now_ms - desk->reading_ms) / 1000);
		config_free(config);
		config_report_free(&report);
		return;
	}
	page->config = config;
	page->report = report;
	if (!config) {
		page_error(page, "%s is refused: %zu error%s; nothing was applied",
			   desk->params.config_path, report.nb_errors,
			   report.nb_errors == 1 ? "" : "s");
		page_hint(page, "bascule config check %s", desk->params.config_path);
	}
	reload_go_on(desk, page);
}

/* A reload whose turn may have come. */
static void reload_try(struct inquiry *inquiry, uint64_t now_ms)
{
	struct desk *desk = inquiry->desk;
	struct page *page = inquiry->page;

	if (page == desk->reads)
		return;
	if (reading_hangs(desk, now_ms))
		error_hangs(desk, page, now_ms);
	else if (reading_under_way(&desk->reading) || reading_try(desk, page, now_ms))
		return;
	inquiry_done(page, inquiry);
}

void inquiry_go_on(struct inquiry *inquiry)
{
	const uint64_t one = 1;

	if (inquiry->page->command != PAGE_RELOAD || inquiry->page->config) {
		inquiry_ask(inquiry);
		return;
	}
	/* Its turn comes in desk_serve(), which this calls. */
	inquiry->state = INQUIRY_READS;
	if (write(inquiry->desk->params.answered, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_warning("desk: eventfd: %s", strerror(errno));
}

static void reloads_serve(struct desk *desk, uint64_t now_ms)
{
	struct inquiry *inquiry, *next;

	for (inquiry = TAILQ_FIRST(&desk->all); inquiry; inquiry = next) {
		next = TAILQ_NEXT(inquiry, link); /* it may end */
		if (inquiry->state == INQUIRY_READS)
			reload_try(inquiry, now_ms);
	}
	if (desk->reload_again && !desk->reloading && !reading_under_way(&desk->reading)) {
		desk->reload_again = false;
		desk_reload(desk, now_ms);
	}
}

/* --- the desk --------------------------------------------------------------------------------- */

int desk_open(const struct desk_params *params, struct desk **out)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	/* Whatever a record costs beside its octets. */
	static_assert(DESK_PAGES_SIZE >= (DESK_INQUIRIES + DESK_PAGES) * 32,
		      "the mailbox never fills");
	if (!desk)
		return -ENOMEM;
	desk->params = *params;
	desk->reading.fd = -1;
	TAILQ_INIT(&desk->all);
	*out = desk;
	return 0;
}

void desk_close(struct desk *desk)
{
	if (desk->reads && !reader(desk))
		page_release(desk->reads);
	while (!TAILQ_EMPTY(&desk->all))
		inquiry_free(TAILQ_FIRST(&desk->all));
	reading_leave(&desk->reading);
	free(desk);
}

void desk_poll(const struct desk *desk, struct pollfd *fds)
{
	fds[0] = (struct pollfd){ .fd = desk->params.answered, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = desk->reading.fd, .events = POLLIN };
}

void desk_serve(struct desk *desk, uint64_t now_ms)
{
	desk->now_ms = now_ms;
	answers_take(desk);
	reading_serve(desk, now_ms);
	reloads_serve(desk, now_ms);
}
