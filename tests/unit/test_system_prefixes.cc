/* VNets and connected subnets of a family: what is inside one, against a look at each. */
#include "system_prefixes.h"

#include <memory>
#include <vector>

#include "families.h"
#include "hash.h"
#include "to_fib.h"

namespace
{

class system_prefixes_test : public testing::TestWithParam<enum family>
{
      protected:
	uint64_t seed = 7;

	uint32_t random()
	{
		seed = hash_u64(seed + 1);
		return (uint32_t)(seed >> 20);
	}
	/* Few bits vary, so that many lie in one another. */
	uint32_t address()
	{
		return 0x0a000000 | (random() & 0x00330303);
	}
	struct prefix prefix(enum family family)
	{
		return prefix_of(family, address(), (uint8_t)(8 + random() % 25));
	}
};

TEST_P(system_prefixes_test, cover_what_lies_in_one)
{
	size_t covered = 0, asked = 0;

	for (int round = 0; round < 200; round++) {
		auto config = std::make_unique<struct config>();
		std::vector<struct config_vnet> vnets(random() % 12);
		struct config_dataplane *dp = &config->dataplane;
		struct system_prefixes system;
		std::vector<struct prefix> all;

		for (struct config_vnet &vnet : vnets) {
			vnet.prefix = prefix(random() % 4 ? GetParam() : FAMILY_IPV4);
			all.push_back(vnet.prefix);
		}
		config->vnets = vnets.data();
		config->nb_vnets = vnets.size();
		dp->nb_ports = random() % 4;
		for (size_t i = 0; i < dp->nb_ports; i++) {
			dp->ports[i].nb_addresses = random() % 4;
			for (size_t k = 0; k < dp->ports[i].nb_addresses; k++) {
				struct prefix p = prefix(random() % 4 ? GetParam() : FAMILY_IPV6);

				dp->ports[i].addresses[k] = { p.addr, p.len };
				all.push_back(p);
			}
		}
		ASSERT_EQ(0, system_prefixes_init(&system, GetParam(), config.get()));
		for (int i = 0; i < 200; i++) {
			struct prefix p = prefix(GetParam());
			bool inside = false;

			for (const struct prefix &one : all)
				inside |= prefix_covers(one, p);
			ASSERT_EQ(inside, system_prefixes_cover(&system, p));
			covered += inside;
			asked++;
		}
		system_prefixes_fini(&system);
	}
	EXPECT_LT(asked / 10, covered);
	EXPECT_LT(covered, asked * 9 / 10);
}

/* What the FIB is told is the same, and comes back as it went. */
TEST_P(system_prefixes_test, as_the_fib_has_it)
{
	for (int i = 0; i < 1000; i++) {
		struct prefix p = prefix(GetParam()), q = prefix(GetParam());
		struct fib_prefix a = to_fib_prefix(p), b = to_fib_prefix(q);
		struct fib_addr addr = to_fib_addr(p.addr);

		ASSERT_TRUE(fib_prefix_valid(&a));
		ASSERT_EQ(prefix_equal(p, q), fib_prefix_same(&a, &b));
		ASSERT_TRUE(prefix_equal(p, from_fib_prefix(&a)));
		ASSERT_TRUE(addr_equal(p.addr, from_fib_addr(&addr)));
		ASSERT_EQ(GetParam() == FAMILY_IPV4, fib_addr_is_ip4(&addr));
	}
}

TEST(to_fib, words_are_in_order)
{
	const uint8_t v6[16] = { 0x20, 1, 0x0d, 0xb8, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	struct fib_addr addr = to_fib_addr(addr_make6(v6)), nobody = to_fib_addr(addr_make4(0));

	EXPECT_EQ(0x20010db8u, addr.word[0]);
	EXPECT_EQ(0x05060708u, addr.word[1]);
	EXPECT_EQ(0x0d0e0f10u, addr.word[3]);
	EXPECT_TRUE(fib_addr_none(&nobody));
	EXPECT_TRUE(addr_unspecified(from_fib_addr(&nobody)));
}

OF_BOTH_FAMILIES(system_prefixes_test);

} // namespace
