// The program that judges by source and TTL, run as the kernel runs it, against the rules.
#include "ttl_filter.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "cursor.h"

namespace
{

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, HEADER = 20 };

// An IP packet with a TCP header, which begins at `tcp`, behind the IP header of 20 or 40 octets.
struct packet {
	std::vector<uint8_t> octets;
	size_t tcp;

	packet(struct addr from, uint8_t ttl, uint8_t flags, size_t data)
	{
		bool v4 = from.family == FAMILY_IPV4;

		tcp = v4 ? 20 : 40;
		octets.resize(tcp + HEADER + data, 0xa5);
		octets[v4 ? 8 : 7] = ttl;
		if (v4)
			store_be32(&octets[12], from.v4);
		else
			memcpy(&octets[8], from.v6, sizeof(from.v6));
		octets[tcp + 12] = HEADER / 4 << 4;
		octets[tcp + 13] = flags;
	}
};

// Classic BPF, as far as the programs use it: what the last instruction returns.
uint32_t run(const std::vector<struct sock_filter> &program, const packet &p)
{
	uint32_t a = 0, x = 0;

	for (size_t at = 0; at < program.size(); at++) {
		const struct sock_filter &in = program[at];
		size_t from =
			in.k >= (uint32_t)SKF_NET_OFF ? in.k - (uint32_t)SKF_NET_OFF : p.tcp + in.k;

		switch (in.code) {
		case BPF_LD | BPF_B | BPF_ABS: a = p.octets.at(from); break;
		case BPF_LD | BPF_W | BPF_ABS:
			p.octets.at(from + 3);
			a = load_be32(&p.octets[from]);
			break;
		case BPF_LD | BPF_W | BPF_LEN: a = (uint32_t)(p.octets.size() - p.tcp); break;
		case BPF_ALU | BPF_RSH | BPF_K: a >>= in.k; break;
		case BPF_ALU | BPF_AND | BPF_K: a &= in.k; break;
		case BPF_MISC | BPF_TAX: x = a; break;
		case BPF_JMP | BPF_JA: at += in.k; break;
		case BPF_JMP | BPF_JEQ | BPF_K: at += a == in.k ? in.jt : in.jf; break;
		case BPF_JMP | BPF_JEQ | BPF_X: at += a == x ? in.jt : in.jf; break;
		case BPF_JMP | BPF_JGE | BPF_K: at += a >= in.k ? in.jt : in.jf; break;
		case BPF_JMP | BPF_JSET | BPF_K: at += a & in.k ? in.jt : in.jf; break;
		case BPF_RET | BPF_K: return in.k;
		default: ADD_FAILURE() << "instruction " << in.code; return 0;
		}
	}
	ADD_FAILURE() << "it does not end";
	return 0;
}

bool passes(const std::vector<struct ttl_rule> &rules, struct addr from, uint8_t ttl, uint8_t flags,
	    size_t data)
{
	if (flags & SYN || (!(flags & (FIN | RST)) && !data))
		return true;
	for (const struct ttl_rule &rule : rules)
		if (prefix_has(rule.from, from))
			return ttl >= rule.ttl_min;
	return true;
}

// Few values in each word, so that rules have words in common and packets meet them.
struct addr some_addr(uint8_t family, std::mt19937 &random)
{
	static const uint32_t words[] = { 0x20010db8, 0x20010db9, 0xffffffff, 0 };
	uint8_t octets[16];

	for (int w = 0; w < 4; w++)
		store_be32(&octets[4 * w], words[random() % 4]);
	octets[15] = (uint8_t)(random() % 8);
	octets[3] = family == FAMILY_IPV4 ? octets[15] : octets[3];
	return family == FAMILY_IPV4 ? addr_make4(load_be32(octets)) : addr_make6(octets);
}

class ttl_filter : public testing::TestWithParam<int>
{
};

TEST_P(ttl_filter, is_what_the_rules_say)
{
	static const uint8_t flags[] = { ACK, PSH | ACK, FIN | ACK, RST, SYN, SYN | ACK };
	uint8_t family = (uint8_t)GetParam(), bits = family_bits(family);
	std::mt19937 random(1);
	size_t dropped = 0, kept = 0;

	for (int i = 0; i < 300; i++) {
		std::vector<struct sock_filter> program(BPF_MAXINSNS);
		std::vector<struct ttl_rule> rules;

		for (size_t n = random() % 40; n; n--) {
			uint8_t len = random() % 3 ? bits : (uint8_t)(random() % (bits + 1u));

			rules.push_back({ prefix_make(some_addr(family, random), len),
					  (uint8_t)(random() % 2 ? 255 : 250 + random() % 6) });
			if (random() % 8 == 0)
				rules.back().ttl_min = 0;
		}
		int n = ttl_filter_make(rules.data(), rules.size(), program.data());

		ASSERT_LT(0, n);
		program.resize((size_t)n);
		for (int k = 0; k < 200; k++) {
			struct addr from = some_addr(family, random);
			uint8_t ttl = (uint8_t)(248 + random() % 8), flag = flags[random() % 6];
			size_t data = random() % 2 * 7;
			bool good = passes(rules, from, ttl, flag, data);

			ASSERT_EQ(good ? UINT32_MAX : 0u,
				  run(program, packet(from, ttl, flag, data)));
			(good ? kept : dropped)++;
		}
	}
	EXPECT_LT(1000u, dropped);
	EXPECT_LT(1000u, kept);
}

// All peers on one link, as many as there may be; and one more than fits.
TEST_P(ttl_filter, fits_up_to_a_bound)
{
	uint8_t bits = family_bits((uint8_t)GetParam());
	std::vector<struct sock_filter> program(BPF_MAXINSNS);
	std::vector<struct ttl_rule> rules;
	int fits = 0;

	for (uint32_t i = 0; i < 3000; i++) {
		uint8_t v6[16] = { 0xfd };

		store_be32(&v6[12], i);
		rules.push_back(
			{ prefix_make(bits == 32 ? addr_make4(i) : addr_make6(v6), bits), 255 });
		int n = ttl_filter_make(rules.data(), rules.size(), program.data());

		if (n == -E2BIG)
			break;
		ASSERT_GE(BPF_MAXINSNS, n);
		fits++;
	}
	EXPECT_LE(2000, fits);
	EXPECT_GE(BPF_MAXINSNS / 2, fits);
}

INSTANTIATE_TEST_SUITE_P(of, ttl_filter, testing::Values(FAMILY_IPV4, FAMILY_IPV6),
			 [](const auto &info) { return family_name((uint8_t)info.param); });

} // namespace
