/* See forwarding_show.h. */
#include "forwarding_show.h"

#include <assert.h>
#include <string.h>

#include "fib.h"
#include "to_fib.h"
#include "trie6.h"

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
	const size_t of_family = sizeof(uint32_t[ROLE_COUNT]);
	struct forwarding_stats stats;
	struct fib_stats fib_stats;

	fib_stats_get(writer, &fib_stats);
	stats = (struct forwarding_stats){
		.generation = __atomic_load_n(&fib->active, __ATOMIC_RELAXED),
		.published = __atomic_load_n(&fib->published, __ATOMIC_RELAXED),
		.path_lists = fib_stats.path_lists,
		.adjacencies = fib_stats.adjacencies,
		.changes = fib_stats.changes,
	};
	for (int f = 0; f < FAMILY_COUNT; f++) {
		stats.groups[f] = fib_stats.groups[f];
		memcpy(stats.routes[f], fib_stats.routes[f], of_family);
		memcpy(stats.groups_used[f], fib_stats.groups_used[f], of_family);
	}
	return stats;
}

uint8_t forwarding_views(const struct fib *fib, enum family family)
{
	uint8_t views = 0;

	for (int role = 0; role < ROLE_COUNT; role++)
		if (fib_view_has(&fib->generation[0].view[role], (enum fib_family)family))
			views |= (uint8_t)(1 << role);
	return views;
}

/* --- ports ------------------------------------------------------------------------------------ */

bool forwarding_port(const struct fib *fib, uint32_t i, struct forwarding_port *port)
{
	const struct fib_port *there;
	struct fib_addr duplicate;

	if (i >= fib->nb_ports || i >= FIB_PORTS)
		return false;
	there = &fib->ports[i];
	duplicate = fib_port_duplicate(there);
	*port = (struct forwarding_port){
		.name = there->name,
		.mtu = there->mtu,
		.mtu_now = __atomic_load_n(&there->mtu_now, __ATOMIC_RELAXED),
		.device_lost = __atomic_load_n(&there->device_lost, __ATOMIC_RELAXED),
		.members = __atomic_load_n(&there->members, __ATOMIC_RELAXED),
		.members_carrying = __atomic_load_n(&there->members_carrying, __ATOMIC_RELAXED),
		.disputed = __atomic_load_n(&there->disputed, __ATOMIC_RELAXED),
		.duplicate = from_fib_addr(&duplicate),
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

		to[i] = (struct forwarding_hop){ .gateway = from_fib_addr(&adjacency->gateway),
						 .state = state_of(adjacency) };
		if (port)
			memcpy(to[i].port, port->name, sizeof(to[i].port));
	}
	return of->nb_members;
}

bool forwarding_has(const struct fib_writer *writer, uint8_t view, struct prefix prefix)
{
	uint32_t list;

	return !fib_get(writer, view, to_fib_prefix(prefix), &list);
}

uint16_t forwarding_hops(const struct fib *fib, const struct fib_writer *writer, uint8_t view,
			 struct prefix prefix, struct forwarding_hop hops[2 * FORWARDING_MEMBERS],
			 uint16_t *nb_backup)
{
	const struct fib_generation *generation = generation_of(fib, writer);
	uint32_t list;
	uint16_t n;

	*nb_backup = 0;
	if (fib_get(writer, view, to_fib_prefix(prefix), &list))
		return 0;
	n = members_of(fib, generation, list, hops);
	*nb_backup = members_of(fib, generation, generation->path_lists[list].backup, hops + n);
	return n;
}

/* --- room ------------------------------------------------------------------------------------- */

bool forwarding_own(const struct fib *fib, enum family family, uint32_t i, struct prefix *prefix)
{
	for (uint32_t k = 0; k < fib->nb_seeds; k++) {
		const struct fib_prefix *seed = &fib->seeds[k].prefix;

		if (seed->family != (uint8_t)family || i--)
			continue;
		*prefix = from_fib_prefix(seed);
		return true;
	}
	return false;
}

enum { TBL24 = 24 }; /* bits of an address that the first table of IPv4 tells apart */

static uint32_t groups6(uint8_t len)
{
	return len > TRIE6_ROOT_BITS ? (len - TRIE6_ROOT_BITS + TRIE6_STEP - 1u) / TRIE6_STEP : 0;
}

bool forwarding_needs_group(struct prefix prefix, uint32_t i, struct prefix *group)
{
	bool ipv4 = prefix.addr.family == FAMILY_IPV4;
	uint32_t n = ipv4 ? prefix.len > TBL24 : groups6(prefix.len);

	if (i >= n)
		return false;
	*group = prefix_make(prefix.addr,
			     (uint8_t)(ipv4 ? TBL24 : TRIE6_ROOT_BITS + (n - 1 - i) * TRIE6_STEP));
	return true;
}

/* Bits `from` .. `from` + `n` - 1, n <= 16, all in one word. */
static uint32_t bits_of(const struct fib_addr *addr, uint8_t from, uint8_t n)
{
	return addr->word[from / 32] << from % 32 >> (32 - n);
}

/* `groups`: of the table, a power of two. */
static bool has_group6(const struct trie6_shared *trie6, uint32_t groups,
		       const struct fib_addr *addr, uint8_t len)
{
	uint32_t entry = trie6->root[bits_of(addr, 0, TRIE6_ROOT_BITS)];

	for (uint8_t at = TRIE6_ROOT_BITS; at < len && entry & TRIE6_IS_GROUP; at += TRIE6_STEP)
		entry = trie6->groups[entry & (groups - 1)][bits_of(addr, at, TRIE6_STEP)];
	return entry & TRIE6_IS_GROUP;
}

bool forwarding_has_group(const struct fib *fib, const struct fib_writer *writer, uint8_t view,
			  struct prefix group)
{
	const struct fib_view *of = &generation_of(fib, writer)->view[view];
	struct fib_addr words;

	if (group.addr.family == FAMILY_IPV4)
		return of->lpm->tbl24[group.addr.v4 >> 8].valid_group;
	words = to_fib_words(group.addr.v6);
	return has_group6(of->trie6, fib->trie6_groups, &words, group.len);
}
