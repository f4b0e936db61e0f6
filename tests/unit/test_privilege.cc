/* What root keeps for the sake of files. */
#include <filesystem>
#include <string>

#include <grp.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <unistd.h>

#include "confine.h"
#include "privilege.h"

namespace
{

namespace fs = std::filesystem;

enum { NOBODY = 65534 };

struct folder : ::testing::Test {
	fs::path root;

	void SetUp() override
	{
		char dir[] = "/tmp/bascule-privilege-XXXXXX";

		root = mkdtemp(dir);
	}
	void TearDown() override
	{
		fs::remove_all(root);
	}
	bool of_others(const char *path)
	{
		return privilege_of_others((root.string() + path).c_str());
	}
};

TEST_F(folder, whose_it_is_or_is_to_be)
{
	if (geteuid())
		GTEST_SKIP() << "not root";
	EXPECT_FALSE(of_others(""));
	EXPECT_FALSE(of_others("/run/rs0/"));
	fs::create_directories(root / "run");
	ASSERT_EQ(0, chown((root / "run").c_str(), NOBODY, NOBODY));
	EXPECT_TRUE(of_others("/run/rs0/"));
	EXPECT_TRUE(of_others("/run/rs0"));
	fs::create_directories(root / "run/rs0");
	EXPECT_FALSE(of_others("/run/rs0/lock")) << "to be made in ours, which lies in theirs";
	EXPECT_FALSE(of_others("/state"));
}

TEST(privilege, for_files)
{
	const uint64_t dac = CONFINE_CAPABILITY(CAP_DAC_OVERRIDE),
		       chown = CONFINE_CAPABILITY(CAP_CHOWN);
	uint64_t kept = privilege_for_files("nosuch", false);

	EXPECT_EQ(0, kept & ~(dac | chown));
	EXPECT_EQ(kept | dac, privilege_for_files("nosuch", true));
	EXPECT_EQ(getgrnam("bascule") || getgrnam("bascule-ro"), (kept & chown) != 0);
}

} // namespace
