/* What peers would learn of a family if the route exchange switch were moved: after export policy
 * and outbound route maps, summaries included. A prefix is looked at once for a group, and once
 * more for each member that announces a path for it, since that may learn another one. Counted is
 * what becomes of the prefixes, and how many more or fewer contribute to each summary. Nothing is
 * announced, and nothing is changed.
 *
 *   matrix_plan_node ─► peer_plan_begin, peer_plan_count each
 *     └─► summaries: peer_plan_summaries ─► peer_plan_summary ─► peer_plan_add
 *
 * Whether a summary stands is known when all prefixes have been counted; only then is its own
 * prefix reported. There may be a route for that prefix too, whose paths are noted when the walk
 * passes it. Nothing else is kept by prefix. Thread: the RIB lcore. */
#ifndef BASCULE_PEER_PLAN_H
#define BASCULE_PEER_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "map_rule.h"
#include "matrix_plan.h"
#include "message.h"
#include "route_map.h"

#ifdef __cplusplus
extern "C" {
#endif

struct page;
struct peer;
struct routes;
struct update_group;

/* How a prefix would change for a peer. */
enum plan_change { PLAN_SAME, PLAN_ANNOUNCED, PLAN_REPLACED, PLAN_WITHDRAWN, PLAN_CHANGES };
/* "announced", "replaced", "withdrawn"; static storage. */
const char *plan_change_name(enum plan_change change);

/* How one prefix would change. */
struct peer_plan_fate {
	enum plan_change change;
	bool backup; /* what the peer learns in the end, if it changes, is a backup (group.h) */
};

/* What a group's or a peer's prefixes would become. */
struct peer_plan_tally {
	int32_t changes[PLAN_CHANGES];
	int32_t backups; /* of those announced or replaced, what the peer learns as a backup */
	int32_t contributors[MAP_RULES]; /* more than now, by rule that makes them contribute */
};

/* Who announces what members would learn under a summary's prefix if there were no summary. */
struct peer_plan_route {
	bool changed;			       /* else: who does now */
	uint16_t top, alt;		       /* alt: for top itself; RIB_PEERS: nobody */
	bool backup;			       /* it would be one to members at large, or */
	uint64_t backup_to[CONFIG_PEERS / 64]; /* to those: a bit a peer */
};

struct peer_plan_group {
	struct peer_plan_tally tally;
	struct peer_plan_route routes[MAP_RULES]; /* by the first rule that makes the prefix */
};

/* What becomes of a prefix for a member. */
struct peer_plan_member {
	struct peer_plan_fate is;
	uint8_t rule[2]; /* it contributes by, before and after, plus one; 0: it does not */
};

/* How far the counting of a prefix is. */
struct peer_plan_step {
	const struct update_group *group; /* NULL: through */
	unsigned int place;		  /* the group's, in the announcer's list */
	bool begun;			  /* with it; the rest is about it */
	struct peer_plan_member common;	  /* what most members get */
	uint32_t nb_others, other;	  /* of peer_plan.others, and the next one of them */
	uint16_t withheld;		  /* the next peer that something may be withheld from */
};

struct peer_plan {
	const struct routes *routes;		    /* borrowed: the family's */
	struct matrix_plan *matrix;		    /* borrowed */
	struct peer_plan_group group[CONFIG_PEERS]; /* by place in the announcer's list */
	struct peer_plan_tally peer[CONFIG_PEERS];  /* what sets it apart from its group */
	/* workspace: what is announced now and what would be */
	uint8_t wire[2][BGP_MESSAGE_MAX];
	struct route_map_result result[2];
	struct peer_plan_step at;
	uint16_t others[RIB_PEERS]; /* matrix_plan_others() */
};

/* The summaries that a peer learns, and those that it would learn: a bit a rule of its
 * group's map. */
struct peer_plan_summaries {
	uint64_t prefixes; /* the first rule of each prefix */
	uint64_t before, after;
};

/* Begin with the prefix that the matrix plan is at now. */
void peer_plan_begin(struct peer_plan *plan);
/* Go on to count the prefix for every group and its members. False: the page's time is over. */
bool peer_plan_count(struct peer_plan *plan, const struct page *page);
/* What becomes of the prefix for a peer that has a group; PLAN_SAME if it is the prefix of a
 * summary of the group's map. */
struct peer_plan_fate peer_plan_route(struct peer_plan *plan, const struct peer *peer);

/* The summaries that the peer learns and would learn. To be asked when all prefixes are counted. */
struct peer_plan_summaries peer_plan_summaries(const struct peer_plan *plan,
					       const struct peer *peer);
/* What becomes of the prefix that `rule`, one of summaries->prefixes, makes. */
struct peer_plan_fate peer_plan_summary(struct peer_plan *plan, const struct peer *peer,
					const struct peer_plan_summaries *summaries, int rule);
/* Add this fate of one prefix to the peer's tally. */
void peer_plan_add(struct peer_plan *plan, const struct peer *peer, struct peer_plan_fate fate);

/* What the peer's prefixes would become; nothing for one that learns nothing. */
struct peer_plan_tally peer_plan_tally(const struct peer_plan *plan, const struct peer *peer);

#ifdef __cplusplus
}
#endif
#endif
