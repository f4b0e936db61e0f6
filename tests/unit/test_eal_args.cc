/* What EAL is told of an instance's name and CPUs. */
#include <gtest/gtest.h>

#include <sched.h>
#include <string>
#include <vector>

#include "eal_args.h"

namespace
{

std::vector<uint32_t> allowed()
{
	std::vector<uint32_t> cpus;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return cpus;
	for (uint32_t i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			cpus.push_back(i);
	return cpus;
}

} // namespace

TEST(eal_args, the_first_lcore_is_the_main_one)
{
	const std::string cpu = std::to_string(allowed().at(0));
	const uint32_t lcores[] = { allowed()[0], allowed()[0] };
	struct eal_args args;

	eal_args_init(&args, "rs0");
	EXPECT_STREQ("--file-prefix=bascule-rs0", args.prefix);
	EXPECT_EQ(0, eal_args_lcores(&args, "dataplane.main_lcore", lcores, 1));
	EXPECT_EQ(0, eal_args_lcores(&args, "dataplane.forwarding_lcores", lcores, 2));
	EXPECT_EQ("--main-lcore=" + cpu, args.main_lcore);
	EXPECT_EQ(cpu + "," + cpu + "," + cpu, args.lcores);
}

TEST(eal_args, a_cpu_that_is_not_ours_is_named)
{
	std::vector<uint32_t> lcores = allowed();

	for (uint32_t other : { (uint32_t)CPU_SETSIZE - 1, (uint32_t)CPU_SETSIZE, UINT32_MAX }) {
		struct eal_args args;

		if (other == lcores.back())
			continue;
		eal_args_init(&args, "rs0");
		testing::internal::CaptureStderr();
		EXPECT_EQ(-ENODEV, eal_args_lcores(&args, "control.lcores", &other, 1));
		EXPECT_NE(std::string::npos, testing::internal::GetCapturedStderr().find(
						     "control.lcores: " + std::to_string(other) +
						     " is not a CPU that this process may use"));
		EXPECT_STREQ("", args.lcores);
	}
}

/* With isolcpus= on the kernel's command line every process begins with a mask without those CPUs,
 * which are the very ones that are meant for lcores. */
TEST(eal_args, an_isolated_cpu_is_ours_to_take)
{
	std::vector<uint32_t> lcores = allowed();
	struct eal_args args;
	cpu_set_t before, first, after;

	if (lcores.size() < 2)
		GTEST_SKIP() << "one CPU";
	ASSERT_EQ(0, sched_getaffinity(0, sizeof(before), &before));
	CPU_ZERO(&first);
	CPU_SET(lcores[0], &first);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(first), &first));
	eal_args_init(&args, "rs0");
	EXPECT_EQ(0, eal_args_lcores(&args, "control.lcores", &lcores[1], 1));
	ASSERT_EQ(0, sched_getaffinity(0, sizeof(after), &after));
	EXPECT_TRUE(CPU_EQUAL(&first, &after)) << "a question moves nobody";
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(before), &before));
}

TEST(eal_args, the_longest_list_fits)
{
	const std::vector<uint32_t> lcores(EAL_ARGS_LCORES, allowed().back());
	const std::string cpu = std::to_string(lcores[0]);
	struct eal_args args;

	eal_args_init(&args, "rs0");
	ASSERT_EQ(0, eal_args_lcores(&args, "control.lcores", lcores.data(), lcores.size()));
	EXPECT_EQ(EAL_ARGS_LCORES * (cpu.size() + 1) - 1, args.len);
	EXPECT_EQ(args.len, std::string(args.lcores).size());
}
