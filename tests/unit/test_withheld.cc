/* Sessions that end for what we told: who is told what instead, and until when. */
#include <random>

#include "alarm.h"
#include "server.h"
#include "suspects.h"
#include "withheld.h"

namespace
{

const uint8_t PREFIX_SID = 40;
const std::vector<uint8_t> prefix_sid = { 0xc0, PREFIX_SID, 5, 1, 0, 2, 0xab, 0xcd };
const char culprit[] = "198.51.100.0/24";

class withheld_test : public of_families<server_test>
{
      protected:
	/* NVA A announces it, NVA B cannot take it. */
	void begin(const std::string &more = "", const std::string &maps = "")
	{
		std::string text = plain_config() + maps;

		for (const char *asn : { "asn = 65001;", "asn = 65002;" })
			text.insert(text.find(asn), "attributes = { in = { pass = [40]; }; "
						    "out = { pass = [40]; }; }; ");
		text.insert(text.find("asn = 65002;"), more);
		start(text);
		exchange_on(true);
		for (uint16_t peer : { ERGW, NVA_A, NVA_B })
			up(peer);
		announce(NVA_A, { "172.16.1.0/24" });
		turn();
		arp_all();
		turn();
		pass(SUSPECTS_STEADY_MS);
	}
	void announce_it(const std::vector<uint8_t> &last = prefix_sid)
	{
		attrs_spec spec;

		spec.path = { 65001 };
		spec.next_hop = address(NVA_A);
		spec.last = last;
		update(NVA_A, { culprit }, spec);
		turn();
	}
	/* NVA B ends its session, and is back. */
	void bounce(const std::vector<uint8_t> &data, bool notification = true)
	{
		complain(NVA_B, data, notification);
		turn();
		up(NVA_B);
		turn();
	}
	/* NVA B's outbound map, with these rules. */
	void begin_with_map(const std::string &rules)
	{
		begin("outbound_map = \"out\"; ",
		      "route_maps = ( { name = \"out\"; rules = ( " + rules + " ); } );\n");
	}
	uint32_t advertised()
	{
		return summaries_advertised(&routes().adj_out, &told_to(NVA_B));
	}
	/* Of NVA B's paths. */
	uint32_t reflections()
	{
		struct prefix last;

		return rib_peer_reflections(rib(), NVA_B, &last);
	}
	/* NVA B says what it has been told, with its own AS number in the place of ours. */
	uint32_t reflect()
	{
		attrs_spec own;

		own.path = { 65002, 65001 };
		own.next_hop = address(NVA_B);
		update(NVA_B, { culprit }, own);
		turn();
		arp_all();
		turn();
		return reflections();
	}
	bool has_it()
	{
		return announced[NVA_B].count(culprit);
	}
	std::string alarms()
	{
		struct alarms list = {};
		std::string all;

		alarms_list(rs, &list);
		for (uint16_t i = 0; i < list.n; i++)
			if (!strcmp(list.alarm[i].kind, "route_withheld"))
				all += std::string(list.alarm[i].peer) + ": " + list.alarm[i].text;
		return plain(all);
	}
};

} // namespace

TEST_P(withheld_test, the_second_time_the_route_is_withheld_from_that_peer_alone)
{
	begin();
	announce_it();
	ASSERT_TRUE(has_it());
	bounce(prefix_sid);
	EXPECT_TRUE(has_it()) << "once may be chance";
	EXPECT_EQ("", alarms());
	bounce(prefix_sid);
	EXPECT_FALSE(has_it());
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24", knows(NVA_B)) << "the others are told";
	EXPECT_EQ("nva-b: 198.51.100.0/24 is withheld from it: it reset its session 2 times for "
		  "attribute 40 (Prefix-SID)",
		  alarms());
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24 198.51.100.0/24", knows(ERGW));
}

TEST_P(withheld_test, it_is_offered_again_when_it_changes)
{
	begin();
	announce_it();
	bounce(prefix_sid);
	bounce(prefix_sid);
	ASSERT_FALSE(has_it());
	announce_it({ 0xc0, PREFIX_SID, 4, 1, 0, 1, 0xab });
	EXPECT_TRUE(has_it());
	EXPECT_EQ("", alarms());
	announce_it();
	EXPECT_FALSE(has_it()) << "what it was meanwhile does not matter";
	announce_it({});
	EXPECT_TRUE(has_it());
}

TEST_P(withheld_test, or_on_request)
{
	begin();
	announce_it();
	bounce(prefix_sid);
	bounce(prefix_sid);
	ASSERT_FALSE(has_it());
	ask(PAGE_SOFT_OUT, "nva-b");
	turn();
	EXPECT_TRUE(has_it());
	EXPECT_EQ("", alarms());
	EXPECT_FALSE(routes().adj_out.withholding);
}

TEST_P(withheld_test, without_data_it_is_what_was_told_last_if_that_is_one_route)
{
	begin();
	announce_it();
	bounce({});
	EXPECT_TRUE(has_it());
	bounce({});
	EXPECT_FALSE(has_it());
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24", knows(NVA_B));
}

/* MP_REACH_NLRI is told with the prefixes of its message, and may be cut. */
TEST_P(withheld_test, the_attribute_that_holds_the_prefix_names_the_route)
{
	std::vector<uint8_t> data = { 0x90, 14, 1,  0, 0, (uint8_t)(family == FAMILY_IPV4 ? 1 : 2),
				      1,    4,	10, 0, 2, 1,
				      0 };
	uint8_t prefix[17];
	size_t len = nlri_put(prefix, here(culprit));

	data.insert(data.end(), prefix, prefix + len);
	begin();
	announce_it();
	bounce(data);
	EXPECT_TRUE(has_it());
	EXPECT_EQ("", alarms());
	bounce(data);
	EXPECT_FALSE(has_it());
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24", knows(NVA_B));
	EXPECT_EQ("nva-b: 198.51.100.0/24 is withheld from it: it reset its session 2 times for "
		  "its attributes",
		  alarms());
	for (; !data.empty(); data.pop_back())
		bounce(data);
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24", knows(NVA_B)) << "and nothing else";
}

TEST_P(withheld_test, a_connection_that_is_reset_right_after_it_counts_too)
{
	begin();
	announce_it();
	bounce({}, false);
	EXPECT_TRUE(has_it());
	bounce({}, false);
	EXPECT_FALSE(has_it());
}

/* Whoever dies does so at some time, and has been told something before. */
TEST_P(withheld_test, a_peer_that_is_lost_at_other_times_is_told_everything)
{
	begin();
	announce_it();
	pass(SUSPECTS_RECENT_MS + 1);
	for (int i = 0; i < 4; i++) {
		bounce({}, false); /* right after it came up */
		EXPECT_TRUE(has_it());
		EXPECT_EQ("", alarms());
	}
}

/* RFC 4271 5.1.3, and that for the one member alone. */
TEST_P(withheld_test, nobody_is_told_itself_as_next_hop)
{
	attrs_spec spec;

	begin("next_hop = \"unchanged\"; ");
	spec.path = { 65001 };
	spec.next_hop = address(NVA_B);
	update(NVA_A, { culprit }, spec);
	turn();
	arp("10.0.2.5");
	turn();
	EXPECT_EQ(ip("10.0.2.1"), next_hop(NVA_B, culprit));
	spec.next_hop = address(NVA_A);
	update(NVA_A, { culprit }, spec);
	turn();
	EXPECT_EQ(address(NVA_A), next_hop(NVA_B, culprit));
}

TEST_P(withheld_test, what_is_stripped_on_the_way_out_is_counted_and_told)
{
	std::string text = plain_config();
	size_t before;

	begin();
	announce_it();
	before = announced[NVA_B][culprit].size();
	text.insert(text.find("asn = 65001;"),
		    "attributes = { in = { pass = [40]; }; out = { pass = [40]; }; }; ");
	text.insert(text.find("asn = 65002;"), "attributes = { in = { pass = [40]; }; }; ");
	ASSERT_STREQ("", reload(text)->error);
	turn();
	EXPECT_TRUE(has_it());
	EXPECT_EQ(before - prefix_sid.size(), announced[NVA_B][culprit].size());
	EXPECT_EQ(1u, told_to(NVA_B).stripped_out);
}

const char tag[] = R"({ name = "tag"; match = { prefix_contains = ["198.51.100.0/22"]; };
			action = { communities_add = ["65001:7"]; }; })";

/* The peer complains of what it was sent, and the map made that of it. */
TEST_P(withheld_test, it_is_found_by_what_the_outbound_map_makes_of_it)
{
	std::vector<uint8_t> data;

	begin_with_map(tag);
	announce_it({});
	data = heard(NVA_B, culprit, ATTR_COMMUNITIES);
	ASSERT_LT(3u, data.size());
	bounce(data);
	EXPECT_TRUE(has_it());
	bounce(data);
	EXPECT_FALSE(has_it());
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24", knows(NVA_B)) << "the others are told";
	EXPECT_EQ("nva-b: 198.51.100.0/24 is withheld from it: it reset its session 2 times for "
		  "attribute 8 (COMMUNITIES)",
		  alarms());
	EXPECT_EQ(2u, advertised());
}

/* What it is not told cannot come back from it. */
TEST_P(withheld_test, what_is_withheld_makes_no_reflection)
{
	begin();
	announce_it();
	EXPECT_EQ(1u, reflect());
	bounce(prefix_sid);
	EXPECT_EQ(1u, reflect()) << "told again";
	bounce(prefix_sid);
	EXPECT_EQ(0u, reflect());
	ask(PAGE_SOFT_OUT, "nva-b");
	turn();
	EXPECT_EQ(1u, reflections()) << "told once more";
}

/* Its own path stays while it is away, and is judged by what it is told in the next session. */
TEST_P(withheld_test, what_is_withheld_makes_no_reflection_of_what_is_kept)
{
	const uint16_t caps =
		SPEAKER_CAP_AS4 | SPEAKER_CAP_MP_IPV4 | SPEAKER_CAP_GR | SPEAKER_CAP_GR_FORWARDING;

	begin();
	announce_it();
	complain(NVA_B, prefix_sid);
	turn();
	up(NVA_B, caps);
	ASSERT_EQ(1u, reflect());
	complain(NVA_B, prefix_sid, true, true);
	turn();
	up(NVA_B, caps);
	turn();
	ASSERT_EQ(1u, rib_peer_paths(rib(), NVA_B)) << "kept";
	EXPECT_EQ(0u, reflections());
}

/* Without data: the map makes two of what was one batch, and both were told just now. */
TEST_P(withheld_test, two_routes_that_the_map_tells_apart_are_not_taken_for_one)
{
	attrs_spec spec;

	begin_with_map(tag);
	spec.path = { 65001 };
	spec.next_hop = address(NVA_A);
	for (int i = 0; i < 3; i++) {
		update(NVA_A, { culprit, "203.0.113.0/24" }, spec);
		turn();
		bounce({});
		EXPECT_TRUE(has_it());
	}
	EXPECT_EQ("", alarms());
}

TEST_P(withheld_test, a_summary_is_withheld_too)
{
	std::vector<uint8_t> data;

	begin_with_map(R"({ name = "s"; match = { prefix_contains = ["198.51.100.0/24"]; };
			    action = { prefix_replace = "198.51.0.0/16"; }; },
			  { name = "tag"; match = { prefix_contains = ["198.51.0.0/16"]; };
			    action = { communities_add = ["65001:7"]; }; })");
	announce_it({});
	data = heard(NVA_B, "198.51.0.0/16", ATTR_COMMUNITIES);
	ASSERT_LT(3u, data.size());
	EXPECT_EQ(3u, advertised());
	bounce(data);
	bounce(data);
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24", knows(NVA_B));
	EXPECT_EQ(2u, advertised());
	EXPECT_NE("", alarms());
	update(NVA_A, {}, {}, { culprit });
	turn();
	EXPECT_EQ("", alarms());
	EXPECT_EQ(2u, advertised());
}

/* Whatever becomes of routes that are withheld, those that it is told are counted. */
TEST_P(withheld_test, what_is_withheld_is_not_counted_as_advertised)
{
	std::mt19937 random(8);
	attrs_spec spec;
	unsigned int withheld = 0;

	begin_with_map(R"({ name = "d"; match = { prefix_contains = ["198.51.128.0/20"]; };
			    action = "drop"; })");
	announce_it();
	bounce(prefix_sid);
	bounce(prefix_sid);
	ASSERT_FALSE(has_it());
	spec.path = { 65001 };
	spec.next_hop = address(NVA_A);
	for (int i = 0; i < 2000; i++) {
		std::string prefix = "198.51." + std::to_string(random() % 8 * 32) + ".0/24";

		switch (random() % 16) {
		case 0: event(NVA_B, SPEAKER_REFRESH); break;
		case 1:
			down(NVA_B);
			up(NVA_B);
			break;
		case 2: arp("10.0.2.4", random() % 4); break;
		case 3:
		case 4:
		case 5:
		case 6: update(NVA_A, {}, {}, { prefix }); break;
		default:
			spec.last = random() % 2 ? prefix_sid : std::vector<uint8_t>();
			spec.med = random() % 4;
			update(NVA_A, { prefix }, spec);
		}
		if (random() % 4)
			continue;
		turn();
		ASSERT_EQ(announced[NVA_B].size(), advertised()) << i;
		withheld += withheld_count(&told_to(NVA_B)) > 1;
	}
	EXPECT_LT(50u, withheld);
	arp("10.0.2.4");
	ask(PAGE_SOFT_OUT, "nva-b");
	turn();
	EXPECT_EQ(announced[NVA_B].size(), advertised());
	EXPECT_EQ(0u, withheld_count(&told_to(NVA_B)));
}

OF_BOTH_FAMILIES(withheld_test);
