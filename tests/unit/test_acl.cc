/* Access lists: what the compiled list says of packets of either family is what reading its rules
 * from the top says. */
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "acl.h"
#include "acl_lists.h"
#include "burst.h"
#include "ip6.h"

namespace
{

enum {
	TCP = 6,
	UDP = 17,
	ICMP = 1,
	GRE = 47,
	FRAGMENT = 44,
	OPTIONS = 60,
	ICMP6 = 58,
	ACK = 0x10,
	RST = 0x04,
	SYN = 0x02
};

void add_addr(std::string &to, struct addr addr)
{
	for (int i = 0; i < family_bits(addr.family) / 8; i++)
		to += (char)(addr.family == FAMILY_IPV4 ? addr.v4 >> (24 - 8 * i) : addr.v6[i]);
}

std::string bytes(std::initializer_list<int> list)
{
	return std::string(list.begin(), list.end());
}

/* A packet by what matters here. */
struct packet {
	enum family family = FAMILY_IPV4;
	uint8_t protocol = TCP;
	uint32_t source = 0x0a000001, destination = 0x0a010001; /* 10.0.0.1, 10.1.0.1 */
	uint16_t source_port = 1000, destination_port = 80;	/* ICMP: type << 8 | code, first */
	uint8_t flags = SYN;
	uint16_t offset = 0; /* of the fragment, in 8 octets */
	bool more = false;   /* fragments follow */
	uint16_t payload = 20;
	uint8_t options = 0; /* octets of IPv4's; of IPv6, a header of options for each 4 */

	size_t headers() const
	{
		return options / 4u + (offset || more);
	}
	uint8_t next() const
	{
		return family == FAMILY_IPV6 && protocol == ICMP ? (uint8_t)ICMP6 : protocol;
	}
	/* What lies behind the packet must not be looked at: the frame is no longer than it. */
	std::vector<uint8_t> frame() const
	{
		std::string f = std::string(14, 0) + (family == FAMILY_IPV4 ? ip4() : ip6());
		uint8_t l4[20] = { (uint8_t)(source_port >> 8), (uint8_t)source_port,
				   (uint8_t)(destination_port >> 8), (uint8_t)destination_port };

		l4[13] = flags;
		for (size_t i = 0; i < payload; i++)
			f += (char)(i < sizeof(l4) ? l4[i] : 0);
		return std::vector<uint8_t>(f.begin(), f.end());
	}
	std::string ip4() const
	{
		int header = 20 + options, total = header + payload;
		std::string f = bytes({ 0x40 | header / 4, 0, total >> 8, total, 0, 0,
					offset >> 8 | more << 5, offset, 64, next(), 0, 0 });

		add_addr(f, addr_make4(source));
		add_addr(f, addr_make4(destination));
		return f + std::string(options, 1);
	}
	std::string ip6() const
	{
		std::string extensions;
		int total = (int)headers() * 8 + payload;
		int behind = offset || more ? (int)FRAGMENT : next();

		for (int i = options / 4; i > 0; i--)
			extensions += bytes({ i > 1 ? (int)OPTIONS : behind, 0, 1, 4, 0, 0, 0, 0 });
		if (offset || more)
			extensions +=
				bytes({ next(), 0, offset >> 5, offset << 3 | more, 1, 2, 3, 4 });
		std::string f = bytes({ 0x60, 0, 0, 0, total >> 8, total,
					options >= 4 ? (int)OPTIONS : behind, 64 });
		add_addr(f, addr_of(FAMILY_IPV6, source));
		add_addr(f, addr_of(FAMILY_IPV6, destination));
		return f + extensions;
	}
};

/* --- the oracle: rules from the top, as config/README.md words them --------------------------- */

bool in_any(const config_acl_prefixes &list, struct addr addr)
{
	for (size_t i = 0; i < list.n; i++) {
		if (prefix_has(list.value[i], addr))
			return true;
	}
	return !list.n;
}

bool in_any(const config_acl_ports &list, uint16_t port)
{
	for (size_t i = 0; i < list.n; i++) {
		if (port >= list.value[i].first && port <= list.value[i].last)
			return true;
	}
	return !list.n;
}

bool fits(const config_acl_rule &rule, const packet &p)
{
	bool has_ports = rule.source_ports.n || rule.destination_ports.n;
	bool deep = has_ports || rule.established || rule.icmp_type != CONFIG_ACL_ANY;

	if (rule.protocol != CONFIG_ACL_ANY && rule.protocol != p.next())
		return false;
	if (!in_any(rule.source, addr_of(p.family, p.source)) ||
	    !in_any(rule.destination, addr_of(p.family, p.destination)))
		return false;
	if (rule.fragments)
		return p.offset > 0;
	if (!deep)
		return true;
	if (p.offset)
		return !rule.deny;
	if (rule.established && !(p.flags & (ACK | RST)))
		return false;
	if (rule.icmp_type != CONFIG_ACL_ANY && rule.icmp_type != p.source_port >> 8)
		return false;
	if (rule.icmp_code != CONFIG_ACL_ANY && rule.icmp_code != (p.source_port & 0xff))
		return false;
	return !has_ports || (in_any(rule.source_ports, p.source_port) &&
			      in_any(rule.destination_ports, p.destination_port));
}

bool hidden(const packet &p)
{
	return p.family == FAMILY_IPV6 && p.headers() > IP6_EXTENSIONS;
}

bool broken(const packet &p)
{
	if (hidden(p))
		return false;
	if (p.offset)
		return p.protocol == TCP && p.offset == 1;
	return (p.protocol == TCP && p.payload < 16) || (p.protocol == UDP && p.payload < 8) ||
	       ((p.protocol == ICMP || p.protocol == ICMP6) && p.payload < 4);
}

/* As struct acl counts: 0 for the default, else the rule + 1. */
size_t first_fit(const config_acl &list, const packet &p)
{
	for (size_t r = 0; r < list.nb_rules; r++) {
		if (fits(list.rules[r], p))
			return r + 1;
	}
	return 0;
}

/* --- a compiled list -------------------------------------------------------------------------- */

struct compiled {
	struct acl *acl;

	explicit compiled(const acl_list &list, uint16_t nb_lcores = 1)
	    : acl(acl_new(&list.config, nb_lcores))
	{
		EXPECT_EQ(0, acl_compile(acl));
	}
	~compiled()
	{
		acl_put(acl);
	}
	/* All of one family. */
	struct acl_verdict judge(const std::vector<packet> &packets, uint64_t some,
				 uint16_t lcore = 0) const
	{
		enum fib_family family = packets[0].family == FAMILY_IPV4 ? FIB_IP4 : FIB_IP6;
		std::vector<std::vector<uint8_t>> frames;
		std::array<const uint8_t *, FORWARD_BURST> at = {};

		for (const packet &p : packets)
			frames.push_back(p.frame());
		for (size_t i = 0; i < frames.size(); i++)
			at[i] = frames[i].data();
		return acl_judge(acl, family, lcore, at.data(), some);
	}
	std::string end(const packet &p) const
	{
		struct acl_verdict verdict = judge({ p }, 1);

		return verdict.broken	? "broken"
		       : verdict.hidden ? "hidden"
		       : verdict.denied ? "deny"
					: "permit";
	}
};

/* --- rows ------------------------------------------------------------------------------------- */

struct row {
	const char *name;
	acl_list list;
	std::function<void(packet &)> edit;
	const char *end;
};

const auto as_is = [](packet &) {};
const auto later = [](packet &p) { p.offset = 100; };

acl_list web()
{
	return acl_list(true).permit(rule().tcp().to("10.1.0.0/16").dport(80));
}

acl_list no_telnet()
{
	return acl_list(false).deny(rule().tcp().dport(23));
}

acl_list answers()
{
	return acl_list(true).permit(rule().tcp().established());
}

const row rows[] = {
	{ "no rules, permit", acl_list(false), as_is, "permit" },
	{ "no rules, deny", acl_list(true), as_is, "deny" },
	{ "no rules, but a broken fragment", acl_list(false), [](auto &p) { p.offset = 1; },
	  "broken" },
	{ "a port", web(), as_is, "permit" },
	{ "another port", web(), [](auto &p) { p.destination_port = 81; }, "deny" },
	{ "another protocol", web(), [](auto &p) { p.protocol = UDP; }, "deny" },
	{ "another destination", web(), [](auto &p) { p.destination = 0x0a020001; }, "deny" },
	{ "behind options", web(), [](auto &p) { p.options = 32; }, "permit" },
	{ "the first rule that fits", acl_list(false).deny(rule()).permit(rule()), as_is, "deny" },
	{ "a range's ends", acl_list(true).permit(rule().tcp().dport(70, 80)), as_is, "permit" },
	{ "behind it", acl_list(true).permit(rule().tcp().dport(70, 79)), as_is, "deny" },

	/* RFC 1858, RFC 3128 */
	{ "later part, permit by port", web(), later, "permit" },
	{ "later part, to elsewhere", web(),
	  [](auto &p) {
		  p.offset = 100;
		  p.destination = 0x0a020001;
	  },
	  "deny" },
	{ "later part, deny by port", no_telnet(), later, "permit" },
	{ "later part, deny of fragments", acl_list(false).deny(rule().fragments()), later,
	  "deny" },
	{ "first part, deny of fragments", acl_list(false).deny(rule().fragments()), as_is,
	  "permit" },
	{ "first part, by its ports", web(), [](auto &p) { p.more = true; }, "permit" },
	{ "first part, by other ports", no_telnet(),
	  [](auto &p) {
		  p.more = true;
		  p.destination_port = 23;
	  },
	  "deny" },
	{ "tiny first part", acl_list(false),
	  [](auto &p) {
		  p.more = true;
		  p.payload = 8;
	  },
	  "broken" },
	{ "no part, but as tiny", acl_list(false), [](auto &p) { p.payload = 8; }, "broken" },
	{ "one octet short of flags and window", acl_list(false), [](auto &p) { p.payload = 15; },
	  "broken" },
	{ "just long enough", acl_list(false), [](auto &p) { p.payload = 16; }, "permit" },
	{ "it would overwrite flags", acl_list(false), [](auto &p) { p.offset = 1; }, "broken" },
	{ "behind what matters", acl_list(false), [](auto &p) { p.offset = 2; }, "permit" },
	{ "the same of UDP, whose header ends there", acl_list(false),
	  [](auto &p) {
		  p.protocol = UDP;
		  p.offset = 1;
	  },
	  "permit" },
	{ "UDP without its header", acl_list(false),
	  [](auto &p) {
		  p.protocol = UDP;
		  p.payload = 7;
	  },
	  "broken" },
	{ "ICMP without its header", acl_list(false),
	  [](auto &p) {
		  p.protocol = ICMP;
		  p.payload = 3;
	  },
	  "broken" },
	{ "a protocol that nobody looks into", acl_list(false),
	  [](auto &p) {
		  p.protocol = GRE;
		  p.payload = 0;
	  },
	  "permit" },

	{ "SYN is nothing established", answers(), as_is, "deny" },
	{ "ACK is", answers(), [](auto &p) { p.flags = ACK; }, "permit" },
	{ "SYN and ACK", answers(), [](auto &p) { p.flags = SYN | ACK; }, "permit" },
	{ "RST", answers(), [](auto &p) { p.flags = RST; }, "permit" },
	{ "UDP's octet there", answers(),
	  [](auto &p) {
		  p.protocol = UDP;
		  p.flags = ACK;
	  },
	  "deny" },

	{ "an ICMP type", acl_list(true).permit(rule().icmp(8)),
	  [](auto &p) {
		  p.protocol = ICMP;
		  p.source_port = 0x0800;
	  },
	  "permit" },
	{ "another type", acl_list(true).permit(rule().icmp(8)),
	  [](auto &p) {
		  p.protocol = ICMP;
		  p.source_port = 0x0500;
	  },
	  "deny" },
	{ "a code of a type", acl_list(true).permit(rule().icmp(3, 4)),
	  [](auto &p) {
		  p.protocol = ICMP;
		  p.source_port = 0x0304;
	  },
	  "permit" },
	{ "another code", acl_list(true).permit(rule().icmp(3, 4)),
	  [](auto &p) {
		  p.protocol = ICMP;
		  p.source_port = 0x0301;
	  },
	  "deny" },
	{ "TCP from port 8 is no ping", acl_list(true).permit(rule().icmp(8)),
	  [](auto &p) { p.source_port = 8; }, "deny" },
};

struct acl_test : testing::TestWithParam<enum family> {
};

packet packet_of(enum family family)
{
	packet p;

	p.family = family;
	return p;
}

TEST_P(acl_test, each_row)
{
	for (const row &t : rows) {
		packet p = packet_of(GetParam());

		t.edit(p);
		EXPECT_EQ(t.end, compiled(t.list.of(GetParam())).end(p)) << t.name;
	}
}

/* --- of one family and of both ---------------------------------------------------------------- */

/* Whom a rule fits, of IPv4 and of IPv6. */
TEST(acl, a_list_is_of_both_families)
{
	const acl_list v4 = web(), v6 = web().of(FAMILY_IPV6);
	acl_list both = web();
	const struct {
		const char *what;
		acl_list list;
		const char *ends[FAMILY_COUNT];
	} rows[] = {
		{ "no rules", acl_list(true), { "deny", "deny" } },
		{ "no addresses", acl_list(true).permit(rule().tcp()), { "permit", "permit" } },
		{ "of IPv4", v4, { "permit", "deny" } },
		{ "of IPv6", v6, { "deny", "permit" } },
		{ "one behind the other", both.add(v6.rules[0]), { "permit", "permit" } },
		{ "in one place",
		  acl_list(true).permit(rule().to("10.1.0.0/16").to6("2001:a01::/32")),
		  { "permit", "permit" } },
		{ "everything of IPv6",
		  acl_list(false).deny(rule().to6("::/0")),
		  { "permit", "deny" } },
		{ "everything of IPv4",
		  acl_list(false).deny(rule().to("0.0.0.0/0")),
		  { "deny", "permit" } },
		{ "from one to the other",
		  acl_list(true).permit(rule().from("10.0.0.0/8").to6("::/0")),
		  { "deny", "deny" } },
		{ "all bits",
		  acl_list(true).permit(rule().to6("2001:a01::1:0/128")),
		  { "deny", "permit" } },
		{ "and one more",
		  acl_list(true).permit(rule().to6("2001:a01::/128")),
		  { "deny", "deny" } },
		{ "within a word",
		  acl_list(true).permit(rule().to6("2001:a00::/31")),
		  { "deny", "permit" } },
	};

	for (const auto &t : rows) {
		for (enum family family : { FAMILY_IPV4, FAMILY_IPV6 })
			EXPECT_EQ(t.ends[family], compiled(t.list).end(packet_of(family)))
				<< t.what << " " << family_name(family);
	}
}

/* Each family's ICMP has a number of its own. */
TEST(acl, pings_of_both_families)
{
	acl_list pings = acl_list(true).permit(rule().icmp(8));
	packet v4 = packet_of(FAMILY_IPV4), v6 = packet_of(FAMILY_IPV6);

	v4.protocol = v6.protocol = ICMP;
	v4.source_port = 0x0800;
	v6.source_port = 0x8000;
	EXPECT_EQ("permit", compiled(pings).end(v4));
	EXPECT_EQ("deny", compiled(pings).end(v6));
	compiled with(acl_list(true).permit(rule().icmp(8)).permit(rule().icmp6(128)));
	EXPECT_EQ("permit", with.end(v4));
	EXPECT_EQ("permit", with.end(v6));
	EXPECT_EQ(1u, acl_hits(with.acl, 1));
	EXPECT_EQ(1u, acl_hits(with.acl, 2));
}

/* Headers that do not end within reach, whatever the rules say. */
TEST(acl, what_hides_behind_extension_headers)
{
	compiled open(acl_list(false));
	packet p = packet_of(FAMILY_IPV6);

	p.options = 4 * IP6_EXTENSIONS;
	EXPECT_EQ("permit", open.end(p));
	p.options += 4;
	EXPECT_EQ("hidden", open.end(p));
	p.offset = 100;
	EXPECT_EQ("hidden", open.end(p));
	p.options = 4 * IP6_EXTENSIONS - 4;
	EXPECT_EQ("permit", open.end(p));
	p.offset = 0;
	for (int next : { (int)OPTIONS, (int)FRAGMENT, 0, 43, 51 }) {
		p.protocol = (uint8_t)next;
		for (bool more : { false, true }) {
			p.more = more;
			p.options = 4;
			p.payload = 4;
			EXPECT_EQ("hidden", open.end(p)) << "cut " << next;
			p.payload = 0;
			EXPECT_EQ("hidden", open.end(p)) << "missing " << next;
		}
	}
	p.protocol = 59;
	EXPECT_EQ("permit", open.end(p)) << "nothing, and it says so";
}

/* --- against the oracle ----------------------------------------------------------------------- */

struct generator {
	std::mt19937 random;
	enum family family; /* of all packets and most prefixes */

	uint32_t below(uint32_t n)
	{
		return std::uniform_int_distribution<uint32_t>(0, n - 1)(random);
	}
	uint32_t addr()
	{
		return 0x0a000000 | below(4) << 16 | below(2) << 8 | below(3);
	}
	uint16_t port()
	{
		static const uint16_t ports[] = { 0, 1, 22, 23, 80, 179, 256, 1024, 65535 };

		return ports[below(9)];
	}
	struct prefix prefix()
	{
		static const uint8_t lens[] = { 0, 7, 8, 15, 16, 23, 24, 31, 32 };

		return prefix_of(below(5)   ? family
				 : below(2) ? FAMILY_IPV4
					    : FAMILY_IPV6,
				 addr(), lens[below(9)]);
	}
	void prefixes(config_acl_prefixes &list)
	{
		list.n = below(2) ? 0 : 1 + below(3);
		for (size_t i = 0; i < list.n; i++)
			list.value[i] = prefix();
	}
	void ports(config_acl_ports &list)
	{
		list.n = below(2) ? 0 : 1 + below(3);
		for (size_t i = 0; i < list.n; i++) {
			uint16_t a = port(), b = port();

			list.value[i] = { std::min(a, b), std::max(a, b) };
		}
	}
	config_acl_rule any_rule()
	{
		static const uint16_t protocols[] = { TCP, UDP, ICMP, ICMP6, GRE, CONFIG_ACL_ANY };
		config_acl_rule r = rule().config;

		r.deny = below(2);
		r.protocol = protocols[below(6)];
		prefixes(r.source);
		prefixes(r.destination);
		r.fragments = !below(8);
		if (r.fragments)
			return r;
		if (r.protocol == TCP || r.protocol == UDP) {
			ports(r.source_ports);
			ports(r.destination_ports);
		}
		r.established = r.protocol == TCP && !below(3);
		if ((r.protocol == ICMP || r.protocol == ICMP6) && below(2)) {
			r.icmp_type = (uint16_t)(below(3) * 4);
			if (below(2))
				r.icmp_code = (uint16_t)below(3);
		}
		return r;
	}
	packet any_packet()
	{
		static const uint8_t protocols[] = { TCP, TCP, UDP, ICMP, ICMP6, GRE };
		static const uint16_t offsets[] = { 0, 0, 0, 0, 0, 1, 2, 185 };
		static const uint16_t payloads[] = { 20, 20, 20, 20, 16, 15, 8, 7, 4, 3, 0 };
		packet p = packet_of(family);

		p.protocol = protocols[below(6)];
		p.source = addr();
		p.destination = addr();
		p.source_port = p.protocol == ICMP || p.protocol == ICMP6
					? (uint16_t)(below(3) * 4 << 8 | below(3))
					: port();
		p.destination_port = port();
		p.flags = (uint8_t)below(32);
		p.offset = offsets[below(8)];
		p.more = !below(3);
		p.payload = payloads[below(11)];
		p.options = (uint8_t)(below(4) ? 0 : 4 * below(11));
		return p;
	}
};

void expect_as_oracle(generator &g, const acl_list &list, const compiled &c, int bursts)
{
	std::vector<uint64_t> hits(list.config.nb_rules + 1);

	for (int burst = 0; burst < bursts; burst++) {
		std::vector<packet> packets(FORWARD_BURST);
		uint64_t some = (uint64_t)g.random() << 32 | g.random(), denied = 0, lost = 0,
			 unseen = 0;
		struct acl_verdict verdict;

		for (size_t i = 0; i < packets.size(); i++) {
			packet &p = packets[i] = g.any_packet();
			size_t fit = first_fit(list.config, p);

			if (!(some >> i & 1))
				continue;
			if (broken(p)) {
				lost |= UINT64_C(1) << i;
				continue;
			}
			if (hidden(p)) {
				unseen |= UINT64_C(1) << i;
				continue;
			}
			hits[fit]++;
			if (fit ? list.config.rules[fit - 1].deny : list.config.deny)
				denied |= UINT64_C(1) << i;
		}
		verdict = c.judge(packets, some);
		ASSERT_EQ(lost, verdict.broken);
		ASSERT_EQ(unseen, verdict.hidden);
		ASSERT_EQ(denied, verdict.denied);
	}
	for (uint32_t r = 0; r < hits.size(); r++)
		ASSERT_EQ(hits[r], acl_hits(c.acl, r)) << "rule " << r;
}

TEST_P(acl_test, is_what_reading_from_the_top_says)
{
	generator g = { std::mt19937(7), GetParam() };

	for (int round = 0; round < 100; round++) {
		acl_list list(g.below(2));
		uint32_t n = g.below(12);

		for (uint32_t r = 0; r < n; r++)
			list.add(g.any_rule());
		expect_as_oracle(g, list, compiled(list), 6);
		if (HasFatalFailure())
			FAIL() << "round " << round;
	}
}

/* The most that the configuration takes. */
TEST_P(acl_test, takes_the_longest_list)
{
	generator g = { std::mt19937(8), GetParam() };
	acl_list list(true);
	size_t entries = 0;

	while (list.config.nb_rules < CONFIG_ACL_RULES) {
		config_acl_rule r = g.any_rule();

		r.source.n = 1; /* a host each, so that the last rules are reached too */
		r.source.value[0] = prefix_of(GetParam(), g.addr(), 32);
		if (entries + config_acl_entries(&r) > CONFIG_ACL_ENTRIES)
			break;
		entries += config_acl_entries(&r);
		list.add(r);
	}
	expect_as_oracle(g, list, compiled(list), 100);
}

OF_BOTH_FAMILIES(acl_test);

TEST(acl, each_lcore_counts_its_own)
{
	acl_list list = acl_list(true).permit(rule().tcp());
	compiled c(list, 3);

	c.judge({ packet() }, 1, 0);
	c.judge({ packet() }, 1, 2);
	c.judge({ packet() }, 1, ACL_UNCOUNTED);
	EXPECT_EQ(2u, acl_hits(c.acl, 1));
	EXPECT_EQ(0u, acl_hits(c.acl, 0));
}

TEST(acl, same_means_that_nothing_differs)
{
	const acl_list list = acl_list(true).permit(
		rule().tcp().from("10.0.0.0/8").to("10.1.0.0/16").dport(80).established());
	const acl_list again = list;
	const std::function<void(config_acl &)> edits[] = {
		[](auto &l) { l.deny = false; },
		[](auto &l) { l.name[0] = 'x'; },
		[](auto &l) { l.nb_rules = 0; },
		[](auto &l) { l.rules[0].name[0] = 'x'; },
		[](auto &l) { l.rules[0].deny = true; },
		[](auto &l) { l.rules[0].established = false; },
		[](auto &l) { l.rules[0].fragments = true; },
		[](auto &l) { l.rules[0].protocol = UDP; },
		[](auto &l) { l.rules[0].icmp_type = 8; },
		[](auto &l) { l.rules[0].icmp_code = 8; },
		[](auto &l) { l.rules[0].source.n = 0; },
		[](auto &l) { l.rules[0].destination.value[0].len = 17; },
		[](auto &l) { l.rules[0].source.value[0] = prefix_of(FAMILY_IPV6, 0, 0); },
		[](auto &l) { l.rules[0].source_ports.n = 1; },
		[](auto &l) { l.rules[0].destination_ports.value[0].last = 81; },
	};

	EXPECT_TRUE(config_acl_same(&list.config, &again.config));
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		acl_list other = list;

		edits[i](other.config);
		EXPECT_FALSE(config_acl_same(&list.config, &other.config)) << "edit " << i;
	}
}

} // namespace
