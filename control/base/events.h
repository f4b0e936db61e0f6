/* The events of the last hours, or of the last minutes if there are many: what an operator asks for
 * first when something was different a moment ago. A ring of fixed records in memory; the newest
 * push out the oldest. Each event is one line in the log as well.
 *
 *   peer_session.c and others ─ events_note ─► ring ─ events_after ─► show.c, a page each
 *                                                  └──► log line
 *
 * Of each kind and peer, EVENTS_BURST events are let through at once, then one each
 * EVENTS_PERIOD_MS. The next one that is let through says how many were held back; if none comes,
 * events_turn() does. Nothing here allocates after events_init(). Thread: the RIB lcore. */
#ifndef BASCULE_EVENTS_H
#define BASCULE_EVENTS_H

#include <stdint.h>

#include "log.h"
#include "turn.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	EVENTS_KEPT = 1024, /* records; a power of two */
	EVENTS_BURST = 10,
	EVENTS_PERIOD_MS = 10000,
	EVENT_TEXT = 200,
	EVENT_PEER = 32,	     /* octets of a peer's name */
	EVENTS_NO_PEER = UINT16_MAX, /* what has happened concerns no single peer */
};

enum event_kind {
	EVENT_SESSION_UP,
	EVENT_SESSION_DOWN,
	EVENT_SESSION_FAILED, /* it does not come up, and why */
	EVENT_LIMIT,	      /* a bound on routes was reached, and what followed */
	EVENT_ALARM,	      /* raised or cleared */
	/* a route refused: it has been here before (AS path, originator, cluster list) */
	EVENT_LOOP,
	EVENT_BOW_TIE,	  /* a route refused: another route server's export (import.h) */
	EVENT_REFLECTION, /* what we announced to a peer has come back from it (reflections.h) */
	EVENT_REFUSED,	  /* a route refused by another check of import.h */
	EVENT_MALFORMED,  /* an UPDATE with a fault that does not end the session (RFC 7606) */
	/* stripped from a route, or the route dropped for it, or withheld from who resets for it */
	EVENT_ATTRIBUTE,
	EVENT_MARTIAN,	/* prefixes that no route can be for */
	EVENT_EXCHANGE, /* the switch was moved */
	EVENT_RELOAD,	/* another configuration */
	EVENT_RESTART,	/* graceful restart, ours or a peer's */
	EVENT_LIVE,	/* the tables are published */
	EVENT_NEXT_HOP, /* found or lost */
	EVENT_FLAP,	/* a prefix changes too often, is held, is let go */
	EVENT_SERVICE,	/* a peer or the instance was taken out of service, or put back */
	EVENT_KINDS
};
/* "session_up", ...; static storage. */
const char *event_kind_name(enum event_kind kind);

struct event {
	uint64_t number;  /* counts from 1 */
	uint64_t time_ms; /* since 1970, UTC */
	uint32_t more;	  /* like it, held back since the last one of this kind and peer */
	uint8_t kind;
	char peer[EVENT_PEER]; /* empty: of none */
	char text[EVENT_TEXT];
};

/* The name of a peer, borrowed; at most EVENT_PEER - 1 octets of it are kept. */
typedef const char *events_peer_name(const void *ctx, uint16_t peer);

struct events {
	struct event *ring; /* owned */
	/* owned: a row for each peer, and one more for events of none */
	struct log_limit (*limits)[EVENT_KINDS];
	uint16_t nb_peers;
	uint16_t end; /* nothing has happened to a peer at or above this index */
	events_peer_name *name;
	const void *ctx;     /* of `name`, borrowed */
	uint64_t last;	     /* number; 0: none yet */
	uint32_t nb_holding; /* limits that hold something back */
	uint32_t next;	     /* row of `limits` that events_turn() looks at */
};

/* Peers are known by their index, 0..nb_peers-1; `name` is asked when something has happened to
 * one. 0 or -ENOMEM. */
int events_init(struct events *events, uint16_t nb_peers, events_peer_name *name, const void *ctx);
void events_fini(struct events *events);

/* Note what has happened to a peer, or to none (EVENTS_NO_PEER). `now_ms` is monotonic. */
__attribute__((format(printf, 5, 6))) void events_note(struct events *events, enum event_kind kind,
						       uint16_t peer, uint64_t now_ms,
						       const char *fmt, ...);

/* Report how many were held back where that is allowed again. To be called about once a second. */
bool events_turn(struct events *events, uint64_t now_ms, const struct budget *budget);

/* The oldest record there is behind `number`; NULL: none. Borrowed until the next event. */
const struct event *events_after(const struct events *events, uint64_t number);

#ifdef __cplusplus
}
#endif
#endif
