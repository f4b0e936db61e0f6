/* See heartbeat.h. */
#include "heartbeat.h"

#include <systemd/sd-daemon.h>

#include <rte_lcore.h>

#include "privilege.h"

void heartbeat_init(struct heartbeat *heartbeat, struct rte_rcu_qsbr *qsbr)
{
	heartbeat->qsbr = qsbr;
	heartbeat->token = rte_rcu_qsbr_start(qsbr);
}

bool heartbeat_look(struct heartbeat *heartbeat)
{
	if (rte_rcu_qsbr_check(heartbeat->qsbr, heartbeat->token, false) != 1)
		return false;
	heartbeat->token = rte_rcu_qsbr_start(heartbeat->qsbr);
	return true;
}

static void beat(void *heartbeat)
{
	privilege_tell_refused();
	if (heartbeat_look(heartbeat))
		sd_notify(0, "WATCHDOG=1");
}

int heartbeat_start(struct heartbeat *heartbeat, struct rte_rcu_qsbr *qsbr)
{
	heartbeat_init(heartbeat, qsbr);
	return ticker_start(&heartbeat->ticker, "heartbeat", beat, heartbeat,
			    rte_ctrl_thread_create);
}

void heartbeat_stop(struct heartbeat *heartbeat)
{
	ticker_stop(&heartbeat->ticker);
}
