/* The gate's bits, and the set of peers under readers. */
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <thread>
#include <vector>

#include "fib.h"

class gate_test : public testing::TestWithParam<enum fib_family>
{
      protected:
	std::unique_ptr<struct fib> owned{ new struct fib() };
	struct fib *fib = owned.get();

	/* 0 is nobody in both families. */
	struct fib_addr addr(uint32_t n)
	{
		const struct fib_addr ip6 = { { n ? 0x20010db8u : 0u, 0, n % 5, n } };

		return GetParam() == FIB_IP4 ? fib_addr_ip4(n) : ip6;
	}

	/* Peers behind port 3. */
	int set(const std::vector<uint32_t> &addrs)
	{
		std::vector<struct fib_peer> peers;

		for (uint32_t n : addrs)
			peers.push_back({ addr(n), 3 });
		return fib_peers_set(fib, peers.data(), (uint32_t)peers.size());
	}
	bool known(uint32_t n)
	{
		enum fib_peer_at at = fib_peer_at(fib, addr(n), 3);

		EXPECT_NE(FIB_PEER_ELSEWHERE, at) << n;
		return at == FIB_PEER_HERE;
	}
};

TEST(gate, one_bit_a_pair_of_roles)
{
	std::unique_ptr<struct fib> owned{ new struct fib() };
	struct fib *fib = owned.get();

	for (uint8_t in = 0; in < FIB_VIEWS; in++) {
		for (uint8_t out = 0; out < FIB_VIEWS; out++) {
			fib_gate_set(fib, UINT64_C(1) << (in * FIB_VIEWS + out));
			for (uint8_t i = 0; i < FIB_VIEWS; i++)
				for (uint8_t e = 0; e < FIB_VIEWS; e++)
					EXPECT_EQ(i == in && e == out,
						  fib_gate_open(fib->gate, i, e));
		}
	}
}

TEST_P(gate_test, peers)
{
	EXPECT_FALSE(known(1)) << "nobody at first";
	EXPECT_FALSE(known(0));
	ASSERT_EQ(0, set({ 0x0a000001, 0xffffffff, 0x0a000001 }));
	EXPECT_TRUE(known(0x0a000001));
	EXPECT_TRUE(known(0xffffffff));
	EXPECT_FALSE(known(0x0a000002));
	EXPECT_FALSE(known(0)) << "an empty slot is no peer";
	EXPECT_EQ(-EINVAL, set({ 5, 0 }));
	EXPECT_TRUE(known(0x0a000001)) << "a refused set changes nothing";
	ASSERT_EQ(0, set({ 0x0a000002 }));
	EXPECT_FALSE(known(0x0a000001));
	EXPECT_TRUE(known(0x0a000002));
	ASSERT_EQ(0, set({}));
	EXPECT_FALSE(known(0x0a000002));
}

TEST_P(gate_test, each_peer_is_behind_its_port)
{
	const struct fib_peer peers[] = { { addr(0x0a000001), 0 },
					  { addr(0x0a000002), 31 },
					  { addr(0xffffffff), 7 } };
	const struct fib_peer moved = { addr(0x0a000001), 5 };

	ASSERT_EQ(0, fib_peers_set(fib, peers, 3));
	for (const struct fib_peer &peer : peers) {
		EXPECT_EQ(FIB_PEER_HERE, fib_peer_at(fib, peer.addr, peer.port));
		EXPECT_EQ(FIB_PEER_ELSEWHERE, fib_peer_at(fib, peer.addr, peer.port + 1));
	}
	EXPECT_EQ(FIB_PEER_NOBODY, fib_peer_at(fib, addr(0x0a000003), 0));
	ASSERT_EQ(0, fib_peers_set(fib, &moved, 1));
	EXPECT_EQ(FIB_PEER_HERE, fib_peer_at(fib, addr(0x0a000001), 5));
	EXPECT_EQ(FIB_PEER_ELSEWHERE, fib_peer_at(fib, addr(0x0a000001), 0));
}

/* The families do not meet, and a link-local address is somebody else's behind each port. */
TEST(gate, peers_of_either_family)
{
	const struct fib_addr ip6 = { { 0xfe800000, 0, 0, 0x0a000001 } };
	const struct fib_addr other = { { 0xfebfffff, 0, 0, 0x0a000001 } };
	const struct fib_peer peers[] = {
		{ fib_addr_ip4(0x0a000001), 3 }, { ip6, 3 }, { ip6, 4 }, { other, 5 }
	};
	std::unique_ptr<struct fib> fib{ new struct fib() };

	ASSERT_EQ(0, fib_peers_set(fib.get(), peers, 4));
	EXPECT_EQ(FIB_PEER_HERE, fib_peer_at(fib.get(), peers[0].addr, 3));
	EXPECT_EQ(FIB_PEER_ELSEWHERE, fib_peer_at(fib.get(), peers[0].addr, 4));
	EXPECT_EQ(FIB_PEER_HERE, fib_peer_at(fib.get(), ip6, 3));
	EXPECT_EQ(FIB_PEER_HERE, fib_peer_at(fib.get(), ip6, 4));
	EXPECT_EQ(FIB_PEER_NOBODY, fib_peer_at(fib.get(), ip6, 5));
	EXPECT_EQ(FIB_PEER_HERE, fib_peer_at(fib.get(), other, 5));
	ASSERT_EQ(0, fib_peers_set(fib.get(), &peers[2], 1));
	EXPECT_EQ(FIB_PEER_NOBODY, fib_peer_at(fib.get(), ip6, 3));
	EXPECT_EQ(FIB_PEER_NOBODY, fib_peer_at(fib.get(), peers[0].addr, 3));
}

TEST_P(gate_test, as_many_peers_as_fit)
{
	std::vector<uint32_t> peers;

	for (uint32_t i = 0; i < FIB_PEERS / 2; i++)
		peers.push_back(0x0a000001 + i * 256);
	ASSERT_EQ(0, set(peers));
	for (uint32_t peer : peers) {
		EXPECT_TRUE(known(peer));
		EXPECT_FALSE(known(peer + 1));
	}
	peers.push_back(1);
	EXPECT_EQ(-ENOSPC, set(peers));
	EXPECT_TRUE(known(peers[0]));
}

/* A writer that died while it filled the table that is not in force: any words may be there, all
 * slots taken. */
TEST_P(gate_test, half_written_table_is_not_in_force)
{
	ASSERT_EQ(0, set({ 5 }));
	for (struct fib_peer_slot &slot : fib->peers[(fib->peers_version + 1) % 2])
		slot = { { 6, 6 }, 4 };
	EXPECT_TRUE(known(5));
	EXPECT_FALSE(known(6));
	ASSERT_EQ(0, set({ 7 }));
	EXPECT_TRUE(known(7));
	EXPECT_FALSE(known(6));
}

TEST_P(gate_test, peers_of_both_sets_are_known_throughout)
{
	std::vector<uint32_t> sets[2];
	std::atomic<bool> stop{ false }, running{ false };
	uint64_t lost = 0, invented = 0;

	for (uint32_t i = 1; i <= 500; i++) {
		sets[0].push_back(i);
		/* the other way round, so that the common ones move */
		sets[1].insert(sets[1].begin(), i);
		sets[i % 2].push_back(10000 + i);
	}
	ASSERT_EQ(0, set(sets[0]));
	std::thread reader([&] {
		for (uint32_t i = 1; !stop; i = i % 500 + 1) {
			lost += !known(i);
			invented += known(20000 + i);
			running = true;
		}
	});
	while (!running)
		std::this_thread::yield();
	for (int i = 0; i < 3000; i++)
		ASSERT_EQ(0, set(sets[i % 2]));
	stop = true;
	reader.join();
	EXPECT_EQ(0u, lost);
	EXPECT_EQ(0u, invented);
}

INSTANTIATE_TEST_SUITE_P(of, gate_test, testing::Values(FIB_IP4, FIB_IP6),
			 [](const auto &info) { return info.param == FIB_IP4 ? "ipv4" : "ipv6"; });
