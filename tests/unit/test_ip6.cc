/* IPv6 headers: good or why not, what is above them, and which flow they are of. */
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "ip6.h"
#include "packets6.h"

namespace
{

/* A packet in memory, of exactly its length, so that a step behind it is found out. */
struct packet {
	std::string octets;

	explicit packet(uint8_t next, const std::string &rest, uint32_t label = 0)
	{
		struct rte_ipv6_hdr ip = {};

		ip.vtc_flow = rte_cpu_to_be_32(0x60000000 | label);
		ip.payload_len = rte_cpu_to_be_16((uint16_t)rest.size());
		ip.proto = next;
		ip.hop_limits = 64;
		addr6_store(ip.src_addr, addr6("2001:db8::1"));
		addr6_store(ip.dst_addr, addr6("2001:db8::2"));
		octets.assign((const char *)&ip, sizeof(ip));
		octets += rest;
		octets.shrink_to_fit();
	}
	const struct rte_ipv6_hdr *ip() const
	{
		return (const struct rte_ipv6_hdr *)octets.data();
	}
	uint32_t hash() const
	{
		return ip6_flow_hash(ip());
	}
};

std::string bytes(std::initializer_list<int> list)
{
	return std::string(list.begin(), list.end());
}

enum { TCP = IPPROTO_TCP, UDP = IPPROTO_UDP };

const std::string options = bytes({ UDP, 0, 1, 4, 0, 0, 0, 0 });
const std::string udp = bytes({ 4, 1, 8, 1, 0, 8, 0, 0 });

/* A chain of `n` headers of options, the last before UDP. */
std::string chain(int n)
{
	std::string all;

	for (int i = 1; i < n; i++)
		all += bytes({ IPPROTO_DSTOPTS, 0, 1, 4, 0, 0, 0, 0 });
	return all + options;
}

} // namespace

TEST(ip6, what_is_above)
{
	const struct {
		const char *what;
		uint8_t next;
		std::string rest;
		uint8_t proto;
		uint32_t at;
		bool fragment;
		uint16_t offset;
	} rows[] = {
		{ "no extension", UDP, udp, UDP, 40, false },
		{ "nothing at all", 59, "", 59, 40, false },
		{ "options", IPPROTO_HOPOPTS, options + udp, UDP, 48, false },
		{ "as many as are walked", IPPROTO_DSTOPTS, chain(IP6_EXTENSIONS) + udp, UDP,
		  40 + 8 * IP6_EXTENSIONS, false },
		{ "one more", IPPROTO_DSTOPTS, chain(IP6_EXTENSIONS + 1) + udp, IPPROTO_DSTOPTS,
		  40 + 8 * IP6_EXTENSIONS, false },
		{ "options of 16 octets", IPPROTO_HOPOPTS,
		  bytes({ TCP, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }) + udp, TCP, 56,
		  false },
		{ "a routing header", IPPROTO_ROUTING, bytes({ UDP, 0, 4, 0, 0, 0, 0, 0 }) + udp,
		  UDP, 48, false },
		{ "authentication, which counts in fours", 51,
		  bytes({ UDP, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 }) + udp, UDP, 52, false },
		{ "the first fragment", IPPROTO_FRAGMENT, bytes({ UDP, 0, 0, 1, 9, 9, 9, 9 }) + udp,
		  UDP, 48, true },
		{ "the last fragment", IPPROTO_FRAGMENT, bytes({ UDP, 0, 1, 0, 9, 9, 9, 9 }) + udp,
		  UDP, 48, true, 32 },
		{ "a fragment behind options", IPPROTO_HOPOPTS,
		  bytes({ IPPROTO_FRAGMENT, 0, 1, 4, 0, 0, 0, 0 }) +
			  bytes({ UDP, 0, 0, 8, 9, 9, 9, 9 }) + udp,
		  UDP, 56, true, 1 },
		{ "options behind the first fragment", IPPROTO_FRAGMENT,
		  bytes({ IPPROTO_DSTOPTS, 0, 0, 1, 9, 9, 9, 9 }) + options + udp, UDP, 56, true },
		{ "options behind a later one, which nobody looks for", IPPROTO_FRAGMENT,
		  bytes({ IPPROTO_DSTOPTS, 0, 0, 9, 9, 9, 9, 9 }) + options + udp, IPPROTO_DSTOPTS,
		  48, true, 1 },
		{ "a fragment of a fragment", IPPROTO_FRAGMENT,
		  bytes({ IPPROTO_FRAGMENT, 0, 0, 1, 9, 9, 9, 9 }) +
			  bytes({ UDP, 0, 0, 16, 9, 9, 9, 9 }) + udp,
		  UDP, 56, true, 2 },
		{ "a whole in one fragment", IPPROTO_FRAGMENT,
		  bytes({ UDP, 0, 0, 6, 9, 9, 9, 9 }) + udp, UDP, 48, false },
		{ "ESP, which hides the rest", 50, udp, 50, 40, false },
		{ "options that end behind the packet", IPPROTO_HOPOPTS,
		  bytes({ UDP, 9, 1, 4, 0, 0, 0, 0 }) + udp, IPPROTO_HOPOPTS, 40, false },
		{ "options that are cut", IPPROTO_HOPOPTS, bytes({ UDP, 0, 1, 4 }), IPPROTO_HOPOPTS,
		  40, false },
		{ "options and nothing behind", IPPROTO_HOPOPTS, options, UDP, 48, false },
	};

	for (const auto &row : rows) {
		packet p(row.next, row.rest);
		struct ip6_upper upper = ip6_upper(p.ip());

		EXPECT_EQ(row.proto, upper.proto) << row.what;
		EXPECT_EQ(row.at, upper.at) << row.what;
		EXPECT_EQ(row.fragment, upper.fragment) << row.what;
		EXPECT_EQ(row.offset, upper.offset) << row.what;
	}
}

TEST(ip6, flows)
{
	const uint32_t plain = packet(UDP, udp).hash();

	EXPECT_EQ(plain, packet(IPPROTO_HOPOPTS, options + udp).hash());
	EXPECT_NE(plain, packet(UDP, bytes({ 4, 2, 8, 1 })).hash()) << "another port";
	EXPECT_NE(plain, packet(TCP, udp).hash()) << "another protocol";
	EXPECT_EQ(packet(UDP, "").hash(), packet(UDP, bytes({ 4, 1, 8 })).hash())
		<< "no ports, and no look behind the packet";
	EXPECT_EQ(packet(50, udp).hash(), packet(50, bytes({ 1, 2, 3, 4 })).hash())
		<< "none that may be read";
	EXPECT_EQ(packet(UDP, udp, 7).hash(), packet(TCP, "", 7).hash()) << "a label is enough";
	EXPECT_NE(packet(UDP, udp, 7).hash(), packet(UDP, udp, 8).hash());
}

/* Hash and check stay within a packet that is cut at each octet; a sanitiser would tell. */
TEST(ip6, cut_anywhere)
{
	const std::string all = chain(3) + udp;

	for (size_t n = 0; n <= all.size(); n++) {
		packet p(IPPROTO_DSTOPTS, all.substr(0, n));

		ip6_upper(p.ip());
		p.hash();
		EXPECT_EQ(DROP_NONE, ip6_check(p.ip(), (uint32_t)p.octets.size())) << n;
		EXPECT_EQ(n ? DROP_IP6_PAYLOAD_LENGTH : DROP_IP6_TRUNCATED,
			  ip6_check(p.ip(), (uint32_t)p.octets.size() - 1))
			<< n;
	}
}
