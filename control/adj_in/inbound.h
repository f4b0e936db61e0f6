/* A peer's routes on their way through its inbound route map into the RIB. The RIB has what the map
 * made of them. What the peer announced (Adj-RIB-In before policy) is kept here, and only for peers
 * that have a map: so a changed map is applied without asking the peer again, and `show` has both.
 * Which routes are accepted is import policy's decision, made before; which are used is the RIB's.
 *
 *   update ─► inbound_announce ─► table: prefix → attributes as received
 *                                   └─► route_map_run ─► rib_announce
 *   reload ─► inbound_set_map ──► inbound_turn: a slice of the table a turn, as if just received
 *   session lost ─► inbound_down ──► inbound_turn: what is not announced again goes, in slices
 *
 * A summary (a rule's prefix_replace) is in the RIB as long as one route contributes to it, in the
 * place of the peer's own route for that prefix, if it announces one. Its next hop is the peer.
 * Thread: the RIB lcore. */
#ifndef BASCULE_INBOUND_H
#define BASCULE_INBOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "export.h"
#include "map_rule.h"
#include "prefix_table.h"
#include "rib.h"
#include "route_map.h"

#ifdef __cplusplus
extern "C" {
#endif

struct discard;
struct due;
struct scratch;

/* What the tables of all peers of a family share. */
struct adj_in {
	enum family family; /* of all their routes */
	struct rib *rib;    /* all borrowed */
	struct attr_table *attrs;
	struct discard *discard; /* takes what a table leaves */
	struct due *due;	 /* DUE_MAPS: inbound_turn() has something to do for some peer */
	struct scratch *scratch;
	uint64_t now_ms; /* of this turn */
};

/* A route as received. */
struct inbound_route {
	uint32_t addr; /* host order */
	uint8_t len;
	uint8_t summary;    /* the rule that made it a contributor, plus one; 0: it is none */
	uint8_t epoch;	    /* of the table when it was announced; an earlier one is stale */
	uint8_t generation; /* of the map that was applied last */
	const struct attrs *attrs; /* one reference */
};
PREFIX_TABLE_ITEM(struct inbound_route);
static_assert(sizeof(struct inbound_route) == 16, "four routes a cache line");

enum inbound_step {
	INBOUND_SETTLED,
	INBOUND_FILLING,  /* the first map: what the RIB has of the peer is being copied */
	INBOUND_APPLYING, /* a changed map is being applied to the table */
	INBOUND_CLOSING, /* there is no map any more: the RIB has all, the table is being emptied */
};

struct inbound {
	struct adj_in *adj_in; /* borrowed */
	uint16_t source;       /* the peer's index in the RIB */
	uint8_t zone;	       /* of link-local next hops: where the session is (attr_keys.zone) */
	bool kept;	       /* its stale routes stay: it restarts (RFC 4724 4.2) */
	/* set here, taken back by the caller: memory was lacking, so that a route that has gone is
	 * still in the RIB, or that a route is missing here */
	bool not_withdrawn;
	struct route_map *map;		  /* one reference; NULL: every route passes */
	struct route_map *wanted;	  /* likewise: the next map, if `changed` */
	struct route_map *before;	  /* likewise: the last map, while applying */
	struct prefix_table routes;	  /* of struct inbound_route; not open: routes go by */
	uint32_t contributors[MAP_RULES]; /* by the rule that replaces the prefix */
	enum inbound_step step;
	bool changed;	   /* `wanted` follows when the step is over */
	uint32_t cursor;   /* of the step */
	uint32_t sweep;	   /* cursor, while sweep_age is not 0: */
	uint8_t sweep_age; /* routes of so many sessions ago, or more, are going */
	uint8_t epoch, generation;
	uint8_t summary[EXPORT_SUMMARY_MAX];
	struct route_map_side side;
	bool hop_unknown; /* summaries have no next hop yet */
	uint32_t fresh;	  /* routes of this session: of the present epoch */
	uint64_t digest;  /* of all routes of the table: attrs_digest() */
};

/* No map and no routes. */
void inbound_init(struct inbound *in, struct adj_in *adj_in, uint16_t source);

/* The map of the peer at `addr` is now `map` (NULL: none); takes a reference. A change is applied
 * by inbound_turn(), after those before it. -ENOMEM: as it was. */
int inbound_set_map(struct inbound *in, struct route_map *map, struct addr addr);

/* Do the peer's routes pass through here? If not, they go to the RIB as they are. */
static inline bool inbound_active(const struct inbound *in)
{
	return prefix_table_is_open(&in->routes) && in->step != INBOUND_CLOSING;
}

/* Does the table say which routes the peer has announced? If not, the RIB does. */
static inline bool inbound_counts(const struct inbound *in)
{
	return inbound_active(in) && in->step != INBOUND_FILLING;
}

/* Has inbound_turn() anything to do? */
static inline bool inbound_busy(const struct inbound *in)
{
	return in->step != INBOUND_SETTLED || in->changed || in->sweep_age;
}

/* A prefix that has been looked up in the RIB and in the table. Good until either changes. */
struct inbound_place {
	struct rib_place rib;
	uint32_t route; /* id in the table; 0: the table has none, or there is no table */
};
struct inbound_place inbound_place(const struct inbound *in, struct prefix prefix);
/* As rib_fetch(), and of the table too. */
void inbound_fetch(const struct inbound *in, const struct prefix *prefixes, size_t n);

/* Has the peer announced this in this session? */
bool inbound_knows(const struct inbound *in, const struct inbound_place *at);

/* Is the route part of a summary? */
bool inbound_contributes(const struct inbound *in, struct prefix prefix);

/* One route announced (returns enum rib_announced, as to what the peer has said) or withdrawn by
 * the peer (1, or 0: there was none). -ENOMEM: then the route is not in the RIB. */
int inbound_announce(struct inbound *in, const struct inbound_place *at, const struct attrs *attrs);
int inbound_withdraw(struct inbound *in, const struct inbound_place *at);

/* Its address is known: summaries have it as next hop. Routes of IPv6 have none of IPv4: then it is
 * the next hop of the first one that passes the map from now on. */
void inbound_up(struct inbound *in, struct addr addr);
/* As rib_peer_down(), rib_peer_stale() and rib_peer_sweep(), which the caller calls too: by
 * inbound_turn(), in slices. */
void inbound_down(struct inbound *in);
void inbound_stale(struct inbound *in);
void inbound_sweep(struct inbound *in);

/* A slice of a map change or a sweep. Returns how many routes it looked at. */
size_t inbound_turn(struct inbound *in, size_t budget);

/* What the peer's map makes of a route, counting nothing. */
enum route_map_verdict inbound_run(const struct inbound *in, struct prefix prefix,
				   const struct attrs *attrs, struct route_map_result *result);
/* What the peer has announced for a prefix, before its map; NULL: nothing. Borrowed until the next
 * change. */
const struct attrs *inbound_said(const struct inbound *in, struct prefix prefix);
/* Walk over the table: the next route after `id` (0 to begin); 0 at the end. */
uint32_t inbound_next(const struct inbound *in, uint32_t id, struct prefix *prefix,
		      const struct attrs **attrs);

/* Release everything; routes in the RIB stay. */
void inbound_fini(struct inbound *in);

#ifdef __cplusplus
}
#endif
#endif
