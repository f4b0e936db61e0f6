/* Role names: each comes back as itself, and nothing else is one. */
#include <gtest/gtest.h>

#include "role.h"

TEST(role, names)
{
	for (int i = 0; i < ROLE_COUNT; i++) {
		enum role back;

		ASSERT_TRUE(role_parse(role_name((enum role)i), &back));
		EXPECT_EQ(i, back);
	}
	for (const char *bad : { "", "VPN", "vpn ", "er", "vnetx", "vne" }) {
		enum role role = ROLE_NVA;

		EXPECT_FALSE(role_parse(bad, &role)) << bad;
		EXPECT_EQ(ROLE_NVA, role) << "left alone";
	}
}
