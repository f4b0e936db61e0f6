/* Frames of both families in one burst, cut, spoilt, or anything at all: each comes to one end, the
 * same by every variant of screening. */
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "forward_rig.h"

namespace
{

/* Of both families, in any order and share, some of them spoilt. */
struct mixed {
	std::mt19937 random;
	int from = 0;
	uint16_t n = 0;
	uint64_t gate = GATE_OPEN;
	struct rte_mbuf *m[FORWARD_BURST];

	explicit mixed(uint32_t seed) : random(seed)
	{
	}
	struct fib_addr anywhere(bool good)
	{
		static const char *const odd[] = {
			"::",	       "::1",		"ff02::1",	  "ff05::1", "fe80::1",
			"2001:db8::1", "2001:db8:1::1", "2001:db8:1::63", "3fff::1",
		};

		if (good || random() % 4)
			return remote_addr6((int)(random() % PORTS));
		return addr6(odd[random() % (sizeof(odd) / sizeof(odd[0]))]);
	}
	struct rte_mbuf *six(bool good)
	{
		frame6_fields f = to6(anywhere(good));

		f.sport = (uint16_t)random();
		f.label = random() % 2 ? random() & 0xfffff : 0;
		f.payload = (uint16_t)(random() % 100);
		if (!good && random() % 4 == 0)
			f.src = anywhere(false);
		if (!good && random() % 8 == 0)
			f.hop_limit = (uint8_t)(random() % 3);
		if (random() % 8 == 0) {
			f.next = IPPROTO_FRAGMENT;
			f.extensions.assign("\x11\0\0\x01\0\0\0\0", 8);
		}
		return frame6(from, f);
	}
	struct rte_mbuf *four()
	{
		frame_fields f = to(remote_addr((int)(random() % PORTS)));

		f.sport = (uint16_t)random();
		f.payload = (uint16_t)(random() % 100);
		return frame_make(the->pool, &the->ports[from].mac, (uint16_t)from, f);
	}
	void spoil(struct rte_mbuf *packet)
	{
		uint8_t *octets = rte_pktmbuf_mtod(packet, uint8_t *);

		for (uint32_t k = random() % 2 ? 0 : random() % 6; k; k--)
			octets[random() % packet->data_len] = (uint8_t)random();
		if (random() % 4 == 0)
			rte_pktmbuf_trim(packet, (uint16_t)(random() % (packet->data_len + 1u)));
		else if (random() % 4 == 0)
			memset(rte_pktmbuf_append(packet, 6), 0, 6);
	}
	void make()
	{
		bool good = random() % 4 == 0;
		uint32_t share = random() % 3 * 4; /* of eight: none, half, all */

		n = (uint16_t)(1 + random() % FORWARD_BURST);
		from = (int)(random() % PORTS);
		gate = random() % 2 ? GATE_OPEN : ((uint64_t)random() << 32 | random());
		for (uint16_t i = 0; i < n; i++) {
			m[i] = random() % 8 < share ? four() : six(good);
			if (!good)
				spoil(m[i]);
		}
	}
	/* Send it; and what came of it, octet by octet. */
	std::string ended()
	{
		std::string left;

		memset(&the->counters, 0, sizeof(the->counters));
		fib_gate_set(the->fib, gate);
		forward::send(from, m, n);
		left = forward::ends();
		for (int p = 0; p < PORTS; p++) {
			for (struct rte_mbuf *out; (out = forward::sent(p)); rte_pktmbuf_free(out))
				left.append(rte_pktmbuf_mtod(out, char *), out->data_len);
		}
		forward::drain();
		return left;
	}
};

} // namespace

TEST_F(forward, whatever_comes_of_both_families_ends_alike)
{
	with_ip6 ports;
	uint64_t passed = 0;

	for (const struct screen *const *s = screens + 1; *s; s++) {
		mixed twice[2] = { mixed(13), mixed(13) };

		if (!(*s)->usable())
			continue;
		for (int i = 0; i < 4000; i++) {
			std::string left[2];

			for (int k = 0; k < 2; k++) {
				the->forwarder.screen = k ? *s : screens[0];
				the->forwarder.lookup6 = k ? trie6_lookup_choose() : &trie6_plain;
				twice[k].make();
				left[k] = twice[k].ended();
				expect_all_accounted();
			}
			ASSERT_EQ(left[0], left[1]) << (*s)->name << " burst " << i;
			passed += the->counters.tx;
		}
	}
	EXPECT_LT(1000u, passed);
}

/* In a burst of both, each packet ends as it does alone, and those of a family stay in order. */
TEST_F(forward, families_in_one_burst_do_not_matter_to_each_other)
{
	with_ip6 ports;
	mixed together(17), alone(17);

	for (int i = 0; i < 2000; i++) {
		std::map<std::string, int> want, got;

		together.make();
		alone.make();
		memset(&the->counters, 0, sizeof(the->counters));
		fib_gate_set(the->fib, together.gate);
		send(together.from, together.m, together.n);
		expect_all_accounted();
		for (int p = 0; p < PORTS; p++) {
			for (struct rte_mbuf *out; (out = sent(p)); rte_pktmbuf_free(out))
				got[std::to_string(p) +
				    std::string(rte_pktmbuf_mtod(out, char *), out->data_len)]++;
		}
		drain();
		for (uint16_t k = 0; k < alone.n; k++) {
			send(alone.from, &alone.m[k], 1);
			for (int p = 0; p < PORTS; p++) {
				for (struct rte_mbuf *out; (out = sent(p)); rte_pktmbuf_free(out))
					want[std::to_string(p) +
					     std::string(rte_pktmbuf_mtod(out, char *),
							 out->data_len)]++;
			}
			drain();
		}
		ASSERT_EQ(want, got) << "burst " << i;
	}
}

TEST_F(forward, each_family_of_a_burst_stays_in_order)
{
	with_ip6 ports;

	for (uint16_t n = 1; n <= FORWARD_BURST; n++) {
		for (uint32_t pattern : { 0x1u, 0x2u, 0xaaaaaaaau, 0xf0f0f0f0u, 0xfffffffeu }) {
			struct rte_mbuf *m[FORWARD_BURST];
			uint16_t next[2] = { 0, 0 }, count[2] = { 0, 0 };

			for (uint16_t i = 0; i < n; i++) {
				bool six = pattern >> i % 32 & 1;
				frame6_fields f6 = to6(remote_addr6(1));
				frame_fields f4 = to(remote_addr(1));

				f6.sport = f4.sport = count[six]++;
				m[i] = six ? frame6(0, f6) : frame(0, f4);
			}
			send(0, m, n);
			for (struct rte_mbuf *out; (out = sent(1)); rte_pktmbuf_free(out)) {
				const uint8_t *octets = rte_pktmbuf_mtod(out, const uint8_t *);
				bool six = octets[12] == 0x86;
				const uint8_t *ports_at = octets + 14 + (six ? 40 : 20);

				EXPECT_EQ(next[six]++, ports_at[0] << 8 | ports_at[1]);
			}
			EXPECT_EQ(count[0], next[0]) << n;
			EXPECT_EQ(count[1], next[1]) << n;
		}
	}
}

TEST_F(forward, a_frame_of_ip6_cut_anywhere_is_dropped)
{
	with_ip6 ports;

	for (uint16_t len = 0; len < 88; len++) {
		struct rte_mbuf *m = frame6(0, to6(remote_addr6(1)));

		memset(&the->counters, 0, sizeof(the->counters));
		ASSERT_EQ(88, m->data_len);
		m->data_len = len;
		m->pkt_len = len;
		send(0, &m, 1);
		EXPECT_EQ(len < 14   ? "frame_short"
			  : len < 54 ? "ip6_truncated"
				     : "ip6_payload_length",
			  ends())
			<< len;
		expect_all_accounted();
	}
}
