/* See conductor.h. */
#include "conductor.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "admission.h"
#include "answers.h"
#include "behind.h"
#include "bounds.h"
#include "bulk.h"
#include "exchange_wait.h"
#include "flapping.h"
#include "housekeeping.h"
#include "notification.h"
#include "outbox.h"
#include "pace.h"
#include "page.h"
#include "parts.h"
#include "peer_place.h"
#include "peer_restart.h"
#include "peer_session.h"
#include "peers.h"
#include "reload.h"
#include "service.h"
#include "tables.h"
#include "transit.h"
#include "updates.h"
#include "vnet_routes.h"

enum {
	/* What parts of a turn may take, so that all of it is below TURN_BOUND_NS; the FIB follows
	 * what the RIB changes. A part that begins does at least one slice, and looks at the clock
	 * between slices. */
	INTAKE_NS = 150 * 1000,
	RIB_NS = 100 * 1000,
	BULK_NS = 150 * 1000,
	FIB_NS = 200 * 1000,
	WALK_NS = 100 * 1000,
	WIDE_NS = 200 * 1000,
	PAGE_NS = 300 * 1000,
	ANNOUNCE_NS = 250 * 1000,
	HOUSE_NS = 100 * 1000,
	HELD_NS = 100 * 1000,
	PLACE_NS = 100 * 1000,
	CHANGES =
		/* prefixes that the FIB has not followed yet: then intake and RIB are done for this
		 * turn */
	512,
	SLICE = 128,	   /* prefixes between two looks at the clock */
	FIB_SLICE = 32,	   /* the same for the FIB, in all views */
	NEXT_HOPS = 64,	   /* next hops looked at a turn */
	FAR_NEXT_HOPS = 8, /* likewise, each by up to 32 look-ups */
	DISCARD = 1 << 20, /* octets given back a turn */
	REMOVALS = 32,	   /* peers that are forgotten a turn */
};

/* --- phases ----------------------------------------------------------------------------------- */

static void restart_fire(struct timer *timer, uint64_t now_ms)
{
	struct route_server *rs =
		(struct route_server *)((char *)timer - offsetof(struct route_server, restart));

	(void)now_ms;
	rs->restart_over = true;
	events_note(&rs->events, EVENT_RESTART, EVENTS_NO_PEER, rs->now_ms,
		    "not every peer has said End-of-RIB within %u s; going on without",
		    rs->config->control.restart_s);
}

/* Is the spare generation as complete as it will get? */
static bool filled(const struct route_server *rs)
{
	if (!tables_settled(rs) || tables_changes_waiting(rs) || rs->fib_walk.walking ||
	    due_has(&rs->due, DUE_RECONSIDER) || !far_hops_settled(&rs->far_hops))
		return false;
	if (tables_wide_waiting(rs) && !rs->restart_over)
		return false;
	if (!rs->restarting || rs->restart_over)
		return true;
	return peers_finished(&rs->peers, rs->now_ms) && !next_hops_pending(&rs->next_hops);
}

static void go_live(struct route_server *rs)
{
	struct speaker_command over = { .type = SPEAKER_RESTARTED };

	forwarding_publish(rs->writer);
	rs->phase = RS_LIVE;
	timer_stop(&rs->timers, &rs->restart);
	transit_live(rs);
	admission_live(rs);
	if (rs->restarting)
		outbox_command_all(rs, &over, sizeof(over));
	peers_join(rs);
	events_note(&rs->events, EVENT_LIVE, EVENTS_NO_PEER, rs->now_ms,
		    "live after %llu ms%s: %zu prefixes, route exchange is %s",
		    (unsigned long long)(rs->now_ms - rs->started_ms),
		    rs->restarting ? " of restart" : "", tables_prefixes(rs),
		    rs->exchange->enabled ? "on" : "off");
}

void rs_stop(struct route_server *rs, uint8_t subcode, const char *text)
{
	struct speaker_peer_reset stop = {
		.head = { .type = SPEAKER_STOP },
		.code = NOTIFY_CEASE,
		.subcode = subcode,
	};

	snprintf(stop.text, sizeof(stop.text), "%s", text);
	rs->phase = RS_STOPPING;
	outbox_command_all(rs, &stop, sizeof(stop));
}

bool rs_stopped(const struct route_server *rs)
{
	return rs->phase == RS_STOPPING && rs->nb_stopped >= rs->nb_speakers;
}

static void next_hop_changed(void *ctx, uint32_t next_hop)
{
	struct route_server *rs = ctx;

	for (int family = 0; family < FAMILY_COUNT; family++)
		rib_next_hop_changed(rs->routes[family].rib, next_hop);
}

/* --- what is due ------------------------------------------------------------------------------ */

static unsigned int reconsider_turn(struct route_server *rs, uint32_t budget)
{
	(void)budget;
	if (!tables_settled(rs)) {
		due_set(&rs->due, DUE_RECONSIDER);
		return 0;
	}
	tables_reconsider(rs);
	return 1;
}

static unsigned int calls_turn(struct route_server *rs, uint32_t budget)
{
	(void)budget;
	behind_turn(rs);
	return 0;
}

static unsigned int slow_turn(struct route_server *rs, uint32_t budget)
{
	(void)budget;
	pace_turn(&rs->routes[PACE_FAMILY].adj_out);
	return 0;
}

/* What does the work that is due, and how much of it in a turn: for so many nanoseconds, or so many
 * of what the function says; 0: all of it, which is little. Each returns how much was done. */
static const struct {
	unsigned int (*run)(struct route_server *rs, uint32_t budget);
	uint32_t budget;
} works[] = {
	[DUE_HOUSEKEEPING] = { housekeeping_turn, HOUSE_NS },
	[DUE_HELD_UPDATES] = { updates_turn, HELD_NS },
	[DUE_MAPS] = { peers_maps_turn, SLICE },
	[DUE_RECONSIDER] = { reconsider_turn, 0 },
	[DUE_CALLS] = { calls_turn, 0 },
	[DUE_REMOVALS] = { peers_tidy, REMOVALS },
	[DUE_PACE] = { slow_turn, 0 },
	[DUE_PLACES] = { peers_place, PLACE_NS },
};
static_assert(sizeof(works) / sizeof(works[0]) == DUE_WORKS, "a row for each");

static unsigned int due_turn(struct route_server *rs, enum due_work work)
{
	return due_take(&rs->due, work) ? works[work].run(rs, works[work].budget) : 0;
}

/* --- turn ------------------------------------------------------------------------------------- */

static bool part_over(const struct route_server *rs, const struct budget *budget)
{
	bool full = tables_changes_waiting(rs) >= CHANGES;

	for (int family = 0; family < FAMILY_COUNT; family++)
		full |= bulk_is_full(&rs->routes[family]);
	return full || budget_over(budget);
}

/* The oldest record of one speaker, or a slice of it. False: there is none. */
static bool event_take(struct route_server *rs, struct rs_speaker *speaker)
{
	const struct speaker_event *event;
	size_t len;

	event = mailbox_peek(speaker->to_rib, &len);
	if (!event)
		return false;
	if (!peer_event(rs, event, &speaker->taken))
		return true;
	speaker->taken = 0;
	mailbox_done(speaker->to_rib);
	return true;
}

/* Speakers take turns, from one turn to the next too. */
static unsigned int events_take(struct route_server *rs)
{
	struct budget budget = budget_make(rs->clock_ns, INTAKE_NS);
	unsigned int taken = 0, empty = 0;

	for (unsigned int i = 0; i < rs->nb_speakers; i++)
		outbox_post(&rs->speakers[i]);
	while (empty < rs->nb_speakers) {
		bool took = event_take(rs, &rs->speakers[rs->next_speaker]);

		rs->next_speaker = (rs->next_speaker + 1) % rs->nb_speakers;
		empty = took ? 0 : empty + 1;
		taken += took;
		if (took && part_over(rs, &budget))
			break;
	}
	for (unsigned int i = 0; taken && i < rs->nb_speakers; i++)
		mailbox_call(rs->speakers[i].to_rib);
	return taken;
}

static size_t rib_slices(struct route_server *rs)
{
	struct budget budget = budget_make(rs->clock_ns, RIB_NS);
	size_t done = 0, n;

	do {
		n = tables_turn(rs, SLICE);
		n += due_turn(rs, DUE_MAPS);
		done += n;
	} while (n && !part_over(rs, &budget));
	return done;
}

static size_t walk_slices(struct route_server *rs)
{
	struct budget budget = budget_make(rs->clock_ns, WALK_NS);
	size_t done = 0;

	while (rs->fib_walk.walking) {
		size_t n = fib_walk_turn(&rs->fib_walk, SLICE);

		done += n;
		if (!n || budget_over(&budget))
			break;
	}
	return done;
}

static unsigned int rib_part(struct route_server *rs)
{
	size_t done = rib_slices(rs);
	bool room;

	done += discard_turn(&rs->discard, DISCARD);
	room = next_hops_poll(&rs->next_hops, NEXT_HOPS, next_hop_changed, rs);
	done += far_hops_poll(&rs->far_hops, FAR_NEXT_HOPS, behind_changed, rs);
	room |= far_hops_room(&rs->far_hops);
	if (room)
		due_set(&rs->due, DUE_RECONSIDER);
	return (unsigned int)done + due_turn(rs, DUE_RECONSIDER);
}

static size_t wide_slices(struct route_server *rs)
{
	struct budget budget = budget_make(rs->clock_ns, WIDE_NS);
	size_t done = 0, n;

	do {
		n = 0;
		for (int family = 0; family < FAMILY_COUNT; family++)
			n += fib_sync_wide(&rs->fib_sync[family]);
		done += n;
	} while (n && !budget_over(&budget));
	return done;
}

static size_t change_slices(struct route_server *rs)
{
	struct budget budget = budget_make(rs->clock_ns, FIB_NS);
	size_t done = 0, n;

	do {
		n = 0;
		for (int family = 0; family < FAMILY_COUNT; family++)
			n += fib_sync_changes(&rs->fib_sync[family], FIB_SLICE);
		done += n;
	} while (n && !budget_over(&budget));
	return done;
}

/* What has changed, and of wide prefixes what there is time for. */
static unsigned int fib_part(struct route_server *rs)
{
	size_t done = change_slices(rs);

	done += wide_slices(rs);
	done += walk_slices(rs);
	forwarding_reclaim(rs->writer);
	return (unsigned int)done;
}

static unsigned int announce_part(struct route_server *rs)
{
	size_t done;

	if (rs->peers.joining)
		return due_turn(rs, DUE_PLACES);
	done = tables_announce(rs, ANNOUNCE_NS);
	if (!tables_flushing(rs)) {
		done += due_turn(rs, DUE_PACE);
		pace_tick(&rs->routes[PACE_FAMILY].adj_out);
	}
	return (unsigned int)done + due_turn(rs, DUE_PLACES);
}

static void part_end(struct route_server *rs, enum rs_part part)
{
	turn_part(&rs->turns, (uint8_t)part, rs->clock_ns());
}

/* What has been put off, as far as the FIB may be behind; or if there is news, as much as makes no
 * difference to that. */
static unsigned int bulk_part(struct route_server *rs)
{
	size_t waiting = tables_changes_waiting(rs);
	size_t most = waiting && waiting < FIB_SLICE ? FIB_SLICE : CHANGES;
	uint32_t room = waiting < most ? (uint32_t)(most - waiting) : 0, put_off = 0;
	bool more = false;

	for (int family = 0; family < FAMILY_COUNT; family++)
		put_off += rib_put_off_count(rs->routes[family].rib) > 0;
	for (int family = 0; family < FAMILY_COUNT; family++)
		more |= bulk_turn(&rs->routes[family], put_off ? room / put_off : room,
				  put_off ? BULK_NS / put_off : BULK_NS);
	return more;
}

/* RIB and FIB, until what has changed is in the views, and what follows from it. */
static unsigned int routes_turn(struct route_server *rs)
{
	unsigned int done = rib_part(rs) + bulk_part(rs);

	part_end(rs, RS_PART_RIB);
	done += fib_part(rs);
	due_turn(rs, DUE_CALLS);
	part_end(rs, RS_PART_FIB);
	if (tables_changes_waiting(rs))
		return done; /* see fib_goes_on() */
	done += transit_turn(rs);
	due_turn(rs, DUE_REMOVALS);
	if (rs->phase == RS_FILLING && filled(rs))
		go_live(rs);
	part_end(rs, RS_PART_TRANSIT);
	if (rs->phase == RS_LIVE) {
		done += announce_part(rs);
		part_end(rs, RS_PART_ANNOUNCE);
	}
	return done;
}

/* A flush that a full mailbox or the clock has stopped: nothing may touch the RIB before it is
 * through. */
static unsigned int flush_goes_on(struct route_server *rs)
{
	tables_flush(rs, ANNOUNCE_NS);
	part_end(rs, RS_PART_ANNOUNCE);
	for (unsigned int i = 0; i < rs->nb_speakers; i++)
		outbox_post(&rs->speakers[i]);
	/* If a session lcore is behind, let it catch up. */
	return !tables_flushing(rs) || !tables_blocked(rs);
}

/* Changes for which there was no time go into the FIB before anything else: they are announced to
 * nobody before, and there are no more of them until then. */
static unsigned int fib_goes_on(struct route_server *rs)
{
	change_slices(rs);
	part_end(rs, RS_PART_FIB);
	return 1;
}

/* A configuration of which a part is applied is none to do anything by. */
static unsigned int reload_goes_on(struct route_server *rs)
{
	struct page *page = reload_turn(rs);

	if (page)
		exchange_wait_reloaded(rs, page, rs->reload.gate);
	part_end(rs, RS_PART_SHOW);
	return 1;
}

/* The oldest question of the desk whose turn it is, or of the next one that has any. NULL: none. */
static struct page *page_take(struct route_server *rs)
{
	for (int i = 0; i < RS_DESKS; i++) {
		uint8_t number = rs->next_desk;
		struct mailbox *pages = rs->desks[number].pages;
		struct page *const *slot;
		struct page *page;
		size_t len;

		rs->next_desk = (uint8_t)((number + 1) % RS_DESKS);
		slot = pages ? (struct page *const *)mailbox_peek(pages, &len) : NULL;
		if (!slot)
			continue;
		page = *(struct page **)slot;
		mailbox_done(pages);
		page->desk = number;
		return page;
	}
	return NULL;
}

/* One question, if there is one. */
static bool page_turn(struct route_server *rs)
{
	struct page *page = page_take(rs);

	if (!page)
		return false;
	page->nb_rows = page->used = 0;
	page->more = false;
	page->budget = budget_make(rs->clock_ns, PAGE_NS);
	if (rs->answer(rs, page))
		rs_answered(rs, page);
	return true;
}

static unsigned int turn(struct route_server *rs)
{
	unsigned int done = 0;

	if (rs->reload.page)
		return reload_goes_on(rs);
	if (tables_flushing(rs))
		return flush_goes_on(rs);
	if (tables_changes_waiting(rs))
		return fib_goes_on(rs);
	done += events_take(rs);
	part_end(rs, RS_PART_INTAKE);
	done += timers_run(&rs->timers, rs->now_ms, 16);
	part_end(rs, RS_PART_TIMERS);
	if (rs->phase == RS_STOPPING)
		return done;
	done += due_turn(rs, DUE_HOUSEKEEPING);
	done += page_turn(rs);
	done += exchange_wait_turn(rs) + service_turn(rs);
	part_end(rs, RS_PART_SHOW);
	done += flapping_turn(rs);
	/* before routes_turn(): what it takes is announced there */
	done += due_turn(rs, DUE_HELD_UPDATES);
	part_end(rs, RS_PART_HELD);
	return done + routes_turn(rs);
}

unsigned int rs_turn(struct route_server *rs, uint64_t now_ms)
{
	unsigned int done;

	rs->now_ms = rs->next_hops.now_ms = rs->exchange->now_ms = rs->maintenance->now_ms = now_ms;
	for (int family = 0; family < FAMILY_COUNT; family++)
		rs->routes[family].adj_in.now_ms = rs->routes[family].adj_out.now_ms = now_ms;
	turn_begin(&rs->turns, rs->clock_ns());
	done = turn(rs);
	turn_end(&rs->turns, rs->clock_ns());
	return done;
}

const char *rs_part_name(unsigned int part)
{
	static const char *const names[RS_PARTS] = {
		[RS_PART_INTAKE] = "intake",   [RS_PART_TIMERS] = "timers",
		[RS_PART_SHOW] = "show",       [RS_PART_HELD] = "held updates",
		[RS_PART_RIB] = "rib",	       [RS_PART_FIB] = "fib",
		[RS_PART_TRANSIT] = "transit", [RS_PART_ANNOUNCE] = "announce",
	};

	return part < RS_PARTS ? names[part] : "?";
}

/* --- life ------------------------------------------------------------------------------------- */

/* Everything that the configuration says, for the first time. */
static int configure(struct route_server *rs)
{
	int err = forwarding_peers_set(rs->fib, rs->config);

	bounds_configure(rs);
	for (size_t i = 0; i < rs->config->nb_vnets && !err; i++)
		err = rs_vnet_announce(rs, &rs->config->vnets[i]);
	for (size_t i = 0; i < rs->config->nb_peers && !err; i++)
		err = peer_add(rs, &rs->config->peers[i]);
	return err;
}

int rs_new(const struct rs_params *params, struct route_server **out)
{
	struct route_server *rs = calloc(1, sizeof(*rs));
	int err;

	if (!rs)
		return -ENOMEM;
	rs->config = params->config;
	rs->exchange = params->exchange;
	rs->maintenance = params->maintenance;
	rs->fib = params->fib;
	memcpy(rs->desks, params->desks, sizeof(rs->desks));
	rs->answer = params->answer;
	rs->clock_ns = clock_ns;
	rs->turns.cpu_ns = thread_ns;
	rs->now_ms = rs->started_ms = clock_ms();
	rs->restarting = forwarding_published(rs->fib);
	rs->restart.fire = restart_fire;
	admission_open(rs);
	err = outbox_open(rs, params->speakers, params->nb_speakers);
	if (!err)
		err = parts_open(rs);
	if (!err)
		err = configure(rs);
	if (err) {
		rs->config = NULL;
		rs_free(rs);
		return err;
	}
	/* The configuration may have moved the switch while nobody was here: closing does not
	 * wait. */
	transit_shut(rs, rs->transit.wanted);
	housekeeping_begin(rs);
	if (rs->restarting) {
		timer_set(&rs->timers, &rs->restart,
			  rs->now_ms + 1000u * rs->config->control.restart_s);
		events_note(
			&rs->events, EVENT_RESTART, EVENTS_NO_PEER, rs->now_ms,
			"the dataplane forwards what it has; filling the spare tables, for %u s "
			"at most",
			rs->config->control.restart_s);
	}
	*out = rs;
	return 0;
}

void rs_free(struct route_server *rs)
{
	parts_close(rs);
	config_free(rs->config);
	free(rs);
}
