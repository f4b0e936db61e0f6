/* Alarms: raised by a condition, and gone with it. */
#include "alarm.h"
#include "server.h"

namespace
{

class alarm_test : public server_test
{
      protected:
	/* Of an instance, not of a peer: "kind kind". */
	std::string kinds()
	{
		struct alarms list = {};
		std::string all;

		alarms_list(rs, &list);
		for (uint16_t i = 0; i < list.n; i++)
			if (!list.alarm[i].peer[0])
				all += (all.empty() ? "" : " ") + std::string(list.alarm[i].kind);
		return all;
	}
	/* Prefixes that need a tbl8 group each, of which there are 64. */
	static std::vector<std::string> long_prefixes(const char *begin)
	{
		std::vector<std::string> list;

		for (int i = 0; i < 60; i++)
			list.push_back(begin + std::to_string(i) + ".0/25");
		return list;
	}
};

} // namespace

TEST_F(alarm_test, a_full_fib_is_one_until_all_has_room)
{
	const std::vector<std::string> first = long_prefixes("172.16."),
				       second = long_prefixes("172.17.");

	start_with_routes(false);
	EXPECT_EQ("", kinds());
	announce(NVA_A, first);
	announce(NVA_B, second);
	turn();
	EXPECT_EQ("fib_full", kinds());
	update(NVA_A, {}, {}, first);
	turn();
	pass(1000);
	pass(1000);
	EXPECT_EQ("", kinds());
	EXPECT_LT(0u, rs->fib_sync.refused) << "counted for ever";
	announce(NVA_A, first);
	turn();
	EXPECT_EQ("fib_full", kinds());
	update(NVA_A, {}, {}, first); /* what has no room goes itself */
	turn();
	EXPECT_EQ("", kinds());
}

TEST_F(alarm_test, next_hops_are_full_until_an_adjacency_is_free)
{
	uint16_t index, last = 0;
	attrs_spec spec;

	start_with_routes(false);
	for (uint32_t host = ip("10.0.16.0");
	     !fib_adjacency_claim(rs->writer, host, 2, ROLE_VNET, &index); host++)
		last = index;
	EXPECT_EQ("", kinds()) << "nobody was refused";
	spec.path = { 65001 };
	spec.next_hop = ip("10.0.2.77");
	update(NVA_A, { "172.16.9.0/24" }, spec);
	turn();
	EXPECT_EQ("next_hops_full", kinds());
	fib_adjacency_release(rs->writer, last);
	turn();
	EXPECT_EQ("", kinds());
}

TEST_F(alarm_test, what_there_was_no_memory_for_is_missing_until_it_is_told_anew)
{
	struct peer *peer;

	start_with_routes(false);
	peer = peer_find(&rs->peers, "nva-a");
	for (int round = 0; round < 2; round++) {
		peer->no_memory++;
		EXPECT_EQ("no_memory", kinds());
		if (!round) {
			ask(PAGE_SOFT_IN, "nva-a");
			EXPECT_EQ("", kinds());
			continue;
		}
		down(NVA_A);
		turn();
		EXPECT_EQ("", kinds());
		up(NVA_A);
		turn();
		EXPECT_EQ("", kinds());
	}
	EXPECT_EQ(2u, peer->no_memory);
}
