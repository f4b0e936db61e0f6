/* The fast path. A burst goes through stages on stack arrays, so that the memory that a packet
 * needs is on its way while its neighbours are worked on:
 *
 *   frames     where they lie
 *   screen     header, path, next hop of each packet, several at once: screen.h
 *   odd        those that are odd, one by one: another way, a punt, a drop (odd.h)
 *   filters    of its ports, if they have any: filter.h
 *   rewrite    the header for the next hop; then send
 *
 * A burst without odd packets and filters meets one branch for them. A burst is taken for one of
 * the first frame's family; whoever is of the other is odd in it, and the others together are a
 * burst of their own. So one of one family meets one branch for that, too. */
#include "forward.h"

#include <rte_ether.h>
#include <rte_prefetch.h>

#include "burst.h"
#include "filter.h"
#include "ip4.h"
#include "ip6.h"
#include "odd.h"
#include "odd6.h"

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

static inline bool everyday(const struct screened *found)
{
	return !(found->odd_headers | found->padded | found->odd_ways);
}

/* Packets of the family that the burst is not of. */
struct others {
	uint16_t n;
	struct rte_mbuf *pkt[FORWARD_BURST];
};

/* What holds for all packets of a burst. */
struct passage {
	struct forwarder *f;
	const struct port *from;
	uint64_t gate;
	const struct filter_table *filters; /* NULL: none need look at them */
	struct screening by;
};

/* What the screen would have filled in. */
static bool odd_read(const struct screening *by, struct burst *b, uint16_t i,
		     enum fib_family family)
{
	b->frame[i] = rte_pktmbuf_mtod(b->pkt[i], const uint8_t *);
	if (family == FIB_IP4) {
		screen_read(b, i);
		return screen_path(by, b, i);
	}
	screen6_read(b, i);
	return screen6_path(by, b, i);
}

/* Those that are good after all have a path then, and it is for odd_way() to judge. */
static void odd_headers(const struct passage *p, struct burst *b, enum fib_family family,
			struct screened *found, struct others *others)
{
	for (uint64_t left = found->odd_headers; left; left &= left - 1) {
		uint16_t i = (uint16_t)__builtin_ctzll(left);
		enum odd odd = odd_frame(p->f, p->from, b->pkt[i], family);

		if (odd == ODD_OTHER)
			others->pkt[others->n++] = b->pkt[i];
		if (odd != ODD_GOOD)
			continue;
		found->spoilt |= (uint64_t)odd_read(&p->by, b, i, family) << i;
		found->odd_ways |= UINT64_C(1) << i;
		found->odd_headers &= ~(UINT64_C(1) << i);
	}
}

static const struct adjacency *way_of(const struct passage *p, struct burst *b, uint16_t i,
				      enum fib_family family, bool spoilt)
{
	const struct fib_generation *generation = p->by.generation;

	return family == FIB_IP4 ? odd_way(p->f, p->from, p->gate, generation, b, i, spoilt)
				 : odd6_way(p->f, p->from, p->gate, generation, b, i, spoilt);
}

static uint64_t pass_in(const struct passage *p, const struct burst *b, enum fib_family family,
			uint64_t some)
{
	return p->filters ? filter_in(p->f, p->filters, &p->by, family, b, some) : some;
}

static uint64_t pass_out(const struct passage *p, const struct burst *b, enum fib_family family,
			 uint64_t some)
{
	return p->filters ? filter_out(p->f, p->filters, family, b, some) : some;
}

/* Returns those that leave. */
static uint64_t burst_odd(const struct passage *p, struct burst *b, enum fib_family family,
			  struct screened found, struct others *others)
{
	uint64_t some, gone = 0;

	odd_padded(b, found.padded);
	odd_headers(p, b, family, &found, others);
	some = pass_in(p, b, family, burst_mask(b->n) & ~found.odd_headers);
	for (uint64_t odd = found.odd_ways & some; odd; odd &= odd - 1) {
		uint16_t i = (uint16_t)__builtin_ctzll(odd);

		b->adjacency[i] = way_of(p, b, i, family, found.spoilt >> i & 1);
		if (b->adjacency[i])
			b->port[i] = b->adjacency[i]->port;
		else
			gone |= UINT64_C(1) << i;
	}
	some &= ~gone;
	return pass_out(p, b, family, some & ~found.odd_ways) | (some & found.odd_ways);
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

static void leave_some(struct forwarder *f, struct burst *b, uint64_t leaving)
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

static inline struct screened screen_family(const struct passage *p, struct burst *b,
					    enum fib_family family)
{
	const struct screen *screen = p->f->screen;

	b->hop_at = RTE_ETHER_HDR_LEN + (family == FIB_IP4 ? (int)IP4_TTL : (int)IP6_HOP);
	return family == FIB_IP4 ? screen->burst(&p->by, b) : screen->burst6(&p->by, b);
}

/* All are of this family: none of them is another's. */
static void burst_others(const struct passage *p, enum fib_family family, struct others *others)
{
	struct others none;
	struct burst b;

	none.n = 0;
	b.pkt = others->pkt;
	b.n = others->n;
	frames(&b);
	leave_some(p->f, &b, burst_odd(p, &b, family, screen_family(p, &b, family), &none));
}

/* True: all leave, and nothing is odd about them. False: those that leave have left. */
static __rte_noinline bool leave_odd(const struct passage *p, struct burst *b,
				     enum fib_family family, struct screened found)
{
	struct others others;
	uint64_t left;

	others.n = 0;
	left = burst_odd(p, b, family, found, &others);
	if (everyday(&found) && left == burst_mask(b->n))
		return true;
	leave_some(p->f, b, left);
	if (others.n)
		burst_others(p, family == FIB_IP4 ? FIB_IP6 : FIB_IP4, &others);
	return false;
}

static inline bool is_ip6(const uint8_t *frame)
{
	return ((const struct rte_ether_hdr *)frame)->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6);
}

void forward_burst(struct forwarder *f, const struct port *from, struct rte_mbuf **pkts, uint16_t n)
{
	const struct fib_generation *generation = fib_active(f->fib);
	uint64_t gate = __atomic_load_n(&f->fib->gate, __ATOMIC_ACQUIRE);
	const struct passage passage = {
		.f = f,
		.from = from,
		.gate = gate,
		.filters = filter_of(f, from->id),
		.by = {
			.mac = &from->mac,
			.sources = f->sources,
			.generation = generation,
			.view = &generation->view[from->role],
			.tbl8_groups = f->tbl8_groups,
			.lookup6 = f->lookup6,
			.trie6_groups = f->trie6_groups,
			.port = from->id,
			.gates = fib_gates(gate, from->role),
		},
	};
	enum fib_family family = FIB_IP4;
	struct screened found;
	struct burst b;

	f->counters->rx += n;
	b.pkt = pkts;
	b.n = n;
	frames(&b);
	if (unlikely(from->ip6) && is_ip6(b.frame[0]))
		family = FIB_IP6;
	found = screen_family(&passage, &b, family);
	if (unlikely(!everyday(&found) || passage.filters)) {
		if (!leave_odd(&passage, &b, family, found))
			return;
	}
	leave_all(f, &b, &found);
}
