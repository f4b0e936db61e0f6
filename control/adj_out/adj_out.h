/* Adj-RIB-Out: what is announced to peers. A struct receiver is one peer as the receiver of
 * announcements of one family; struct out_session is what its receivers share, struct adj_out
 * what all receivers of a family share. The conductor has a session in each of its peers, calls
 * members.h when a peer comes, changes its configuration or goes, and sends what is encoded. This
 * folder opens no socket, decodes nothing and chooses no path.
 *
 *   group (rib) ─► announce.c ─► outbound.c, the map ─► recipients.c ─► octets ─► adj_out.send
 *
 * Thread: the RIB lcore. */
#ifndef BASCULE_ADJ_OUT_H
#define BASCULE_ADJ_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "prefix.h"
#include "prefix_table.h"

#ifdef __cplusplus
extern "C" {
#endif

struct adj_out;
struct discard;
struct due;
struct events;
struct maps;
struct rib;
struct route_map;
struct update_group;
struct wire_buf;

/* How far announcements are ahead of a peer's connection (pace.h). */
struct pace {
	uint64_t sent;	     /* octets handed to its session since that came up */
	int64_t room;	     /* octets that may be sent before its count is looked at again */
	uint32_t hinders_ms; /* how long others have waited for it since it last had taken all */
	bool slow;	     /* it is to leave the stream, or has */
};

/* The summaries that a member has been announced, a bit for each rule (summaries.h). */
struct summaries_announced {
	uint64_t rules; /* of its group's map */
	uint64_t again; /* of the same map: to be announced again, as a summary or as a route */
	/* of the map of its former group: to be withdrawn unless announced again */
	uint64_t former;
	struct route_map *former_map; /* one reference; NULL: none */
};

enum { ALIASES = 4 }; /* of a peer */

enum { WITHHELD_SUSPECTS = 4 }; /* of a peer; the oldest gives way */

/* What a peer may have reset its session for: one attribute with this body, or all attributes of a
 * route as they are sent. */
struct suspect {
	uint64_t hash;
	struct prefix prefix; /* of a route that has it, if `named` */
	uint8_t code;	      /* of the attribute; 0: all of them */
	uint8_t resets;
	bool named;
};

/* What a peer may have reset its sessions for. Zeroed at first. */
struct suspects {
	struct suspect suspect[WITHHELD_SUSPECTS];
	uint8_t nb, next;
};

struct out_session;

/* What is announced to one peer of one family. */
struct receiver {
	struct adj_out *adj_out;     /* borrowed */
	struct out_session *session; /* borrowed: owns this */
	/* borrowed; NULL: nothing is announced to it (not up, or not LIVE yet) */
	struct update_group *group;
	bool lagging; /* it is out of its group's stream until it has taken what was sent */
	struct summaries_announced summaries;
	/* the prefixes that are withheld from it (withheld.h), in this session; not open: none */
	struct prefix_table withheld;
	uint64_t unexportable; /* announcements to it that fit no message */
	/* prefixes that an attribute was stripped from on the way to it, or that were dropped for
	 * one */
	uint64_t stripped_out, dropped_out;
};

/* What decides what is announced to one peer, of whichever family. */
struct out_session {
	const struct config_peer *config; /* borrowed */
	uint16_t index;			  /* of the peer: its source in the RIBs */
	bool active;			  /* configured, and not being removed */
	bool held;			  /* it takes no part in route exchange */
	bool drained;		/* what it is told says that we are about to go (RFC 8326) */
	bool as4;		/* 4-octet AS numbers (RFC 6793), by its last session */
	uint8_t families;	/* that its last session has: family_bit() */
	bool extended;		/* IPv4 routes with next hops of IPv6 (RFC 8950), likewise */
	struct addr local_addr; /* our end of its last session */
	/* ours on the link that it is on, in that session; unspecified: it is on none */
	struct addr link_local;
	struct addr alias[ALIASES]; /* aliases.h, in this session or the last one */
	uint8_t nb_aliases;
	uint64_t up_ms; /* when that came up */
	struct pace pace;
	struct suspects suspects;
	struct receiver to[FAMILY_COUNT];
};

/* What all receivers of a family share. */
struct adj_out {
	enum family family;
	struct rib *rib; /* borrowed, like all pointers here */
	const struct config *config;
	struct maps *maps;
	struct events *events;
	struct discard *discard; /* takes what a table leaves */
	/* DUE_RECONSIDER: what can come back from a peer has changed; DUE_PACE: some receivers
	 * have pace.slow set */
	struct due *due;
	struct scratch *scratch;
	/* Have `buf` sent in this session, with a reference of its own. False: no room
	 * now. */
	bool (*send)(void *ctx, const struct out_session *to, struct wire_buf *buf);
	/* Octets that its connection has taken in this session, as its session lcore counts
	 * them. */
	uint64_t (*taken)(void *ctx, const struct out_session *to);
	void *ctx;	   /* of those */
	uint64_t now_ms;   /* of this turn */
	uint64_t paced_ms; /* pace_tick()'s: as of when waiting is counted */
	/* prefixes that an ExpressRoute circuit takes (expressroute_bound.h); 0: no bound */
	uint32_t expressroute_max;
	bool withholding; /* something is withheld from one of them */
	bool drained;	  /* all are, as receiver.drained */
	uint16_t end;	  /* no receiver at or above this index has ever been active */
	struct receiver *receiver[CONFIG_PEERS]; /* by index */
};

/* A peer is configured; nothing is announced to it yet. `session` and `config` stay where they
 * are. */
void out_session_begin(struct out_session *session, uint16_t index,
		       const struct config_peer *config);
/* The same of one family, for each. */
void receiver_begin(struct out_session *session, struct adj_out *adj_out);
/* Its session has come up, with these SPEAKER_CAP_* and families. `link_local`: as the member. */
void out_session_up(struct out_session *session, struct addr local_addr, struct addr link_local,
		    uint16_t caps, uint8_t families, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
