/* The fast path when frames are cut, spoilt, or anything at all: each comes to one end. */
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

#include "forward_rig.h"

TEST_F(forward, a_frame_cut_anywhere_is_dropped)
{
	for (uint16_t len = 0; len < 68; len++) {
		struct rte_mbuf *m = frame(0, to(remote_addr(1)));

		memset(&the->counters, 0, sizeof(the->counters));
		ASSERT_EQ(68, m->data_len);
		m->data_len = len;
		m->pkt_len = len;
		send(0, &m, 1);
		EXPECT_EQ(len < 14   ? "frame_short"
			  : len < 34 ? "ip4_truncated"
				     : "ip4_total_length",
			  ends())
			<< len;
		expect_all_accounted();
	}
}

namespace
{

/* Bursts of good frames with random octets anywhere, and of random octets alone: each packet comes
 * to one end. */
/* Bursts of anything, for more than one look at them. */
struct anything {
	std::mt19937 random;
	int from;
	uint16_t n;
	uint64_t gate;
	struct rte_mbuf *m[FORWARD_BURST];

	explicit anything(uint32_t seed) : random(seed)
	{
	}
	void make()
	{
		n = (uint16_t)(1 + random() % FORWARD_BURST);
		from = (int)(random() % PORTS);
		gate = random() % 2 ? GATE_OPEN : ((uint64_t)random() << 32 | random());
		for (uint16_t i = 0; i < n; i++)
			m[i] = one();
	}
	struct rte_mbuf *one()
	{
		frame_fields f = to(remote_addr((int)(random() % PORTS)));
		struct rte_mbuf *packet;
		uint8_t *octets;

		f.payload = (uint16_t)(random() % 100);
		f.options = (uint8_t)(random() % 8 ? 0 : 4);
		f.ttl = (uint8_t)(random() % 8 ? random() : random() % 3);
		packet = frame_make(the->pool, &the->ports[from].mac, (uint16_t)from, f);
		octets = rte_pktmbuf_mtod(packet, uint8_t *);
		for (uint32_t k = random() % 2 ? 0 : random() % 6; k; k--)
			octets[random() % packet->data_len] = (uint8_t)random();
		if (random() % 2)
			ip4_fix_checksum(ip4_header(packet));
		if (random() % 4 == 0)
			rte_pktmbuf_trim(packet, (uint16_t)(random() % (packet->data_len + 1u)));
		else if (random() % 4 == 0)
			memset(rte_pktmbuf_append(packet, 6), 0, 6);
		return packet;
	}
};

} // namespace

TEST_F(forward, whatever_comes_is_accounted_for)
{
	anything burst(7);

	for (int i = 0; i < 4000; i++) {
		burst.make();
		fib_gate_set(the->fib, burst.gate);
		send(burst.from, burst.m, burst.n);
		expect_all_accounted();
		drain();
	}
}

/* By every variant of screening the same packets leave, octet by octet, and the same is counted. */
TEST_F(forward, whatever_comes_ends_alike)
{
	for (const struct screen *const *s = screens + 1; *s; s++) {
		anything twice[2] = { anything(11), anything(11) };

		if (!(*s)->usable())
			continue;
		for (int i = 0; i < 4000; i++) {
			std::string left[2];

			for (int k = 0; k < 2; k++) {
				memset(&the->counters, 0, sizeof(the->counters));
				the->forwarder.screen = k ? *s : screens[0];
				twice[k].make();
				fib_gate_set(the->fib, twice[k].gate);
				send(twice[k].from, twice[k].m, twice[k].n);
				left[k] = ends();
				for (int p = 0; p < PORTS; p++) {
					for (struct rte_mbuf *m; (m = sent(p)); rte_pktmbuf_free(m))
						left[k].append(rte_pktmbuf_mtod(m, char *),
							       m->data_len);
				}
				drain();
			}
			ASSERT_EQ(left[0], left[1]) << (*s)->name << " burst " << i;
		}
	}
}
