/* Replies of the dataplane. */
#include <gtest/gtest.h>

#include <cstring>
#include <sys/socket.h>
#include <unistd.h>

#include "ask_dataplane.h"
#include "cli_harness.h"

namespace
{

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

} // namespace

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
