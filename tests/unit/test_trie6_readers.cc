/* Who reads the table of IPv6 while it is written: no group is reused under a reader, and a writer
 * that is killed leaves what readers can read and a successor can fill anew. */
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <random>
#include <sched.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "trie6_table.h"

class trie6_readers : public trie6_test
{
};

TEST_F(trie6_readers, group_waits_for_its_readers)
{
	restart(8);
	ASSERT_EQ(0, rte_rcu_qsbr_thread_register(qsbr, 0));
	rte_rcu_qsbr_thread_online(qsbr, 0);
	for (uint32_t i = 0; i < 8; i++)
		ASSERT_EQ(0, set((ip6)i << 112, 20, i));
	ASSERT_EQ(0, del((ip6)0, 20));
	EXPECT_EQ(7u, t.groups.used);
	for (int attempt = 0; attempt < 3; attempt++)
		EXPECT_EQ(-ENOSPC, set((ip6)9 << 112, 20, 1)) << "a reader may be inside";
	rte_rcu_qsbr_quiescent(qsbr, 0);
	EXPECT_EQ(0, set((ip6)9 << 112, 20, 1));
	rte_rcu_qsbr_thread_offline(qsbr, 0);
}

/* A reader that is held up between two loads, while the group that it is about to look into goes
 * and is wanted for another prefix. If it is registered it finds that there is no rule any more; if
 * nobody waits for it, which is what a table without grace periods does to all, it finds what is
 * not for its address. */
TEST_F(trie6_readers, a_reader_held_up_between_two_loads)
{
	for (bool registered : { true, false }) {
		ip6 asked = addr6("2001:8000::");
		uint32_t held, found;

		restart(1);
		if (registered) {
			ASSERT_EQ(0, rte_rcu_qsbr_thread_register(qsbr, 0));
			rte_rcu_qsbr_thread_online(qsbr, 0);
		}
		ASSERT_EQ(0, set(asked, 20, 1));
		held = table.shared->root[0x2001];
		ASSERT_TRUE(held & TRIE6_IS_GROUP);
		ASSERT_EQ(0, del(asked, 20));
		EXPECT_EQ(registered ? -ENOSPC : 0, set("2002:8000::", 20, 2));
		found = table.shared->groups[held & TRIE6_VALUE][8] & TRIE6_VALUE;
		EXPECT_EQ(registered ? 0u : 2u, found);
		if (registered) {
			rte_rcu_qsbr_thread_offline(qsbr, 0);
			rte_rcu_qsbr_thread_unregister(qsbr, 0);
		}
	}
}

/* A reader that is held up after each step for as long as it may be. */
static void slow_lookup(const struct trie6_shared *shared, const ip6 *addr, uint32_t *entry, int n)
{
	for (int i = 0; i < n; i++)
		entry[i] = __atomic_load_n(&shared->root[(uint16_t)(addr[i] >> 112)],
					   __ATOMIC_RELAXED);
	for (int from = TRIE6_ROOT_BITS; from < TRIE6_LEN; from += TRIE6_STEP)
		for (int i = 0; i < n; i++)
			if (entry[i] & TRIE6_IS_GROUP)
				entry[i] = __atomic_load_n(
					&shared->groups[entry[i] & TRIE6_VALUE]
						       [(addr[i] >> (124 - from)) % 16],
					__ATOMIC_RELAXED);
}

/* Readers against a writer that flaps rules, so that groups come and go all the time. A value is
 * the number of a rule: whatever a reader finds must be a rule that covers the address that it
 * asked for, and one always does. */
TEST_F(trie6_readers, readers_never_see_a_value_that_was_not_for_the_address)
{
	constexpr uint32_t BLOCKS = 90, POOL = 512, CHANGES = 30000;
	const ip6 base = addr6("2001:db8::");
	std::vector<route6> rules = { { 0, 1 }, { base, 32 } }; /* the second stays */
	std::vector<std::thread> readers;
	std::atomic<uint64_t> wrong{ 0 }, asked{ 0 };
	std::atomic<bool> stop{ false };
	std::atomic<uint32_t> running{ 0 };

	restart(POOL);
	for (uint32_t b = 0; b < BLOCKS; b++)
		for (uint8_t len : { 40, 46, 53, 60 }) /* five groups a block: some wait */
			rules.push_back({ base | (ip6)b << 88, len });
	rules.push_back({ base, 34 });
	rules.push_back({ base, 36 });
	ASSERT_EQ(0, set(base, 32, 1));

	auto lookups = usable_lookups();
	for (uint32_t id = 0; id < 2; id++)
		readers.emplace_back([&, id] {
			std::mt19937 mine(id + 100);
			struct trie6_reader in = { table.shared, POOL, 0xffff };
			ip6 addr[1024];
			uint32_t found[1024];

			rte_rcu_qsbr_thread_register(qsbr, id);
			rte_rcu_qsbr_thread_online(qsbr, id);
			running++;
			for (uint32_t turn = 0; !stop; turn++) {
				for (ip6 &a : addr)
					a = base | (ip6)(mine() % BLOCKS) << 88 |
					    (ip6)(mine() % 2) << (128 - 47 - 7 * (mine() % 2));
				for (int i = 0; id == 0 && i < 1024; i += FIB_BURST) {
					struct fib_addr dst[FIB_BURST];

					for (int k = 0; k < FIB_BURST; k++)
						dst[k] = words(addr[i + k]);
					wrong += lookups[turn % lookups.size()]->burst(
							 &in, dst, &found[i], FIB_BURST) != 0;
				}
				if (id == 1)
					slow_lookup(table.shared, addr, found, 1024);
				for (int i = 0; i < 1024; i++) {
					uint32_t n = found[i] & 0xffff;

					wrong += n >= rules.size() ||
						 lpm6_model::network(addr[i], rules[n].len) !=
							 rules[n].addr;
				}
				asked += 1024;
				rte_rcu_qsbr_quiescent(qsbr, id);
			}
			rte_rcu_qsbr_thread_offline(qsbr, id);
			rte_rcu_qsbr_thread_unregister(qsbr, id);
		});
	while (running < 2)
		sched_yield();
	for (uint32_t done = 0; done < CHANGES; done++) {
		uint32_t n = done % 8 ? 2 + (uint32_t)(random() % (rules.size() - 2)) : 0;
		int err = del(rules[n].addr, rules[n].len);

		if (err == -ENOENT)
			while ((err = set(rules[n].addr, rules[n].len, n)) == -ENOSPC)
				sched_yield();
		ASSERT_EQ(0, err);
	}
	stop = true;
	for (std::thread &reader : readers)
		reader.join();
	EXPECT_EQ(0u, wrong);
	EXPECT_LT(0u, asked);
	EXPECT_LT(10 * POOL, t.groups.tail) << "groups were reused, many times over";
}

/* Control is killed in the midst of changes to the live table. What forwarding lcores find stays
 * what some rule says, and every way ends; the one that comes after it fills the spare from
 * nothing, whatever lies there, and its own death leaves the live one alone. */
TEST_F(trie6_readers, killed_writer)
{
	constexpr uint32_t POOL = 4096, LIVES = 12, RULES = 300;
	table6 generation[2] = { table6(POOL), table6(POOL) };
	auto *changes = (std::atomic<uint32_t> *)mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
						      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	std::vector<route6> rules = { { addr6("2000::"), 3 } };
	ip6 base = addr6("2001:db8::");
	std::vector<uint32_t> live;

	ASSERT_NE(MAP_FAILED, (void *)changes);
	for (uint32_t i = 1; i < RULES; i++)
		rules.push_back(random_route(base, 52, (uint8_t)(30 + i % 35)));
	std::vector<ip6> addrs = borders({ rules.begin() + 1, rules.end() });
	addrs.erase(std::remove_if(addrs.begin(), addrs.end(), [](ip6 a) { return a >> 125 != 1; }),
		    addrs.end());
	for (uint32_t life = 0; life < LIVES; life++) {
		const table6 &mine = generation[life % 2], &other = generation[!(life % 2)];
		uint32_t enough = 2000 + (uint32_t)(random() % 500);

		*changes = 0;
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (pid == 0) {
			struct trie6 own;

			/* all rules, which are then published, and changes for ever */
			if (trie6_init(&own, mine.shared, POOL, qsbr))
				_exit(1);
			for (uint32_t i = 0;; i++) {
				uint32_t n = i < RULES ? i : (uint32_t)(random() % RULES);
				struct fib_addr a = words(rules[n].addr);

				/* the first one only ever changes */
				if (n == 0 || trie6_del(&own, &a, rules[n].len))
					trie6_set(&own, &a, rules[n].len, n + RULES * (i % 3));
				++*changes;
			}
		}
		while (*changes < enough)
			sched_yield();
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, nullptr, 0));

		std::vector<uint32_t> found = look_up(mine.reader(0xffff), addrs);
		for (size_t i = 0; i < addrs.size(); i++) {
			const route6 &r = rules[found[i] % RULES];

			ASSERT_NE(0xffffu, found[i]) << text({ addrs[i], 128 });
			ASSERT_EQ(r.addr, lpm6_model::network(addrs[i], r.len))
				<< text({ addrs[i], 128 }) << " in life " << life;
		}
		if (life) {
			EXPECT_EQ(live, look_up(other.reader(0xffff), addrs));
		}
		live = found;
	}

	/* the last one lives, and takes the half-changed spare */
	const table6 &spare = generation[LIVES % 2];
	lpm6_model model;
	struct trie6 own;

	ASSERT_EQ(0, trie6_init(&own, spare.shared, POOL, qsbr));
	for (uint32_t found : look_up(spare.reader(0xffff), addrs))
		ASSERT_EQ(0xffffu, found) << "it begins with nothing";
	for (uint32_t n = 0; n < RULES; n++) {
		struct fib_addr a = words(rules[n].addr);

		ASSERT_EQ(0, trie6_set(&own, &a, rules[n].len, n));
		model.set(rules[n].addr, rules[n].len, n);
	}
	std::vector<uint32_t> found = look_up(spare.reader(0xffff), addrs);
	for (size_t i = 0; i < addrs.size(); i++)
		ASSERT_EQ(model.lookup(addrs[i], 0xffff), found[i]);
	EXPECT_EQ(live, look_up(generation[!(LIVES % 2)].reader(0xffff), addrs));
	trie6_fini(&own);
	munmap(changes, 4096);
}
