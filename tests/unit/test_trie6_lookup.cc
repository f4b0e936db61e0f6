/* Looking up IPv6 addresses: every variant that this CPU has finds the same as the plain one, in
 * bursts of every size; and in a table that was spoilt, none leaves it. */
#include <gtest/gtest.h>

#include <random>

#include "trie6_rig.h"

TEST(trie6_lookup, the_widest_is_chosen_and_there_is_one)
{
	std::vector<const struct trie6_lookup *> all = usable_lookups();

	EXPECT_EQ(&trie6_plain, trie6_lookups[0]);
	EXPECT_EQ(all.back(), trie6_lookup_choose());
}

TEST(trie6_lookup, bursts_of_every_size)
{
	auto *qsbr = (struct rte_rcu_qsbr *)aligned_alloc(RTE_CACHE_LINE_SIZE,
							  rte_rcu_qsbr_get_memsize(1));
	struct fib_addr dst[FIB_BURST];
	uint32_t list[FIB_BURST + 1];
	table6 table(64);
	struct trie6 t;

	ASSERT_EQ(0, rte_rcu_qsbr_init(qsbr, 1));
	ASSERT_EQ(0, trie6_init(&t, table.shared, table.groups, qsbr));
	for (int i = 0; i < 3; i++) {
		static const uint8_t len[] = { 16, 40, 128 };
		struct fib_addr a = words(addr6(i == 2 ? "2001:db8::1" : "2001::"));

		ASSERT_EQ(0, trie6_set(&t, &a, len[i], (uint32_t)i));
	}
	for (uint16_t n = 0; n <= FIB_BURST; n++)
		for (const struct trie6_lookup *l : usable_lookups()) {
			const struct trie6_reader in = table.reader(FIB_PATH_LISTS + 9);

			for (uint16_t i = 0; i < n; i++) {
				static const char *const addr[] = { "2001:1::", "2001::1",
								    "2001:db8::1", "fe80::1" };

				dst[i] = words(addr6(addr[i % 4]));
			}
			list[n] = 77;
			EXPECT_EQ(0u, l->burst(&in, dst, list, n)) << l->name;
			for (uint16_t i = 0; i < n; i++)
				EXPECT_EQ(i % 4 == 3 ? 9u : i % 4, list[i])
					<< l->name << " " << i << " of " << n;
			EXPECT_EQ(77u, list[n]) << "not ours to write";
		}
	trie6_fini(&t);
	free(qsbr);
}

/* Random words in a table that ends where memory ends: to look past it is a fault, and a way that
 * goes round is left. */
TEST(trie6_lookup, a_spoilt_table_is_not_left)
{
	constexpr uint32_t GROUPS = 64;
	constexpr size_t PAGE = 4096, SIZE = sizeof(uint32_t) * (TRIE6_ROOT + GROUPS * TRIE6_GROUP);
	static_assert(SIZE % PAGE == 0);
	auto *memory = (uint8_t *)mmap(nullptr, SIZE + PAGE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	auto *shared = (struct trie6_shared *)memory;
	auto *entries = (uint32_t *)(memory + sizeof(*shared));
	struct fib_addr dst[FIB_BURST];
	uint32_t want[FIB_BURST], list[FIB_BURST], endless = 0, through = 0;
	std::mt19937 random(8);

	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_EQ(0, mprotect(memory + SIZE, PAGE, PROT_NONE));
	for (int round = 0; round < 3000; round++) {
		struct trie6_reader in = { shared, GROUPS, (uint32_t)random() };
		/* of 16 entries of a group, so many lead to one */
		uint32_t on = 8 + (uint32_t)round % 9;

		for (uint32_t i = 0; i < GROUPS * TRIE6_GROUP; i++) {
			uint32_t entry = (uint32_t)random();

			entries[i] = random() % 16 < on ? entry | TRIE6_IS_GROUP
							: entry & ~TRIE6_IS_GROUP;
		}
		for (struct fib_addr &a : dst) {
			for (uint32_t &word : a.word)
				word = (uint32_t)random();
			shared->root[a.word[0] >> 16] = (uint32_t)random() | TRIE6_IS_GROUP;
		}
		uint64_t spoilt = trie6_plain.burst(&in, dst, want, FIB_BURST);

		for (int i = 0; i < FIB_BURST; i++) {
			ASSERT_LT(want[i], (uint32_t)FIB_PATH_LISTS);
			if (spoilt >> i & 1) {
				ASSERT_EQ((uint32_t)PATH_LIST_NONE, want[i]);
			}
		}
		endless += (uint32_t)__builtin_popcountll(spoilt);
		through += FIB_BURST - (uint32_t)__builtin_popcountll(spoilt);
		for (const struct trie6_lookup *l : usable_lookups()) {
			ASSERT_EQ(spoilt, l->burst(&in, dst, list, FIB_BURST)) << l->name;
			ASSERT_EQ(0, memcmp(want, list, sizeof(list))) << l->name;
		}
	}
	EXPECT_LT(1000u, endless);
	EXPECT_LT(1000u, through);
	munmap(memory, SIZE + PAGE);
}
