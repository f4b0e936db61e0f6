/* Lists of CPUs as the kernel prints them. */
#include <gtest/gtest.h>

#include <string>

#include "cpu_list.h"

TEST(cpu_list, there_and_back)
{
	struct {
		const char *text;
		bool good;
		const char *printed;
	} cases[] = {
		{ "0-3,8", true, "0-3,8" },
		{ "", true, "none" },
		{ "\n", true, "none" },
		{ "7\n", true, "7" },
		{ "1,2,3", true, "1-3" },
		{ "0,2,4-5", true, "0,2,4-5" },
		{ "1023", true, "1023" },
		{ "1024", true, "none" }, /* more than a cpu_set_t has */
		{ "3-1", true, "none" },
		{ "(null)", false, "none" },
		{ "1-", false, "none" },
		{ "1;2", false, "1" },
	};

	for (const auto &t : cases) {
		char buf[64];
		cpu_set_t cpus;

		EXPECT_EQ(t.good, cpu_list_parse(t.text, &cpus)) << t.text;
		EXPECT_STREQ(t.printed, cpu_list_print(&cpus, buf, sizeof(buf))) << t.text;
	}
}

TEST(cpu_list, a_long_one_is_cut)
{
	std::string text;
	cpu_set_t cpus;
	char buf[8];

	for (int i = 0; i < 100; i += 2)
		text += std::to_string(i) + ",";
	ASSERT_TRUE(cpu_list_parse(text.c_str(), &cpus));
	EXPECT_STREQ("0,2,4,6", cpu_list_print(&cpus, buf, sizeof(buf)));
}
