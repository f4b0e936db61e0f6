/* Adjacencies, written: from two sides that share a slot without a lock.
 *
 *   control    claims a slot for (gateway, port, egress role), counted, and gives it back
 *   dataplane  its main lcore finds claimed slots, resolves the gateway, and fills in the rewrite
 *
 * A slot given back is claimed for another neighbour only after a grace period. So the main lcore,
 * a registered QSBR thread, may rely on a claimed slot's key until its next quiescent state, and
 * must look again after it. */
#ifndef BASCULE_ADJACENCY_H
#define BASCULE_ADJACENCY_H

#include <stdint.h>

#include "fib_layout.h"
#include "rcu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- dataplane's main lcore ------------------------------------------------------------------- */

/* Is the slot in use by control? If so its key (gateway, port) may be read. */
static inline bool adjacency_claimed(const struct adjacency *adjacency)
{
	return __atomic_load_n(&adjacency->claimed, __ATOMIC_ACQUIRE);
}

/* Forward with this link-layer header from now on; addresses in wire order. Readers see the one
 * before or this. */
void adjacency_resolve(struct adjacency *adjacency, const uint8_t dst[6], const uint8_t src[6]);
/* The neighbour is gone: drop until it is resolved again. */
void adjacency_unresolve(struct adjacency *adjacency);

/* --- control ---------------------------------------------------------------------------------- */

struct adjacencies {
	struct fib_generation *generation; /* borrowed: shared memory */
	struct rcu_pool indexes;
	uint32_t *refs;	 /* owned; [index] */
	uint16_t *next;	 /* owned; [index]: chains of equal hash, ended by ADJACENCY_NONE */
	uint16_t *chain; /* owned; [hash] → first index */
};

/* Slots 0..nb_fixed-1 are not for claiming. No slot may be claimed. -ENOMEM. */
int adjacencies_init(struct adjacencies *adjacencies, struct fib_generation *generation,
		     uint32_t nb_fixed, struct rte_rcu_qsbr *qsbr);
void adjacencies_fini(struct adjacencies *adjacencies);

/* See fib_adjacency_claim(), fib_adjacency_release(). */
int adjacency_claim(struct adjacencies *adjacencies, struct fib_addr gateway,
		    const struct fib_port *port, uint8_t egress_role, uint16_t *index);
void adjacency_release(struct adjacencies *adjacencies, uint16_t index);

/* Take every claim of a generation back, so that the main lcore leaves its slots alone after a
 * grace period. */
void adjacencies_disown(struct fib_generation *generation);

#ifdef __cplusplus
}
#endif
#endif
