/* The fast path on tables that control has spoilt. */
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "lost_hops.h"

/* Control maps the tables too, and may have spoilt them: what it wrote is taken within the tables,
 * and nowhere else. Each is what it was but for bits that no index has, so that the packet goes
 * where it went. */
TEST_F(forward, an_index_past_the_tables_is_one_within_them)
{
	struct fib_generation *g = &the->fib->generation[the->fib->active];
	uint32_t dst = remote_addr(1), index, miss = g->view[0].default_path_list[FIB_IP4];
	struct rte_lpm_tbl_entry *entry = &g->view[0].lpm->tbl24[dst >> 8], entry_was = *entry;
	auto end = [](uint32_t to_whom) {
		struct rte_mbuf *m = frame(0, to(to_whom));

		memset(&the->counters, 0, sizeof(the->counters));
		send(0, &m, 1);
		expect_all_accounted();
		std::string text = ends();

		drain();
		return text;
	};

	fib_lookup_burst(&g->view[0], the->fib->tbl8_groups, &dst, &index, 1);
	ASSERT_EQ("tx1", end(dst));
	for (uint16_t k = 1; k < 4; k++) {
		g->path_lists[index].member[0] = (uint16_t)(the->gateway[1] + k * FIB_ADJACENCIES);
		EXPECT_EQ("tx1", end(dst)) << "adjacency, " << k;
	}
	g->path_lists[index].member[0] = the->gateway[1];
	for (uint32_t k : { 1u, 7u, 255u }) {
		entry->next_hop = (index + k * FIB_PATH_LISTS) & 0xffffff;
		EXPECT_EQ("tx1", end(dst)) << "path-list, " << k;
		g->view[0].default_path_list[FIB_IP4] = miss + k * FIB_PATH_LISTS;
		EXPECT_EQ("no_route", end(0x01020304)) << "default, " << k;
	}
	*entry = entry_was;
	g->view[0].default_path_list[FIB_IP4] = miss;
	the->fib->active += 2;
	EXPECT_EQ("tx1", end(dst)) << "generation";
	the->fib->active -= 2;
	g->adjacencies[the->gateway[1]].egress_role |= 0x80;
	EXPECT_EQ("tx1", end(dst)) << "role";
	fib_gate_set(the->fib, ~(UINT64_C(1) << 1));
	EXPECT_EQ("gate_closed", end(dst)) << "role";
	g->adjacencies[the->gateway[1]].egress_role = 1;
}

/* Of an entry that names a tbl8 group past the table's end nothing can be read: its packets are
 * dropped, by name, and those of the same burst go where they went. */
TEST_F(forward, a_group_past_the_table_drops)
{
	struct fib_generation *g = &the->fib->generation[the->fib->active];
	uint32_t *entry = (uint32_t *)&g->view[0].lpm->tbl24[remote_addr(1) >> 8], was = *entry;

	for (uint32_t group : { the->fib->tbl8_groups, the->fib->tbl8_groups + 1, 0xffffffu }) {
		struct rte_mbuf *m[] = { frame(0, to(remote_addr(2))), frame(0, to(remote_addr(1))),
					 frame(0, to(0x01020304)), frame(0, to(remote_addr(2))) };

		*entry = group | RTE_LPM_VALID_EXT_ENTRY_BITMASK;
		memset(&the->counters, 0, sizeof(the->counters));
		send(0, m, 4);
		expect_all_accounted();
		EXPECT_EQ(1u, the->counters.drop[DROP_TABLE_SPOILT]) << group;
		EXPECT_EQ(1u, the->counters.drop[DROP_NO_ROUTE]) << group;
		EXPECT_EQ(2u, the->counters.tx) << group;
		drain();
	}
	*entry = was;
}

TEST_F(forward, buckets_past_the_members_are_some_within_them)
{
	struct fib_generation *g = &the->fib->generation[the->fib->active];
	lost_hops routes({ 1, 2, 3 }, {});
	std::vector<std::string> before = routes.ends_of_flows();

	for (int k = 1; k < 16; k++) {
		for (uint8_t &bucket : g->path_lists[routes.list].bucket)
			bucket = (uint8_t)(bucket + PATH_LIST_MEMBERS);
		ASSERT_EQ(before, routes.ends_of_flows()) << k;
	}
	for (uint8_t &bucket : g->path_lists[routes.list].bucket)
		bucket %= PATH_LIST_MEMBERS;
}

/* Whatever a spoilt table says, each packet comes to one end. */
TEST_F(forward, spoilt_tables_lose_no_packet)
{
	struct fib_generation *g = &the->fib->generation[the->fib->active];
	uint32_t dst = remote_addr(1), index;
	std::mt19937 random(11);

	fib_lookup_burst(&g->view[0], the->fib->tbl8_groups, &dst, &index, 1);
	for (int i = 0; i < 5000; i++) {
		struct path_list list_was = g->path_lists[index];
		struct adjacency was = g->adjacencies[the->gateway[1]];
		auto *octets = (uint8_t *)(random() % 2 ? (void *)&g->path_lists[index]
							: (void *)&g->adjacencies[the->gateway[1]]);
		struct rte_mbuf *m = frame(0, to(dst));

		for (int k = 0; k < 8; k++)
			octets[random() % RTE_CACHE_LINE_SIZE] = (uint8_t)random();
		memset(&the->counters, 0, sizeof(the->counters));
		send(0, &m, 1);
		expect_all_accounted();
		drain();
		g->path_lists[index] = list_was;
		g->adjacencies[the->gateway[1]] = was;
	}
}
