/* The fast path. A burst goes through stages on stack arrays, so that the memory that a packet
 * needs is on its way while its neighbours are worked on:
 *
 *   frames     frame and IPv4 header, several at once; odd ones one by one
 *   (look-up)  longest-prefix match of all destinations in the view of the ingress port's role
 *   paths      path-list → adjacency, by flow hash where there are several
 *   ways       next hop, gate, TTL, MTU, several at once; odd ones one by one
 *   rewrite    the header for the next hop; then send
 *
 * What is odd is screen.h's to say, and what becomes of it odd.h's: another way, a punt, a drop. A
 * burst without odd packets meets one branch a stage. */
#include "forward.h"

#include <rte_ether.h>
#include <rte_memcpy.h>
#include <rte_prefetch.h>

#include "burst.h"
#include "hop.h"
#include "ip4.h"
#include "odd.h"

enum { HAND_ON_PORTS = 3 }; /* of a burst; the packets for others are gathered */

/* Take the packets of `gone` out; the others stay in order. */
static void burst_close(struct burst *b, uint64_t gone)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < b->n; i++) {
		if (gone >> i & 1)
			continue;
		b->pkt[n] = b->pkt[i];
		b->frame[n] = b->frame[i];
		b->dst[n] = b->dst[i];
		b->total_len[n] = b->total_len[i];
		b->hop[n] = b->hop[i];
		b->src_tail[n] = b->src_tail[i];
		b->adjacency[n] = b->adjacency[i];
		n++;
	}
	b->n = n;
}

static inline void frames_read(struct burst *b)
{
	uint16_t i;

	for (i = 0; i < b->n; i++) {
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

static __rte_noinline void frames_odd(struct forwarder *f, const struct port *from, struct burst *b,
				      uint64_t odd)
{
	uint64_t gone = 0;

	for (; odd; odd &= odd - 1) {
		uint16_t i = (uint16_t)__builtin_ctzll(odd);

		if (odd_frame(f, from, b->pkt[i])) {
			b->frame[i] = rte_pktmbuf_mtod(b->pkt[i], const uint8_t *);
			screen_read(b, i);
		} else {
			gone |= UINT64_C(1) << i;
		}
	}
	if (gone)
		burst_close(b, gone);
}

/* Padding of the link that it came from. */
static __rte_noinline void frames_trim(struct burst *b, uint64_t padded)
{
	for (; padded; padded &= padded - 1) {
		uint16_t i = (uint16_t)__builtin_ctzll(padded);

		rte_pktmbuf_trim(b->pkt[i],
				 (uint16_t)(b->frame_len[i] - RTE_ETHER_HDR_LEN - b->total_len[i]));
	}
}

static inline void frames(struct forwarder *f, const struct port *from, const struct fib_view *view,
			  struct burst *b)
{
	const struct screen_port port = { .mac = &from->mac,
					  .sources = f->sources,
					  .table = (const uint32_t *)view->lpm->tbl24 };
	struct screen_headers found;

	frames_read(b);
	found = f->screen->headers(&port, b);
	if (unlikely(found.padded))
		frames_trim(b, found.padded);
	if (unlikely(found.odd))
		frames_odd(f, from, b, found.odd);
}

/* The member of a list that has not exactly one. */
static __rte_noinline uint16_t path_among(const struct path_list *list, const struct rte_mbuf *m)
{
	return list->nb_members ? path_list_member(list, hop_hash(m)) : (uint16_t)ADJACENCY_NONE;
}

static inline void paths(const struct fib_generation *generation, struct burst *b)
{
	const struct path_list *lists = generation->path_lists;
	const struct adjacency *adjacencies = generation->adjacencies;
	uint32_t n = b->n, i;

	for (i = 0; i < n; i++) {
		const struct path_list *list = &lists[b->path_list[i]];
		uint16_t index;

		if (likely(list->nb_members == 1))
			index = list->member[0];
		else
			index = path_among(list, b->pkt[i]);
		b->adjacency[i] = &adjacencies[index % FIB_ADJACENCIES];
	}
	for (; i % BURST_STEP; i++)
		b->adjacency[i] = b->adjacency[0];
}

static __rte_noinline void ways_odd(struct forwarder *f, const struct port *from, uint64_t gate,
				    const struct fib_generation *generation, struct burst *b,
				    uint64_t odd, uint64_t spoilt)
{
	uint64_t gone = 0;

	for (; odd; odd &= odd - 1) {
		uint16_t i = (uint16_t)__builtin_ctzll(odd);

		b->adjacency[i] = odd_way(f, from, gate, generation, b, i, spoilt >> i & 1);
		if (!b->adjacency[i])
			gone |= UINT64_C(1) << i;
	}
	if (gone)
		burst_close(b, gone);
}

/* Those that leave by the port of the first. */
static inline uint64_t ways(struct forwarder *f, const struct port *from, uint64_t gate,
			    const struct fib_generation *generation, struct burst *b,
			    uint64_t spoilt)
{
	struct screen_ways found = f->screen->ways(b, fib_gates(gate, from->role), from->id);

	if (likely(!found.odd))
		return found.together;
	ways_odd(f, from, gate, generation, b, found.odd, spoilt);
	for (uint16_t i = 0; i < b->n; i++)
		b->port[i] = b->adjacency[i]->port;
	return b->n ? f->screen->leaving(b, (uint16_t)b->port[0]) : 0;
}

static inline void rewrite(struct burst *b)
{
	uint32_t n = b->n;

	for (uint32_t i = 0; i < n; i++) {
		uint8_t *frame = (uint8_t *)(uintptr_t)b->frame[i];
		/* the first two octets of the IP header: 16 octets are one store, 14 are three */
		uint16_t overlap;

		memcpy(&overlap, frame + RTE_ETHER_HDR_LEN, sizeof(overlap));
		rte_mov16(frame, b->adjacency[i]->rewrite);
		memcpy(frame + RTE_ETHER_HDR_LEN, &overlap, sizeof(overlap));
		memcpy(frame + RTE_ETHER_HDR_LEN + IP4_TTL, &b->hop[i], sizeof(b->hop[i]));
	}
}

/* Packets that leave by one port. */
static inline void hand_on_some(struct forwarder *f, const struct burst *b, uint64_t some,
				uint16_t port)
{
	struct rte_mbuf *run[FORWARD_BURST];
	uint16_t n = 0;

	for (; some; some &= some - 1)
		run[n++] = b->pkt[__builtin_ctzll(some)];
	tx_send_burst(&f->tx, port, run, n);
}

/* The packets for one port after the other, beginning with those of `together`. Who has more than a
 * few ports to serve gathers for each. */
static inline void hand_on_by_port(struct forwarder *f, const struct burst *b, uint64_t together)
{
	uint64_t left = burst_mask(b->n) & ~together;

	hand_on_some(f, b, together, (uint16_t)b->port[0]);
	for (int passes = 1; left && passes < HAND_ON_PORTS; passes++) {
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

static inline void hand_on(struct forwarder *f, const struct burst *b, uint64_t together)
{
	if (together == burst_mask(b->n))
		tx_send_burst(&f->tx, (uint16_t)b->port[0], b->pkt, b->n);
	else
		hand_on_by_port(f, b, together);
}

void forward_burst(struct forwarder *f, const struct port *from, struct rte_mbuf **pkts, uint16_t n)
{
	const struct fib_generation *generation = fib_active(f->fib);
	uint64_t gate = __atomic_load_n(&f->fib->gate, __ATOMIC_ACQUIRE), spoilt;
	struct burst b;
	uint64_t together;

	f->counters->rx += n;
	b.pkt = pkts;
	b.n = n;
	frames(f, from, &generation->view[from->role], &b);
	if (unlikely(!b.n))
		return;
	spoilt = fib_lookup_burst(&generation->view[from->role], f->tbl8_groups, b.dst, b.path_list,
				  b.n);
	paths(generation, &b);
	together = ways(f, from, gate, generation, &b, spoilt);
	if (unlikely(!b.n))
		return;
	rewrite(&b);
	hand_on(f, &b, together);
}
