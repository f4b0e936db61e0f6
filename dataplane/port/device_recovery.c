/* The states of a device that has failed. */
#include "device_recovery.h"

#include <rte_ethdev.h>

#include "device.h"
#include "device_plug.h"
#include "log.h"
#include "pci_device.h"

static const char *root(const struct device_recovery *r)
{
	return r->root ? r->root : "";
}

/* Members of a bond that are no DPDK's any more, and were. */
static uint32_t member_news(const struct device_recovery *r, struct bond *bond)
{
	bool any = false;

	for (uint16_t i = 0; i < bond->nb; i++) {
		const struct bond_member *member = &bond->member[i];

		if (bond_member_there(member) && device_is_pci(member->device) &&
		    !pci_bound(root(r), member->device))
			any |= bond_member_failed(bond, member->id, true);
	}
	return any ? DEVICE_EVENT_RESET : 0;
}

/* What its driver has said, and the kernel says of it. Few drivers tell that a device goes. */
static uint32_t news(const struct device_recovery *r, struct device *device)
{
	const char *name = device->config->device;
	uint32_t events = 0;

	if (unlikely(__atomic_load_n(&device->events, __ATOMIC_RELAXED)))
		events = __atomic_exchange_n(&device->events, 0, __ATOMIC_ACQUIRE);
	if (device->closed)
		return 0;
	if (device_is_pci(name) && !pci_bound(root(r), name))
		events |= DEVICE_EVENT_REMOVED;
	return events | member_news(r, &device->bond);
}

/* There again, and ours to open. */
static bool returned(const struct device_recovery *r, const char *name)
{
	char why[PCI_WHY];

	return device_is_pci(name) && pci_bound(root(r), name) && pci_ready(root(r), name, why);
}

static bool members_returned(const struct device_recovery *r, struct bond *bond)
{
	bool any = false;

	for (uint16_t i = 0; i < bond->nb; i++) {
		struct bond_member *member = &bond->member[i];

		if (!bond_member_there(member) && returned(r, member->device))
			any = member->to_be_taken = true;
	}
	return any;
}

/* Is there anything to be revived, or put in? */
static bool promising(const struct device_recovery *r)
{
	struct device *device = r->device;
	bool any;

	if (device->bond.nb) {
		any = members_returned(r, &device->bond);
		return bond_any(&device->bond) || any;
	}
	return r->removed || !device->closed || returned(r, device->config->device);
}

static void *work(void *recovery)
{
	struct device_recovery *r = recovery;

	if (r->joins)
		r->err = device_join(r->device);
	else if (r->removed)
		r->err = device_unplug(r->device);
	else if (r->device->closed)
		r->err = device_plug(r->device);
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
	if (!r->err)
		r->removed = false;
	events = news(r, r->device);
	r->removed |= (events & DEVICE_EVENT_REMOVED) != 0;
	if (r->err || events || r->device->closed) {
		retry_later(r, now_ms);
		return;
	}
	r->state = RECOVERY_WORKS;
	__atomic_store_n(&r->device->paused, false, __ATOMIC_RELEASE);
}

/* Members that have returned are taken while the bond works. */
static void begin_join(struct device_recovery *r, struct device *device, uint64_t now_ms)
{
	if (now_ms < r->next_ms || !members_returned(r, &device->bond))
		return;
	r->device = device;
	r->done = false;
	r->next_ms = now_ms + DEVICE_RETRY_MS;
	r->joins = !pthread_create(&r->thread, NULL, work, r);
}

static void end_join(struct device_recovery *r)
{
	if (!__atomic_load_n(&r->done, __ATOMIC_ACQUIRE))
		return;
	pthread_join(r->thread, NULL);
	r->joins = false;
}

static void pause(struct device_recovery *r, struct device *device, struct rte_rcu_qsbr *qsbr,
		  uint32_t events)
{
	r->device = device;
	r->removed = events & DEVICE_EVENT_REMOVED;
	log_error("port %s: device %s %s: the port is down", device->config->name,
		  device->config->device,
		  !r->removed ? "has to be reset"
		  : device_is_pci(device->config->device)
			  ? "has gone"
			  : "has gone, until the dataplane is started anew");
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
		if (unlikely(r->joins))
			end_join(r);
		events = r->joins ? 0 : news(r, device);
		if (unlikely(!events && !r->joins && device->bond.nb))
			begin_join(r, device, now_ms);
		if (likely(!events))
			return true;
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
		r->removed |= (news(r, device) & DEVICE_EVENT_REMOVED) != 0;
		if (now_ms >= r->next_ms && promising(r))
			begin_work(r, now_ms);
		break;
	}
	return r->state == RECOVERY_WORKS;
}

void device_recovery_end(struct device_recovery *r)
{
	if (r->state == RECOVERY_AT_WORK || r->joins)
		pthread_join(r->thread, NULL);
	r->joins = false;
	r->state = RECOVERY_WORKS;
}
