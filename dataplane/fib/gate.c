/* What control gives to the workers beside routes: which roles may exchange packets, and who may
 * speak BGP to us.
 *
 * The peers are two tables and a version; version % 2 is the table in force. The writer fills the
 * other one and then counts the version up. A reader that finds the version changed after its probe
 * may have met a table being refilled and probes again: so it needs no grace period, and a writer
 * killed half-way leaves nothing that it could wait for. */
#include "fib.h"

#include <errno.h>
#include <stdbool.h>

_Static_assert((FIB_PEERS & (FIB_PEERS - 1)) == 0, "masked");

void fib_gate_set(struct fib *fib, uint64_t gate)
{
	__atomic_store_n(&fib->gate, gate, __ATOMIC_RELEASE);
}

uint64_t fib_grace_begin(struct fib *fib)
{
	return rte_rcu_qsbr_start(fib->qsbr);
}

bool fib_grace_over(struct fib *fib, uint64_t token)
{
	return rte_rcu_qsbr_check(fib->qsbr, token, false) == 1;
}

static uint64_t peer_word(const struct fib_peer *peer)
{
	return (uint64_t)peer->addr << 16 | peer->port;
}

/* The slot of `addr`, or the empty one where its probe ends. NULL: neither, which only a table
 * being refilled shows. */
static const uint64_t *peer_probe(const uint64_t *table, uint32_t addr)
{
	uint32_t home = addr * UINT32_C(0x9e3779b1) >> 16;

	for (uint32_t i = 0; i < FIB_PEERS; i++) {
		const uint64_t *slot = &table[(home + i) % FIB_PEERS];
		uint64_t found = __atomic_load_n(slot, __ATOMIC_RELAXED);

		if (found >> 16 == addr || found == 0)
			return slot;
	}
	return NULL;
}

int fib_peer_port(const struct fib *fib, uint32_t addr)
{
	uint32_t version, after = __atomic_load_n(&fib->peers_version, __ATOMIC_ACQUIRE);
	const uint64_t *slot;
	uint64_t word;

	do {
		version = after;
		slot = peer_probe(fib->peers[version % 2], addr);
		word = slot ? __atomic_load_n(slot, __ATOMIC_RELAXED) : 0;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = __atomic_load_n(&fib->peers_version, __ATOMIC_RELAXED);
	} while (after != version);
	return addr && word >> 16 == addr ? (int)(word & UINT16_MAX) : -1;
}

int fib_peers_set(struct fib *fib, const struct fib_peer *peers, uint32_t n)
{
	uint32_t version = fib->peers_version;
	uint64_t *table = fib->peers[(version + 1) % 2];

	if (n > FIB_PEERS / 2)
		return -ENOSPC;
	for (uint32_t i = 0; i < n; i++)
		if (peers[i].addr == 0)
			return -EINVAL;
	/* the version that put this table out of force is seen first */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (uint32_t i = 0; i < FIB_PEERS; i++)
		__atomic_store_n(&table[i], 0, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < n; i++)
		__atomic_store_n((uint64_t *)peer_probe(table, peers[i].addr), peer_word(&peers[i]),
				 __ATOMIC_RELAXED);
	__atomic_store_n(&fib->peers_version, version + 1, __ATOMIC_RELEASE);
	return 0;
}
