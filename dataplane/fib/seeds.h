/* The seeds of one view and family, in the writer's memory: what shows at a prefix while no route
 * hides it. As many as there are from the start on. One thread. */
#ifndef BASCULE_SEEDS_H
#define BASCULE_SEEDS_H

#include <stdbool.h>
#include <stdint.h>

#include "fib_prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

struct seed {
	struct fib_prefix prefix; /* of length 0: there is none here */
	uint32_t list;		  /* path-list */
	bool hidden;		  /* by a route */
};

struct seeds {
	struct seed *slot; /* owned; open addressing, half empty */
	uint32_t mask;
	uint16_t of_len[FIB_IP6_LEN + 1]; /* how many of each length: spares most look-ups */
};

/* Room for `n`. -ENOMEM. */
int seeds_init(struct seeds *seeds, uint32_t n);
void seeds_fini(struct seeds *seeds);
/* One that is not there yet. */
void seeds_add(struct seeds *seeds, const struct fib_prefix *prefix, uint32_t list);
struct seed *seeds_probe(const struct seeds *seeds, const struct fib_prefix *prefix);

/* The seed of exactly this prefix, or NULL. */
static inline struct seed *seeds_find(const struct seeds *seeds, const struct fib_prefix *prefix)
{
	return seeds->of_len[prefix->len] ? seeds_probe(seeds, prefix) : NULL;
}

#ifdef __cplusplus
}
#endif
#endif
