/* Pages that wait for the disk, and what becomes of the switch when it has answered. */
#include "exchange_wait.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "answers.h"
#include "log.h"
#include "reload.h"
#include "route_server.h"
#include "rows.h"
#include "transit.h"

static void note_moved(struct route_server *rs)
{
	transit_move(rs);
	events_note(&rs->events, EVENT_EXCHANGE, EVENTS_NO_PEER, rs->now_ms,
		    "route exchange is switched %s", rs->exchange->enabled ? "on" : "off");
}

static const char *why(int err)
{
	return err == -EINPROGRESS ? "the disk has not answered within 5 s" : strerror(-err);
}

/* --- on and off ------------------------------------------------------------------------------- */

/* What waits for the switch to go on loses its wish to this one. */
static void set_begin(struct route_server *rs, struct page *page)
{
	struct exchange *exchange = rs->exchange;

	page->moved = page->enable != exchange->enabled;
	if (page->enable) {
		page->ticket = exchange_store(exchange, true, exchange->configured);
		return;
	}
	transit_shut(rs, transit_word_if(rs, false));
	page->grace = forwarding_grace_begin(rs->fib);
	page->ticket = exchange_off(exchange);
	if (page->moved)
		note_moved(rs);
}

/* The wish has failed or took too long: what is stays, and is to be stored. */
static void refuse(struct route_server *rs, const struct page *page, int err)
{
	if (err != -ECANCELED && page->ticket)
		exchange_store(rs->exchange, rs->exchange->enabled, rs->exchange->configured);
}

static void set_end(struct route_server *rs, struct page *page, int err)
{
	struct exchange *exchange = rs->exchange;
	struct row_switched *row;

	if (page->enable && !err && !exchange->enabled) {
		exchange->enabled = true;
		note_moved(rs);
	}
	if (page->enable && !exchange->enabled) {
		refuse(rs, page, err);
		if (err == -ECANCELED)
			page_error(page, "another command came in between; the switch was not "
					 "moved");
		else
			page_error(page, "%s: %s; the switch was not moved", exchange->path,
				   why(err));
		return;
	}
	row = page_add(page, ROW_SWITCHED, sizeof(*row));
	row->enabled = exchange->enabled;
	row->changed = page->moved;
	if (!err || err == -ECANCELED)
		return;
	snprintf(row->warning, sizeof(row->warning),
		 "the state file cannot be written (%s); until it can, the switch may be %s again "
		 "after a restart",
		 why(err), page->enable ? "off" : "on");
	log_error("%s: %s", exchange->path, row->warning);
}

/* --- reload ----------------------------------------------------------------------------------- */

static void store_begin(struct route_server *rs, struct page *page)
{
	page->ticket = 0;
	if (page->config->exchange.enabled && !rs->exchange->configured && reload_check(rs, page))
		page->ticket = exchange_store(rs->exchange, true, true);
}

static void reload_end(struct route_server *rs, struct page *page, int err)
{
	if (!err && !page->error[0]) {
		reload_begin(rs, page);
		return;
	}
	if (!page->error[0])
		page_error(page, "%s: %s; nothing was applied", rs->exchange->path,
			   err == -ECANCELED ? "another command came in between" : why(err));
	refuse(rs, page, err);
	page->ended = true;
}

void exchange_wait_reloaded(struct route_server *rs, struct page *page, uint64_t gate)
{
	if (page->error[0])
		refuse(rs, page, 0);
	page->ended = true;
	if (!(gate & ~forwarding_gate(rs->fib)))
		return;
	page->grace = forwarding_grace_begin(rs->fib);
	page->until_ms = rs->now_ms + EXCHANGE_WAIT_MS;
}

/* --- readers ---------------------------------------------------------------------------------- */

static void warn_late(struct page *page)
{
	static const char late[] = "a forwarding lcore has not been heard of for 5 s; what it has "
				   "in hand may still leave";
	uint32_t at = 0;
	uint16_t type;
	void *row = (void *)page_next(page, &at, &type);
	char *warning;
	size_t len, size;

	if (!row)
		return;
	if (type == ROW_RELOAD) {
		warning = ((struct row_reload *)row)->warning;
		size = sizeof(((struct row_reload *)row)->warning);
	} else {
		warning = ((struct row_switched *)row)->warning;
		size = sizeof(((struct row_switched *)row)->warning);
	}
	len = strlen(warning);
	snprintf(warning + len, size - len, "%s%s", len ? "; " : "", late);
	log_error("route exchange: %s", late);
}

/* Have all readers passed by since the gate was shut? Or not in time, which the answer says
 * then. */
static bool readers_passed(struct route_server *rs, struct page *page)
{
	if (!page->grace || forwarding_grace_over(rs->fib, page->grace))
		return true;
	if (rs->now_ms < page->until_ms)
		return false;
	warn_late(page);
	return true;
}

/* --- all of them ------------------------------------------------------------------------------ */

void exchange_wait_begin(struct route_server *rs, struct page *page)
{
	struct page **link = &rs->exchange_wait.first;

	page->grace = 0;
	if (page->command == PAGE_RELOAD)
		store_begin(rs, page);
	else
		set_begin(rs, page);
	page->until_ms = rs->now_ms + EXCHANGE_WAIT_MS;
	page->ended = false;
	page->next = NULL;
	while (*link)
		link = &(*link)->next;
	*link = page;
}

/* True: it is to be answered. */
static bool page_turn(struct route_server *rs, struct page *page)
{
	int err = page->ticket ? exchange_stored(rs->exchange, page->ticket) : 0;

	if (!page->ended && err == -EINPROGRESS && rs->now_ms < page->until_ms)
		return false;
	if (!page->ended && page->command == PAGE_RELOAD) {
		reload_end(rs, page, err);
	} else if (!page->ended) {
		set_end(rs, page, err);
		page->ended = true;
	}
	return page->ended && readers_passed(rs, page);
}

unsigned int exchange_wait_turn(struct route_server *rs)
{
	struct page **link = &rs->exchange_wait.first, *page;
	unsigned int answered = 0;

	while (!rs->reload.page && (page = *link)) {
		if (!page_turn(rs, page)) {
			link = &page->next;
			continue;
		}
		*link = page->next;
		rs_answered(rs, page);
		answered++;
	}
	return answered;
}

void exchange_wait_look(struct route_server *rs)
{
	char text[EVENT_TEXT / 2];
	const char *trouble = exchange_trouble(rs->exchange, text, sizeof(text));

	if (!trouble != !rs->exchange_wait.trouble)
		events_note(&rs->events, EVENT_ALARM, EVENTS_NO_PEER, rs->now_ms,
			    "%s: the state file of route exchange %s",
			    trouble ? "raised" : "cleared", trouble ? trouble : "is written again");
	rs->exchange_wait.trouble = trouble;
}
