/* The CLI: command lines, what rows look like, and what becomes of answers that are none. */
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "answer.h"
#include "cell.h"
#include "command.h"
#include "ask_control.h"
#include "table.h"
#include "ask_dataplane.h"

namespace
{

/* A FILE that keeps what is written. */
class memory
{
      public:
	memory() : file(open_memstream(&text_, &size_))
	{
	}
	~memory()
	{
		fclose(file);
		free(text_);
	}
	std::string text()
	{
		fflush(file);
		return std::string(text_, size_);
	}

	FILE *file;

      private:
	char *text_ = nullptr;
	size_t size_ = 0;
};

std::vector<char *> argv_of(std::vector<std::string> &words)
{
	static char program[] = "bascule";
	std::vector<char *> argv = { program };

	for (std::string &word : words)
		argv.push_back(word.data());
	return argv;
}

enum cli_exit parse(std::vector<std::string> &words, struct command_args *args, std::string *said)
{
	std::vector<char *> argv = argv_of(words);
	memory err;
	enum cli_exit result =
		command_parse(commands, (int)argv.size(), argv.data(), args, err.file);

	*said = err.text();
	return result;
}

struct run_result {
	enum cli_exit exit;
	std::string out, err;
};

run_result run(std::vector<std::string> words)
{
	std::vector<char *> argv = argv_of(words);
	memory out, err;
	enum cli_exit result = cli_run((int)argv.size(), argv.data(), out.file, err.file);

	return { result, out.text(), err.text() };
}

struct json {
	explicit json(const std::string &text) : value(json_loads(text.c_str(), 0, nullptr))
	{
		EXPECT_NE(nullptr, value) << text;
	}
	~json()
	{
		json_decref(value);
	}
	json(const json &) = delete;

	json_t *value;
};

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
	{ { "show", "routes", "--peer" }, nullptr, nullptr },
	{ { "show", "routes", "--learned=1" }, nullptr, nullptr },
	{ { "show", "peers", "--learned" }, nullptr, nullptr },
	{ { "--instance", "rs0", "--json", "show", "fib", "--view", "vpn" },
	  "show fib [ADDRESS]",
	  nullptr },
	{ { "show", "fib", "10.0.0.1", "--view", "vpn" }, "show fib [ADDRESS]", "10.0.0.1" },
	{ { "peer", "nva-a", "reset", "--soft-in" }, "peer NAME reset", "nva-a" },
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

TEST(cli, usage_is_exit_2)
{
	EXPECT_EQ(CLI_OK, run({ "--version" }).exit);
	EXPECT_EQ(CLI_USAGE, run({ "--instance", "../x", "show", "peers" }).exit);
	EXPECT_EQ(CLI_USAGE, run({ "--instance", "none", "show", "routes", "10.0.0.1/8" }).exit);
	EXPECT_EQ(CLI_USAGE, run({ "--instance", "none", "show", "routes", "--peer", "a" }).exit);
	EXPECT_EQ(CLI_USAGE, run({ "--instance", "none", "show", "routes", "--learned" }).exit);
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

/* --- rows ------------------------------------------------------------------------------------- */

struct cell_case {
	cell_fn *cell;
	const char *row, *text; /* the field is "f" */
};

const cell_case cell_cases[] = {
	{ cell_text, R"({"f":"x"})", "x" },
	{ cell_text, R"({"f":""})", "-" },
	{ cell_text, R"({"f":7})", "7" },
	{ cell_text, R"({"f":true})", "yes" },
	{ cell_text, R"({"f":null})", "-" },
	{ cell_text, R"({"f":{}})", "-" },
	{ cell_text, R"({})", "-" },
	{ cell_text, R"({"f":"a\u001b[2Jb\n"})", "a?[2Jb?" },
	{ cell_duration, R"({"f":59})", "59s" },
	{ cell_duration, R"({"f":60})", "1m00s" },
	{ cell_duration, R"({"f":3599})", "59m59s" },
	{ cell_duration, R"({"f":3600})", "1h00m" },
	{ cell_duration, R"({"f":90000})", "1d01h" },
	{ cell_duration, R"({"f":-1})", "-" },
	{ cell_duration, R"({"f":"1"})", "-" },
	{ cell_bytes, R"({"f":1023})", "1023 B" },
	{ cell_bytes, R"({"f":1536})", "1.5 KiB" },
	{ cell_bytes, R"({"f":9223372036854775807})", "8.0 EiB" },
	{ cell_bytes, R"({"f":"x"})", "-" },
	{ cell_list, R"({"f":["a","b"]})", "a b" },
	{ cell_list, R"({"f":[]})", "-" },
	{ cell_list, R"({"f":"a"})", "-" },
	{ cell_on_off, R"({"f":true})", "on" },
	{ cell_on_off, R"({"f":1})", "-" },
	{ cell_path_mark, R"({"best":true,"usable":true})", ">" },
	{ cell_path_mark, R"({"best":false,"ecmp":true,"usable":true})", "=" },
	{ cell_path_mark, R"({"best":false,"usable":false})", "!" },
	{ cell_by_route,
	  R"({"f":{"prefix":"10.9.0.0/24","peer":"a","next_hops":["10.0.2.4","10.0.2.5"]}})",
	  "10.9.0.0/24 of a, via 10.0.2.4 10.0.2.5" },
	{ cell_by_route, R"({})", "-" },
	{ cell_path_next_hop,
	  R"({"f":"10.9.0.5","by_route":{"prefix":"10.9.0.0/24","peer":"a",)"
	  R"("next_hops":["10.0.2.4"]}})",
	  "10.9.0.5 by 10.9.0.0/24 of a, via 10.0.2.4" },
	{ cell_path_next_hop, R"({"f":"0.0.0.0"})", "on link" },
	{ cell_gateway, R"({"f":"0.0.0.0"})", "on link" },
	{ cell_gateway, R"({"f":"10.0.0.1"})", "10.0.0.1" },
	{ cell_restarting, R"({"f":false})", "no" },
	{ cell_restarting, R"({"f":true,"restart_left_s":90})", "for 1m30s more at most" },
	{ cell_partner, R"({"f":{"instance":"rs1","error":""}})", "rs1" },
	{ cell_partner, R"({"f":{"instance":"","error":"refused"}})", "not heard yet: refused" },
	{ cell_partner, R"({})", "-" },
	{ cell_turns, R"({"turns":{"rib":{"f_us":310.0,"f_part":"fib","f_part_us":200.5}}})",
	  "rib 0.31 ms (fib 0.20)" },
	{ cell_turns,
	  R"({"turns":{"rib":{"f_us":1.0,"f_part":"rib","f_part_us":0.0},)"
	  R"("sessions":{"f_us":2000.0,"f_part":"accept","f_part_us":1000.0}}})",
	  "rib 0.00 ms (rib 0.00), sessions 2.00 ms (accept 1.00)" },
	{ cell_turns, R"({"turns":{"rib":{"f_us":"x"}}})", "-" },
	{ cell_turns, R"({})", "-" },
	{ cell_path_reason, R"({"usable":false,"unusable_reason":"no ARP"})", "no ARP" },
	{ cell_path_reason, R"({"usable":true,"reason":"only","refused":["nva","vnet"]})",
	  "no room in the view of nva vnet" },
	{ cell_next_hops,
	  R"({"f":[{"gateway":"1.1.1.1","port":"er0","state":"resolved"},)"
	  R"({"gateway":"1.1.1.2","port":"er0","state":"unresolved"}]})",
	  "1.1.1.1 via er0, 1.1.1.2 via er0 (unresolved)" },
	{ cell_next_hops, R"({"f":[{"gateway":"","port":"vnet0","state":"on link"}]})",
	  "on link via vnet0" },
	{ cell_next_hops, R"({"f":[3]})", "- via -" },
};

TEST(cli_cell, text)
{
	for (const cell_case &t : cell_cases) {
		json row(t.row);
		char buf[CELL_TEXT];

		EXPECT_STREQ(t.text, t.cell(row.value, "f", buf)) << t.row;
	}
}

TEST(cli_cell, long_text_is_cut)
{
	json row("{\"f\":\"" + std::string(5000, 'x') + "\"}");
	char buf[CELL_TEXT];

	EXPECT_EQ((size_t)CELL_TEXT - 1, strlen(cell_text(row.value, "f", buf)));
}

const struct column columns[] = {
	{ "PREFIX", "prefix", cell_text, false },
	{ "N", "n", cell_text, true },
	{ "NOTE", "note", cell_text, false },
	{ nullptr, nullptr, nullptr, false },
};

TEST(cli_table, aligned_and_sorted)
{
	memory out;
	struct table *table = table_new(columns, table_key_prefix, out.file);

	for (const char *row : { R"({"prefix":"10.4.0.0/16","n":1,"note":"first"})",
				 R"({"prefix":"10.0.0.0/8","n":12345})",
				 R"({"prefix":"10.4.0.0/16","n":2,"note":"second"})" }) {
		json r(row);

		EXPECT_TRUE(table_add(table, r.value));
	}
	EXPECT_EQ(3u, table_end(table));
	table_free(table);
	EXPECT_EQ("PREFIX           N  NOTE\n"
		  "10.0.0.0/8   12345  -\n"
		  "10.4.0.0/16      1  first\n"
		  "10.4.0.0/16      2  second\n",
		  out.text());
}

TEST(cli_table, long_tables_stream)
{
	memory out;
	struct table *table = table_new(columns, table_key_prefix, out.file);
	json row(R"({"prefix":"10.0.0.0/8","n":1,"note":"x"})");

	for (int i = 0; i < TABLE_HELD; i++)
		table_add(table, row.value);
	EXPECT_EQ("", out.text());
	table_add(table, row.value);

	std::string text = out.text();

	EXPECT_EQ(TABLE_HELD + 2, std::count(text.begin(), text.end(), '\n'));
	EXPECT_EQ((size_t)TABLE_HELD + 1, table_end(table));
	table_free(table);
}

TEST(cli_table, fields)
{
	memory out;
	json row(R"({"prefix":"10.0.0.0/8","note":"x"})");

	table_fields(columns, row.value, out.file);
	EXPECT_EQ("PREFIX  10.0.0.0/8\nNOTE    x\n", out.text());
}

/* --- answers of control ----------------------------------------------------------------------- */

struct answer_case {
	const char *reply;
	enum cli_exit exit;
	const char *text, *error; /* what people see; what the complaint has in it */
};

const answer_case answer_cases[] = {
	{ "{\"row\":{\"prefix\":\"10.0.0.0/8\",\"n\":1}}\n{\"end\":true}\n", CLI_OK,
	  "PREFIX      N  NOTE\n10.0.0.0/8  1  -\n", "" },
	{ "{\"end\":true}\n", CLI_OK, "nothing\n", "" },
	{ "{\"error\":\"no such peer\",\"hint\":\"see show peers\"}\n", CLI_FAILED, "",
	  "bascule: no such peer\n  see show peers\n" },
	{ "{\"row\":{\"prefix\":\"10.0.0.0/8\",\"n\":1}}\n{\"error\":\"gone\"}\n", CLI_FAILED,
	  "PREFIX      N  NOTE\n10.0.0.0/8  1  -\n", "bascule: gone\n" },
	{ "{\"row\":{}}\n{\"end\":true}\n", CLI_OK, "PREFIX  N  NOTE\n-       -  -\n", "" },
	{ "", CLI_FAILED, "", "closed the connection" },
	{ "{\"row\":{\"n\":1}}\n", CLI_FAILED, "PREFIX  N  NOTE\n-       1  -\n",
	  "closed the connection" },
	{ "{\"end\":true}", CLI_FAILED, "", "closed the connection" },
	{ "hello\n", CLI_FAILED, "", "what is no answer: hello" },
	{ "\n", CLI_FAILED, "", "what is no answer" },
	{ "[]\n", CLI_FAILED, "", "what is no answer" },
	{ "{\"row\":7}\n", CLI_FAILED, "", "what is no answer" },
	{ "{\"end\":false}\n", CLI_FAILED, "", "what is no answer" },
	{ "{\"row\":{\"prefix\":\"\xff\xfe\"}}\n", CLI_FAILED, "", "what is no answer" },
};

const struct answer_kind kind = { columns, table_key_prefix, false, "nothing", nullptr };

/* Ask a server that answers with `reply` and closes; in pieces of `piece` octets. */
run_result ask(const std::string &reply, bool as_json, size_t piece, const struct answer_kind *k)
{
	memory out, err;
	struct cli cli = { "rs0", as_json, out.file, err.file };
	struct answer answer;
	int fds[2];

	EXPECT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));

	std::thread server([&] {
		std::string request;
		char c;

		while (recv(fds[1], &c, 1, 0) == 1 && c != '\n')
			request += c;
		EXPECT_EQ("{\"command\":\"show it\",\"arguments\":{}}", request);
		for (size_t at = 0; at < reply.size(); at += piece) {
			if (send(fds[1], reply.data() + at, std::min(piece, reply.size() - at),
				 MSG_NOSIGNAL) < 0)
				break;
		}
		shutdown(fds[1], SHUT_WR);
	});

	EXPECT_TRUE(answer_begin(&answer, &cli, k));

	enum cli_exit exit = answer_end(
		&answer, control_ask(&cli, fds[0], "show it", nullptr, answer_row, &answer));

	close(fds[0]);
	server.join();
	close(fds[1]);
	return { exit, out.text(), err.text() };
}

TEST(cli_control, answers)
{
	for (const answer_case &t : answer_cases) {
		for (size_t piece : { 1, 7, 65536 }) {
			run_result r = ask(t.reply, false, piece, &kind);

			EXPECT_EQ(t.exit, r.exit) << t.reply;
			EXPECT_EQ(t.text, r.out) << t.reply;
			EXPECT_NE(std::string::npos, r.err.find(t.error)) << t.reply << r.err;
			EXPECT_EQ(t.exit == CLI_OK, r.err.empty()) << t.reply;
		}
	}
}

TEST(cli_control, json_is_always_whole)
{
	for (const answer_case &t : answer_cases) {
		json document(ask(t.reply, true, 65536, &kind).out);

		EXPECT_TRUE(json_is_array(document.value));
	}

	struct answer_kind single = kind;

	single.single = true;
	EXPECT_EQ("{\"n\":1}\n",
		  ask("{\"row\":{\"n\":1}}\n{\"end\":true}\n", true, 65536, &single).out);
}

/* More than fits any buffer, in one line: refused, not kept. */
TEST(cli_control, endless_line)
{
	run_result r = ask("{\"row\":\"" + std::string(3 << 20, 'x'), false, 65536, &kind);

	EXPECT_EQ(CLI_FAILED, r.exit);
	EXPECT_NE(std::string::npos, r.err.find("Message too long")) << r.err;
}

TEST(cli_control, many_rows)
{
	std::string reply;

	for (int i = 0; i < 20000; i++)
		reply += "{\"row\":{\"prefix\":\"10.0.0.0/8\",\"n\":" + std::to_string(i) + "}}\n";

	run_result r = ask(reply + "{\"end\":true}\n", false, 65536, &kind);

	EXPECT_EQ(CLI_OK, r.exit);
	EXPECT_EQ(20001, std::count(r.out.begin(), r.out.end(), '\n'));
}

/* --- answers of the dataplane ----------------------------------------------------------------- */

struct telemetry_case {
	const char *reply; /* to /bascule/ports */
	const char *data;  /* NULL: refused */
};

const telemetry_case telemetry_cases[] = {
	{ R"({"/bascule/ports":{"port_0":{"name":"er0"}}})", R"({"port_0":{"name":"er0"}})" },
	{ R"({"/bascule/ports":null})", "null" },
	{ R"({"/bascule/info":{}})", nullptr },
	{ R"({"/bascule/ports")", nullptr },
	{ R"(x)", nullptr },
	{ R"([])", nullptr },
};

TEST(cli_telemetry, replies)
{
	for (const telemetry_case &t : telemetry_cases) {
		memory err;
		struct cli cli = { "rs0", false, err.file, err.file };
		char request[64] = "";
		int fds[2];

		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds));
		ASSERT_EQ((ssize_t)strlen(t.reply), send(fds[1], t.reply, strlen(t.reply), 0));

		json_t *data = telemetry_ask(&cli, fds[0], "/bascule/ports,1");

		EXPECT_LT(0, recv(fds[1], request, sizeof(request) - 1, 0));
		EXPECT_STREQ("/bascule/ports,1", request);
		EXPECT_EQ(t.data == nullptr, data == nullptr) << t.reply;
		EXPECT_EQ(t.data == nullptr, !err.text().empty()) << t.reply;
		if (data && t.data) {
			char *text = json_dumps(data, JSON_COMPACT | JSON_ENCODE_ANY);

			EXPECT_STREQ(t.data, text);
			free(text);
		}
		json_decref(data);
		close(fds[0]);
		close(fds[1]);
	}
}

TEST(cli_telemetry, a_connection_that_closes)
{
	memory err;
	struct cli cli = { "rs0", false, err.file, err.file };
	int fds[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds));
	close(fds[1]);
	EXPECT_FALSE(telemetry_greeted(&cli, fds[0]));
	EXPECT_EQ(nullptr, telemetry_ask(&cli, fds[0], "/bascule/ports"));
	close(fds[0]);
}
