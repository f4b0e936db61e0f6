/* What the kernel knows: neighbours on the LCP interfaces, and links. Reads rtnetlink events into
 * the neighbour table, asks the kernel to resolve hosts and to keep them fresh, and lets port and
 * LCP interface follow the link. */
#ifndef BASCULE_MONITOR_H
#define BASCULE_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "neighbour.h"
#include "slowpath_state.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	/* the kernel gives up after 3 s; past this its answer was lost */
	MONITOR_PENDING_MS = 4000,
	/* packets to a dead host are answered at once for so long, then it is tried again */
	MONITOR_FAILED_MS = 2000,
	/* a host is asked whether it is still there: before the kernel forgets it, soon after it
	 * has gone or moved */
	MONITOR_REFRESH_MS = 10000,
	MONITOR_NEXT_HOP_MS = 2000, /* and so often if routes go by it */
	/* one that was taken out of the kernel's table is left out so long: who flushes it looks
	 * whether it is empty */
	MONITOR_DOUBT_MS = 50,
	MONITOR_WANTED_MS = 1000, /* a next hop is one that was looked up as such so lately */
	MONITOR_TURN_MS = 10,	  /* between two slices of the above */
	MONITOR_SLICE = 1024,	  /* hosts a slice */
	/* requests to the kernel a slice, a few microseconds each; what is too much for one waits
	 * for another */
	MONITOR_ASKS = 64,
	MONITOR_SWEEP_MS = 5000, /* a read of the kernel's table that takes longer has been lost */
	MONITOR_SWEEP_GAP_MS = 100, /* between two reads: events may be lost all the time */
	MONITOR_LINK_MS = 50,	    /* between two looks at the links that send no events */
};

/* Open the sockets, look at the links, read the kernel's neighbour table. -errno. */
int monitor_open(struct slowpath *s);
void monitor_close(struct slowpath *s);

/* Messages as they come from the kernel: events, answers, and reads of its table. */
void monitor_messages(struct slowpath *s, const char *buf, int len);
/* All events that are waiting. Returns whether there were any. */
bool monitor_events(struct slowpath *s);
/* What is due by time: refreshes, expiries, links. Bounded. */
void monitor_turn(struct slowpath *s);

#ifdef __cplusplus
}
#endif
#endif
