/* Joining the dataplane of the instance: its process, its memory, its FIB. */
#ifndef BASCULE_JOIN_H
#define BASCULE_JOIN_H

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

struct fib; /* forwarding.h */

struct joined {
	struct fib *fib; /* the dataplane's */
	int dataplane;	 /* pidfd of its process; the caller's */
};

/* Wait for the dataplane, for as long as it takes to start it and it takes to start (a NIC may need
 * a minute), and attach to it; the log says once what is waited for. SIGTERM and SIGINT, which must
 * be blocked, end the waiting. 0; -EINTR: such a signal came; or -errno, logged. */
int join_dataplane(const struct config *config, struct joined *joined);

#ifdef __cplusplus
}
#endif
#endif
