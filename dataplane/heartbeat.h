/* What a service manager that watches the process (WatchdogSec= of systemd.service(5)) is told once
 * a second: that each forwarding lcore and the main lcore have been through their loops. The proof
 * is the grace period of the FIB (rte_rcu_qsbr), which costs their loops nothing. A thread of its
 * own asks and tells, so that no lcore waits for the manager. */
#ifndef BASCULE_HEARTBEAT_H
#define BASCULE_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_rcu_qsbr.h>

#include "ticker.h"

#ifdef __cplusplus
extern "C" {
#endif

struct heartbeat {
	struct rte_rcu_qsbr *qsbr; /* borrowed: the FIB's */
	uint64_t token;		   /* of the grace period that is waited for */
	struct ticker ticker;
};

/* Look at them from now on: one look. */
void heartbeat_init(struct heartbeat *heartbeat, struct rte_rcu_qsbr *qsbr);
/* Has every lcore that is not asleep been through its loop since heartbeat_init(), or since the
 * last look that said so? */
bool heartbeat_look(struct heartbeat *heartbeat);

/* heartbeat_init(), and then a look a second, until it is stopped. 0, or an error of
 * rte_ctrl_thread_create(). */
int heartbeat_start(struct heartbeat *heartbeat, struct rte_rcu_qsbr *qsbr);
void heartbeat_stop(struct heartbeat *heartbeat);

#ifdef __cplusplus
}
#endif
#endif
