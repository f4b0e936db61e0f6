/* Hashes spread: like keys differ in about half their bits, and tables fill evenly. */
#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "hash.h"

TEST(hash, every_input_bit_reaches_about_half_of_the_output)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		unsigned int changed = 0;

		for (uint64_t key = 0; key < 1000; key++)
			changed += (unsigned int)__builtin_popcountll(
				hash_u64(key) ^ hash_u64(key ^ UINT64_C(1) << bit));
		EXPECT_NEAR(32.0, changed / 1000.0, 2.0) << bit;
	}
}

TEST(hash, octets_each_count_and_so_does_the_length)
{
	std::set<uint64_t> seen;
	uint8_t zeros[64] = { 0 }, data[64] = { 0 };

	for (size_t len = 0; len <= sizeof(zeros); len++)
		EXPECT_TRUE(seen.insert(hash_bytes(zeros, len, 0)).second) << len;
	for (size_t i = 0; i < sizeof(data); i++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			data[i] = (uint8_t)(1 << bit);
			EXPECT_TRUE(seen.insert(hash_bytes(data, sizeof(data), 0)).second)
				<< i << " " << bit;
			data[i] = 0;
		}
	}
	EXPECT_NE(hash_bytes(zeros, 8, 0), hash_bytes(zeros, 8, 1));
}

TEST(hash, alignment_does_not_matter)
{
	uint8_t buf[80];

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i % 8 * 31);
	for (size_t shift = 8; shift < 16; shift += 8)
		EXPECT_EQ(hash_bytes(buf, 40, 7), hash_bytes(buf + shift, 40, 7));

	std::vector<uint8_t> odd(buf, buf + 41);
	odd.insert(odd.begin(), 0);
	EXPECT_EQ(hash_bytes(buf, 41, 7), hash_bytes(odd.data() + 1, 41, 7));
}

/* Prefixes as the RIB keys them, and counters: the low bits that a table uses fill evenly
 * (chi-square, 4096 buckets). */
TEST(hash, tables_fill_evenly)
{
	std::vector<uint32_t> prefixes(4096), counters(4096);
	double chi_prefixes = 0, chi_counters = 0;
	const uint32_t keys = 4096 * 64;

	for (uint32_t i = 0; i < keys; i++) {
		prefixes[hash_u32((uint64_t)(0x0a000000 + (i << 8)) << 8 | 24) % 4096]++;
		counters[hash_bytes(&i, sizeof(i), 0) % 4096]++;
	}
	for (size_t i = 0; i < 4096; i++) {
		chi_prefixes += (prefixes[i] - 64.0) * (prefixes[i] - 64.0) / 64;
		chi_counters += (counters[i] - 64.0) * (counters[i] - 64.0) / 64;
	}
	EXPECT_NEAR(4095, chi_prefixes, 500);
	EXPECT_NEAR(4095, chi_counters, 500);
}

/* A child is the same program after fork(); only exec() draws again. */
TEST(hash, every_process_has_a_seed_of_its_own)
{
	std::set<std::string> seeds;

	if (getenv("TELL_SEED")) {
		printf("seed %016" PRIx64 "\n", hash_seed());
		return;
	}
	setenv("TELL_SEED", "1", 1);
	for (int i = 0; i < 3; i++) {
		FILE *child = popen(
			"/proc/$PPID/exe --gtest_filter=hash.every_process* | grep ^seed", "r");
		char line[64] = "";

		ASSERT_NE(nullptr, child);
		EXPECT_NE(nullptr, fgets(line, sizeof(line), child));
		EXPECT_TRUE(seeds.insert(line).second) << line;
		pclose(child);
	}
	unsetenv("TELL_SEED");
	EXPECT_EQ(hash_seed(), hash_seed());
}
