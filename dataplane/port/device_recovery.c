/* The states of a device that has failed. */
#include "device_recovery.h"

#include <rte_ethdev.h>

#include "device.h"
#include "log.h"

static void *work(void *recovery)
{
	struct device_recovery *r = recovery;

	if (r->removed)
		device_close(r->device);
	else
		r->err = device_revive(r->device);
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void retry_later(struct device_recovery *r, uint64_t now_ms)
{
	r->state = RECOVERY_WAITING;
	r->next_ms = now_ms + DEVICE_RETRY_MS;
}

static void begin_work(struct device_recovery *r, uint64_t now_ms)
{
	r->done = false;
	r->err = 0;
	if (pthread_create(&r->thread, NULL, work, r))
		retry_later(r, now_ms);
	else
		r->state = RECOVERY_AT_WORK;
}

/* A reset that was asked for while the last one was under way is one more. */
static void end_work(struct device_recovery *r, uint64_t now_ms)
{
	uint32_t events;

	pthread_join(r->thread, NULL);
	events = __atomic_exchange_n(&r->device->events, 0, __ATOMIC_ACQUIRE);
	r->removed |= (events & DEVICE_EVENT_REMOVED) != 0;
	if (r->err || events || r->removed) {
		retry_later(r, now_ms);
		return;
	}
	r->state = RECOVERY_WORKS;
	__atomic_store_n(&r->device->paused, false, __ATOMIC_RELEASE);
}

static void pause(struct device_recovery *r, struct device *device, struct rte_rcu_qsbr *qsbr,
		  uint32_t events)
{
	r->device = device;
	r->removed = events & DEVICE_EVENT_REMOVED;
	log_error("port %s: device %s %s: the port is down", device->config->name,
		  device->config->device,
		  r->removed ? "has gone, until the dataplane is started anew" : "has to be reset");
	__atomic_store_n(&device->paused, true, __ATOMIC_RELEASE);
	r->token = rte_rcu_qsbr_start(qsbr);
	r->state = RECOVERY_PAUSING;
}

bool device_recovery_step(struct device_recovery *r, struct device *device,
			  struct rte_rcu_qsbr *qsbr, uint64_t now_ms)
{
	uint32_t events;

	switch (r->state) {
	case RECOVERY_WORKS:
		if (likely(!__atomic_load_n(&device->events, __ATOMIC_RELAXED)))
			return true;
		events = __atomic_exchange_n(&device->events, 0, __ATOMIC_ACQUIRE);
		pause(r, device, qsbr, events);
		break;
	case RECOVERY_PAUSING:
		if (rte_rcu_qsbr_check(qsbr, r->token, false))
			begin_work(r, now_ms);
		break;
	case RECOVERY_AT_WORK:
		if (__atomic_load_n(&r->done, __ATOMIC_ACQUIRE))
			end_work(r, now_ms);
		break;
	case RECOVERY_WAITING:
		if (now_ms >= r->next_ms && !device->closed)
			begin_work(r, now_ms);
		break;
	}
	return r->state == RECOVERY_WORKS;
}

void device_recovery_end(struct device_recovery *r)
{
	if (r->state == RECOVERY_AT_WORK)
		pthread_join(r->thread, NULL);
	r->state = RECOVERY_WORKS;
}
