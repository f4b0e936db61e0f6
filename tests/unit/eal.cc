/* EAL for a test program that lists this file: a primary of its own without hugepages or devices,
 * started once before the first test. */
#include <gtest/gtest.h>

#include <sched.h>

#include <rte_eal.h>

namespace
{

/* MB: a FIB of each role, of every test that makes its own. What is not touched costs nothing. */
const char memory[] = "1024";

struct eal_environment : testing::Environment {
	void SetUp() override
	{
		const char *args[] = { "test",	   "--no-huge",	     "-m",	    memory,
				       "--no-pci", "--no-telemetry", "--no-shconf", "-l",
				       "0",	   "--log-level",    "error" };

		cpu_set_t cpus;

		/* EAL pins the main lcore, and the threads that a test starts would inherit
		 * that. */
		ASSERT_EQ(0, sched_getaffinity(0, sizeof(cpus), &cpus));
		ASSERT_LE(0, rte_eal_init((int)(sizeof(args) / sizeof(*args)), (char **)args));
		ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpus), &cpus));
	}
	void TearDown() override
	{
		rte_eal_cleanup();
	}
};

testing::Environment *const eal = testing::AddGlobalTestEnvironment(new eal_environment);

} // namespace
