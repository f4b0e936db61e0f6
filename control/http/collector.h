/* Snapshots for metrics (metrics.h): the desk and the dataplane are asked for all that they are
 * made of, once for everybody who asks meanwhile. A snapshot serves for COLLECTOR_FRESH_MS; while
 * COLLECTOR_SNAPSHOTS are still being read, by slow clients, no other one is made. So whoever
 * scrapes, however often, costs the RIB lcore a few pages a second. Thread: HTTP's. */
#ifndef BASCULE_COLLECTOR_H
#define BASCULE_COLLECTOR_H

#include <limits.h>
#include <stdint.h>
#include <sys/queue.h>

#include "dataplane_query.h"
#include "desk.h"
#include "metrics.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { COLLECTOR_FRESH_MS = 500, COLLECTOR_SNAPSHOTS = 4 };

/* Shared: each reader holds a reference. */
struct snapshot {
	struct metrics metrics;
	uint64_t at_ms;
	unsigned int refs;
	bool failed; /* of what it says nothing is right */
};

/* Who waits for one. */
struct scraper {
	void (*collected)(struct scraper *scraper, struct snapshot *snapshot);
	TAILQ_ENTRY(scraper) link;
};

struct collector {
	struct desk *desk;	  /* borrowed */
	char telemetry[PATH_MAX]; /* the dataplane's socket */
	struct dataplane_query query;
	struct inquiry *inquiry;	  /* owned; NULL: none is under way */
	struct snapshot *making, *latest; /* a reference each; NULL: none */
	unsigned int step, snapshots;	  /* snapshots that there are */
	TAILQ_HEAD(, scraper) waiting;	  /* for `making` */
};

void collector_open(struct collector *collector, struct desk *desk, const char *instance);
void collector_close(struct collector *collector);

/* A snapshot for this scraper: `collected` is called with one, which is then its to put back;
 * before this returns, or in collector_serve() or desk_serve(). */
void collector_ask(struct collector *collector, struct scraper *scraper, uint64_t now_ms);
/* It does not wait any more. */
void collector_leave(struct collector *collector, struct scraper *scraper);
void snapshot_put(struct collector *collector, struct snapshot *snapshot);

/* For poll(2); then whatever can be done without waiting. */
struct pollfd collector_poll(const struct collector *collector);
void collector_serve(struct collector *collector, short revents, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
