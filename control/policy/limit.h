/* How many routes a peer may announce: counting, and what follows. Pure: it holds numbers, sees no
 * route, closes nothing.
 *
 *   unique   a route counts once, however often it is announced again
 *   repeats  as Azure Route Server counts: the routes that the peer has with us, and those of a
 *            batch that only repeat them. 2001 routes announced twice in a row are 4002. A batch
 *            ends when the peer says nothing for LIMIT_BATCH_MS */
#ifndef BASCULE_LIMIT_H
#define BASCULE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	LIMIT_BATCH_MS = 1000,
	LIMIT_NEAR_PERCENT = 80, /* of the bound: time to warn */
};

struct limit_rule {
	uint32_t routes; /* the bound; 0: none */
	bool repeats;
	bool drop; /* refuse the excess and keep the session */
};

/* One peer's. Zeroed at first, and for each session. */
struct limit {
	uint32_t repeated; /* in this batch */
	uint64_t heard_ms; /* its last announcement */
};

enum limit_verdict {
	LIMIT_TAKE,
	LIMIT_REFUSE,	/* this one, and keep the session */
	LIMIT_EXCEEDED, /* close the session */
};

/* Announcements have come: does a new batch begin? */
void limit_heard(struct limit *limit, uint64_t now_ms);

/* A peer that has `learned` routes with us announces one; `known`: it is one of them. A known route
 * is never refused: it takes no new room, and what it said before must not stay. */
enum limit_verdict limit_judge(struct limit *limit, const struct limit_rule *rule, uint32_t learned,
			       bool known);

/* Are `count` routes LIMIT_NEAR_PERCENT of `bound` or more? False if there is no bound. */
bool limit_near(uint32_t bound, uint64_t count);

#ifdef __cplusplus
}
#endif
#endif
