/* A load: senders say a workload through the speaker under test, receivers count what comes of it.
 *
 *   load_join ─► load_warm ─► load_announce ─► load_end
 *
 * Each phase lasts until every receiver that knows what it must come to has come to it, and a
 * moment longer, so that what is said twice is counted; it fails when nothing has changed for as
 * long as `timeout_s`. One thread. */
#ifndef BASCULE_LOAD_H
#define BASCULE_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "talker.h"
#include "tally.h"
#include "workload.h"

enum load_ending { LOAD_WITHDRAW, LOAD_DIE, LOAD_NONE, LOAD_WATCH, LOAD_REPEAT };

struct load_options {
	uint32_t target, from; /* host order; peer i speaks from `from` + i, as `asn` + i */
	uint32_t asn;
	uint16_t port;
	uint32_t peers, senders, prefixes; /* `prefixes`: each sender's */
	const char *file;		   /* of the workload; NULL: made up */
	bool same;			   /* all senders say the same prefixes */
	enum load_ending ending;
	uint32_t timeout_s;
	bool progress; /* on stderr */
};

struct load_peer {
	struct talker talker;
	struct tally tally;
	struct feed feed; /* empty: it only receives */
	uint32_t next_mark;
	uint32_t wanted; /* prefixes that it must hold at the end of the phase; UINT32_MAX: open */
};

/* How a phase went, over all receivers. */
struct load_phase {
	double seconds; /* from the first octet to when the last receiver had all, or last change */
	uint64_t updates, announced, again, withdrawn, echoed, strange, octets;
};

struct load {
	const struct load_options *options; /* borrowed */
	struct workload workload;
	struct timing timing;
	struct load_peer *peers; /* owned */
	int epoll;
	struct load_phase announce, end;
	char error[256]; /* why it failed */
};

/* Each returns false with `error`; load_close() is due in any case. */
bool load_open(struct load *load, const struct load_options *options);
bool load_join(struct load *load);
bool load_warm(struct load *load);
bool load_announce(struct load *load);
bool load_end(struct load *load);
/* Whoever moves the speaker's switch: `told` is called when all peers hold nothing, then when all
 * hold everything again, and so on, until a session ends; times are clock_ns()'s. */
typedef void (*load_told_fn)(const struct load_phase *phase, bool all, uint64_t began_ns,
			     uint64_t ended_ns);
bool load_watch(struct load *load, load_told_fn told);
void load_close(struct load *load);

#endif
