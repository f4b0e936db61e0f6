/* Answers of control, and what becomes of those that are none. */
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "answer.h"
#include "ask_control.h"
#include "cli_harness.h"

namespace
{

struct answer_case {
	const char *reply;
	enum cli_exit exit;
	const char *text, *error; /* what people see; what the complaint has in it */
};

const answer_case answer_cases[] = {
	{ "{\"row\":{\"prefix\":\"10.0.0.0/8\",\"n\":1}}\n{\"end\":true}\n", CLI_OK,
	  "PREFIX      N  NOTE\n10.0.0.0/8  1  -\n", "" },
	{ "{\"end\":true}\n", CLI_OK, "nothing\n", "" },
	{ "{\"row\":{\"prefix\":\"10.0.0.0/8\",\"n\":1}}\n{\"end\":true,\"left\":41}\n", CLI_OK,
	  "PREFIX      N  NOTE\n10.0.0.0/8  1  -\n", "and 41 more" },
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

} // namespace

TEST(cli_control, answers)
{
	for (const answer_case &t : answer_cases) {
		for (size_t piece : { 1, 7, 65536 }) {
			run_result r = ask(t.reply, false, piece, &kind);

			EXPECT_EQ(t.exit, r.exit) << t.reply;
			EXPECT_EQ(t.text, r.out) << t.reply;
			EXPECT_NE(std::string::npos, r.err.find(t.error)) << t.reply << r.err;
			EXPECT_EQ(t.error[0] == 0, r.err.empty()) << t.reply;
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
