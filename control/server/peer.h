/* The peers, as the RIB lcore sees them: who is configured, what their sessions do, and what
 * becomes of their routes when a session comes or goes. A peer's index is its place here, its name
 * to the speakers and its source in the RIB.
 *
 *   configured ─ SPEAKER_PEER_ADD ─► (UP ⇄ DOWN) ─ SPEAKER_PEER_REMOVE ─► leaving
 *   leaving ─ SPEAKER_REMOVED, and its paths are gone ─► free
 *
 * One speaker has its session. If another one listens, that knows it too, so as to admit its
 * connections, which are handed over here (SPEAKER_ACCEPTED); then both have to say
 * SPEAKER_REMOVED.
 *
 * A changed peer is removed and added again: its session alone is reset. Graceful restart of a peer
 * (RFC 4724 4.2): its paths stay in use as stale for the restart time that it announced, and what
 * it does not announce again is swept.
 *
 * No functions here: what is done with peers lies in peers.h and the files peer_*.h. */
#ifndef BASCULE_PEER_H
#define BASCULE_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "adj_out.h"
#include "config.h"
#include "flap.h"
#include "import.h"
#include "inbound.h"
#include "limit.h"
#include "loop.h"
#include "held_updates.h"
#include "speaker.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

/* How much it says of a family at present (bulk.h). */
struct peer_talk {
	uint64_t at_ns;	  /* when `weight` was so much */
	uint64_t bulk_ns; /* when that was bulk, last */
	uint32_t weight;
};

/* Its routes of one family. */
struct peer_routes {
	struct inbound inbound;		  /* before policy, if it has a route map */
	struct held_updates held_updates; /* UPDATEs that wait for their next hop */
	struct peer_talk talk;
	struct limit limit;	   /* of this session */
	struct flap flap;	   /* what of them changes too often */
	bool eor;		   /* End-of-RIB received in this session */
	bool stale;		   /* some may be of a session before: graceful restart */
	bool near_limit, refusing; /* alarms: close to its bound; its excess is refused */
	bool crowded;		   /* alarm: some are refused, as there are limits.total */
	/* told in this session: none are announced to it, as we have no address for it */
	bool no_address;
};

enum peer_life { PEER_FREE, PEER_ACTIVE, PEER_REMOVING };

struct peer {
	struct timer stale;	 /* graceful restart: sweep when it fires */
	struct route_server *rs; /* borrowed: owns this */
	struct config_peer config;
	struct config_peer again; /* after PEER_REMOVING: to be added, if `returns` */
	enum peer_life life;
	bool returns;
	uint8_t unanswered; /* while removing: speakers that have not said SPEAKER_REMOVED */
	bool shut;	    /* an operator has shut it down (standing.h) */
	bool up;
	bool reached;	 /* no route led to it, and one does: DUE_CALLS (behind.h) */
	uint8_t speaker; /* index of the one that has its session */
	uint8_t zone; /* of link-local next hops that it names: next_hop_zone(); 0: not on link */
	uint16_t index;
	uint16_t gateway;	     /* source.gateway, once its session has been up */
	uint8_t state;		     /* enum session_state */
	uint32_t epoch;		     /* of the current or last session */
	uint64_t since_ms;	     /* of the state */
	uint64_t heard_ms;	     /* when it came up or last sent an UPDATE */
	struct speaker_up session;   /* while up */
	char reason[SPEAKER_REASON]; /* why it is not up, or why it last went down */
	struct out_session out;	     /* what is announced to it */
	struct peer_routes routes[FAMILY_COUNT];
	bool closing;			/* past its bound: what it still says does not count */
	bool exceeded;			/* that ended its last session */
	bool flooded;			/* `exceeded` by what we announce to it */
	uint8_t exceeded_family;	/* whose bound that was */
	uint64_t over_limit;		/* announcements refused as excess */
	uint64_t refused[IMPORT_COUNT]; /* announcements, by verdict */
	uint64_t no_memory;		/* announcements that were withdrawn for want of memory */
	uint64_t no_memory_before; /* of those, before it last began to announce all that it has */
};

struct peers {
	struct peer *table; /* owned: CONFIG_PEERS of them */
	uint16_t end;	    /* none at or above this index was ever used */
	uint16_t nb_active, nb_up;
	uint16_t nb_holding; /* with UPDATEs that wait, of each family once */
	uint16_t holding;    /* whose turn it is of those, or the next one's */
	uint16_t free;	     /* no place below this one is */
	/* peers_place(): whom it has looked at last, and how many it has still to look at until all
	 * are in their groups */
	uint16_t place, unplaced;
	bool waiting; /* one of them has not heard yet what was said before */
	/* those who are up begin together: nothing is announced before they all are in */
	bool joining;
};

#ifdef __cplusplus
}
#endif
#endif
