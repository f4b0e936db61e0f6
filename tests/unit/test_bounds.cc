/* Bounds on routes: what becomes an alarm and an event, and what ends with the session. */
#include "alarm.h"
#include "bounds.h"
#include "maps_harness.h"

namespace
{

class bounds_test : public of_families<maps_test>
{
      protected:
	/* NVA A may announce ten routes; its map drops those in 10.122.0.0/16. */
	void start_bounded()
	{
		std::string text = with(drop_122);

		text.insert(text.find("asn = 65001;"), "max_routes = 10; ");
		start_up(text);
	}
	void announce_lab(int n)
	{
		std::vector<std::string> prefixes;

		for (int i = 0; i < n; i++)
			prefixes.push_back("10.122." + std::to_string(i) + ".0/24");
		announce(NVA_A, prefixes);
		pass(1000);
	}
	/* Those of a kind: "peer: text" a line. */
	std::string alarms(const char *kind)
	{
		struct alarms list = {};
		std::string all;

		alarms_list(rs, &list);
		for (uint16_t i = 0; i < list.n; i++)
			if (!strcmp(list.alarm[i].kind, kind))
				all += std::string(list.alarm[i].peer) + ": " + list.alarm[i].text +
				       "\n";
		return plain(all);
	}
	/* What the log says of alarms: "peer: text" a line. */
	std::string alarm_events()
	{
		std::string all;

		for (const struct event *e = events_after(&rs->events, 0); e;
		     e = events_after(&rs->events, e->number))
			if (e->kind == EVENT_ALARM)
				all += std::string(e->peer) + ": " + e->text + "\n";
		return plain(all);
	}
};

} // namespace

TEST_P(bounds_test, a_round_takes_as_many_turns_as_it_has_time_for)
{
	uint16_t before = 0, most = 0, seen = 0;

	start_bounded();
	pass(1000);
	look_ns = 1000 * 1000; /* time for one peer a turn */
	now_ms += 1000;
	turn([&] {
		uint16_t now = rs->bounded;

		seen += now > before;
		if (now > before + most)
			most = (uint16_t)(now - before);
		before = now;
	});
	EXPECT_EQ(1, most);
	EXPECT_LE(2, seen);
	EXPECT_FALSE(due_has(&rs->due, DUE_HOUSEKEEPING));
}

TEST_P(bounds_test, near_is_told_of_what_the_peer_announces_before_its_map)
{
	start_bounded();
	announce_lab(6);
	EXPECT_EQ("", alarms("near_max_routes"));
	announce_lab(7);
	EXPECT_EQ("nva-a: 8 of at most 10 routes\n", alarms("near_max_routes"));
	EXPECT_EQ(1u, rib_peer_paths(rib(), NVA_A)) << "the map let one of them pass";
	EXPECT_EQ("nva-a: raised: 8 of at most 10 routes\n", alarm_events());
}

TEST_P(bounds_test, what_a_map_drops_is_a_known_route_when_there_are_as_many_as_may_be)
{
	start_up("limits = { total = 4; };" + with(drop_122));
	announce_lab(2);
	announce(NVA_B, { "172.29.0.0/16" });
	turn();
	ASSERT_EQ(4u, bounds_total(&routes()));
	announce_lab(2);
	EXPECT_EQ(0u, rs->peers.table[NVA_A].over_limit);
	EXPECT_EQ(3u, bounds_learned(&routes(), &rs->peers.table[NVA_A]));
	announce_lab(3);
	EXPECT_EQ(1u, rs->peers.table[NVA_A].over_limit);
	EXPECT_EQ(3u, bounds_learned(&routes(), &rs->peers.table[NVA_A])) << "a new one is not";
}

TEST_P(bounds_test, an_alarm_ends_with_the_session_and_the_log_says_so)
{
	start_bounded();
	announce_lab(7);
	down(NVA_A);
	turn();
	EXPECT_EQ("", alarms("near_max_routes"));
	EXPECT_EQ("nva-a: raised: 8 of at most 10 routes\nnva-a: cleared: its session is down\n",
		  alarm_events());
}

OF_BOTH_FAMILIES(bounds_test);
