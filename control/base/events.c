/* The ring, and what is let into it. */
#include "events.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"

static const struct {
	const char *name;
	enum log_level level;
} kinds[EVENT_KINDS] = {
	[EVENT_SESSION_UP] = { "session_up", LOG_LEVEL_INFO },
	[EVENT_SESSION_DOWN] = { "session_down", LOG_LEVEL_INFO },
	[EVENT_SESSION_FAILED] = { "session_failed", LOG_LEVEL_INFO },
	[EVENT_LIMIT] = { "limit", LOG_LEVEL_WARNING },
	[EVENT_ALARM] = { "alarm", LOG_LEVEL_WARNING },
	[EVENT_LOOP] = { "loop", LOG_LEVEL_INFO },
	[EVENT_BOW_TIE] = { "bow_tie", LOG_LEVEL_INFO },
	[EVENT_REFLECTION] = { "reflection", LOG_LEVEL_WARNING },
	[EVENT_REFUSED] = { "refused", LOG_LEVEL_INFO },
	[EVENT_MALFORMED] = { "malformed", LOG_LEVEL_WARNING },
	[EVENT_ATTRIBUTE] = { "attribute", LOG_LEVEL_WARNING },
	[EVENT_MARTIAN] = { "martian", LOG_LEVEL_INFO },
	[EVENT_EXCHANGE] = { "exchange", LOG_LEVEL_INFO },
	[EVENT_RELOAD] = { "reload", LOG_LEVEL_INFO },
	[EVENT_RESTART] = { "restart", LOG_LEVEL_WARNING },
	[EVENT_LIVE] = { "live", LOG_LEVEL_INFO },
	[EVENT_NEXT_HOP] = { "next_hop", LOG_LEVEL_INFO },
	[EVENT_FLAP] = { "flap", LOG_LEVEL_WARNING },
	[EVENT_SERVICE] = { "service", LOG_LEVEL_INFO },
};

const char *event_kind_name(enum event_kind kind)
{
	return kinds[kind].name;
}

int events_init(struct events *events, uint16_t nb_peers, events_peer_name *name, const void *ctx)
{
	memset(events, 0, sizeof(*events));
	events->nb_peers = nb_peers;
	events->name = name;
	events->ctx = ctx;
	events->ring = calloc(EVENTS_KEPT, sizeof(*events->ring));
	events->limits = calloc(nb_peers + 1u, sizeof(*events->limits));
	return events->ring && events->limits ? 0 : -ENOMEM;
}

void events_fini(struct events *events)
{
	free(events->ring);
	free(events->limits);
}

/* May one more of this kind be noted? `*more`: how many like it could not before. */
static bool let_through(struct events *events, struct log_limit *limit, uint64_t now_ms,
			uint32_t *more)
{
	uint32_t held = limit->held;
	bool through;

	limit->burst = EVENTS_BURST;
	limit->period_ms = EVENTS_PERIOD_MS;
	through = log_limit(limit, now_ms, more);
	if (through && held)
		events->nb_holding--;
	else if (!through && !held)
		events->nb_holding++;
	return through;
}

static struct log_limit *limit_of(struct events *events, enum event_kind kind, uint16_t peer)
{
	return &events->limits[peer == EVENTS_NO_PEER ? events->nb_peers : peer][kind];
}

/* The next record, in place of the oldest. */
static struct event *ring_next(struct events *events, enum event_kind kind, uint16_t peer,
			       uint32_t more)
{
	struct event *event = &events->ring[++events->last % EVENTS_KEPT];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*event = (struct event){
		.number = events->last,
		.time_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000,
		.more = more,
		.kind = (uint8_t)kind,
	};
	if (peer != EVENTS_NO_PEER)
		snprintf(event->peer, sizeof(event->peer), "%s", events->name(events->ctx, peer));
	return event;
}

static void write_line(const struct event *event)
{
	log_at(kinds[event->kind].level, "%s%s%s%s", event->peer[0] ? "peer " : "", event->peer,
	       event->peer[0] ? ": " : "", event->text);
}

void events_note(struct events *events, enum event_kind kind, uint16_t peer, uint64_t now_ms,
		 const char *fmt, ...)
{
	struct log_limit *limit = limit_of(events, kind, peer);
	struct event *event;
	uint32_t more;
	va_list args;
	size_t len;

	if (peer != EVENTS_NO_PEER && peer >= events->end)
		events->end = peer + 1;
	if (!let_through(events, limit, now_ms, &more))
		return;
	event = ring_next(events, kind, peer, more);
	va_start(args, fmt);
	vsnprintf(event->text, sizeof(event->text), fmt, args);
	va_end(args);
	len = strlen(event->text);
	if (more)
		snprintf(event->text + len, sizeof(event->text) - len,
			 "; %u more like this before it", more);
	write_line(event);
}

/* Tell how many are held back, if that is allowed again. */
static void held_row(struct events *events, enum event_kind kind, uint16_t peer, uint64_t now_ms)
{
	struct log_limit *limit = limit_of(events, kind, peer);
	struct event *event;
	uint32_t more;

	if (!limit->held)
		return;
	if (!let_through(events, limit, now_ms, &more)) {
		limit->held--; /* the question was no event */
		return;
	}
	event = ring_next(events, kind, peer, more);
	snprintf(event->text, sizeof(event->text), "%u more like this", more);
	write_line(event);
}

bool events_turn(struct events *events, uint64_t now_ms, const struct budget *budget)
{
	while (events->nb_holding && events->next <= events->end) {
		uint32_t row = events->next++;
		uint16_t peer = row < events->end ? (uint16_t)row : EVENTS_NO_PEER;

		for (int kind = 0; kind < EVENT_KINDS; kind++)
			held_row(events, (enum event_kind)kind, peer, now_ms);
		if (budget_over(budget))
			return false;
	}
	events->next = 0;
	return true;
}

const struct event *events_after(const struct events *events, uint64_t number)
{
	uint64_t oldest = events->last > EVENTS_KEPT ? events->last - EVENTS_KEPT + 1 : 1;
	uint64_t next = number < oldest ? oldest : number + 1;

	return next <= events->last ? &events->ring[next % EVENTS_KEPT] : NULL;
}
