/* What a reader of an IPv6 table does: longest match of a burst. As in fib_lookup.h, nothing that
 * lies in the shared memory can lead it outside: the group that an entry names is bounded by one
 * AND, a way has TRIE6_DEPTH groups at most.
 *
 * All addresses of a burst go down together, a step at a time, so that their cache misses overlap.
 * The wider variants take a step of 8 or 16 addresses by one gather. */
#ifndef BASCULE_TRIE6_LOOKUP_H
#define BASCULE_TRIE6_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

#include "fib_layout.h"
#include "trie6.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a reader looks into, for one burst. */
struct trie6_reader {
	const struct trie6_shared *shared;
	/* of the table, as the reader was given it at its start and keeps for itself: a power of
	 * two */
	uint32_t groups;
	uint32_t miss; /* the default route's path-list, as the view's header has it now */
};

struct trie6_lookup {
	const char *name;
	bool (*usable)(void); /* by this CPU */
	/* Longest-prefix match of `n` <= FIB_BURST addresses; path_list[i] is an index that is
	 * always valid. Returns a bit for each address whose way does not end, in a table that was
	 * spoilt; its path-list is PATH_LIST_NONE. */
	uint64_t (*burst)(const struct trie6_reader *in, const struct fib_addr *dst,
			  uint32_t *path_list, uint16_t n);
};

extern const struct trie6_lookup trie6_plain;
#ifdef RTE_ARCH_X86_64
extern const struct trie6_lookup trie6_avx2, trie6_avx512;
#endif

/* From the plain one to the widest, ended by NULL. */
extern const struct trie6_lookup *const trie6_lookups[];

/* The widest that this CPU can use. */
const struct trie6_lookup *trie6_lookup_choose(void);

#ifdef __cplusplus
}
#endif
#endif
