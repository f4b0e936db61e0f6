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

/* An address as a slot has it. */
struct peer_key {
	uint64_t addr[2];
};

/* The same link-local address may be somebody else's on another link (RFC 4291 2.5.6): the port
 * stands in bits that are zero in all of them. */
static struct peer_key peer_key(struct fib_addr addr, uint16_t port)
{
	if (addr.word[0] >> 22 == 0xfe80 >> 6)
		addr.word[1] = port + 1u;
	return (struct peer_key){ { (uint64_t)addr.word[0] << 32 | addr.word[1],
				    (uint64_t)addr.word[2] << 32 | addr.word[3] } };
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static bool slot_is(const struct fib_peer_slot *slot, const struct peer_key *key)
{
	return load(&slot->addr[0]) == key->addr[0] && load(&slot->addr[1]) == key->addr[1];
}

/* The slot of the address, or the empty one where its probe ends. NULL: neither, which only a table
 * being refilled shows. */
static const struct fib_peer_slot *peer_probe(const struct fib_peer_slot *table,
					      const struct peer_key *key)
{
	uint64_t home = (key->addr[0] ^ key->addr[1]) * UINT64_C(0x9e3779b97f4a7c15) >> 48;

	for (uint32_t i = 0; i < FIB_PEERS; i++) {
		const struct fib_peer_slot *slot = &table[(home + i) % FIB_PEERS];

		if (!load(&slot->port) || slot_is(slot, key))
			return slot;
	}
	return NULL;
}

enum fib_peer_at fib_peer_at(const struct fib *fib, struct fib_addr addr, uint16_t port)
{
	uint32_t version, after = __atomic_load_n(&fib->peers_version, __ATOMIC_ACQUIRE);
	const struct peer_key key = peer_key(addr, port);
	const struct fib_peer_slot *slot;
	uint64_t behind;

	do {
		version = after;
		slot = peer_probe(fib->peers[version % 2], &key);
		behind = slot ? load(&slot->port) : 0;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = __atomic_load_n(&fib->peers_version, __ATOMIC_RELAXED);
	} while (after != version);
	if (!behind)
		return FIB_PEER_NOBODY;
	return behind == port + 1u ? FIB_PEER_HERE : FIB_PEER_ELSEWHERE;
}

static void peer_set(struct fib_peer_slot *table, const struct fib_peer *peer)
{
	const struct peer_key key = peer_key(peer->addr, peer->port);
	struct fib_peer_slot *slot = (struct fib_peer_slot *)peer_probe(table, &key);

	__atomic_store_n(&slot->addr[0], key.addr[0], __ATOMIC_RELAXED);
	__atomic_store_n(&slot->addr[1], key.addr[1], __ATOMIC_RELAXED);
	__atomic_store_n(&slot->port, peer->port + UINT64_C(1), __ATOMIC_RELAXED);
}

int fib_peers_set(struct fib *fib, const struct fib_peer *peers, uint32_t n)
{
	uint32_t version = fib->peers_version;
	struct fib_peer_slot *table = fib->peers[(version + 1) % 2];

	if (n > FIB_PEERS / 2)
		return -ENOSPC;
	for (uint32_t i = 0; i < n; i++)
		if (fib_addr_none(&peers[i].addr))
			return -EINVAL;
	/* the version that put this table out of force is seen first */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (uint32_t i = 0; i < FIB_PEERS; i++)
		__atomic_store_n(&table[i].port, 0, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < n; i++)
		peer_set(table, &peers[i]);
	__atomic_store_n(&fib->peers_version, version + 1, __ATOMIC_RELEASE);
	return 0;
}
