/* A device whose driver says that it must be reset (a VF whose PF was), or that has gone (hot
 * unplug): nobody calls its queues from then on, and it is set up anew, again and again until it
 * works. What has gone is let go of, so that the kernel can take it out, and taken again when it
 * has returned; if it is no PCI device, when the dataplane is started anew.
 *
 *   works ──event──► pausing ──grace period──► at work ──► works
 *                                                 │  ▲
 *                                            fails▼  │a second later
 *                                                waiting
 *
 * A member of a bond that has gone leaves the bond, which is set up without it, and is taken again
 * when it has returned, while the bond works; a bond without any member waits for one.
 *
 * A reset may take a driver seconds, so it is done by a thread of its own. */
#ifndef BASCULE_DEVICE_RECOVERY_H
#define BASCULE_DEVICE_RECOVERY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_rcu_qsbr.h>

#ifdef __cplusplus
extern "C" {
#endif

struct device;

enum { DEVICE_RETRY_MS = 1000 };

struct device_recovery {
	enum { RECOVERY_WORKS, RECOVERY_PAUSING, RECOVERY_AT_WORK, RECOVERY_WAITING } state;
	bool removed;
	bool joins;	  /* it works, and the thread takes members of its bond */
	uint64_t token;	  /* of the grace period */
	uint64_t next_ms; /* of the next try */
	pthread_t thread;
	struct device *device; /* borrowed */
	const char *root;      /* as of pci_ready(); NULL: "" */
	bool done;	       /* atomic: the thread has ended, with */
	int err;
};

/* To be called often by the main lcore, which is a thread of `qsbr`, as are all that call the
 * device's queues. True: the device works. */
bool device_recovery_step(struct device_recovery *r, struct device *device,
			  struct rte_rcu_qsbr *qsbr, uint64_t now_ms);
/* Wait for the end of a thread at work. */
void device_recovery_end(struct device_recovery *r);

#ifdef __cplusplus
}
#endif
#endif
