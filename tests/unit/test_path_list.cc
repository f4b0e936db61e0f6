/* Path-lists: one for each set, dealt evenly, and flows of members that stay, stay. */
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "fib_lookup.h"
#include "path_list.h"

namespace
{

using members = std::vector<uint16_t>;

struct path_list filled(const members &set, const struct path_list *like = nullptr)
{
	struct path_list list;

	path_list_fill(&list, set.data(), (uint16_t)set.size(), like);
	return list;
}

/* Each member has 64 / n buckets or one more. */
void expect_even(const struct path_list &list)
{
	std::map<uint16_t, unsigned> buckets;

	for (uint8_t b : list.bucket) {
		ASSERT_LT(b, list.nb_members);
		buckets[list.member[b]]++;
	}
	ASSERT_EQ(list.nb_members, buckets.size());
	for (auto &[member, n] : buckets)
		EXPECT_TRUE(n == 64u / list.nb_members || n == 64u / list.nb_members + 1)
			<< n << " buckets of " << list.nb_members << " members";
}

uint16_t taker(const struct path_list &list, unsigned bucket)
{
	return path_list_member(&list, bucket);
}

/* `after` lacks one member of `before` or has one more: no flow moves between two members that are
 * in both. */
void expect_only_moves_of(const struct path_list &before, const struct path_list &after,
			  uint16_t member)
{
	for (unsigned b = 0; b < PATH_LIST_BUCKETS; b++) {
		if (taker(before, b) != taker(after, b)) {
			EXPECT_TRUE(taker(before, b) == member || taker(after, b) == member)
				<< "bucket " << b << " went from " << taker(before, b) << " to "
				<< taker(after, b);
		}
	}
}

} // namespace

TEST(path_list, every_width_is_dealt_evenly)
{
	members set;

	for (uint16_t n = 1; n <= PATH_LIST_MEMBERS; n++) {
		set.push_back(100 + n);
		expect_even(filled(set));
	}
}

/* Chi-square of 64,000 hashed flows over the members. A share may be one bucket off; beyond that,
 * chance. */
TEST(path_list, flows_are_shared_evenly)
{
	constexpr unsigned FLOWS = 64000;
	std::mt19937 random(1);
	members set;

	for (uint16_t n = 1; n <= PATH_LIST_MEMBERS; n++) {
		set.push_back(n);
		struct path_list list = filled(set);
		std::map<uint16_t, unsigned> flows, buckets;
		double chi_square = 0;

		for (unsigned b = 0; b < PATH_LIST_BUCKETS; b++)
			buckets[taker(list, b)]++;
		for (unsigned i = 0; i < FLOWS; i++)
			flows[path_list_member(&list, (uint32_t)random())]++;
		for (uint16_t m : set) {
			double expected = FLOWS * buckets[m] / 64.0;

			chi_square += (flows[m] - expected) * (flows[m] - expected) / expected;
		}
		/* 15 degrees of freedom: 1 in 2000 */
		EXPECT_GT(40.0, chi_square) << n << " members";
	}
}

TEST(path_list, a_member_that_goes_moves_only_its_own_flows)
{
	for (uint16_t n = 2; n <= PATH_LIST_MEMBERS; n++) {
		for (uint16_t gone = 0; gone < n; gone++) {
			members set;

			for (uint16_t i = 0; i < n; i++)
				set.push_back(10 + i);
			struct path_list before = filled(set);

			set.erase(set.begin() + gone);
			struct path_list after = filled(set, &before);

			expect_even(after);
			expect_only_moves_of(before, after, 10 + gone);
		}
	}
}

TEST(path_list, long_history_stays_even_and_stable)
{
	std::mt19937 random(1);
	members set = { 500 };
	struct path_list list = filled(set);

	for (int step = 0; step < 20000; step++) {
		uint16_t member = 1 + random() % 40;
		auto at = std::lower_bound(set.begin(), set.end(), member);
		bool there = at != set.end() && *at == member;

		if (there && set.size() > 1)
			set.erase(at);
		else if (!there && set.size() < PATH_LIST_MEMBERS)
			set.insert(at, member);
		else
			continue;
		struct path_list next = filled(set, &list);

		expect_even(next);
		expect_only_moves_of(list, next, member);
		ASSERT_FALSE(HasFailure()) << "step " << step;
		list = next;
	}
}

/* fib_repair() has sent the flows of the member that went to others: there they stay, unless those
 * have their share. */
TEST(path_list, repaired_flows_stay_where_they_went)
{
	for (uint16_t n = 2; n <= PATH_LIST_MEMBERS; n++) {
		unsigned stay = 0, of = 0;

		for (uint16_t gone = 0; gone < n; gone++) {
			std::vector<struct adjacency> adjacencies(64);
			struct fib_generation generation = {};
			std::map<uint16_t, unsigned> buckets;
			std::set<uint16_t> heirs;
			members set;

			for (uint16_t i = 0; i < n; i++)
				set.push_back(10 + i);
			for (struct adjacency &a : adjacencies)
				a.action = ADJACENCY_FORWARD;
			generation.adjacencies = adjacencies.data();
			struct path_list before = filled(set);

			adjacencies[10 + gone].action = ADJACENCY_UNRESOLVED;
			set.erase(set.begin() + gone);
			struct path_list after = filled(set, &before);

			for (unsigned b = 0; b < PATH_LIST_BUCKETS; b++)
				buckets[taker(after, b)]++;
			for (unsigned b = 0; b < PATH_LIST_BUCKETS; b++) {
				uint16_t heir = (uint16_t)(fib_repair(&generation, &before, b) -
							   generation.adjacencies);

				if (taker(before, b) != 10 + gone)
					continue;
				of++;
				heirs.insert(heir);
				stay += heir == taker(after, b);
				EXPECT_TRUE(heir == taker(after, b) ||
					    buckets[heir] >= 64u / set.size())
					<< "bucket " << b << " of " << n << " without " << gone;
			}
			EXPECT_LE(n < 4 ? 1u : 2u, heirs.size()) << n << " without " << gone;
		}
		EXPECT_LE(of, 3 * stay) << n;
	}
}

TEST(path_list, in_place_of_a_list_that_shares_nothing_or_drops)
{
	struct path_list other = filled({ 1, 2, 3 }), none = {};

	expect_even(filled({ 7, 8, 9, 10 }, &other));
	expect_even(filled({ 7, 8, 9, 10 }, &none));
}

class path_lists_test : public testing::Test
{
      protected:
	struct rte_rcu_qsbr *qsbr = nullptr;
	struct path_list *shared = nullptr;
	struct path_lists lists;

	void SetUp() override
	{
		uint16_t seed = 1;

		qsbr = (struct rte_rcu_qsbr *)aligned_alloc(RTE_CACHE_LINE_SIZE,
							    rte_rcu_qsbr_get_memsize(4));
		ASSERT_EQ(0, rte_rcu_qsbr_init(qsbr, 4));
		shared = (struct path_list *)aligned_alloc(RTE_CACHE_LINE_SIZE,
							   FIB_PATH_LISTS * sizeof(*shared));
		shared[0] = {};
		path_list_fill(&shared[1], &seed, 1, nullptr);
		ASSERT_EQ(0, path_lists_init(&lists, shared, 2, qsbr));
	}
	void TearDown() override
	{
		path_lists_fini(&lists);
		free(shared);
		free(qsbr);
	}
	int get(const members &set, uint32_t *list, uint32_t like = PATH_LIST_NONE)
	{
		return path_list_get(&lists, set.data(), (uint16_t)set.size(), like, list);
	}
};

TEST_F(path_lists_test, one_list_a_set)
{
	uint32_t a, b, c;

	ASSERT_EQ(0, get({ 5, 7, 6 }, &a));
	ASSERT_EQ(0, get({ 7, 6, 5 }, &b));
	ASSERT_EQ(0, get({ 7, 6 }, &c));
	EXPECT_EQ(a, b);
	EXPECT_NE(a, c);
	EXPECT_LE(2u, a);
	EXPECT_EQ(3, shared[a].nb_members);
	path_list_put(&lists, a);
	ASSERT_EQ(0, get({ 5, 6, 7 }, &b)) << "one reference is left";
	EXPECT_EQ(a, b);
	EXPECT_EQ(2u, lists.indexes.used);
}

TEST_F(path_lists_test, only_sets_of_real_adjacencies)
{
	const members bad[] = { {},    members(17, 1), { 5, 5 },	   { 5, 6, 5 },
				{ 0 }, { 3, 0 },       { FIB_ADJACENCIES } };
	members seventeen;
	uint32_t list = 77, good;

	for (uint16_t i = 1; i <= 17; i++)
		seventeen.push_back(i);
	EXPECT_EQ(-EINVAL, get(seventeen, &list));
	for (const members &set : bad)
		EXPECT_EQ(-EINVAL, get(set, &list)) << set.size();
	EXPECT_EQ(-EINVAL, get({ 5 }, &list, 9)) << "nobody has list 9";
	EXPECT_EQ(-EINVAL, get({ 5 }, &list, FIB_PATH_LISTS));
	EXPECT_EQ(77u, list) << "untouched";
	seventeen.pop_back();
	EXPECT_EQ(0, get(seventeen, &good));
	EXPECT_EQ(16, shared[good].nb_members);
}

TEST_F(path_lists_test, seeds_are_found_and_never_freed)
{
	uint32_t list;

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, get({ 1 }, &list));
		EXPECT_EQ(1u, list);
	}
	for (int i = 0; i < 10; i++)
		path_list_put(&lists, 1);
	ASSERT_EQ(0, get({ 1 }, &list));
	EXPECT_EQ(1u, list);
}

TEST_F(path_lists_test, in_place_of_another)
{
	uint32_t before, after;

	ASSERT_EQ(0, get({ 5, 6, 7, 8 }, &before));
	ASSERT_EQ(0, get({ 5, 7, 8 }, &after, before));
	expect_only_moves_of(shared[before], shared[after], 6);
}

/* B goes and returns, and all flows are where they were: also if A's list is an old one of routes
 * that A alone has, which knows nothing of B, and whoever came first. */
TEST_F(path_lists_test, a_member_that_returns_has_its_own_flows_back)
{
	uint32_t alone, both, first, again;
	struct path_list before;

	ASSERT_EQ(0, get({ 5 }, &alone));
	ASSERT_EQ(0, get({ 6 }, &first));
	ASSERT_EQ(0, get({ 5, 6 }, &both, first));
	path_list_put(&lists, first);
	before = shared[both];
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, get({ 5 }, &again, both));
		EXPECT_EQ(alone, again);
		path_list_put(&lists, both);
		ASSERT_EQ(0, get({ 5, 6 }, &both, again));
		path_list_put(&lists, again);
		EXPECT_EQ(0, memcmp(&before, &shared[both], sizeof(before)));
	}
	EXPECT_EQ(2u, path_lists_used(&lists));
}

/* The backup is part of what a list is; it and the list without it live as long as the list. */
TEST_F(path_lists_test, one_list_a_set_and_backup)
{
	uint32_t set, b, c, set_b, again, set_c;

	ASSERT_EQ(0, get({ 5, 6 }, &set));
	ASSERT_EQ(0, get({ 7 }, &b));
	ASSERT_EQ(0, get({ 8, 9 }, &c));
	ASSERT_EQ(0, path_list_protect(&lists, set, b, &set_b));
	ASSERT_EQ(0, path_list_protect(&lists, set, b, &again));
	ASSERT_EQ(0, path_list_protect(&lists, set, c, &set_c));
	EXPECT_EQ(set_b, again);
	EXPECT_NE(set_b, set_c);
	EXPECT_EQ(b, shared[set_b].backup);
	EXPECT_EQ(c, shared[set_c].backup);
	EXPECT_EQ(0, memcmp(shared[set].bucket, shared[set_b].bucket, PATH_LIST_BUCKETS));
	ASSERT_EQ(0, get({ 6, 5 }, &again)) << "without a backup it is the one it was";
	EXPECT_EQ(set, again);
	for (uint32_t list : { set, set, b, c, set_b })
		path_list_put(&lists, list);
	EXPECT_EQ(5u, path_lists_used(&lists)) << "the lists with backups hold the others";
	path_list_put(&lists, set_b);
	EXPECT_EQ(3u, path_lists_used(&lists)) << "b went with the last that it was the backup of";
	path_list_put(&lists, set_c);
	EXPECT_EQ(0u, path_lists_used(&lists));
}

TEST_F(path_lists_test, only_lists_without_a_backup_are_given_one)
{
	uint32_t a, b, a_b, list = 77;

	ASSERT_EQ(0, get({ 5 }, &a));
	ASSERT_EQ(0, get({ 6 }, &b));
	ASSERT_EQ(0, path_list_protect(&lists, a, b, &a_b));
	EXPECT_EQ(-EINVAL, path_list_protect(&lists, a, a, &list));
	EXPECT_EQ(-EINVAL, path_list_protect(&lists, a_b, b, &list));
	EXPECT_EQ(-EINVAL, path_list_protect(&lists, a, a_b, &list));
	EXPECT_EQ(-EINVAL, path_list_protect(&lists, a, PATH_LIST_NONE, &list));
	EXPECT_EQ(-EINVAL, path_list_protect(&lists, a, FIB_PATH_LISTS, &list));
	EXPECT_EQ(-EINVAL, path_list_protect(&lists, a, 4000, &list)) << "nobody holds it";
	EXPECT_EQ(77u, list) << "untouched";
}

/* How a set is dealt outlives the backups that it had. */
TEST_F(path_lists_test, a_member_that_returns_beside_another_backup_has_its_own_flows_back)
{
	uint32_t alone, both, backup, protected_list, again;
	uint8_t before[PATH_LIST_BUCKETS];

	ASSERT_EQ(0, get({ 6 }, &alone));
	ASSERT_EQ(0, get({ 7 }, &backup));
	ASSERT_EQ(0, get({ 5, 6 }, &both, alone));
	ASSERT_EQ(0, path_list_protect(&lists, both, backup, &protected_list));
	memcpy(before, shared[protected_list].bucket, sizeof(before));
	path_list_put(&lists, both);
	path_list_put(&lists, alone);
	ASSERT_EQ(0, get({ 5 }, &alone, protected_list));
	path_list_put(&lists, protected_list);
	ASSERT_EQ(0, get({ 5, 6 }, &again, alone));
	EXPECT_EQ(0, memcmp(before, shared[again].bucket, sizeof(before)));
}

/* Backups take no room that routes need. */
TEST_F(path_lists_test, half_of_the_lists_are_for_routes_alone)
{
	uint32_t a, b, list, i = 0;

	ASSERT_EQ(0, get({ 1 }, &a));
	ASSERT_EQ(0, get({ 2 }, &b));
	for (; path_lists_used(&lists) < FIB_PATH_LISTS / 2 - 1; i++)
		ASSERT_EQ(0,
			  get({ (uint16_t)(4000 + i % 300), (uint16_t)(5000 + i / 300) }, &list));
	ASSERT_EQ(0, path_list_protect(&lists, a, b, &list));
	EXPECT_EQ(-ENOSPC, path_list_protect(&lists, b, a, &list));
	EXPECT_EQ(0, path_list_protect(&lists, a, b, &list)) << "this one is there";
	EXPECT_EQ(0, get({ 9, 10, 11 }, &list));
}

TEST_F(path_lists_test, what_is_remembered_is_bounded_and_gives_way)
{
	uint32_t list, kept;

	ASSERT_EQ(0, get({ 1, 2 }, &kept));
	for (uint16_t i = 0; i < 3 * PATH_LISTS_IDLE; i++) {
		ASSERT_EQ(0, get({ 3, (uint16_t)(4 + i) }, &list));
		path_list_put(&lists, list);
		path_list_put(&lists, kept); /* idle for a moment: not forgotten with the others */
		ASSERT_EQ(0, get({ 1, 2 }, &kept));
	}
	EXPECT_EQ(1u, path_lists_used(&lists));
	EXPECT_LE(lists.indexes.used, 1u + PATH_LISTS_IDLE);
	for (uint32_t i = 0; i < FIB_PATH_LISTS - 3;
	     i++) /* all but the two fixed ones and { 1, 2 } */
		ASSERT_EQ(0,
			  get({ (uint16_t)(4000 + i % 300), (uint16_t)(5000 + i / 300) }, &list));
	EXPECT_EQ(-ENOSPC, get({ 9, 10, 11 }, &list));
	EXPECT_EQ(1u + FIB_PATH_LISTS - 3, path_lists_used(&lists));
}

TEST_F(path_lists_test, index_waits_for_its_readers)
{
	uint32_t first, second;

	rte_rcu_qsbr_thread_register(qsbr, 0);
	rte_rcu_qsbr_thread_online(qsbr, 0);
	ASSERT_EQ(0, get({ 5 }, &first));
	path_list_put(&lists, first);
	rcu_pool_reclaim(&lists.indexes);
	ASSERT_EQ(0, get({ 6 }, &second));
	EXPECT_NE(first, second);
	EXPECT_EQ(5, shared[first].member[0]) << "a reader may still look";
	rte_rcu_qsbr_quiescent(qsbr, 0);
	rcu_pool_reclaim(&lists.indexes);
	ASSERT_EQ(0, get({ 7 }, &second));
	EXPECT_EQ(first, second);
}

TEST_F(path_lists_test, full)
{
	uint32_t list = 0, last = 0;

	for (uint32_t i = 2; i < FIB_PATH_LISTS; i++) {
		ASSERT_EQ(0, get({ (uint16_t)(1 + i % 300), (uint16_t)(1000 + i / 300) }, &list))
			<< i;
		last = list;
	}
	EXPECT_EQ(-ENOSPC, get({ 9, 10, 11 }, &list));
	EXPECT_EQ(last, list) << "untouched";
	path_list_put(&lists, last);
	EXPECT_EQ(0, get({ 9, 10, 11 }, &list));
}
