/* See collector.h. */
#include "collector.h"

#include <stdlib.h>

#include "config.h"

/* What the desk is asked, in this order. */
static const enum page_command questions[] = { PAGE_SUMMARY, PAGE_EXCHANGE, PAGE_PEERS };

enum { QUESTIONS = sizeof(questions) / sizeof(questions[0]) };

void snapshot_put(struct collector *collector, struct snapshot *snapshot)
{
	if (--snapshot->refs)
		return;
	metrics_release(&snapshot->metrics);
	free(snapshot);
	collector->snapshots--;
}

/* Give it to all who wait. */
static void hand_out(struct collector *collector, struct snapshot *snapshot)
{
	struct scraper *scraper;

	while ((scraper = TAILQ_FIRST(&collector->waiting))) {
		TAILQ_REMOVE(&collector->waiting, scraper, link);
		snapshot->refs++;
		scraper->collected(scraper, snapshot);
	}
}

/* Both the desk and the dataplane have answered, or one has failed. */
static void end(struct collector *collector)
{
	struct snapshot *made = collector->making;

	if (!made || collector->inquiry || !dataplane_query_done(&collector->query))
		return;
	made->metrics.dataplane = dataplane_query_take(&collector->query);
	collector->making = NULL;
	if (collector->latest)
		snapshot_put(collector, collector->latest);
	collector->latest = made;
	hand_out(collector, made);
}

/* --- the desk --------------------------------------------------------------------------------- */

static void desk_through(struct collector *collector, bool failed)
{
	collector->making->failed |= failed;
	if (collector->inquiry)
		inquiry_end(collector->inquiry);
	collector->inquiry = NULL;
}

/* A page of the answer to the question of this step; then the next page, or the next question. */
static void answered(struct inquiry *inquiry, void *ctx, uint64_t now_ms)
{
	struct collector *collector = ctx;
	struct page *page = inquiry_page(inquiry);
	bool good = !page->error[0];
	const void *row;
	uint32_t at = 0;
	uint16_t type;

	(void)now_ms;
	while (good && (row = page_next(page, &at, &type)))
		good = metrics_take(&collector->making->metrics, type, row);
	if (good && !page->more && ++collector->step < QUESTIONS) {
		page->command = questions[collector->step];
		page->cursor[0] = page->cursor[1] = 0;
	} else if (!good || !page->more) {
		desk_through(collector, !good);
		end(collector);
		return;
	}
	inquiry_go_on(inquiry);
}

static bool begin(struct collector *collector, uint64_t now_ms)
{
	struct inquiry *inquiry = inquiry_new(collector->desk, answered, collector);
	struct snapshot *snapshot = inquiry ? calloc(1, sizeof(*snapshot)) : NULL;

	if (!snapshot) {
		if (inquiry)
			inquiry_end(inquiry);
		return false;
	}
	snapshot->refs = 1;
	snapshot->at_ms = now_ms;
	collector->snapshots++;
	collector->making = snapshot;
	collector->inquiry = inquiry;
	collector->step = 0;
	inquiry_page(inquiry)->command = questions[0];
	inquiry_go_on(inquiry);
	dataplane_query_begin(&collector->query, collector->telemetry, now_ms);
	return true;
}

/* --- scrapers --------------------------------------------------------------------------------- */

/* The latest one will do, or has to. */
static bool latest_serves(const struct collector *collector, uint64_t now_ms)
{
	return collector->latest && (now_ms - collector->latest->at_ms < COLLECTOR_FRESH_MS ||
				     collector->snapshots >= COLLECTOR_SNAPSHOTS);
}

void collector_ask(struct collector *collector, struct scraper *scraper, uint64_t now_ms)
{
	TAILQ_INSERT_TAIL(&collector->waiting, scraper, link);
	if (collector->making || (!latest_serves(collector, now_ms) && begin(collector, now_ms)))
		return;
	TAILQ_REMOVE(&collector->waiting, scraper, link);
	if (collector->latest)
		collector->latest->refs++;
	scraper->collected(scraper, collector->latest);
}

void collector_leave(struct collector *collector, struct scraper *scraper)
{
	TAILQ_REMOVE(&collector->waiting, scraper, link);
}

/* --- life ------------------------------------------------------------------------------------- */

void collector_open(struct collector *collector, struct desk *desk, const char *instance)
{
	*collector = (struct collector){ .desk = desk, .query.fd = -1 };
	TAILQ_INIT(&collector->waiting);
	config_dpdk_path(instance, "dpdk_telemetry.v2", collector->telemetry,
			 sizeof(collector->telemetry));
}

void collector_close(struct collector *collector)
{
	if (collector->inquiry)
		inquiry_end(collector->inquiry);
	json_decref(dataplane_query_take(&collector->query));
	if (collector->making)
		snapshot_put(collector, collector->making);
	if (collector->latest)
		snapshot_put(collector, collector->latest);
}

struct pollfd collector_poll(const struct collector *collector)
{
	return (struct pollfd){ .fd = collector->query.fd, .events = POLLIN };
}

void collector_serve(struct collector *collector, short revents, uint64_t now_ms)
{
	dataplane_query_serve(&collector->query, revents, now_ms);
	end(collector);
}
