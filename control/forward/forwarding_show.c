/* See forwarding_show.h. */
#include "forwarding_show.h"

#include <assert.h>
#include <string.h>

#include "fib.h"

static_assert((int)FORWARDING_MEMBERS == (int)PATH_LIST_MEMBERS, "all of them");
static_assert((int)ROLE_COUNT <= (int)FIB_VIEWS, "a view for each role");

/* The one that the writer fills: the active one once it is published. */
static const struct fib_generation *generation_of(const struct fib *fib,
						  const struct fib_writer *writer)
{
	return &fib->generation[fib->active ^ !fib_published(writer)];
}

/* --- all of it -------------------------------------------------------------------------------- */

struct forwarding_stats forwarding_stats(const struct fib *fib, const struct fib_writer *writer)
{
	struct forwarding_stats stats;
	struct fib_stats fib_stats;

	fib_stats_get(writer, &fib_stats);
	stats = (struct forwarding_stats){
		.generation = __atomic_load_n(&fib->active, __ATOMIC_RELAXED),
		.published = __atomic_load_n(&fib->published, __ATOMIC_RELAXED),
		.tbl8_groups = fib_stats.groups[FIB_IP4],
		.path_lists = fib_stats.path_lists,
		.adjacencies = fib_stats.adjacencies,
		.changes = fib_stats.changes,
	};
	memcpy(stats.routes, fib_stats.routes[FIB_IP4], sizeof(stats.routes));
	memcpy(stats.tbl8_used, fib_stats.groups_used[FIB_IP4], sizeof(stats.tbl8_used));
	return stats;
}

uint8_t forwarding_views(const struct fib *fib)
{
	uint8_t views = 0;

	for (int role = 0; role < ROLE_COUNT; role++)
		if (fib->generation[0].view[role].lpm)
			views |= (uint8_t)(1 << role);
	return views;
}

/* --- ports ------------------------------------------------------------------------------------ */

bool forwarding_port(const struct fib *fib, uint32_t i, struct forwarding_port *port)
{
	const struct fib_port *there;

	if (i >= fib->nb_ports || i >= FIB_PORTS)
		return false;
	there = &fib->ports[i];
	*port = (struct forwarding_port){
		.name = there->name,
		.mtu = there->mtu,
		.mtu_now = __atomic_load_n(&there->mtu_now, __ATOMIC_RELAXED),
		.device_lost = __atomic_load_n(&there->device_lost, __ATOMIC_RELAXED),
		.members = __atomic_load_n(&there->members, __ATOMIC_RELAXED),
		.members_carrying = __atomic_load_n(&there->members_carrying, __ATOMIC_RELAXED),
		.disputed = __atomic_load_n(&there->disputed, __ATOMIC_RELAXED),
	};
	return true;
}

bool forwarding_port_down(const struct fib *fib, const char *name)
{
	const struct fib_port *there = fib_port_named(fib, name);

	return there && !__atomic_load_n(&there->up, __ATOMIC_ACQUIRE);
}

/* --- a prefix --------------------------------------------------------------------------------- */

static const char *state_of(const struct adjacency *adjacency)
{
	static const char *const states[] = {
		[ADJACENCY_DROP] = "drop",
		[ADJACENCY_LOCAL] = "local",
		[ADJACENCY_GLEAN] = "on link",
		[ADJACENCY_FORWARD] = "resolved",
		[ADJACENCY_UNRESOLVED] = "unresolved",
		[ADJACENCY_BROADCAST] = "broadcast",
	};
	uint8_t action = __atomic_load_n(&adjacency->action, __ATOMIC_RELAXED);

	return action <= ADJACENCY_BROADCAST ? states[action] : "unknown";
}

/* The members of a path-list; returns how many. */
static uint16_t members_of(const struct fib *fib, const struct fib_generation *generation,
			   uint32_t list, struct forwarding_hop *to)
{
	const struct path_list *of = &generation->path_lists[list];

	for (uint16_t i = 0; i < of->nb_members; i++) {
		const struct adjacency *adjacency = &generation->adjacencies[of->member[i]];
		const struct fib_port *port = fib_port_find(fib, adjacency->port);

		to[i] = (struct forwarding_hop){ .gateway = fib_addr_to_ip4(&adjacency->gateway),
						 .state = state_of(adjacency) };
		if (port)
			memcpy(to[i].port, port->name, sizeof(to[i].port));
	}
	return of->nb_members;
}

bool forwarding_has(const struct fib_writer *writer, uint8_t view, struct prefix prefix)
{
	uint32_t list;

	return !fib_get(writer, view, fib_ip4(prefix.addr.v4, prefix.len), &list);
}

uint16_t forwarding_hops(const struct fib *fib, const struct fib_writer *writer, uint8_t view,
			 struct prefix prefix, struct forwarding_hop hops[2 * FORWARDING_MEMBERS],
			 uint16_t *nb_backup)
{
	const struct fib_generation *generation = generation_of(fib, writer);
	uint32_t list;
	uint16_t n;

	*nb_backup = 0;
	if (fib_get(writer, view, fib_ip4(prefix.addr.v4, prefix.len), &list))
		return 0;
	n = members_of(fib, generation, list, hops);
	*nb_backup = members_of(fib, generation, generation->path_lists[list].backup, hops + n);
	return n;
}

/* --- room ------------------------------------------------------------------------------------- */

bool forwarding_own(const struct fib *fib, uint32_t i, struct prefix *prefix)
{
	for (uint32_t k = 0; k < fib->nb_seeds; k++) {
		const struct fib_prefix *seed = &fib->seeds[k].prefix;

		if (seed->family != FIB_IP4 || i--)
			continue;
		*prefix = prefix4_make(seed->ip4, seed->len);
		return true;
	}
	return false;
}

bool forwarding_has_group(const struct fib *fib, const struct fib_writer *writer, uint8_t view,
			  uint32_t addr)
{
	return generation_of(fib, writer)->view[view].lpm->tbl24[addr >> 8].valid_group;
}
