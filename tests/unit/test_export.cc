/* Export: golden octets of a captured Azure Route Server UPDATE, then a row for each rule. */
#include <gtest/gtest.h>

#include <cerrno>

#include "export.h"
#include "wire.h"

namespace
{

const struct export_next_hop own = export_next_hop_make(addr_make4(0x0a000104));
const struct export_rule ebgp = { 65515, 0x0a000104, own, false, false, false, true };
const struct export_rule ibgp = { 65515, 0x0a000104, own, false, false, true, true };
const struct export_rule unchanged = { 65515, 0x0a000104, own, false, true, false, true };
const struct export_rule plain = { 65515, 0x0a000104, own, false, false, false, false };
const struct export_rule no_private = { 65515, 0x0a000104, own, false, false, false, true, true };
const struct export_rule no_private_ibgp = {
	65515, 0x0a000104, own, false, false, true, true, true
};
const struct export_rule override = { 65515, 0x0a000104, own,	false, false,
				      false, true,	 false, 65010 };
/* Of IPv6: 2001:db8::1, and fe80::1. */
struct addr addr6(uint8_t first, uint8_t second, uint8_t third, uint8_t fourth)
{
	uint8_t v6[16] = { first, second, third, fourth };

	v6[15] = 1;
	return addr_make6(v6);
}
const struct addr global = addr6(0x20, 0x01, 0x0d, 0xb8), link_local = addr6(0xfe, 0x80, 0, 0);
const struct export_rule ebgp6 = { 65515, 0x0a000104, export_next_hop_make(global), true };
const struct export_rule pair6 = { 65515, 0x0a000104, export_next_hop_pair(global, link_local),
				   true };
const struct export_rule unchanged6 = { 65515, 0x0a000104, export_next_hop_make(global), true,
					true };
/* IPv4 routes to peers that take next hops of IPv6 (RFC 8950), and to those that do not. */
const struct export_rule unchanged_extended = { 65515, 0x0a000104, own, true, true };
const struct export_rule unchanged_plain = { 65515, 0x0a000104, own, false, true };
const struct export_source from_nva = { ROLE_NVA, false, false, 0x0a000204 };
const struct export_source from_gateway = { ROLE_VPN, true, false, 0x0a00ff04 };
const struct export_source backup_of_nva = { ROLE_NVA, false, false, 0x0a000204, true };
const struct export_source from_vnet = { ROLE_VNET, false, false, 0 };
const struct export_source from_peered = { ROLE_VNET, false, true, 0 };

const std::string origin = "40 01 01 00";
const std::string next_hop_in = "40 03 04 0a000204", next_hop_self = "40 03 04 0a000104";
const std::string path_65010 = "40 02 06 0201 0000fdf2",
		  path_ours_65010 = "40 02 0a 0202 0000ffeb 0000fdf2";
const std::string global6 = "20010db8000000000000000000000001",
		  link_local6 = "fe800000000000000000000000000001",
		  other6 = "20010db8000000000000000000000004",
		  other_ll6 = "fe800000000000000000000000000004";
const std::string hop6 = "40 03 10", hop66 = "40 03 20";
const std::string branch = "c0 08 04 ffedffed", local_pref = "40 05 04 00000064";

struct row {
	const char *name;
	struct export_rule rule;
	struct export_source source;
	std::string in, out;
};

const row rows[] = {
	{ "golden: 10.1.0.5/32 of AS 65010, sent by 10.0.1.4", ebgp, from_nva,
	  origin + path_65010 + next_hop_in,
	  "40010100 40020A 0202 0000FFEB 0000FDF2 400304 0A000104 C00804 FFEDFFED" },
	{ "own VNet prefix: path 65515, no community", ebgp, from_vnet,
	  origin + "400200 400304 00000000", origin + "40 02 06 0201 0000ffeb" + next_hop_self },
	{ "peered VNet prefix: 65518:65518", ebgp, from_peered, origin + "400200 400304 00000000",
	  origin + "40 02 06 0201 0000ffeb" + next_hop_self + "c0 08 04 ffeeffee" },
	{ "VNet prefix by iBGP: empty path, LOCAL_PREF 100", ibgp, from_vnet,
	  origin + "400200 400304 00000000", origin + "40 02 00" + next_hop_self + local_pref },
	{ "platform communities off", plain, from_nva, origin + path_65010 + next_hop_in,
	  origin + path_ours_65010 + next_hop_self },
	{ "next hop unchanged (RFC 7947 2.2.1)", unchanged, from_nva,
	  origin + path_65010 + next_hop_in, origin + path_ours_65010 + next_hop_in + branch },
	{ "but a VNet prefix has none to keep", unchanged, from_vnet,
	  origin + "400200 400304 00000000", origin + "40 02 06 0201 0000ffeb" + next_hop_self },
	{ "IPv6: our own address", ebgp6, from_nva, origin + path_65010 + hop6 + other6,
	  origin + path_ours_65010 + hop6 + global6 },
	{ "IPv6: and a link-local one behind (RFC 2545 3)", pair6, from_nva,
	  origin + path_65010 + hop6 + other6,
	  origin + path_ours_65010 + hop66 + global6 + link_local6 },
	{ "IPv6: a VNet prefix, which is on link", ebgp6, from_vnet,
	  origin + "400200 400304 00000000", origin + "40 02 06 0201 0000ffeb" + hop6 + global6 },
	{ "IPv6, unchanged", unchanged6, from_nva, origin + path_65010 + hop6 + other6,
	  origin + path_ours_65010 + hop6 + other6 },
	{ "IPv6, unchanged: the link-local one is good on its link alone", unchanged6, from_nva,
	  origin + path_65010 + hop66 + other6 + other_ll6,
	  origin + path_ours_65010 + hop6 + other6 },
	{ "IPv6, unchanged: so it is ours, where there is no other", unchanged6, from_nva,
	  origin + path_65010 + hop6 + other_ll6, origin + path_ours_65010 + hop6 + global6 },
	{ "IPv6, unchanged: a VNet prefix has none to keep", unchanged6, from_vnet,
	  origin + "400200 400304 00000000", origin + "40 02 06 0201 0000ffeb" + hop6 + global6 },
	{ "IPv4 with a next hop of IPv6, unchanged (RFC 8950)", unchanged_extended, from_nva,
	  origin + path_65010 + hop6 + other6, origin + path_ours_65010 + hop6 + other6 },
	{ "IPv4 with one of IPv4, unchanged, to the same", unchanged_extended, from_nva,
	  origin + path_65010 + next_hop_in, origin + path_ours_65010 + next_hop_in },
	{ "but ours to those who do not take one of IPv6", unchanged_plain, from_nva,
	  origin + path_65010 + hop6 + other6, origin + path_ours_65010 + next_hop_self },
	{ "MED stays here", ebgp, from_nva, origin + path_65010 + next_hop_in + "80 04 04 00000007",
	  origin + path_ours_65010 + next_hop_self + branch },
	{ "LOCAL_PREF and reflection attributes do not leave the AS", ebgp, from_gateway,
	  origin + path_65010 + next_hop_in + "400504 000000c8 800904 01020304 800a04 05060708",
	  origin + path_ours_65010 + next_hop_self + branch },
	{ "iBGP: path kept, LOCAL_PREF 100, MED left out", ibgp, from_nva,
	  origin + path_65010 + next_hop_in + "80 04 04 00000007",
	  origin + path_65010 + next_hop_self + local_pref + branch },
	{ "iBGP, a backup: LOCAL_PREF 50", ibgp, backup_of_nva, origin + path_65010 + next_hop_in,
	  origin + path_65010 + next_hop_self + "40 05 04 00000032" + branch },
	{ "eBGP, a backup: as any path", ebgp, backup_of_nva, origin + path_65010 + next_hop_in,
	  origin + path_ours_65010 + next_hop_self + branch },
	{ "reflected: ORIGINATOR_ID and CLUSTER_LIST (RFC 4456 8)", ibgp, from_gateway,
	  origin + path_65010 + next_hop_in + "400504 000000c8",
	  origin + path_65010 + next_hop_self + local_pref + branch +
		  "800904 0a00ff04 800a04 0a000104" },
	{ "reflected before: originator kept, our cluster in front", ibgp, from_gateway,
	  origin + path_65010 + next_hop_in + "800904 01020304 800a04 05060708",
	  origin + path_65010 + next_hop_self + local_pref + branch +
		  "800904 01020304 800a08 0a000104 05060708" },
	{ "communities sorted, each once, ours among them", ebgp, from_nva,
	  origin + path_65010 + next_hop_in +
		  "c0 08 14 fdfd0064 ffedffed 00010001 fdfd0064 ffff0000",
	  origin + path_ours_65010 + next_hop_self +
		  "c0 08 10 00010001 fdfd0064 ffedffed ffff0000" },
	{ "communities that came partial stay so (RFC 4271 5)", ebgp, from_nva,
	  origin + path_65010 + next_hop_in + "e0 08 04 00010001",
	  origin + path_ours_65010 + next_hop_self + "e0 08 08 00010001 ffedffed" },
	{ "extended and large ones too", ebgp, from_nva,
	  origin + path_65010 + next_hop_in +
		  "e01008 0002fdf200000001 e0200c 000000010000000200000003",
	  origin + path_ours_65010 + next_hop_self + branch +
		  "e01008 0002fdf200000001 e0200c 000000010000000200000003" },
	{ "a path that begins with a set gets a sequence in front", ebgp, from_nva,
	  origin + "40 02 06 0101 0000fdf2" + next_hop_in,
	  origin + "40 02 0c 0201 0000ffeb 0101 0000fdf2" + next_hop_self + branch },
	{ "aggregator, large communities, OTC pass", ebgp, from_nva,
	  origin + path_65010 + next_hop_in +
		  "400600 c00708 0000fdf2 01020304 c0200c 000000010000000200000003 c02304 0000fdf2",
	  origin + path_ours_65010 + next_hop_self + "400600 c00708 0000fdf2 01020304" + branch +
		  "c0200c 000000010000000200000003 c02304 0000fdf2" },
	{ "extended communities: non-transitive types stay in the AS (RFC 4360 6)", ebgp, from_nva,
	  origin + path_65010 + next_hop_in + "c01010 0002fdf200000001 4004fdf200000002",
	  origin + path_ours_65010 + next_hop_self + branch + "c01008 0002fdf200000001" },
	{ "and go to gateways", ibgp, from_nva,
	  origin + path_65010 + next_hop_in + "c01008 4004fdf200000002",
	  origin + path_65010 + next_hop_self + local_pref + branch + "c01008 4004fdf200000002" },
	{ "unknown transitive: passed on, partial (RFC 4271 5)", ebgp, from_nva,
	  origin + path_65010 + next_hop_in + "c06302 abcd",
	  origin + path_ours_65010 + next_hop_self + branch + "e06302 abcd" },
	{ "private AS numbers out, ours in front", no_private, from_nva,
	  origin + "40 02 0e 0203 0000fdf2 00000d1c 0000fde9" + next_hop_in,
	  origin + "40 02 0a 0202 0000ffeb 00000d1c" + next_hop_self + branch },
	{ "nothing but private ones: ours alone", no_private, from_nva,
	  origin + path_65010 + next_hop_in,
	  origin + "40 02 06 0201 0000ffeb" + next_hop_self + branch },
	{ "private AS numbers out by iBGP: the path may end up empty", no_private_ibgp, from_nva,
	  origin + path_65010 + next_hop_in,
	  origin + "40 02 00" + next_hop_self + local_pref + branch },
	{ "the peers' own AS replaced", override, from_nva,
	  origin + "40 02 0e 0203 0000fdf2 00000d1c 0000fdf2" + next_hop_in,
	  origin + "40 02 12 0204 0000ffeb 0000ffeb 00000d1c 0000ffeb" + next_hop_self + branch },
	{ "unknown non-transitive: not passed on", ebgp, from_nva,
	  origin + path_65010 + next_hop_in + "806302 abcd",
	  origin + path_ours_65010 + next_hop_self + branch },
};

bytes exported(const row &r)
{
	bytes in = hex(r.in), out(4096);
	struct attr_writer w = { out.data(), out.size(), 0, false };

	EXPECT_EQ(0, export_attrs(&r.rule, &r.source, in.data(), (uint16_t)in.size(), &w))
		<< r.name;
	out.resize(w.len);
	return out;
}

TEST(export_attrs, rows)
{
	for (const row &r : rows)
		EXPECT_EQ(hex(r.out), exported(r)) << r.name;
}

/* Whatever is exported is canonical itself: ascending codes, and its keys can be parsed. */
TEST(export_attrs, policy_strips_and_drops)
{
	row r = { "", ebgp, from_nva,
		  origin + path_65010 + next_hop_in + "c0 08 04 00010001 c0 28 03 010203",
		  origin + path_ours_65010 + next_hop_self + branch };
	bytes in = hex(r.in), out(4096);
	struct attr_writer w = { out.data(), out.size(), 0, false };

	attr_policy_set(&r.rule.attributes, 40, ATTR_STRIP);
	attr_policy_set(&r.rule.attributes, 8, ATTR_STRIP);
	EXPECT_EQ(hex(r.out), exported(r)) << "our own community is none of those received";
	attr_policy_set(&r.rule.attributes, 40, ATTR_DROP);
	EXPECT_EQ(-EPERM, export_attrs(&r.rule, &r.source, in.data(), (uint16_t)in.size(), &w));
}

TEST(export_attrs, output_is_canonical)
{
	for (const row &r : rows) {
		bytes out = exported(r);
		struct attr_view view;
		uint16_t at = 0;
		int last = 0;

		while (attr_next(out.data(), (uint16_t)out.size(), &at, &view)) {
			EXPECT_LT(last, view.code) << r.name;
			last = view.code;
		}
		EXPECT_EQ(out.size(), at) << r.name;
	}
}

struct going_row {
	const char *name;
	bool ibgp;
	std::string in, out;
};

const std::string gshut = "c0 08 04 ffff0000";

const going_row going_rows[] = {
	{ "eBGP: the community alone", false, origin + path_ours_65010 + next_hop_self,
	  origin + path_ours_65010 + next_hop_self + gshut },
	{ "iBGP: LOCAL_PREF 0 too", true, origin + path_65010 + next_hop_self + local_pref,
	  origin + path_65010 + next_hop_self + "40 05 04 00000000" + gshut },
	{ "iBGP, a backup", true, origin + path_65010 + next_hop_self + "40 05 04 00000032",
	  origin + path_65010 + next_hop_self + "40 05 04 00000000" + gshut },
	{ "iBGP, a map has taken LOCAL_PREF out", true, origin + path_65010 + next_hop_self,
	  origin + path_65010 + next_hop_self + "40 05 04 00000000" + gshut },
	{ "beside other communities, in order", false,
	  origin + path_ours_65010 + next_hop_self + "c0 08 08 00010001 ffffff01",
	  origin + path_ours_65010 + next_hop_self + "c0 08 0c 00010001 ffff0000 ffffff01" },
	{ "that it is there already", true,
	  origin + path_65010 + next_hop_self + "40 05 04 00000000" + gshut,
	  origin + path_65010 + next_hop_self + "40 05 04 00000000" + gshut },
	{ "partial stays", false, origin + path_ours_65010 + next_hop_self + "e0 08 04 00010001",
	  origin + path_ours_65010 + next_hop_self + "e0 08 08 00010001 ffff0000" },
	{ "what comes behind stays", false,
	  origin + path_ours_65010 + next_hop_self + "c01008 0002fdf200000001 e06302 abcd",
	  origin + path_ours_65010 + next_hop_self + gshut +
		  "c01008 0002fdf200000001 e06302 abcd" },
};

TEST(export_graceful_shutdown, rows)
{
	for (const going_row &r : going_rows) {
		bytes in = hex(r.in), out(4096);
		struct attr_writer w = { out.data(), out.size(), 0, false };

		EXPECT_EQ(0, export_graceful_shutdown(r.ibgp, in.data(), (uint16_t)in.size(), &w))
			<< r.name;
		out.resize(w.len);
		EXPECT_EQ(hex(r.out), out) << r.name;
		for (size_t size = 0; size < out.size(); size++) {
			w = { out.data(), size, 0, false };
			EXPECT_EQ(-ENOSPC, export_graceful_shutdown(r.ibgp, in.data(),
								    (uint16_t)in.size(), &w))
				<< r.name << " in " << size;
		}
	}
}

TEST(export_attrs, what_does_not_fit_is_refused)
{
	bytes in = hex(origin + path_65010 + next_hop_in), out(64);

	for (size_t size = 0; size < 31; size++) {
		struct attr_writer w = { out.data(), size, 0, false };

		EXPECT_EQ(-ENOSPC,
			  export_attrs(&ebgp, &from_nva, in.data(), (uint16_t)in.size(), &w))
			<< size;
	}
}

TEST(export_attrs, a_full_segment_is_followed_by_another)
{
	bytes path = { AS_SEQUENCE, 255 }, out(4096);
	struct attr_writer w = { out.data(), out.size(), 0, false };
	struct attr_view view;
	bytes in;

	for (uint32_t i = 0; i < 255; i++)
		path = path + be32(65010);
	in = hex(origin) + attribute(0x50, ATTR_AS_PATH, path) + hex(next_hop_in);
	ASSERT_EQ(0, export_attrs(&ebgp, &from_nva, in.data(), (uint16_t)in.size(), &w));
	ASSERT_TRUE(attr_find(out.data(), (uint16_t)w.len, ATTR_AS_PATH, &view));
	EXPECT_EQ(path.size() + 6, view.len);
	EXPECT_EQ(hex("0201 0000ffeb") + path, bytes(view.body, view.body + view.len));
}

TEST(export_vnet_attrs, origin_igp_and_an_empty_path)
{
	bytes out(EXPORT_VNET_MAX);
	struct attr_writer w = { out.data(), out.size(), 0, false };

	const struct export_next_hop hop = export_next_hop_make(addr_make4(0x0a000301));

	export_vnet_attrs(&hop, &w);
	ASSERT_FALSE(w.full);
	out.resize(w.len);
	EXPECT_EQ(hex("40010100 400200 400304 0a000301"), out);
}

TEST(export_summary_attrs, the_longest_fits)
{
	bytes out(EXPORT_SUMMARY_MAX);
	struct attr_writer w = { out.data(), out.size(), 0, false };

	export_summary_attrs(&pair6.next_hop, &w);
	ASSERT_FALSE(w.full);
	out.resize(w.len);
	EXPECT_EQ(hex("40010100 400200" + hop66 + global6 + link_local6 + "400600"), out);
}

} /* namespace */
