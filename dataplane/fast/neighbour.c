/* The neighbour table's writer. */
#include "neighbour.h"

#include <stdlib.h>
#include <string.h>

#include <rte_memory.h>

#include "adjacency.h"
#include "advert.h"

static const uint64_t slot_gone = UINT64_C(1) << 24; /* index 0 is no host's */

struct neighbours *neighbours_new(struct rte_rcu_qsbr *qsbr)
{
	struct neighbours *table =
		aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_CACHE_LINE_ROUNDUP(sizeof(*table)));

	if (!table)
		return NULL;
	memset(table, 0, sizeof(*table));
	table->end = 1;
	table->qsbr = qsbr;
	return table;
}

void neighbours_free(struct neighbours *table)
{
	struct rte_mbuf *held[NEIGHBOUR_HELD];

	if (!table)
		return;
	for (uint32_t i = 1; i < table->end; i++)
		rte_pktmbuf_free_bulk(held, neighbour_release(table, &table->host[i], held));
	free(table);
}

static uint64_t *slot_at(struct neighbours *table, uint64_t tag, uint32_t i)
{
	return &table->slot[((tag >> 8) + i) % NEIGHBOUR_SLOTS];
}

static uint64_t *slot_of(struct neighbours *table, uint16_t port, const struct fib_addr *addr)
{
	uint64_t tag = neighbour_tag(port, addr);

	for (uint32_t i = 0; i < NEIGHBOUR_PROBE; i++) {
		uint64_t *slot = slot_at(table, tag, i);

		if (*slot >> 24 == tag &&
		    neighbour_is(&table->adjacency[*slot % NEIGHBOUR_HOSTS], addr))
			return slot;
		if (!*slot)
			break;
	}
	return NULL;
}

static uint64_t *slot_empty(struct neighbours *table, uint64_t tag)
{
	for (uint32_t i = 0; i < NEIGHBOUR_PROBE; i++) {
		uint64_t *slot = slot_at(table, tag, i);

		if (!*slot || *slot == slot_gone)
			return slot;
	}
	return NULL;
}

struct host *neighbour_get(struct neighbours *table, uint16_t port, struct fib_addr addr)
{
	const uint64_t *slot = slot_of(table, port, &addr);

	return slot ? &table->host[*slot & 0xffffff] : NULL;
}

static void enter(struct neighbours *table, struct host *host, enum host_state state)
{
	table->nb_pending[host->port] -= host->state == HOST_PENDING;
	table->nb_pending[host->port] += state == HOST_PENDING;
	host->state = (uint8_t)state;
	host->asked = 0;
	host->ask_due = false;
}

static struct host *host_alloc(struct neighbours *table)
{
	struct host *host;

	if (table->free) {
		host = &table->host[table->free];
		table->free = host->next;
		return host;
	}
	return table->end < NEIGHBOUR_HOSTS ? &table->host[table->end++] : NULL;
}

struct host *neighbour_add(struct neighbours *table, uint16_t port, struct fib_addr addr,
			   uint64_t now_ms)
{
	uint64_t tag = neighbour_tag(port, &addr), *slot = slot_empty(table, tag);
	struct host *host = slot ? host_alloc(table) : NULL;
	struct adjacency *adjacency;

	if (!host)
		return NULL;
	*host = (struct host){ .addr = addr, .port = port, .since_ms = now_ms };
	enter(table, host, HOST_PENDING);
	adjacency = host_adjacency(table, host);
	adjacency_unresolve(adjacency);
	adjacency->port = port;
	adjacency->gateway = addr;
	/* pairs with neighbour_find() */
	__atomic_store_n(slot, tag << 24 | (uint64_t)(host - table->host), __ATOMIC_RELEASE);
	table->count++;
	return host;
}

bool neighbour_may_glean(struct neighbours *table, uint16_t port, struct fib_addr addr)
{
	return table->nb_pending[port] < NEIGHBOUR_PENDING || neighbour_get(table, port, addr);
}

bool neighbour_may_answer(struct neighbours *table, const struct rte_mbuf *m, uint64_t now_ms)
{
	struct fib_addr who;
	struct host *host = advert_of(m, &who) ? neighbour_get(table, m->port, who) : NULL;

	if (!host || (host->heard_ms && now_ms - host->heard_ms < NEIGHBOUR_ANSWER_MS))
		return false;
	host->heard_ms = now_ms;
	return true;
}

/* A slot is gone, or empty if the one behind it is: probes then end where they did before the host
 * came. */
static void slot_clear(struct neighbours *table, const uint64_t *slot)
{
	uint32_t at = (uint32_t)(slot - table->slot);

	if (table->slot[(at + 1) % NEIGHBOUR_SLOTS]) {
		__atomic_store_n(&table->slot[at], slot_gone, __ATOMIC_RELEASE);
		return;
	}
	do {
		__atomic_store_n(&table->slot[at], 0, __ATOMIC_RELEASE);
		at = (at - 1) % NEIGHBOUR_SLOTS;
	} while (table->slot[at] == slot_gone);
}

void neighbour_remove(struct neighbours *table, struct host *host)
{
	uint32_t index = (uint32_t)(host - table->host);

	slot_clear(table, slot_of(table, host->port, &host->addr));
	enter(table, host, HOST_FREE);
	host->next = 0;
	host->token = rte_rcu_qsbr_start(table->qsbr);
	if (table->retired)
		table->host[table->retired_last].next = index;
	else
		table->retired = index;
	table->retired_last = index;
	table->count--;
}

void neighbours_reclaim(struct neighbours *table)
{
	for (int budget = 256; budget && table->retired; budget--) {
		uint32_t index = table->retired;
		struct host *host = &table->host[index];

		if (!rte_rcu_qsbr_check(table->qsbr, host->token, false))
			return;
		table->retired = host->next;
		host->next = table->free;
		table->free = index;
	}
}

void neighbour_resolve(struct neighbours *table, struct host *host, const uint8_t dst[6],
		       const struct port *from, uint64_t now_ms)
{
	struct adjacency *adjacency = host_adjacency(table, host);

	adjacency->mtu = from->mtu;
	adjacency->egress_role = from->role;
	adjacency_resolve(adjacency, dst, from->mac.addr_bytes);
	enter(table, host, HOST_RESOLVED);
	host->since_ms = now_ms;
}

void neighbour_doubt(struct neighbours *table, struct host *host, uint64_t now_ms)
{
	enter(table, host, HOST_DOUBTED);
	host->since_ms = now_ms;
}

void neighbour_unresolve(struct neighbours *table, struct host *host, enum host_state state,
			 uint64_t now_ms)
{
	adjacency_unresolve(host_adjacency(table, host));
	enter(table, host, state);
	host->since_ms = now_ms;
}

bool neighbour_hold(struct neighbours *table, struct host *host, struct rte_mbuf *m)
{
	if (host->nb_held == NEIGHBOUR_HELD || table->nb_held == NEIGHBOUR_HELD_ALL)
		return false;
	host->held[host->nb_held++] = m;
	table->nb_held++;
	return true;
}

uint16_t neighbour_release(struct neighbours *table, struct host *host, struct rte_mbuf **pkts)
{
	uint16_t n = host->nb_held;

	memcpy(pkts, host->held, n * sizeof(*pkts));
	host->nb_held = 0;
	table->nb_held -= n;
	return n;
}
