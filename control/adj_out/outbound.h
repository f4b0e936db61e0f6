/* A batch of an update group on its way through the group's outbound route map. All prefixes of a
 * batch have the same attributes, so prefixes that the same rules acted upon share the result, too:
 * the batch is cut into one part for each set of rules. What the map drops or summarises is
 * withdrawn, since it may have been announced before. The map changes what is announced, never the
 * RIB. Thread: the RIB lcore. */
#ifndef BASCULE_OUTBOUND_H
#define BASCULE_OUTBOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "group.h"
#include "route_map.h"

#ifdef __cplusplus
extern "C" {
#endif

struct outbound_route {
	uint64_t hits; /* the rules that acted */
	struct prefix prefix;
	bool dropped;
};

/* Prefixes of a batch that are announced alike, or all withdrawn. */
struct outbound_part {
	const struct prefix *prefixes;
	uint32_t nb;
	const uint8_t *wire; /* canonical; NULL: withdrawn */
	uint16_t len;
	bool too_long; /* withdrawn for want of room */
};

/* What a batch is, of whatever group. */
struct outbound_batch {
	struct route_map *map;
	struct route_map_side side;
	bool vnet; /* VNet prefixes */
	/* attributes after export, borrowed until the last part; NULL: withdrawn */
	const uint8_t *wire;
	uint16_t len;
	bool too_long; /* which is why they are withdrawn */
};

struct outbound {
	struct outbound_route routes[GROUP_FLUSH_MAX];
	struct prefix prefixes[GROUP_FLUSH_MAX];
	uint32_t nb, at;
	struct outbound_batch batch;
	struct route_map_result result;
};

/* Begin with at most GROUP_FLUSH_MAX prefixes. Those that are a summary's are left out: what they
 * say depends on more than this batch. */
void outbound_begin(struct outbound *out, const struct outbound_batch *batch,
		    const struct prefix *prefixes, uint32_t nb_prefixes);
/* The next part, borrowed until the next call; false: that was all. */
bool outbound_next(struct outbound *out, struct outbound_part *part);

#ifdef __cplusplus
}
#endif
#endif
