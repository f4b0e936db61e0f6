/* The ring, and what is let into it. */
#include "events.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "peer.h"

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
};

enum { NO_PEER = CONFIG_PEERS }; /* row of limits[] */

const char *event_kind_name(enum event_kind kind)
{
	return kinds[kind].name;
}

int events_init(struct events *events)
{
	memset(events, 0, sizeof(*events));
	events->ring = calloc(EVENTS_KEPT, sizeof(*events->ring));
	events->limits = calloc(CONFIG_PEERS + 1, sizeof(*events->limits));
	return events->ring && events->limits ? 0 : -ENOMEM;
}

void events_fini(struct events *events)
{
	free(events->ring);
	free(events->limits);
}

/* May one more of this kind be told? `*more`: how many like it could not before. */
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

/* The next record, in place of the oldest. */
static struct event *ring_next(struct events *events, enum event_kind kind, uint32_t more)
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
	return event;
}

static void write_line(const struct event *event)
{
	log_at(kinds[event->kind].level, "%s%s%s%s", event->peer[0] ? "peer " : "", event->peer,
	       event->peer[0] ? ": " : "", event->text);
}

static void name_peer(struct event *event, const struct peer *peer)
{
	if (peer)
		memcpy(event->peer, peer->config.name, sizeof(event->peer));
}

void events_note(struct events *events, enum event_kind kind, const struct peer *peer,
		 uint64_t now_ms, const char *fmt, ...)
{
	struct log_limit *limit = &events->limits[peer ? peer->index : NO_PEER][kind];
	struct event *event;
	uint32_t more;
	va_list args;
	size_t len;

	if (!let_through(events, limit, now_ms, &more))
		return;
	event = ring_next(events, kind, more);
	name_peer(event, peer);
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
static void tell_held(struct events *events, enum event_kind kind, const struct peer *peer,
		      uint64_t now_ms)
{
	struct log_limit *limit = &events->limits[peer ? peer->index : NO_PEER][kind];
	struct event *event;
	uint32_t more;

	if (!limit->held)
		return;
	if (!let_through(events, limit, now_ms, &more)) {
		limit->held--; /* the question was no event */
		return;
	}
	event = ring_next(events, kind, more);
	name_peer(event, peer);
	snprintf(event->text, sizeof(event->text), "%u more like this", more);
	write_line(event);
}

void events_turn(struct events *events, const struct peers *peers, uint64_t now_ms)
{
	if (!events->nb_holding)
		return;
	for (int kind = 0; kind < EVENT_KINDS; kind++) {
		for (uint16_t i = 0; i < peers->end; i++)
			tell_held(events, (enum event_kind)kind, &peers->table[i], now_ms);
		tell_held(events, (enum event_kind)kind, NULL, now_ms);
	}
}

const struct event *events_after(const struct events *events, uint64_t number)
{
	uint64_t oldest = events->last > EVENTS_KEPT ? events->last - EVENTS_KEPT + 1 : 1;
	uint64_t next = number < oldest ? oldest : number + 1;

	return next <= events->last ? &events->ring[next % EVENTS_KEPT] : NULL;
}
