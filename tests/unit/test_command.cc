/* Command lines: what they mean, what is said of those that mean nothing, help and completion. */
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "cli_harness.h"
#include "command.h"

namespace
{

enum cli_exit parse(std::vector<std::string> &words, struct command_args *args, std::string *said)
{
	std::vector<char *> argv = argv_of(words);
	memory err;
	enum cli_exit result =
		command_parse(commands, (int)argv.size(), argv.data(), args, err.file);

	*said = err.text();
	return result;
}

struct parse_case {
	std::vector<std::string> words;
	const char *pattern; /* NULL: refused */
	const char *operand;
};

const parse_case parse_cases[] = {
	{ { "show", "peers" }, "show peers", nullptr },
	{ { "show", "peer", "nva-a" }, "show peer NAME", "nva-a" },
	{ { "show", "peer", "peers" }, "show peer NAME", "peers" },
	{ { "show", "peer" }, nullptr, nullptr },
	{ { "show", "routes" }, "show routes [PREFIX|ADDRESS]", nullptr },
	{ { "show", "routes", "10.0.0.0/8" }, "show routes [PREFIX|ADDRESS]", "10.0.0.0/8" },
	{ { "show", "routes", "a", "b" }, nullptr, nullptr },
	{ { "show", "routes", "--peer", "nva-a", "--learned" },
	  "show routes [PREFIX|ADDRESS]",
	  nullptr },
	{ { "show", "routes", "--peer=nva-a", "--learned" },
	  "show routes [PREFIX|ADDRESS]",
	  nullptr },
	{ { "show", "routes", "--family", "ipv6" }, "show routes [PREFIX|ADDRESS]", nullptr },
	{ { "show", "fib", "--view=vpn", "--family=ipv4" }, "show fib [ADDRESS]", nullptr },
	{ { "show", "routes", "--family" }, nullptr, nullptr },
	{ { "show", "routes", "--peer" }, nullptr, nullptr },
	{ { "show", "routes", "--learned=1" }, nullptr, nullptr },
	{ { "show", "peers", "--learned" }, nullptr, nullptr },
	{ { "--instance", "rs0", "--json", "show", "fib", "--view", "vpn" },
	  "show fib [ADDRESS]",
	  nullptr },
	{ { "show", "fib", "10.0.0.1", "--view", "vpn" }, "show fib [ADDRESS]", "10.0.0.1" },
	{ { "peer", "nva-a", "reset", "--soft-in" }, "peer NAME|GATEWAY|--all reset", "nva-a" },
	{ { "peer", "ergw", "shutdown" }, "peer NAME|GATEWAY|--all shutdown [TEXT]", "ergw" },
	{ { "peer", "--all", "shutdown", "a rest" },
	  "peer NAME|GATEWAY|--all shutdown [TEXT]",
	  "--all" },
	{ { "peer", "--all", "drain", "a rest" }, nullptr, nullptr },
	{ { "peer", "--all" }, nullptr, nullptr },
	{ { "show", "peers", "--all" }, nullptr, nullptr },
	{ { "drain", "--wait", "--timeout", "5" }, "drain", nullptr },
	{ { "undrain", "--wait" }, nullptr, nullptr },
	{ { "policy", "test", "nva-a", "in", "10.0.0.0/8", "--as-path", "65001 65010" },
	  "policy test PEER in PREFIX",
	  "nva-a" },
	{ { "policy", "test", "nva-a", "out", "10.0.0.0/8", "--communities=1:1", "--med", "5",
	    "--origin", "igp" },
	  "policy test PEER out PREFIX",
	  "nva-a" },
	{ { "policy", "test", "nva-a", "both", "10.0.0.0/8" }, nullptr, nullptr },
	{ { "policy", "test", "nva-a", "in" }, nullptr, nullptr },
	{ { "show", "policy", "--med", "5" }, nullptr, nullptr },
	{ { "peer", "nva-a", "restart" }, nullptr, nullptr },
	{ { "peer", "nva-a" }, nullptr, nullptr },
	{ { "exchange", "enable" }, "exchange enable", nullptr },
	{ { "exchange" }, nullptr, nullptr },
	{ { "config", "check", "rs0.conf" }, "config check FILE", "rs0.conf" },
	{ { "config", "check", "--jsn", "rs0.conf" }, nullptr, nullptr },
	{ { "show" }, nullptr, nullptr },
	{ {}, nullptr, nullptr },
	{ { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" }, nullptr, nullptr },
	{ { "-" }, nullptr, nullptr },
	{ { "" }, nullptr, nullptr },
};

} // namespace

TEST(cli_command, parse)
{
	for (const parse_case &t : parse_cases) {
		std::vector<std::string> words = t.words;
		struct command_args args;
		std::string said, line = testing::PrintToString(t.words);

		EXPECT_EQ(t.pattern ? CLI_OK : CLI_USAGE, parse(words, &args, &said)) << line;
		EXPECT_EQ(t.pattern == nullptr, !said.empty()) << line << said;
		if (t.pattern && args.command) {
			EXPECT_STREQ(t.pattern, args.command->pattern);
			EXPECT_STREQ(t.operand, args.operand[0]) << line;
		}
	}
}

TEST(cli_command, option_values)
{
	std::vector<std::string> words = { "show",	"routes",     "--peer=nva-a",
					   "--learned", "--instance", "rs0" };
	struct command_args args;
	std::string said;

	ASSERT_EQ(CLI_OK, parse(words, &args, &said));
	EXPECT_STREQ("nva-a", args.option[OPTION_PEER]);
	EXPECT_STREQ("rs0", args.option[OPTION_INSTANCE]);
	EXPECT_STREQ("", args.option[OPTION_LEARNED]);
	EXPECT_EQ(nullptr, args.option[OPTION_ADVERTISED]);
}

TEST(cli_command, a_part_of_a_command_names_the_rest)
{
	std::vector<std::string> words = { "exchange" };
	struct command_args args;
	std::string said;

	EXPECT_EQ(CLI_USAGE, parse(words, &args, &said));
	EXPECT_EQ("bascule: exchange is not a whole command; there are\n"
		  "  bascule exchange enable\n  bascule exchange disable\n"
		  "  bascule exchange plan [enable|disable] [--peer NAME] [--prefixes]\n",
		  said);
}

TEST(cli_command, every_command_has_help_and_completion)
{
	std::string help = run({ "--help" }).out, completion = run({ "completion" }).out;

	for (const struct command *c = commands; c->pattern; c++) {
		std::string word = c->pattern, last;

		EXPECT_NE(std::string::npos, help.find(c->pattern)) << c->pattern;
		EXPECT_NE(std::string::npos, help.find(c->help)) << c->pattern;
		word = word.substr(0, word.find(' '));
		EXPECT_NE(std::string::npos, completion.find("-W '" + word + "'")) << c->pattern;
	}
	EXPECT_NE(std::string::npos, run({ "show", "fib", "--help" }).out.find("--view ROLE"));

	FILE *bash = popen("bash -n", "w");

	ASSERT_NE(nullptr, bash);
	fputs(completion.c_str(), bash);
	EXPECT_EQ(0, pclose(bash));
}
