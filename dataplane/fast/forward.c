/* The fast path. A burst goes through stages on stack arrays, so that the memory that a packet
 * needs is on its way while its neighbours are worked on:
 *
 *   frames     where they lie
 *   screen     header, path, next hop of each packet, several at once: screen.h
 *   odd        those that are odd, one by one: another way, a punt, a drop (odd.h)
 *   filters    of its ports, if they have any: filter.h
 *   rewrite    the header for the next hop; then send
 *
 * A burst without odd packets and filters meets one branch for them. */
#include "forward.h"

#include <rte_ether.h>
#include <rte_prefetch.h>

#include "burst.h"
#include "filter.h"
#include "ip4.h"
#include "odd.h"

enum { HAND_ON_PORTS = 2 }; /* of a burst, after the first; the packets for others are gathered */

static inline void frames(struct burst *b)
{
	uint16_t n = b->n, i;

#pragma GCC unroll 4
	for (i = 0; i < n; i++) {
		const struct rte_mbuf *m = b->pkt[i];

		b->frame[i] = rte_pktmbuf_mtod(m, const uint8_t *);
		b->frame_len[i] = m->data_len;
		rte_prefetch0(b->frame[i]);
	}
	for (; i % BURST_STEP; i++) {
		b->frame[i] = b->frame[0];
		b->frame_len[i] = 0;
	}
}

/* Padding of the link that it came from. */
static void odd_padded(struct burst *b, uint64_t padded)
{
	for (; padded; padded &= padded - 1) {
		uint16_t i = (uint16_t)__builtin_ctzll(padded);

		rte_pktmbuf_trim(b->pkt[i],
				 (uint16_t)(b->frame_len[i] - RTE_ETHER_HDR_LEN - b->total_len[i]));
	}
}

/* Those that are good after all have a path then, and it is for odd_way() to judge. */
static void odd_headers(struct forwarder *f, const struct port *from, const struct screening *by,
			struct burst *b, struct screened *found)
{
	for (uint64_t odd = found->odd_headers; odd; odd &= odd - 1) {
		uint16_t i = (uint16_t)__builtin_ctzll(odd);

		if (!odd_frame(f, from, b->pkt[i]))
			continue;
		b->frame[i] = rte_pktmbuf_mtod(b->pkt[i], const uint8_t *);
		screen_read(b, i);
		found->spoilt |= (uint64_t)screen_path(by, b, i) << i;
		found->odd_ways |= UINT64_C(1) << i;
		found->odd_headers &= ~(UINT64_C(1) << i);
	}
}

static bool everyday(const struct screened *found)
{
	return !(found->odd_headers | found->padded | found->odd_ways);
}

/* Returns those that leave. `table`: NULL, or the filters. */
static __rte_noinline uint64_t burst_odd(struct forwarder *f, const struct port *from,
					 uint64_t gate, const struct screening *by, struct burst *b,
					 struct screened found, const struct filter_table *table)
{
	uint64_t some, gone = 0;

	odd_padded(b, found.padded);
	odd_headers(f, from, by, b, &found);
	some = burst_mask(b->n) & ~found.odd_headers;
	if (table)
		some = filter_in(f, table, from, by->generation, b, some);
	for (uint64_t odd = found.odd_ways & some; odd; odd &= odd - 1) {
		uint16_t i = (uint16_t)__builtin_ctzll(odd);

		b->adjacency[i] =
			odd_way(f, from, gate, by->generation, b, i, found.spoilt >> i & 1);
		if (b->adjacency[i])
			b->port[i] = b->adjacency[i]->port;
		else
			gone |= UINT64_C(1) << i;
	}
	some &= ~gone;
	if (table)
		some = filter_out(f, table, b, some & ~found.odd_ways) | (some & found.odd_ways);
	return some;
}

/* Packets that leave by one port. */
static inline void hand_on_some(struct forwarder *f, const struct burst *b, uint64_t some,
				uint16_t port)
{
	struct screen_picked picked;
	uint16_t n = f->screen->pick(b, some, &picked);

	tx_send_burst(&f->tx, port, picked.pkt, n);
}

/* The packets for one port after the other. Who has more than a few ports to serve gathers for
 * each. */
static inline void hand_on(struct forwarder *f, const struct burst *b, uint64_t left)
{
	for (int passes = 0; left && passes < HAND_ON_PORTS; passes++) {
		uint16_t port = (uint16_t)b->port[__builtin_ctzll(left)];
		uint64_t some = left & f->screen->leaving(b, port);

		hand_on_some(f, b, some, port);
		left &= ~some;
	}
	for (; left; left &= left - 1) {
		int i = __builtin_ctzll(left);

		tx_send(&f->tx, (uint16_t)b->port[i], b->pkt[i]);
	}
}

static __rte_noinline void leave_some(struct forwarder *f, struct burst *b, uint64_t leaving)
{
	for (uint64_t left = leaving; left; left &= left - 1)
		screen_rewrite_one(b, (uint16_t)__builtin_ctzll(left));
	hand_on(f, b, leaving);
}

/* The whole burst. */
static inline void leave_all(struct forwarder *f, struct burst *b, const struct screened *found)
{
	uint64_t apart = found->apart;

	f->screen->rewrite(b, found->way);
	if (!apart) {
		tx_send_burst(&f->tx, (uint16_t)b->port[0], b->pkt, b->n);
		return;
	}
	hand_on_some(f, b, burst_mask(b->n) & ~apart, (uint16_t)b->port[0]);
	hand_on(f, b, apart);
}

void forward_burst(struct forwarder *f, const struct port *from, struct rte_mbuf **pkts, uint16_t n)
{
	const struct fib_generation *generation = fib_active(f->fib);
	uint64_t gate = __atomic_load_n(&f->fib->gate, __ATOMIC_ACQUIRE);
	const struct screening by = {
		.mac = &from->mac,
		.sources = f->sources,
		.generation = generation,
		.view = &generation->view[from->role],
		.tbl8_groups = f->tbl8_groups,
		.port = from->id,
		.gates = fib_gates(gate, from->role),
	};
	const struct filter_table *table = filter_of(f, from->id);
	struct screened found;
	struct burst b;

	f->counters->rx += n;
	b.pkt = pkts;
	b.n = n;
	frames(&b);
	found = f->screen->burst(&by, &b);
	if (unlikely(!everyday(&found) || table)) {
		uint64_t left = burst_odd(f, from, gate, &by, &b, found, table);

		if (!everyday(&found) || left != burst_mask(n)) {
			leave_some(f, &b, left);
			return;
		}
	}
	leave_all(f, &b, &found);
}
