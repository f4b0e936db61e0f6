// What a receiver of tools/bgpload has counted, against a set that is slow.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

extern "C" {
#include "tally.h"
#include "update.h"
}

namespace
{

struct Tally : testing::Test {
	struct workload load = {};

	~Tally() override
	{
		workload_free(&load);
	}
};

TEST_F(Tally, HoldsWhatASetHolds)
{
	constexpr uint32_t nb = 5000;
	std::vector<uint64_t> said_ns(nb / FEED_SAMPLE + 1, 1000);
	struct timing timing = {};
	struct tally tally;
	std::set<uint32_t> held;
	std::mt19937 random(1);
	uint64_t own[nb / 64 + 1] = { 2 }, announced = 0, again = 0, withdrawn = 0, echoed = 0;

	timing.said_ns = said_ns.data();
	ASSERT_TRUE(workload_generate(&load, nb));
	ASSERT_TRUE(tally_init(&tally, &load, own, UINT32_MAX));
	for (int n = 0; n < 2000; n++) {
		uint8_t message[BGP_MESSAGE_MAX];
		std::vector<struct prefix> some;
		bool announce = random() % 3;
		size_t taken, len;

		for (uint32_t i = random() % 50 + 1; i; i--) {
			uint32_t number = random() % 400;

			some.push_back(load.prefixes[number]);
			if (number == 1) {
				echoed++;
			} else if (announce) {
				announced++;
				again += !held.insert(number).second;
			} else {
				withdrawn++;
				held.erase(number);
			}
		}
		const uint8_t attrs[] = { 0x40, 1, 1, 0 };

		len = announce ? update_encode_announce(message, sizeof(message), FAMILY_IPV4,
							attrs, 4, some.data(), some.size(), &taken)
			       : update_encode_withdraw(message, sizeof(message), FAMILY_IPV4,
							some.data(), some.size(), &taken);
		ASSERT_EQ(some.size(), taken);
		ASSERT_TRUE(tally_update(&tally, &load, &timing, message, len, 3000));
		ASSERT_EQ(held.size(), tally.nb_held);
	}
	EXPECT_EQ(announced, tally.announced);
	EXPECT_EQ(again, tally.again);
	EXPECT_EQ(withdrawn, tally.withdrawn);
	EXPECT_EQ(echoed, tally.echoed);
	EXPECT_EQ(0u, tally.strange);
	EXPECT_LT(0u, timing.latency.nb);
	EXPECT_EQ(2000u, timing.latency.max_ns);
	tally_free(&tally);
}

TEST_F(Tally, MalformedUpdatesAreTold)
{
	static const std::vector<uint8_t> bodies[] = {
		{},
		{ 0 },
		{ 0, 1, 24, 0 },		   // a withdrawn prefix that is cut
		{ 0, 1, 33, 0, 0 },		   // longer than 32
		{ 0, 0, 0, 9, 1 },		   // attributes longer than the message
		{ 0, 0, 0, 0, 24, 1, 2 },	   // a prefix that is cut
		{ 0, 0, 0, 0, 8, 20, 40, 1, 2, 3 } // longer than 32
	};
	struct timing timing = {};
	struct tally tally;

	ASSERT_TRUE(workload_generate(&load, 1));
	ASSERT_TRUE(tally_init(&tally, &load, nullptr, UINT32_MAX));
	for (const auto &body : bodies) {
		std::vector<uint8_t> message(19);

		message.insert(message.end(), body.begin(), body.end());
		EXPECT_FALSE(
			tally_update(&tally, &load, &timing, message.data(), message.size(), 0));
	}
	tally_free(&tally);
}

TEST(Latency, PercentilesAreWithinABucket)
{
	struct latency latency = {};

	EXPECT_EQ(0u, latency_percentile(&latency, 0.5));
	for (uint64_t ns = 1000; ns <= 1000000; ns += 1000)
		latency_note(&latency, ns);
	EXPECT_NEAR(500000, latency_percentile(&latency, 0.5), 500000 / 30);
	EXPECT_NEAR(990000, latency_percentile(&latency, 0.99), 990000 / 30);
	EXPECT_EQ(1000000u, latency.max_ns);
	latency_note(&latency, 0);
	latency_note(&latency, UINT64_MAX / 2);
	EXPECT_EQ(UINT64_MAX / 2, latency.max_ns);
}

} // namespace
