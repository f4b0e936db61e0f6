/* What a reader of the FIB does, any registered forwarding lcore. It takes the active generation
 * once a burst, holds nothing past its quiescent state, and takes no lock.
 *
 * Control maps the memory too, and could spoil it: whatever index comes from there is bounded by
 * one AND or compare, so that a reader may send a packet astray or drop it, but never looks outside
 * the tables. */
#ifndef BASCULE_FIB_LOOKUP_H
#define BASCULE_FIB_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>

#include "fib_layout.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline const struct fib_generation *fib_active(const struct fib *fib)
{
	return &fib->generation[__atomic_load_n(&fib->active, __ATOMIC_ACQUIRE) % 2];
}

/* Longest-prefix match of `n` <= FIB_BURST host-order addresses; path_list[i] is an index that is
 * always valid. It is rte_lpm_lookup_bulk() but for one compare where an entry names a tbl8 group:
 * `groups` is how many the table has, as the reader was given it at its start and keeps for itself
 * (fib->tbl8_groups lies where a stray store could reach it, too). Returns a bit for each address
 * whose entry names a group past the end; its path-list is PATH_LIST_NONE. */
static inline uint64_t fib_lookup_burst(const struct fib_view *view, uint32_t groups,
					const uint32_t *dst, uint32_t *path_list, uint16_t n)
{
	uint32_t miss = __atomic_load_n(&view->default_path_list[FIB_IP4], __ATOMIC_RELAXED);
	const uint32_t *tbl24 = (const uint32_t *)view->lpm->tbl24;
	const uint32_t *tbl8 = (const uint32_t *)view->lpm->tbl8;
	uint64_t spoilt = 0;

	for (uint16_t i = 0; i < n; i++) {
		uint32_t entry = __atomic_load_n(&tbl24[dst[i] >> 8], __ATOMIC_RELAXED);

		if (unlikely((entry & RTE_LPM_VALID_EXT_ENTRY_BITMASK) ==
			     RTE_LPM_VALID_EXT_ENTRY_BITMASK)) {
			uint32_t group = entry & FIB_LPM_VALUE;

			if (likely(group < groups)) {
				entry = __atomic_load_n(
					&tbl8[group * RTE_LPM_TBL8_GROUP_NUM_ENTRIES +
					      (uint8_t)dst[i]],
					__ATOMIC_RELAXED);
			} else {
				entry = RTE_LPM_LOOKUP_SUCCESS | PATH_LIST_NONE;
				spoilt |= UINT64_C(1) << i;
			}
		}
		path_list[i] = (entry & RTE_LPM_LOOKUP_SUCCESS ? entry : miss) % FIB_PATH_LISTS;
	}
	return spoilt;
}

static inline const struct adjacency *fib_adjacency(const struct fib_generation *generation,
						    uint16_t index)
{
	return &generation->adjacencies[index % FIB_ADJACENCIES];
}

/* The adjacency index that a flow takes. `hash` matters only if the list has several members. */
static inline uint16_t path_list_member(const struct path_list *list, uint32_t hash)
{
	return list->member[list->bucket[hash % PATH_LIST_BUCKETS] % PATH_LIST_MEMBERS];
}

/* The buckets that flows of `bucket` look at, the own one first (`i` 0), all in 64 steps. How far a
 * step goes depends on the bucket, so that those of one member, which often lie at equal distances,
 * come to different ones. */
static inline uint32_t path_list_step(uint32_t bucket, uint32_t i)
{
	return (bucket + i * (bucket * 215 >> 3 | 1)) % PATH_LIST_BUCKETS;
}

/* The next hop that a flow takes has been lost: the adjacency that it takes instead, for as long as
 * need be. It is the member of the first bucket (path_list_step()) whose member forwards, or if
 * none does, the same of the backup; so the flows of the lost member are spread over those that are
 * left, and each stays where it went. NULL: nothing forwards. At most two times 64 buckets,
 * whatever the number of prefixes, and without control. */
const struct adjacency *fib_repair(const struct fib_generation *generation,
				   const struct path_list *list, uint32_t hash);

static inline bool fib_gate_open(uint64_t gate, uint8_t ingress, uint8_t egress)
{
	return gate >> (ingress % FIB_VIEWS * FIB_VIEWS + egress % FIB_VIEWS) & 1;
}

/* A bit for each egress role: may packets of `ingress` pass. */
static inline uint8_t fib_gates(uint64_t gate, uint8_t ingress)
{
	return (uint8_t)(gate >> (ingress % FIB_VIEWS * FIB_VIEWS));
}

/* Is `addr` a configured BGP peer, and behind this port, by its id? One that is link-local is known
 * behind its own port alone. Bounded probe. */
enum fib_peer_at { FIB_PEER_NOBODY, FIB_PEER_HERE, FIB_PEER_ELSEWHERE };
enum fib_peer_at fib_peer_at(const struct fib *fib, struct fib_addr addr, uint16_t port);

#ifdef __cplusplus
}
#endif
#endif
