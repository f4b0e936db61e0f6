/* Follows the members of bonds. */
#include "bond_watch.h"

#include "log.h"
#include "netdev.h"

/* net_af_packet always says that there is a link. */
static bool has_link(uint16_t member, void *ctx)
{
	const struct device *device = ctx;

	return !device->nb_netdevs || netdev_running(device->netdevs[member].name);
}

static void store(struct slowpath *s, const struct device *device)
{
	uint8_t carrying = (uint8_t)__builtin_popcount(
		__atomic_load_n(&device->bond.carrying, __ATOMIC_RELAXED));

	for (uint16_t p = 0; p < s->nb_ports; p++) {
		if (s->ports[p].device != device)
			continue;
		__atomic_store_n(&s->fib->ports[p].members, (uint8_t)device->bond.nb,
				 __ATOMIC_RELAXED);
		__atomic_store_n(&s->fib->ports[p].members_carrying, carrying, __ATOMIC_RELAXED);
	}
}

static void tell(struct slowpath *s, const struct device *device, uint16_t i, bool carries)
{
	const char *port = device->config->name, *member = device->bond.member[i].device;

	s->counters->event[carries ? COUNTER_MEMBER_JOINED : COUNTER_MEMBER_LOST]++;
	if (carries)
		log_info("port %s: member %s carries traffic", port, member);
	else
		log_error("port %s: member %s carries nothing any more: %s", port, member,
			  lacp_state_name(&device->bond.lacp.member[i]));
}

static struct bond_way way_of(const struct slowpath *s, const struct device *device)
{
	struct bond_way way = { .pool = s->pool };

	for (uint16_t p = 0; p < s->nb_ports; p++) {
		if (s->ports[p].device == device) {
			way.queue = s->tx.queue[p].queue;
			way.lock = s->tx.queue[p].lock;
		}
	}
	return way;
}

void bond_watch(struct slowpath *s, struct device *device)
{
	uint32_t before = device->bond.carrying, changed;
	struct bond_way way;

	if (!device->bond.nb)
		return;
	way = way_of(s, device);
	changed = before ^ bond_turn(&device->bond, &way, has_link, device, s->now_ms);
	for (uint16_t i = 0; i < device->bond.nb; i++) {
		if (changed & 1u << i)
			tell(s, device, i, !(before & 1u << i));
	}
	store(s, device);
}
