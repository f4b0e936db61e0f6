/* The CLI as a program: exit codes, complaints, and what needs no running instance. */
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli_harness.h"

TEST(cli, usage_is_exit_2)
{
	EXPECT_EQ(CLI_OK, run({ "--version" }).exit);
	EXPECT_EQ(CLI_USAGE, run({ "--instance", "../x", "show", "peers" }).exit);
	EXPECT_EQ(CLI_USAGE, run({ "--instance", "none", "show", "routes", "10.0.0.1/8" }).exit);
	for (const std::vector<std::string> &wrong :
	     { std::vector<std::string>{ "--learned" },
	       { "--peer", "a", "--learned", "--received" },
	       { "--longer-prefixes" },
	       { "10.0.0.0/8", "--longer-prefixes", "--exact" },
	       { "10.0.0.0/8", "--family", "ipv4" },
	       { "--family", "ipv5" },
	       { "--usable", "--backup" },
	       { "--limit", "many" },
	       { "--origin-as", "" } }) {
		std::vector<std::string> words{ "--instance", "none", "show", "routes" };

		words.insert(words.end(), wrong.begin(), wrong.end());
		EXPECT_EQ(CLI_USAGE, run(words).exit) << wrong[0];
	}
	EXPECT_EQ(CLI_USAGE, run({ "--instance", "none", "show", "fib" }).exit);
	EXPECT_EQ(CLI_USAGE, run({ "--instance", "none", "show", "fib", "--view", "er" }).exit);
	EXPECT_EQ(CLI_USAGE,
		  run({ "--instance", "none", "show", "fib", "--view", "vpn", "x" }).exit);
}

/* JSON would leave them out, and the command would be about everything. */
TEST(cli, arguments_are_utf_8)
{
	for (std::vector<std::string> words :
	     { std::vector<std::string>{ "show", "peer", "caf\xe9" },
	       { "exchange", "plan", "--peer", "caf\xe9" },
	       { "policy", "test", "a", "in", "10.0.0.0/8", "--communities", "65001:1,\xff" } }) {
		words.insert(words.end(), { "--instance", "none" });
		EXPECT_EQ(CLI_USAGE, run(words).exit) << words[0];
	}
	EXPECT_EQ(CLI_FAILED, run({ "show", "peer", "caf\xc3\xa9", "--instance", "none" }).exit);
	EXPECT_NE(std::string::npos,
		  run({ "config", "check", "/none-\xe9" }).err.find("No such file"));
}

TEST(cli, help_for_what_there_is)
{
	run_result r = run({ "frobnicate", "--help" });

	EXPECT_EQ(CLI_USAGE, r.exit);
	EXPECT_NE(std::string::npos, r.err.find("bascule: frobnicate: there is no such command"));
	EXPECT_EQ(CLI_OK, run({ "show", "--help" }).exit);
	EXPECT_EQ(CLI_OK, run({ "--help" }).exit);
}

TEST(cli, processes_that_do_not_run)
{
	for (std::vector<std::string> words : { std::vector<std::string>{ "show", "peers" },
						{ "show", "ports" },
						{ "reload" },
						{ "show", "fib", "--view", "vpn", "10.0.0.1" } }) {
		words.insert(words.end(), { "--instance", "no-such-instance" });

		run_result r = run(words);

		EXPECT_EQ(CLI_FAILED, r.exit);
		EXPECT_EQ("", r.out);
		EXPECT_NE(std::string::npos,
			  r.err.find("of no-such-instance is not running\n  start it: bascule-"))
			<< r.err;
	}
}

TEST(cli, config_check)
{
	std::string good = BASCULE_CONFIG_EXAMPLES "/azure.conf", none = "/nonexistent.conf";

	EXPECT_EQ(CLI_OK, run({ "config", "check", good }).exit);
	EXPECT_EQ(CLI_USAGE, run({ "config", "check", none }).exit);
	EXPECT_EQ(none + ": cannot read: No such file or directory\n" + none +
			  ": 1 error: nothing would start with it\n",
		  run({ "config", "check", none }).err);

	run_result r = run({ "--json", "config", "check", none });
	json document(r.out);

	EXPECT_EQ(CLI_USAGE, r.exit);
	EXPECT_TRUE(json_is_false(json_object_get(document.value, "good")));
	EXPECT_EQ(1u, json_array_size(json_object_get(document.value, "errors")));
}
