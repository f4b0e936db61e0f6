/* Hosts of IPv6 between us and the kernel: as test_monitor.cc, by neighbour discovery. */
#include <gtest/gtest.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>

#include <algorithm>

#include "ip6.h"
#include "monitor_rig.h"
#include "packets6.h"
#include "solicit.h"

namespace
{

struct monitor6 : monitor {
	const struct fib_addr us = addr6("2001:db8:7::1"), peer = addr6("2001:db8:7::9"),
			      near = addr6("fe80::9");
	std::map<std::string, mac> hosts6; /* who answers, and from where: by octets of address */
	struct solicitation {
		std::string who;
		bool everybody;
	};
	std::vector<solicitation> asked6;

	static std::string octets_of(const struct fib_addr &addr)
	{
		std::string wire(16, 0);

		addr6_store((uint8_t *)wire.data(), addr);
		return wire;
	}
	void SetUp() override
	{
		char what[LCP_TEXT];

		monitor::SetUp();
		if (!pool)
			return;
		port.ip6 = true;
		ASSERT_LT(0, lcp_settings(&lcp, what));
		/* The kernel solicits nobody while its link-local address is tentative. */
		ASSERT_EQ(0, system("ip -6 address add fe80::1/64 dev t-p0 nodad &&"
				    "ip -6 address add 2001:db8:7::1/64 dev t-p0 nodad"));
	}
	/* The answer of `who`: solicited, and an override (RFC 4861 4.4). */
	void advertise(const std::string &who, const mac &from, const uint8_t to[16])
	{
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
		auto *ether = (struct rte_ether_hdr *)rte_pktmbuf_append(m, 14 + 40 + 32);
		auto *ip = (struct rte_ipv6_hdr *)(ether + 1);
		auto *na = (uint8_t *)(ip + 1);

		memset(ether, 0, 14 + 40 + 32);
		ether->dst_addr = port.mac;
		memcpy(&ether->src_addr, from.data(), 6);
		ether->ether_type = htons(RTE_ETHER_TYPE_IPV6);
		ip->vtc_flow = htonl(0x60000000);
		ip->payload_len = htons(32);
		ip->proto = IPPROTO_ICMPV6;
		ip->hop_limits = 255;
		memcpy(ip->src_addr, who.data(), 16);
		memcpy(ip->dst_addr, to, 16);
		na[0] = ND_NEIGHBOR_ADVERT;
		na[4] = 0x60;
		memcpy(&na[8], who.data(), 16);
		na[24] = ND_OPT_TARGET_LINKADDR;
		na[25] = 1;
		memcpy(&na[26], from.data(), 6);
		((struct icmp6_hdr *)na)->icmp6_cksum = rte_ipv6_udptcp_cksum(ip, na);
		EXPECT_TRUE(lcp_send(&lcp, m));
		rte_pktmbuf_free(m);
	}
	void heard(struct rte_mbuf *m) override
	{
		auto *ether = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
		auto *ip = (struct rte_ipv6_hdr *)(ether + 1);
		auto *ns = (const char *)(ip + 1);
		bool group = ether->dst_addr.addr_bytes[0] & 1;

		if (ether->ether_type == htons(RTE_ETHER_TYPE_IPV6) &&
		    ip->proto == IPPROTO_ICMPV6 && (uint8_t)ns[0] == ND_NEIGHBOR_SOLICIT) {
			auto at = hosts6.find(std::string(ns + 8, 16));

			EXPECT_EQ(255, ip->hop_limits);
			asked6.push_back({ std::string(ns + 8, 16), group });
			if (at != hosts6.end() &&
			    (group || !memcmp(&ether->dst_addr, at->second.data(), 6)))
				advertise(at->first, at->second, ip->src_addr);
		}
	}
	bool at6(const mac &where, const struct fib_addr &addr)
	{
		struct host *host = neighbour_get(s->neighbours, 0, addr);

		return host && host_forwards(host) &&
		       !memcmp(host_adjacency(s->neighbours, host)->rewrite, where.data(), 6);
	}
};

} // namespace

TEST_F(monitor6, a_host_that_is_wanted_is_solicited_and_used)
{
	for (const struct fib_addr &addr : { peer, near }) {
		hosts6[octets_of(addr)] = A;
		ASSERT_NE(nullptr, hosts_want(s, 0, addr));
		until([&] { return at6(A, addr); });
	}
	EXPECT_EQ("2001:db8:7::9 lladdr 02:00:00:00:00:0a REACHABLE", ip("show 2001:db8:7::9"));
	EXPECT_EQ(2u, s->neighbours->count) << "groups, which the kernel has entries for, are none";
}

TEST_F(monitor6, it_moves_without_being_lost)
{
	struct host *host;

	hosts6[octets_of(peer)] = A;
	hosts_want(s, 0, peer);
	until([&] { return at6(A, peer); });
	asked6.clear();
	hosts6[octets_of(peer)] = B;
	host = neighbour_get(s->neighbours, 0, peer);
	ASSERT_EQ(0, system("sysctl -qw net.ipv6.neigh.t-p0.retrans_time_ms=20"));
	later_ms += FOR_A_MINUTE; /* it is asked whether it is still there */
	until([&] {
		EXPECT_TRUE(host_forwards(host));
		return at6(B, peer);
	});
	ASSERT_LT(1u, asked6.size());
	EXPECT_FALSE(asked6.front().everybody);
	EXPECT_TRUE(asked6.back().everybody);
}

TEST_F(monitor6, nobody_answers)
{
	struct host *host;

	ASSERT_EQ(0, system("sysctl -qw net.ipv6.neigh.t-p0.retrans_time_ms=20"));
	host = hosts_want(s, 0, peer);
	ASSERT_NE(nullptr, host);
	until([&] { return host->state == HOST_FAILED; });
	ASSERT_EQ(6u, std::count_if(asked6.begin(), asked6.end(),
				    [&](auto &a) { return a.who == octets_of(peer); }));
}

TEST_F(monitor6, a_permanent_entry_stays_and_is_found_by_a_read_of_the_table)
{
	uint32_t sweep = s->sweep;

	port.up = false; /* so that its event counts for nothing */
	ip("replace 2001:db8:7::9 lladdr 02:00:00:00:00:0b nud permanent");
	turn();
	port.up = true;
	ASSERT_EQ(nullptr, neighbour_get(s->neighbours, 0, peer));
	s->sweep_again = true;
	until([&] { return s->sweep != sweep && !s->sweeping; });
	EXPECT_TRUE(at6(B, peer));
	EXPECT_TRUE(neighbour_get(s->neighbours, 0, peer)->fixed);
	EXPECT_EQ(0, solicit_unfix(s, 0, peer));
	EXPECT_EQ(-ENOENT, solicit_unfix(s, 0, peer));
}

TEST_F(monitor6, messages_without_a_whole_address_say_nothing)
{
	char buf[NETLINK_REQUEST];

	for (uint16_t len = 0; len <= 20; len++) {
		const uint8_t octets[20] = { 0x20 };
		struct nlmsghdr *message = netlink_request(&s->events, buf, RTM_NEWNEIGH, 0);
		auto *msg =
			(struct ndmsg *)mnl_nlmsg_put_extra_header(message, sizeof(struct ndmsg));

		msg->ndm_family = AF_INET6;
		msg->ndm_ifindex = lcp.ifindex;
		msg->ndm_state = NUD_REACHABLE;
		mnl_attr_put(message, NDA_DST, len, octets);
		mnl_attr_put(message, NDA_LLADDR, 6, A.data());
		message->nlmsg_pid = 0;
		monitor_messages(s, buf, (int)message->nlmsg_len);
		EXPECT_EQ(len == 16 ? 1u : 0u, s->neighbours->count) << len;
		if (len == 16)
			neighbour_remove(s->neighbours,
					 neighbour_get(s->neighbours, 0, addr6("2000::")));
	}
}

/* Nobody's advertisement makes addresses or routes there, and what turns that on is put back. */
TEST_F(monitor6, settings_of_the_interface)
{
	char what[LCP_TEXT] = "";

	EXPECT_EQ(0, lcp_settings(&lcp, what)) << what;
	ASSERT_EQ(0, system("sysctl -qw net.ipv6.conf.t-p0.accept_ra=2"));
	EXPECT_EQ(1, lcp_settings(&lcp, what));
	EXPECT_STREQ("accept_ra of t-p0", what);
	port.ip6 = false;
	EXPECT_EQ(1, lcp_settings(&lcp, what));
	EXPECT_STREQ("disable_ipv6 of t-p0", what);
}
