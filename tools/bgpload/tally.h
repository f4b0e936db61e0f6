/* What has been announced to a receiver: which prefixes it holds, how often each was announced, and
 * how late. One a receiver; nothing here knows sessions. */
#ifndef BASCULE_TALLY_H
#define BASCULE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workload.h"

enum {
	/* 19.0.0.0/24 and up, one a sender: said before the workload, so that next hops are
	 * resolved and sessions are through with what they do first */
	WARM_SLASH24 = 19 << 16,
	TALLY_SENDERS = 1024,
	LATENCY_BUCKETS = 64 * 32,
};

/* Latencies in buckets, each 1/32 wider than the one before. */
struct latency {
	uint64_t count[LATENCY_BUCKETS], nb, max_ns;
};
void latency_note(struct latency *latency, uint64_t ns);
/* The latency that `share` of all are below, 0..1; 0 if there are none. */
uint64_t latency_percentile(const struct latency *latency, double share);

struct tally {
	uint64_t *held;	     /* owned; a bit a prefix */
	const uint64_t *own; /* borrowed; what it says itself, which some speakers tell it too */
	uint32_t own_warm;   /* its number as a sender, UINT32_MAX if it is none */
	uint32_t nb_held;
	bool warm[TALLY_SENDERS];
	uint32_t nb_warm;
	/* UPDATEs, and prefixes in them: `again` are those announced that it held already,
	 * `echoed` its own, `strange` those that are not of the workload */
	uint64_t updates, announced, again, withdrawn, echoed, strange, octets;
	uint64_t changed_ns; /* when what it holds last changed */
};

/* When each sample (FEED_SAMPLE) was first said, and how long it took to each receiver. */
struct timing {
	uint64_t *said_ns; /* owned; 0: not yet */
	bool over;	   /* what is heard from now on is not timed */
	struct latency latency;
};

/* `own` is borrowed for as long as the tally is used; NULL: nothing is its own. False: no
 * memory. */
bool tally_init(struct tally *tally, const struct workload *load, const uint64_t *own,
		uint32_t own_warm);
void tally_free(struct tally *tally);
/* Forget the counts, not what is held. */
void tally_restart(struct tally *tally);

/* Count an UPDATE, `len` octets with its header, that was heard `now_ns`. False: it is
 * malformed. */
bool tally_update(struct tally *tally, const struct workload *load, struct timing *timing,
		  const uint8_t *message, size_t len, uint64_t now_ns);

#endif
