/* Looks at an instance that the test plays, which answers well, badly, or not at all. */
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "instance_query.h"

namespace
{

const char summary[] =
	R"({"row":{"instance":"rs1","asn":65515,"router_id":"10.0.1.5","exchange":true,)"
	R"("settled":true,)"
	R"("routing_preference":"vpn","nva_to_nva":"always","newer":{"field":[1]}}})"
	"\n";
const char end[] = "{\"end\":true}\n";

std::string peer_row(const std::string &name, const std::string &addr,
		     const std::string &state = "Established")
{
	return "{\"row\":{\"name\":\"" + name + "\",\"address\":\"" + addr + "\",\"state\":\"" +
	       state + "\",\"learned\":7,\"complete\":true,\"digest\":\"f123456789abcdef\"}}\n";
}

class instance_query_test : public testing::Test
{
      protected:
	void SetUp() override
	{
		struct sockaddr_un addr = {};
		char name[] = "/tmp/bascule-look-XXXXXX";

		ASSERT_NE(nullptr, mkdtemp(name));
		dir = name;
		path = dir + "/control.sock";
		addr.sun_family = AF_UNIX;
		strcpy(addr.sun_path, path.c_str());
		listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		ASSERT_EQ(0, bind(listener, (struct sockaddr *)&addr, sizeof(addr)));
		ASSERT_EQ(0, listen(listener, 4));
	}
	void TearDown() override
	{
		instance_query_release(&look);
		instance_query_release(&look);
		if (client >= 0)
			close(client);
		close(listener);
		unlink(path.c_str());
		rmdir(dir.c_str());
	}
	void begin()
	{
		instance_query_begin(&look, path.c_str(), 1000);
		client = accept(listener, nullptr, nullptr);
	}
	void put(const std::string &text)
	{
		ASSERT_EQ((ssize_t)text.size(),
			  send(client, text.data(), text.size(), MSG_NOSIGNAL));
	}
	/* As the management thread does. */
	void serve(uint64_t now_ms = 1000)
	{
		for (int i = 0; i < 1000 && !instance_query_done(&look); i++) {
			struct pollfd fd = instance_query_poll(&look);

			if (!poll(&fd, 1, 0))
				break;
			instance_query_serve(&look, fd.revents, now_ms);
		}
		instance_query_serve(&look, 0, now_ms);
	}

	std::string dir, path;
	int listener = -1, client = -1;
	struct instance_query look = {};
};

} // namespace

TEST_F(instance_query_test, an_answer)
{
	char asked[200] = {};

	begin();
	EXPECT_LT(0, recv(client, asked, sizeof(asked) - 1, 0));
	EXPECT_STREQ("{\"command\":\"show summary\"}\n{\"command\":\"show peers\"}\n", asked);
	put(std::string(summary) + end + peer_row("ergw/0", "10.0.255.36", "OpenConfirm") +
	    peer_row("subnet/1", "") + peer_row("six", "2001:db8::4") +
	    peer_row("link-b", "fe80::1") + peer_row("nva-a", "10.0.2.4") +
	    peer_row("link-a", "fe80::1") + end);
	serve();
	ASSERT_TRUE(instance_query_done(&look));
	EXPECT_STREQ("", look.error);
	EXPECT_STREQ("rs1", look.instance);
	EXPECT_STREQ("vpn", look.preference);
	EXPECT_STREQ("always", look.nva_to_nva);
	EXPECT_EQ(65515u, look.asn);
	EXPECT_EQ(0x0a000105u, look.router_id);
	EXPECT_TRUE(look.exchange && look.settled);
	ASSERT_EQ(5u, look.nb_peers) << "who has not come has no address";
	EXPECT_STREQ("nva-a", look.peers[0].name) << "by address";
	EXPECT_TRUE(addr_equal(addr_make4(0x0a000204), look.peers[0].addr));
	EXPECT_STREQ("six", look.peers[2].name) << "IPv4 first";
	EXPECT_EQ(FAMILY_IPV6, look.peers[2].addr.family);
	EXPECT_STREQ("link-a", look.peers[3].name) << "of one address, by name";
	EXPECT_EQ(UINT64_C(0xf123456789abcdef), look.peers[0].digest);
	EXPECT_EQ(7u, look.peers[0].learned);
	EXPECT_TRUE(look.peers[0].up && look.peers[0].complete);
	EXPECT_FALSE(look.peers[1].up);
}

TEST_F(instance_query_test, octet_by_octet)
{
	std::string all = std::string(summary) + end + peer_row("nva-a", "10.0.2.4") + end;

	begin();
	for (char c : all) {
		EXPECT_FALSE(instance_query_done(&look));
		put(std::string(1, c));
		serve();
	}
	EXPECT_TRUE(instance_query_done(&look));
	EXPECT_STREQ("", look.error);
	EXPECT_EQ(1u, look.nb_peers);
}

TEST_F(instance_query_test, as_many_peers_as_there_can_be_and_one_more)
{
	std::string all = std::string(summary) + end;

	begin();
	put(all);
	for (int i = 0; i <= CONFIG_PEERS; i++) {
		EXPECT_STREQ("", look.error);
		put(peer_row("p",
			     "10.1." + std::to_string(i / 256) + "." + std::to_string(i % 256)));
		serve();
	}
	EXPECT_STREQ("it tells of more than 1024 peers", look.error);
	EXPECT_TRUE(instance_query_done(&look));
}

TEST_F(instance_query_test, what_is_no_answer)
{
	const struct {
		const char *said, *error;
	} cases[] = {
		{ "{\"error\":\"too many clients\"}\n", "it refuses: too many clients" },
		{ "SSH-2.0-OpenSSH_9.2\r\n", "it refuses: not an answer" },
		{ "[]\n", "it refuses: not an answer" },
		{ "\n", "it refuses: not an answer" },
	};

	for (const auto &t : cases) {
		begin();
		put(t.said);
		serve();
		EXPECT_TRUE(instance_query_done(&look)) << t.said;
		EXPECT_STREQ(t.error, look.error);
		instance_query_release(&look);
		close(client);
	}
	client = -1;
}

TEST_F(instance_query_test, a_line_without_an_end)
{
	begin();
	for (int i = 0; i < 64 && !instance_query_done(&look); i++) {
		put(std::string(32768, 'x'));
		serve();
	}
	EXPECT_STREQ("its answer has no end", look.error);
}

TEST_F(instance_query_test, silence_and_absence)
{
	begin();
	put(summary);
	serve(1000 + LOOK_MS - 1);
	EXPECT_FALSE(instance_query_done(&look));
	instance_query_serve(&look, 0, 1000 + LOOK_MS);
	EXPECT_STREQ("no answer within 5 s", look.error);
	instance_query_release(&look);
	close(client);

	begin();
	close(client);
	client = -1;
	serve();
	EXPECT_TRUE(!strcmp("it closed the connection", look.error) ||
		    !strcmp("Connection reset by peer", look.error))
		<< look.error;
	instance_query_release(&look);

	instance_query_begin(&look, "/tmp/there/is/no/such.sock", 1000);
	EXPECT_TRUE(instance_query_done(&look));
	EXPECT_STREQ("No such file or directory", look.error);
	instance_query_release(&look);
	instance_query_begin(&look, ("/" + std::string(200, 'p')).c_str(), 1000);
	EXPECT_STREQ("File name too long", look.error);
}
