/* Next hop entries: a slab, and an array that says which id has which. */
#include "next_hop.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "events.h"
#include "fib.h"
#include "to_fib.h"

struct next_hop {
	uint32_t hop;	/* id of its address, held; also links free slots (slab.h) */
	uint32_t round; /* the last one that it was in use in */
	struct addr gateway;
	uint64_t since_ms;		/* when the last of its adjacencies was claimed */
	uint16_t port;			/* DPDK port id */
	uint16_t adjacency[ROLE_COUNT]; /* one claim each; ADJACENCY_NONE: not asked for yet */
	uint8_t resolved, was_resolved; /* bit a role: its adjacency is; has ever been */
	uint8_t losses;			/* each within NEXT_HOP_CALM_MS of the one before */
	bool quiet;			/* resolved, and not announced before `quiet_until_ms` */
	uint64_t lost_ms, quiet_until_ms;
	bool forgotten; /* not found any more; its claims wait for the end of a round */
};

const char *next_hop_state_name(enum next_hop_state state, uint8_t family)
{
	static const char *const names[] = {
		[NEXT_HOP_RESOLVED] = "resolved",
		[NEXT_HOP_UNRESOLVED] = "does not answer ARP",
		[NEXT_HOP_OUTSIDE] = "outside every port's subnets and VNets",
		[NEXT_HOP_OURS] = "our own address",
		[NEXT_HOP_NO_ROOM] = "no adjacency is free",
	};

	return state == NEXT_HOP_UNRESOLVED && family == FAMILY_IPV6 ? "does not answer ND"
								     : names[state];
}

static size_t index_bytes(uint32_t hop)
{
	return ((size_t)hop + 1) * sizeof(uint32_t);
}

int next_hops_init(struct next_hops *nhs, struct fib *fib, struct fib_writer *writer,
		   const struct config *config, struct addr_table *addrs)
{
	memset(nhs, 0, sizeof(*nhs));
	nhs->fib = fib;
	nhs->writer = writer;
	nhs->config = config;
	nhs->addrs = addrs;
	if (range_init(&nhs->index, index_bytes(ADDR_TABLE_MAX)))
		return -ENOMEM;
	return slab_init(&nhs->slab, sizeof(struct next_hop), FIB_ADJACENCIES);
}

void next_hops_fini(struct next_hops *nhs)
{
	for (uint32_t id = nhs->slab.used ? slab_next(&nhs->slab, SLAB_NONE) : SLAB_NONE;
	     id != SLAB_NONE; id = slab_next(&nhs->slab, id))
		addr_table_put(nhs->addrs, ((struct next_hop *)slab_at(&nhs->slab, id))->hop);
	slab_fini(&nhs->slab);
	range_fini(&nhs->index);
}

/* Which entry the id has; the range is open so far. */
static uint32_t *index_at(const struct next_hops *nhs, uint32_t hop)
{
	return (uint32_t *)nhs->index.base + hop;
}

static struct next_hop *find(const struct next_hops *nhs, uint32_t hop)
{
	uint32_t id = index_bytes(hop) <= nhs->index.open ? *index_at(nhs, hop) : SLAB_NONE;

	return id != SLAB_NONE ? slab_at(&nhs->slab, id) : NULL;
}

int next_hop_port(const struct next_hops *nhs, size_t port)
{
	const struct fib_port *p =
		fib_port_named(nhs->fib, nhs->config->dataplane.ports[port].name);

	return p ? p->port : -1;
}

static bool ours(const struct config *config, struct addr addr)
{
	for (size_t i = 0; i < config->dataplane.nb_ports; i++) {
		const struct config_port *port = &config->dataplane.ports[i];

		for (size_t k = 0; k < port->nb_addresses; k++)
			if (addr_equal(port->addresses[k].addr, addr))
				return true;
	}
	return false;
}

/* The config's port that it is behind, and whom to ask for there. A link-local address is on the
 * link that it was said on, and means nothing elsewhere. */
static bool resolve(const struct config *config, const struct scoped_addr *at, size_t *port,
		    struct addr *gateway)
{
	if (!addr_link_local(at->addr))
		return config_resolve(config, at->addr, port, gateway);
	*port = at->zone - 1u;
	*gateway = at->addr;
	return at->zone && *port < config->dataplane.nb_ports;
}

/* Where it is: the state that its entry begins in, or why there can be none. */
static enum next_hop_state locate(const struct next_hops *nhs, uint32_t hop, struct next_hop *out)
{
	const struct scoped_addr *at = addr_table_at(nhs->addrs, hop);
	const struct fib_port *fib_port;
	size_t port;

	if (ours(nhs->config, at->addr))
		return NEXT_HOP_OURS;
	if (!resolve(nhs->config, at, &port, &out->gateway))
		return NEXT_HOP_OUTSIDE;
	fib_port = fib_port_named(nhs->fib, nhs->config->dataplane.ports[port].name);
	if (!fib_port)
		return NEXT_HOP_OUTSIDE;
	out->port = fib_port->port;
	return NEXT_HOP_UNRESOLVED;
}

char *next_hop_text(const struct config *config, const struct scoped_addr *hop, char *buf)
{
	size_t len, port = hop->zone - 1u;

	addr_text(hop->addr, buf);
	len = strlen(buf);
	if (port < config->dataplane.nb_ports)
		snprintf(buf + len, NEXT_HOP_TEXT - len, "%%%s",
			 config->dataplane.ports[port].name);
	return buf;
}

static char *text_of(const struct next_hops *nhs, uint32_t hop, char *buf)
{
	return next_hop_text(nhs->config, addr_table_at(nhs->addrs, hop), buf);
}

static void note_change(struct next_hops *nhs, uint32_t hop, bool resolved)
{
	char text[NEXT_HOP_TEXT];

	if (nhs->events)
		events_note(nhs->events, EVENT_NEXT_HOP, EVENTS_NO_PEER, nhs->now_ms,
			    resolved ? "next hop %s is found" : "next hop %s is lost",
			    text_of(nhs, hop, text));
}

static struct next_hop *make(struct next_hops *nhs, uint32_t hop)
{
	struct next_hop fresh = { .hop = hop };
	struct next_hop *nh;
	uint32_t id;

	if (locate(nhs, hop, &fresh) != NEXT_HOP_UNRESOLVED)
		return NULL;
	id = range_open(&nhs->index, index_bytes(hop)) ? SLAB_NONE : slab_alloc(&nhs->slab);
	if (id == SLAB_NONE) {
		nhs->refused++;
		nhs->starved |= nhs->slab.used == nhs->slab.max;
		return NULL;
	}
	addr_table_hold(nhs->addrs, hop);
	nh = slab_at(&nhs->slab, id);
	*nh = fresh;
	*index_at(nhs, hop) = id;
	return nh;
}

static bool resolved(const struct next_hops *nhs, const struct next_hop *nh, int role)
{
	return nh->adjacency[role] != ADJACENCY_NONE &&
	       fib_adjacency_resolved(nhs->writer, nh->adjacency[role]);
}

static void lost(const struct next_hops *nhs, struct next_hop *nh)
{
	if (nhs->now_ms - nh->lost_ms > NEXT_HOP_CALM_MS)
		nh->losses = 0;
	nh->losses += nh->losses < UINT8_MAX;
	nh->lost_ms = nhs->now_ms;
	nh->quiet = false;
}

static void found(struct next_hops *nhs, struct next_hop *nh)
{
	uint32_t doublings = nh->losses - NEXT_HOP_LOSSES, quiet_ms = NEXT_HOP_QUIET_MAX;
	char text[NEXT_HOP_TEXT];

	if (nh->losses < NEXT_HOP_LOSSES)
		return;
	if (doublings < 5 && (uint32_t)NEXT_HOP_QUIET_MS << doublings < quiet_ms)
		quiet_ms = (uint32_t)NEXT_HOP_QUIET_MS << doublings;
	nh->quiet = true;
	nh->quiet_until_ms = nhs->now_ms + quiet_ms;
	if (nhs->events)
		events_note(nhs->events, EVENT_NEXT_HOP, EVENTS_NO_PEER, nhs->now_ms,
			    "next hop %s was lost %u times: used at once, announced in %u s",
			    text_of(nhs, nh->hop, text), nh->losses, quiet_ms / 1000);
}

static void set_resolved(struct next_hops *nhs, struct next_hop *nh, uint8_t roles)
{
	if (!roles != !nh->resolved) {
		note_change(nhs, nh->hop, roles);
		if (roles)
			found(nhs, nh);
		else
			lost(nhs, nh);
	}
	nh->resolved = roles;
	nh->was_resolved |= roles;
}

/* The other roles' state is left to next_hops_poll(), which reports what it finds. */
static bool claim(struct next_hops *nhs, struct next_hop *nh, enum role role)
{
	if (fib_adjacency_claim(nhs->writer, to_fib_addr(nh->gateway), nh->port, (uint8_t)role,
				&nh->adjacency[role])) {
		nhs->refused++;
		nhs->starved = true;
		return false;
	}
	nh->since_ms = nhs->now_ms;
	if (resolved(nhs, nh, role))
		set_resolved(nhs, nh, (uint8_t)(nh->resolved | 1 << role));
	return true;
}

bool next_hop_usable(struct next_hops *nhs, uint32_t hop, enum role role)
{
	struct next_hop *nh = find(nhs, hop);

	if (!nh)
		nh = make(nhs, hop);
	if (!nh)
		return false;
	nh->round = nhs->round;
	if (nh->adjacency[role] == ADJACENCY_NONE && !claim(nhs, nh, role))
		return false;
	return nh->resolved >> role & 1;
}

bool next_hop_sought(struct next_hops *nhs, uint32_t hop, enum role role)
{
	const struct next_hop *nh;

	if (next_hop_usable(nhs, hop, role))
		return false;
	nh = find(nhs, hop);
	return nh && nh->adjacency[role] != ADJACENCY_NONE && !(nh->was_resolved >> role & 1) &&
	       nhs->now_ms - nh->since_ms < NEXT_HOP_GRACE_MS;
}

enum next_hop_state next_hop_look(const struct next_hops *nhs, uint32_t hop, enum role role)
{
	const struct next_hop *nh = find(nhs, hop);
	struct next_hop where;
	enum next_hop_state state;

	if (nh && nh->adjacency[role] != ADJACENCY_NONE)
		return nh->resolved >> role & 1 ? NEXT_HOP_RESOLVED : NEXT_HOP_UNRESOLVED;
	state = locate(nhs, hop, &where);
	return state == NEXT_HOP_UNRESOLVED ? NEXT_HOP_NO_ROOM : state;
}

uint16_t next_hop_adjacency(struct next_hops *nhs, uint32_t hop, enum role role)
{
	struct next_hop *nh = find(nhs, hop);

	if (!nh)
		return ADJACENCY_NONE;
	nh->round = nhs->round;
	return nh->adjacency[role];
}

bool next_hop_quiet(const struct next_hops *nhs, uint32_t hop)
{
	const struct next_hop *nh = find(nhs, hop);

	return nh && nh->quiet;
}

/* Returns whether it resolves for some role and did not, or the other way round, or is quiet no
 * longer. */
static bool poll_one(struct next_hops *nhs, struct next_hop *nh)
{
	uint8_t roles = 0, before = nh->resolved;

	for (int role = 0; role < ROLE_COUNT; role++)
		if (resolved(nhs, nh, role))
			roles |= (uint8_t)(1 << role);
	set_resolved(nhs, nh, roles);
	if (!nh->quiet || nhs->now_ms < nh->quiet_until_ms)
		return roles != before;
	nh->quiet = false;
	return true;
}

/* Those that were refused are not on any list: who asks for all next hops anew finds them. */
static bool has_room_again(struct next_hops *nhs)
{
	if (!nhs->starved || nhs->slab.used == nhs->slab.max || !fib_adjacency_free(nhs->writer))
		return false;
	nhs->starved = false;
	return true;
}

bool next_hops_poll(struct next_hops *nhs, uint32_t budget,
		    void (*changed)(void *ctx, uint32_t hop), void *ctx)
{
	for (uint32_t i = 0; i < budget; i++) {
		struct next_hop *nh;

		nhs->cursor = slab_next(&nhs->slab, nhs->cursor);
		if (nhs->cursor == SLAB_NONE)
			break;
		nh = slab_at(&nhs->slab, nhs->cursor);
		if (!nh->forgotten && poll_one(nhs, nh))
			changed(ctx, nh->hop);
	}
	return has_room_again(nhs);
}

/* Has a role claimed an adjacency that was never resolved? */
static bool never_resolved(const struct next_hop *nh)
{
	for (int role = 0; role < ROLE_COUNT; role++)
		if (nh->adjacency[role] != ADJACENCY_NONE && !(nh->was_resolved >> role & 1))
			return true;
	return false;
}

bool next_hops_pending(const struct next_hops *nhs)
{
	for (uint32_t id = slab_next(&nhs->slab, SLAB_NONE); id != SLAB_NONE;
	     id = slab_next(&nhs->slab, id)) {
		const struct next_hop *nh = slab_at(&nhs->slab, id);

		if (never_resolved(nh) && !nh->forgotten &&
		    nhs->now_ms - nh->since_ms < NEXT_HOP_GRACE_MS)
			return true;
	}
	return false;
}

void next_hops_configure(struct next_hops *nhs, const struct config *config)
{
	nhs->config = config;
}

void next_hop_review(struct next_hops *nhs, uint32_t id)
{
	struct next_hop *nh, now = { 0 };

	if (!slab_live(&nhs->slab, id))
		return;
	nh = slab_at(&nhs->slab, id);
	if (nh->forgotten || (locate(nhs, nh->hop, &now) == NEXT_HOP_UNRESOLVED &&
			      addr_equal(now.gateway, nh->gateway) && now.port == nh->port))
		return;
	*index_at(nhs, nh->hop) = SLAB_NONE;
	nh->forgotten = true;
}

void next_hops_round_begin(struct next_hops *nhs)
{
	nhs->round++;
}

void next_hop_mark(struct next_hops *nhs, uint32_t hop)
{
	struct next_hop *nh = find(nhs, hop);

	if (nh)
		nh->round = nhs->round;
}

void next_hops_round_end(struct next_hops *nhs)
{
	for (uint32_t id = slab_next(&nhs->slab, SLAB_NONE); id != SLAB_NONE;
	     id = slab_next(&nhs->slab, id)) {
		struct next_hop *nh = slab_at(&nhs->slab, id);

		if (nh->round == nhs->round)
			continue;
		for (int role = 0; role < ROLE_COUNT; role++)
			if (nh->adjacency[role] != ADJACENCY_NONE)
				fib_adjacency_release(nhs->writer, nh->adjacency[role]);
		if (!nh->forgotten)
			*index_at(nhs, nh->hop) = SLAB_NONE;
		addr_table_put(nhs->addrs, nh->hop);
		slab_free(&nhs->slab, id);
	}
}
