/* Filters of ports on the fast path: what comes by, what leaves by, where its source lies. */
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <vector>

#include "acl_lists.h"
#include "filter.h"
#include "forward_rig.h"
#include "ip6.h"
#include "role.h"
#include "urpf.h"

namespace
{

frame_fields source(uint32_t src)
{
	frame_fields f = to(remote_addr(1));

	f.src = src;
	return f;
}

/* Of IPv6: the rig's address for the rig's of IPv4, else as in families.h. */
struct fib_addr address6(uint32_t v4)
{
	uint32_t net = v4 >> 16 & 0xff;
	struct addr addr = addr_of(FAMILY_IPV6, v4);

	if (v4 >> 24 != 10 || (net >= PORTS && net - 100 >= PORTS))
		return ip6_addr(addr.v6);
	return { { 0x20010db8, (net < PORTS ? net : net + 0x100 - 100) << 16, 0, v4 & 0xffff } };
}

struct fib_prefix fib_prefix_of(enum family family, uint32_t v4, uint8_t len)
{
	struct prefix prefix = prefix_of(family, v4, len);
	struct fib_addr addr = ip6_addr(prefix.addr.v6);

	return family == FAMILY_IPV4 ? fib_ip4(v4, len) : fib_ip6(&addr, prefix.len);
}

/* Options are extension headers. */
frame6_fields fields6(const frame_fields &f)
{
	frame6_fields six;
	uint8_t upper = f.protocol;

	six.src = address6(f.src);
	six.dst = address6(f.dst);
	six.hop_limit = f.ttl;
	six.sport = f.sport;
	six.dport = f.dport;
	six.payload = f.payload;
	if (f.fragment & (RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)) {
		six.extensions = { (char)upper,
				   0,
				   (char)(f.fragment << 3 >> 8),
				   (char)(f.fragment << 3 | !!(f.fragment & RTE_IPV4_HDR_MF_FLAG)),
				   0,
				   0,
				   0,
				   1 };
		upper = IPPROTO_FRAGMENT;
	}
	for (int i = 0; i < f.options / 8; i++, upper = IPPROTO_DSTOPTS)
		six.extensions = std::string({ (char)upper, 0, 1, 4, 0, 0, 0, 0 }) + six.extensions;
	six.next = upper;
	return six;
}

/* One rig for all suites here: devices are made once. */
struct one_rig : testing::Environment {
	void TearDown() override
	{
		if (the)
			forward::TearDownTestSuite();
	}
};

const testing::Environment *const rig_end = testing::AddGlobalTestEnvironment(new one_rig);

struct filters : forward {
	static void SetUpTestSuite()
	{
		if (!the)
			forward::SetUpTestSuite();
	}
	static void TearDownTestSuite()
	{
	}
	enum family family = FAMILY_IPV4; /* of all packets */
	struct filter_table table = {};
	std::vector<struct acl *> lists;
	/* What is in the view of role vnet beside the rig's routes. */
	std::map<std::pair<uint32_t, uint8_t>, uint32_t> added;

	void SetUp() override
	{
		forward::SetUp();
		for (struct port &port : the->ports)
			port.ip6 = family == FAMILY_IPV6;
	}
	void TearDown() override
	{
		the->forwarder.filters = nullptr;
		for (struct port &port : the->ports)
			port.ip6 = false;
		for (const auto &[prefix, list] : added) {
			fib_del(the->writer, ROLE_VNET,
				fib_prefix_of(family, prefix.first, prefix.second));
			fib_path_list_put(the->writer, list);
		}
		fib_reclaim(the->writer);
		for (struct acl *acl : lists)
			acl_put(acl);
		forward::TearDown();
	}
	const struct acl *compiled(const acl_list &list)
	{
		struct acl *acl = acl_new(&list.config, 1);

		EXPECT_EQ(0, acl_compile(acl));
		lists.push_back(acl);
		return acl;
	}
	void in_force()
	{
		filter_table_settle(&table);
		the->forwarder.filters = table.from ? &table : nullptr;
	}
	struct rte_mbuf *made(int port, const frame_fields &f)
	{
		return family == FAMILY_IPV4 ? frame(port, f) : frame6(port, fields6(f));
	}
	/* What becomes of one packet that comes by `port`. */
	std::string end(int port, const frame_fields &f,
			const std::function<void(struct rte_mbuf *)> &spoil = nullptr)
	{
		return end_of(port, made(port, f), spoil);
	}
	std::string end_of(int port, struct rte_mbuf *m,
			   const std::function<void(struct rte_mbuf *)> &spoil = nullptr)
	{
		std::string text;

		memset(&the->counters, 0, sizeof(the->counters));
		if (spoil)
			spoil(m);
		send(port, &m, 1);
		text = ends();
		expect_all_accounted();
		EXPECT_TRUE(text.find("acl") == std::string::npos || !error()) << "it is told";
		drain();
		return text;
	}
	uint32_t list(std::vector<int> ports)
	{
		std::vector<uint16_t> members;
		uint32_t index = 0;

		for (int p : ports)
			members.push_back(the->gateway[p]);
		EXPECT_EQ(0, fib_path_list_get(the->writer, members.data(),
					       (uint16_t)members.size(), PATH_LIST_NONE, &index));
		return index;
	}
	void route(uint32_t addr, uint8_t len, std::vector<int> ports, std::vector<int> backup = {})
	{
		uint32_t index = list(ports);

		if (!backup.empty()) {
			uint32_t plain = index, behind = list(backup);

			ASSERT_EQ(0, fib_path_list_protect(the->writer, plain, behind, &index));
			fib_path_list_put(the->writer, plain);
			fib_path_list_put(the->writer, behind);
		}
		ASSERT_EQ(0,
			  fib_set(the->writer, ROLE_VNET, fib_prefix_of(family, addr, len), index));
		added[{ addr, len }] = index;
	}
	void mode(int port, enum config_urpf urpf)
	{
		table.port[port].urpf = urpf;
		in_force();
	}
	/* By port 0: off, strict, loose. */
	std::string ends_of(uint32_t src)
	{
		std::string text;

		for (enum config_urpf urpf : { URPF_OFF, URPF_STRICT, URPF_LOOSE }) {
			mode(0, urpf);
			text += (text.empty() ? "" : " ") + end(0, source(src));
		}
		return text;
	}
};

struct filters_of : filters, testing::WithParamInterface<enum family> {
	filters_of()
	{
		family = GetParam();
	}
};

acl_list no_port_23(bool deny = false)
{
	return acl_list(deny).deny(rule().tcp().dport(23));
}

frame_fields telnet(uint32_t dst)
{
	frame_fields f = to(dst);

	f.protocol = IPPROTO_TCP;
	f.dport = 23;
	return f;
}

void tagged(struct rte_mbuf *m)
{
	uint8_t *frame = (uint8_t *)rte_pktmbuf_prepend(m, 4);

	memmove(frame, frame + 4, 12);
	memcpy(&frame[12], "\x81\x00\xc0\x00", 4);
}

TEST_P(filters_of, what_comes_by_a_port)
{
	frame_fields late = telnet(remote_addr(1)), options = late,
		     expired_web = to(remote_addr(1));

	late.ttl = 1;
	expired_web.ttl = 1;
	options.options = 8;
	table.port[0].in = compiled(no_port_23());
	in_force();
	EXPECT_EQ("acl_in", end(0, telnet(remote_addr(1))));
	EXPECT_EQ("tx1", end(0, to(remote_addr(1))));
	EXPECT_EQ("tx1", end(2, telnet(remote_addr(1)))) << "by another port";
	EXPECT_EQ("acl_in", end(0, telnet(port_addr(0)))) << "to us";
	EXPECT_EQ("acl_in", end(0, telnet(port_addr(1) + 9))) << "to a host that is not known";
	EXPECT_EQ("acl_in", end(0, telnet(0xc6336401))) << "to where no route leads";
	EXPECT_EQ("acl_in", end(0, late)) << "and no answer";
	EXPECT_EQ("ttl_expired", end(0, expired_web));
	EXPECT_EQ("acl_in", end(0, options));
	EXPECT_EQ("acl_in", end(0, telnet(remote_addr(1)), tagged));
	EXPECT_EQ("acl_in", end(0, telnet(remote_addr(1)),
				[](auto m) { memset(rte_pktmbuf_append(m, 20), 0, 20); }))
		<< "padded";
}

TEST_P(filters_of, what_leaves_by_a_port)
{
	frame_fields late = telnet(remote_addr(1)), big = late, whole = late;

	late.ttl = 1;
	big.payload = 1800;
	whole.payload = 1800;
	whole.fragment = RTE_IPV4_HDR_DF_FLAG;
	table.port[1].out = compiled(no_port_23());
	in_force();
	EXPECT_EQ("acl_out", end(0, telnet(remote_addr(1))));
	EXPECT_EQ("tx1", end(0, to(remote_addr(1))));
	EXPECT_EQ("tx2", end(0, telnet(remote_addr(2)))) << "by another port";
	EXPECT_EQ("tx0", end(1, telnet(remote_addr(0)))) << "the other way";
	EXPECT_EQ("punt_local", end(0, telnet(port_addr(1)))) << "our own";
	EXPECT_EQ("acl_out", end(0, late)) << "and no answer";
	EXPECT_EQ("acl_out", end(0, whole)) << "nor here";
	EXPECT_EQ("acl_out", end(0, big)) << "before it is cut";
	EXPECT_EQ("acl_out", end(0, telnet(port_addr(1) + 9))) << "before a host is asked for";
	EXPECT_EQ("punt_glean", end(0, to(port_addr(1) + 9)));
	EXPECT_EQ("acl_out", end(0, telnet(remote_addr(1)), tagged));
	fib_gate_set(the->fib, 0);
	EXPECT_EQ("gate_closed", end(0, telnet(remote_addr(1)))) << "the gate comes first";
}

TEST_P(filters_of, fragments_that_nobody_can_judge)
{
	frame_fields over = telnet(remote_addr(1)), tiny = over;

	over.fragment = 1;
	tiny.fragment = RTE_IPV4_HDR_MF_FLAG;
	tiny.payload = 0;
	EXPECT_EQ("tx1", end(0, over)) << "without a list nobody asks";
	table.port[0].in = compiled(acl_list(false));
	in_force();
	EXPECT_EQ("acl_fragment", end(0, over));
	EXPECT_EQ("acl_fragment", end(0, tiny));
	table.port[0].in = nullptr;
	table.port[1].out = table.port[2].out = lists[0];
	in_force();
	EXPECT_EQ("acl_fragment", end(0, over));
	over.dst = remote_addr(3);
	EXPECT_EQ("tx3", end(0, over)) << "by a port without a list";
}

/* A burst to all ports, some denied in, some out, some odd: each meets its own. */
TEST_P(filters_of, a_burst_of_everything)
{
	struct rte_mbuf *m[FORWARD_BURST];
	uint64_t tx = 0, in = 0, out = 0, odd = 0;

	table.port[0].in =
		compiled(acl_list(false).deny(rule().to("10.103.0.0/16").to6("2001:db8:103::/48")));
	table.port[2].out = compiled(no_port_23());
	in_force();
	for (uint32_t i = 0; i < FORWARD_BURST; i++) {
		frame_fields f =
			i % 3 ? to(remote_addr((int)(i % 4))) : telnet(remote_addr((int)(i % 4)));

		f.ttl = i % 5 ? 64 : 1;
		m[i] = made(0, f);
		if (i % 4 == 3)
			in++;
		else if (i % 4 == 2 && i % 3 == 0)
			out++;
		else if (i % 5 == 0)
			odd++;
		else
			tx++;
	}
	send(0, m, FORWARD_BURST);
	EXPECT_EQ(in, the->counters.drop[DROP_ACL_IN]);
	EXPECT_EQ(out, the->counters.drop[DROP_ACL_OUT]);
	EXPECT_EQ(odd, the->counters.drop[DROP_TTL_EXPIRED]);
	EXPECT_EQ(tx, the->counters.tx);
	EXPECT_EQ(in, acl_hits(lists[0], 1));
	EXPECT_EQ(FORWARD_BURST - in, acl_hits(lists[0], 0));
	EXPECT_EQ(out, acl_hits(lists[1], 1));
	expect_all_accounted();
}

/* --- reverse path ----------------------------------------------------------------------------- */

TEST_P(filters_of, source_each_source)
{
	route(0xac100000, 16, { 0, 1 });     /* 172.16/16 behind 0 and 1 */
	route(0xac110000, 16, { 1 }, { 0 }); /* 172.17/16 behind 1, else behind 0 */
	route(0xac120000, 16, { 1 }, { 2 }); /* 172.18/16 not behind 0 */
	route(0xac120900, 24, { 0 });	     /* 172.18.9/24 is */
	route(0xac130000, 16, { 0 });	     /* 172.19/16 is, */
	route(0xac130900, 24, { 1 });	     /* 172.19.9/24 is not */
	EXPECT_EQ("tx1 tx1 tx1", ends_of(remote_addr(0))) << "behind it";
	EXPECT_EQ("tx1 urpf tx1", ends_of(remote_addr(1))) << "behind another";
	EXPECT_EQ("tx1 tx1 tx1", ends_of(port_addr(0) + 6)) << "on link";
	EXPECT_EQ("tx1 urpf tx1", ends_of(port_addr(1) + 6)) << "on link of another";
	EXPECT_EQ("tx1 urpf urpf", ends_of(0xc0a80101)) << "nowhere";
	EXPECT_EQ("tx1 tx1 tx1", ends_of(0xac100001)) << "one of several";
	EXPECT_EQ("tx1 tx1 tx1", ends_of(0xac110001)) << "feasible";
	EXPECT_EQ("tx1 urpf tx1", ends_of(0xac120001)) << "not feasible";
	EXPECT_EQ("tx1 tx1 tx1", ends_of(0xac120901)) << "the longest match is";
	EXPECT_EQ("tx1 urpf tx1", ends_of(0xac130901)) << "the longest match is not";
	adjacency_unresolve(adjacency(0));
	EXPECT_EQ("tx1 tx1 tx1", ends_of(remote_addr(0))) << "whose gateway does not answer";
	route(0, 0, { 0 });
	EXPECT_EQ("tx1 tx1 urpf", ends_of(0xc0a80101)) << "by a default route";
}

TEST_P(filters_of, source_before_anything_answers)
{
	frame_fields late = source(0xc0a80101), local = late, elsewhere = late;

	late.ttl = 1;
	local.dst = port_addr(0);
	mode(0, URPF_STRICT);
	EXPECT_EQ("urpf", end(0, late));
	EXPECT_EQ("urpf", end(0, local));
	elsewhere.dst = remote_addr(0);
	EXPECT_EQ("tx0", end(1, elsewhere)) << "by a port that does not ask";
}

TEST_F(filters, source_a_peer_is_where_it_is_configured)
{
	const uint32_t addr = 0xc0a80101;
	const struct fib_peer peer = { fib_addr_ip4(addr), 0 };
	frame_fields f = source(addr);

	f.protocol = IPPROTO_TCP;
	f.dst = port_addr(0);
	f.dport = 179;
	ASSERT_EQ(0, fib_peers_set(the->fib, &peer, 1));
	mode(0, URPF_STRICT);
	mode(2, URPF_STRICT);
	EXPECT_EQ("punt_bgp", end(0, f));
	f.dst = port_addr(2);
	EXPECT_EQ("urpf", end(2, f)) << "by another port";
	ASSERT_EQ(0, fib_peers_set(the->fib, nullptr, 0));
}

/* The list lets it pass first. */
TEST_P(filters_of, source_comes_behind_the_access_list)
{
	table.port[0].in = compiled(no_port_23());
	mode(0, URPF_STRICT);
	EXPECT_EQ("urpf", end(0, source(0xc0a80101)));
	EXPECT_EQ("acl_in", end(0, telnet(remote_addr(1))));
}

/* A small part of the world, so that prefixes lie in one another; few /24s hold longer ones. */
uint32_t somewhere(std::mt19937 &random)
{
	return 0xac000000 | (uint32_t)(random() % 2) << 16 | (uint32_t)(random() % 16) << 8 |
	       (uint32_t)(random() % 256);
}

void source_store(enum family family, uint32_t v4, uint8_t *frame)
{
	rte_be32_t wire = rte_cpu_to_be_32(v4);

	if (family == FAMILY_IPV4)
		memcpy(&frame[14 + 12], &wire, sizeof(wire));
	else
		memcpy(&frame[14 + 8], addr_of(family, v4).v6, 16);
}

struct far_route {
	uint32_t addr;
	uint8_t len;
	std::vector<int> ports, backup;
};

/* The longest prefix, by looking at all; the rig's own are none of these. */
const far_route *longest(const std::vector<far_route> &routes, uint32_t addr)
{
	const far_route *best = nullptr;

	for (const far_route &r : routes) {
		if ((addr & prefix4_mask(r.len)) == r.addr && (!best || r.len > best->len))
			best = &r;
	}
	return best;
}

bool oracle(const std::vector<far_route> &routes, uint32_t addr, enum config_urpf mode, int port)
{
	const far_route *r = longest(routes, addr);

	if (!r)
		return false;
	if (mode == URPF_LOOSE)
		return r->len > 0;
	for (const std::vector<int> &ways : { r->ports, r->backup }) {
		for (int p : ways) {
			if (p == port)
				return true;
		}
	}
	return false;
}

TEST_P(filters_of, source_is_what_looking_at_all_routes_says)
{
	std::mt19937 random(11);
	auto below = [&](uint32_t n) { return (uint32_t)(random() % n); };
	std::vector<far_route> routes = { { 0, 0, { 2 }, {} } };
	uint64_t failures = 0;
	struct screening by = {};

	by.generation = fib_active(the->fib);
	by.tbl8_groups = the->fib->tbl8_groups;
	by.lookup6 = the->forwarder.lookup6;
	by.trie6_groups = the->fib->trie6_groups;

	route(0, 0, { 2 });
	while (routes.size() < 300) {
		uint8_t len = (uint8_t)(14 + below(19));
		uint32_t addr = somewhere(random) & prefix4_mask(len);
		std::vector<int> ports = { (int)below(PORTS) }, backup;

		if (below(3) == 0 && ports[0] != 3)
			ports.push_back(3);
		if (below(3) == 0)
			backup = { (int)below(PORTS) };
		if (added.count({ addr, len }) || backup == ports)
			continue;
		route(addr, len, ports, backup);
		routes.push_back({ addr, len, ports, backup });
	}
	for (int round = 0; round < 400; round++) {
		enum config_urpf mode = below(2) ? URPF_STRICT : URPF_LOOSE;
		uint64_t some = (uint64_t)random() << 32 | random(), expected = 0, failed;
		int port = (int)below(PORTS);
		uint8_t frames[FORWARD_BURST][64] = {};
		struct burst b = {};

		b.n = FORWARD_BURST;
		for (int i = 0; i < FORWARD_BURST; i++) {
			uint32_t addr = below(8) ? somewhere(random) : 0xad000001;

			source_store(family, addr, frames[i]);
			b.frame[i] = frames[i];
			if ((some >> i & 1) && !oracle(routes, addr, mode, port))
				expected |= UINT64_C(1) << i;
		}
		by.port = (uint16_t)port;
		failed = urpf_failed(mode, the->fib, &by, family == FAMILY_IPV4 ? FIB_IP4 : FIB_IP6,
				     &b, some);
		ASSERT_EQ(expected, failed) << "round " << round;
		failures += (uint64_t)__builtin_popcountll(failed);
	}
	EXPECT_LT(1000u, failures) << "nothing to find";
}

OF_BOTH_FAMILIES(filters_of);

/* --- what IPv6 alone has ---------------------------------------------------------------------- */

struct filters6 : filters {
	filters6()
	{
		family = FAMILY_IPV6;
	}
	std::string end6(const char *src, const char *dst, uint8_t next = IPPROTO_UDP,
			 uint8_t icmp_type = 0, uint8_t hop_limit = 255)
	{
		frame6_fields f;

		f.src = addr6(src);
		f.dst = addr6(dst);
		f.next = next;
		f.hop_limit = hop_limit;
		if (next == IPPROTO_ICMPV6)
			f.sport = (uint16_t)(icmp_type << 8);
		return end_of(0, frame6(0, f));
	}
	std::string solicitation(const char *src, const char *dst, uint8_t hop_limit = 255)
	{
		return end6(src, dst, IPPROTO_ICMPV6, 135, hop_limit);
	}
};

/* As ARP is: what finds neighbours passes, and nothing else that says it does. */
TEST_F(filters6, neighbour_discovery_is_not_judged)
{
	table.port[0].in = table.port[1].out = compiled(acl_list(true));
	mode(0, URPF_STRICT);
	EXPECT_EQ("punt_nd", solicitation("2001:db8::5", "2001:db8::1"));
	EXPECT_EQ("punt_nd", solicitation("fe80::5", "2001:db8::1"));
	EXPECT_EQ("punt_nd", solicitation("fe80::5", "fe80::1"));
	EXPECT_EQ("punt_nd", solicitation("::", "ff02::1:ff00:1"));
	EXPECT_EQ("acl_in", solicitation("2001:db8::5", "2001:db8::1", 254)) << "forwarded";
	EXPECT_EQ("acl_in", solicitation("2001:db8::5", "2001:db8:101::5")) << "to elsewhere";
	EXPECT_EQ("acl_in", end6("2001:db8::5", "2001:db8::1", IPPROTO_ICMPV6, 128)) << "a ping";
	EXPECT_EQ(3u, acl_hits(lists[0], 0));
}

/* Nor who listens to which groups of the link: a switch that heard nothing of it would keep
 * solicitations from us. */
TEST_F(filters6, who_listens_is_not_judged)
{
	table.port[0].in = compiled(acl_list(true));
	in_force();
	for (uint8_t type : { 130, 131, 132, 143 }) {
		EXPECT_EQ("punt_local", end6("fe80::5", "ff02::16", IPPROTO_ICMPV6, type, 1));
		EXPECT_EQ("acl_in", end6("fe80::5", "ff02::16", IPPROTO_ICMPV6, type, 2));
	}
	EXPECT_EQ("acl_in", end6("fe80::5", "ff02::16", IPPROTO_ICMPV6, 144, 1));
}

TEST_F(filters6, what_is_to_the_link_is_judged)
{
	table.port[0].in = compiled(acl_list(false).deny(rule().icmp6(128)));
	in_force();
	EXPECT_EQ("punt_local", end6("fe80::5", "fe80::1"));
	EXPECT_EQ("acl_in", end6("fe80::5", "fe80::1", IPPROTO_ICMPV6, 128));
	EXPECT_EQ("acl_in", end6("fe80::5", "ff02::1", IPPROTO_ICMPV6, 128));
	EXPECT_EQ("punt_local", end6("fe80::5", "fe80::1", IPPROTO_ICMPV6, 129));
	EXPECT_EQ(2u, acl_hits(lists[0], 1));
	EXPECT_EQ(2u, acl_hits(lists[0], 0));
}

/* Each is of the link that it comes by. */
TEST_F(filters6, source_of_the_link)
{
	for (enum config_urpf urpf : { URPF_STRICT, URPF_LOOSE }) {
		mode(0, urpf);
		EXPECT_EQ("punt_local", end6("fe80::5", "2001:db8::1"));
		EXPECT_EQ("link_local", end6("fe80::5", "2001:db8:101::5")) << "nor forwarded";
		EXPECT_EQ("urpf", end6("fec0::5", "2001:db8::1"));
	}
}

TEST_F(filters6, what_hides_behind_extension_headers)
{
	frame_fields deep = to(remote_addr(1)), deeper = deep;

	deep.options = 8 * IP6_EXTENSIONS;
	deeper.options = 8 * IP6_EXTENSIONS + 8;
	EXPECT_EQ("tx1", end(0, deeper)) << "without a list nobody asks";
	table.port[0].in = compiled(acl_list(false));
	in_force();
	EXPECT_EQ("tx1", end(0, deep));
	EXPECT_EQ("acl_headers", end(0, deeper));
	table.port[0].in = nullptr;
	table.port[1].out = lists[0];
	in_force();
	EXPECT_EQ("acl_headers", end(0, deeper));
	deeper.ttl = 1;
	EXPECT_EQ("acl_headers", end(0, deeper)) << "and no answer";
}

/* A view without a table of IPv6: nothing leads anywhere, and nobody looks. */
TEST_F(filters6, source_without_a_table)
{
	struct fib_view *view = &the->fib->generation[the->fib->active].view[ROLE_VNET];
	struct trie6_shared *kept = view->trie6;

	view->trie6 = nullptr;
	mode(0, URPF_LOOSE);
	EXPECT_EQ("urpf", end(0, source(remote_addr(1))));
	EXPECT_EQ("punt_local", end6("fe80::5", "2001:db8::1"));
	view->trie6 = kept;
}

/* A burst of both families, each of which meets its rules of one list. */
TEST_F(filters6, a_burst_of_both_families)
{
	struct rte_mbuf *m[FORWARD_BURST];

	table.port[0].in = compiled(acl_list(false)
					    .deny(rule().to("10.102.0.0/16"))
					    .deny(rule().to6("2001:db8:103::/48")));
	in_force();
	for (uint32_t i = 0; i < FORWARD_BURST; i++) {
		frame_fields f = to(remote_addr((int)(i / 2 % 4)));

		m[i] = i % 2 ? frame6(0, fields6(f)) : frame(0, f);
	}
	send(0, m, FORWARD_BURST);
	EXPECT_EQ(FORWARD_BURST / 8, acl_hits(lists[0], 1));
	EXPECT_EQ(FORWARD_BURST / 8, acl_hits(lists[0], 2));
	EXPECT_EQ(FORWARD_BURST / 4, the->counters.drop[DROP_ACL_IN]);
	EXPECT_EQ(FORWARD_BURST * 3 / 4, the->counters.tx);
	expect_all_accounted();
}

} // namespace
