/* A forwarder: all that forwarding on one lcore needs. */
#ifndef BASCULE_FORWARDER_H
#define BASCULE_FORWARDER_H

#include <stdbool.h>
#include <stdint.h>

#include "counters.h"
#include "fib.h"
#include "neighbour.h"
#include "punt.h"
#include "screen.h"
#include "sources.h"
#include "tx.h"

#ifdef __cplusplus
extern "C" {
#endif

/* It only reads what it shares; what it writes (its counters,
 * its transmit buffers, the producers' side of the punt rings) is its own or lockless. */
struct filter_table;

struct __rte_cache_aligned forwarder {
	const struct fib *fib; /* all borrowed: they live as long as the process */
	const struct neighbours *neighbours;
	const struct sources *sources;
	const struct screen *screen;
	struct punt *punt;
	struct counters *counters; /* for the burst under way */
	uint32_t tbl8_groups;	   /* of each table: see fib_lookup_burst() */
	/* of IPv6: those of each table, as trie6_reader.groups, and how they are looked up. NULL:
	 * no port has it */
	uint32_t trie6_groups;
	const struct trie6_lookup *lookup6;
	bool punted;	/* something, since the main lcore was last woken for it */
	uint16_t lcore; /* which of ours: its row of an access list's hits */
	const struct filter_table *filters; /* NULL: no port has any; atomic */
	struct tx tx;
};

#ifdef __cplusplus
}
#endif
#endif
