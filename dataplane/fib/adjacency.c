/* See adjacency.h. */
#include "adjacency.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_jhash.h>

enum { CHAINS = FIB_ADJACENCIES };

typedef uint8_t octets16 __attribute__((vector_size(16)));

_Static_assert((CHAINS & (CHAINS - 1)) == 0, "masked");
_Static_assert(FIB_ADJACENCIES <= 1 << 16, "indexes are 16 bits");
_Static_assert(offsetof(struct adjacency, rewrite) == 0, "aligned, so stored at once");

static void action_store(struct adjacency *adjacency, enum adjacency_action action)
{
	__atomic_store_n(&adjacency->action, (uint8_t)action, __ATOMIC_RELEASE);
}

/* One store instruction, which readers see whole wherever DPDK runs. Volatile is not enough: clang
 * takes the vector apart into the fields that it was assembled from, and stores those. In a
 * register it is one value. */
static void store_at_once(uint8_t to[16], octets16 value)
{
#if defined(__aarch64__)
	__asm__ volatile("" : "+w"(value));
#else
	__asm__ volatile("" : "+x"(value));
#endif
	*(volatile octets16 *)to = value;
}

void adjacency_resolve(struct adjacency *adjacency, const uint8_t dst[6], const uint8_t src[6])
{
	uint8_t octets[16] = { 0 };
	octets16 header;

	memcpy(&octets[0], dst, 6);
	memcpy(&octets[6], src, 6);
	memcpy(&octets[ADJACENCY_TAIL], &dst[4], 2);
	memcpy(&header, octets, sizeof(header));
	store_at_once(adjacency->rewrite, header);
	action_store(adjacency, ADJACENCY_FORWARD);
}

void adjacency_unresolve(struct adjacency *adjacency)
{
	action_store(adjacency, ADJACENCY_UNRESOLVED);
}

int adjacencies_init(struct adjacencies *adjacencies, struct fib_generation *generation,
		     uint32_t nb_fixed, struct rte_rcu_qsbr *qsbr)
{
	*adjacencies = (struct adjacencies){
		.generation = generation,
		.refs = calloc(FIB_ADJACENCIES, sizeof(*adjacencies->refs)),
		.next = calloc(FIB_ADJACENCIES, sizeof(*adjacencies->next)),
		.chain = calloc(CHAINS, sizeof(*adjacencies->chain)),
	};
	if (!adjacencies->refs || !adjacencies->next || !adjacencies->chain ||
	    rcu_pool_init(&adjacencies->indexes, qsbr, nb_fixed, FIB_ADJACENCIES)) {
		adjacencies_fini(adjacencies);
		return -ENOMEM;
	}
	return 0;
}

void adjacencies_fini(struct adjacencies *adjacencies)
{
	rcu_pool_fini(&adjacencies->indexes);
	free(adjacencies->refs);
	free(adjacencies->next);
	free(adjacencies->chain);
	adjacencies->refs = NULL;
	adjacencies->next = adjacencies->chain = NULL;
}

static uint16_t *chain_of(const struct adjacencies *adjacencies, const struct fib_addr *gateway,
			  uint16_t port, uint8_t egress_role)
{
	uint32_t hash = rte_jhash_32b(gateway->word, 4, (uint32_t)port << 8 | egress_role);

	return &adjacencies->chain[hash % CHAINS];
}

/* Write the key, let the main lcore see it, and then that there is one. */
static void slot_open(struct fib_generation *generation, uint32_t index,
		      const struct fib_addr *gateway, const struct fib_port *port,
		      uint8_t egress_role)
{
	struct adjacency *adjacency = &generation->adjacencies[index];

	adjacency->gateway = *gateway;
	adjacency->port = port->port;
	adjacency->mtu = port->mtu;
	adjacency->egress_role = egress_role;
	action_store(adjacency, fib_addr_none(gateway) ? ADJACENCY_GLEAN : ADJACENCY_UNRESOLVED);
	__atomic_store_n(&adjacency->claimed, 1, __ATOMIC_RELEASE);
	if (index >= generation->adjacencies_end)
		__atomic_store_n(&generation->adjacencies_end, index + 1, __ATOMIC_RELEASE);
}

int adjacency_claim(struct adjacencies *adjacencies, struct fib_addr gateway,
		    const struct fib_port *port, uint8_t egress_role, uint16_t *index)
{
	uint16_t *chain = chain_of(adjacencies, &gateway, port->port, egress_role);
	uint32_t found;

	for (found = *chain; found != ADJACENCY_NONE; found = adjacencies->next[found]) {
		const struct adjacency *a = &adjacencies->generation->adjacencies[found];

		if (fib_addr_same(&a->gateway, &gateway) && a->port == port->port &&
		    a->egress_role == egress_role)
			break;
	}
	if (found == ADJACENCY_NONE) {
		if (rcu_pool_take(&adjacencies->indexes, &found))
			return -ENOSPC;
		slot_open(adjacencies->generation, found, &gateway, port, egress_role);
		adjacencies->next[found] = *chain;
		*chain = found;
	}
	adjacencies->refs[found]++;
	*index = found;
	return 0;
}

void adjacency_release(struct adjacencies *adjacencies, uint16_t index)
{
	struct adjacency *adjacency = &adjacencies->generation->adjacencies[index];
	uint16_t *at;

	assert(index < FIB_ADJACENCIES && adjacencies->refs[index]);
	if (--adjacencies->refs[index])
		return;
	at = chain_of(adjacencies, &adjacency->gateway, adjacency->port, adjacency->egress_role);
	while (*at != index)
		at = &adjacencies->next[*at];
	*at = adjacencies->next[index];
	__atomic_store_n(&adjacency->claimed, 0, __ATOMIC_RELEASE);
	action_store(adjacency, ADJACENCY_DROP);
	rcu_pool_retire(&adjacencies->indexes, index);
}

void adjacencies_disown(struct fib_generation *generation)
{
	for (uint32_t i = 0; i < generation->adjacencies_end; i++)
		__atomic_store_n(&generation->adjacencies[i].claimed, 0, __ATOMIC_RELEASE);
}
