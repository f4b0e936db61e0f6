/* EAL for a test program: a primary of its own without hugepages or devices, started once before the first test. The
 * test defines EAL_MEMORY_MB before it includes this. */
#ifndef BASCULE_TEST_EAL_H
#define BASCULE_TEST_EAL_H

#include <gtest/gtest.h>

#include <sched.h>
#include <string>

#include <rte_eal.h>

namespace
{

struct eal_environment : testing::Environment {
	void SetUp() override
	{
		std::string memory = std::to_string(EAL_MEMORY_MB);
		const char *args[] = { "test",	   "--no-huge",	     "-m",	    memory.c_str(),
				       "--no-pci", "--no-telemetry", "--no-shconf", "-l",
				       "0",	   "--log-level",    "error" };

		cpu_set_t cpus;

		/* EAL pins the main lcore, and the threads that a test starts would inherit that. */
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
#endif
