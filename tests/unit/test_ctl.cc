/* The management socket against clients of every kind, with a RIB lcore that the test plays. */
#include <gtest/gtest.h>

#include "ctl_harness.h"

/* Of each socket: its group's, and for nobody else; without such a group, its owner's alone. */
TEST_F(ctl_test, sockets_are_for_their_groups)
{
	const std::pair<std::string, const char *> sockets[] = {
		{ path, CONFIG_GROUP_STEER },
		{ show_path, CONFIG_GROUP_SHOW },
	};

	for (const auto &[socket, name] : sockets) {
		const struct group *group = getgrnam(name);
		struct stat st;

		ASSERT_EQ(0, stat(socket.c_str(), &st));
		EXPECT_EQ(group ? 0660u : 0600u, st.st_mode & 0777) << socket;
		EXPECT_EQ(group ? group->gr_gid : getgid(), st.st_gid) << socket;
	}
}

TEST_F(ctl_test, who_may_look_changes_nothing)
{
	const struct {
		std::string command, arguments;
		bool shows;
	} requests[] = {
		{ "show summary", "{}", true },
		{ "show routes", "{}", true },
		{ "show routes", R"({"family":"ipv6"})", true },
		{ "show routes", R"({"address":"2001:db8::1"})", true },
		{ "show fib", R"({"view":"vpn","address":"2001:db8::1"})", true },
		{ "show routes", R"({"peer":"a","which":"learned","family":"ipv4"})", true },
		{ "policy test", R"({"peer":"a","direction":"in","prefix":"10.0.0.0/8"})", true },
		{ "exchange plan", R"({"enable":true})", true },
		{ "exchange", R"({"enable":true})", false },
		{ "exchange", R"({"enable":false})", false },
		{ "peer reset", R"({"name":"a"})", false },
		{ "peer reset", R"({"name":"a","soft":"in"})", false },
		{ "peer reset", R"({"name":"a","soft":"out"})", false },
		{ "drain", R"({"drained":true})", false },
		{ "peer", R"({"name":"a","action":"drain"})", false },
		{ "peer", R"({"all":true,"action":"shutdown","text":"x"})", false },
		{ "reload", "{}", false },
		{ "reload", R"({"force":true})", false },
	};

	for (const auto &request : requests) {
		std::string line = "{\"command\":\"" + request.command +
				   "\",\"arguments\":" + request.arguments + "}\n";
		int fd = connect_to(show_path);

		asked.clear();
		put(fd, line);
		serve();
		EXPECT_EQ(request.shows, asked.size() == 1) << line;
		EXPECT_EQ(request.shows ? 0u : 1u, count(get(fd), "permission denied")) << line;
	}
}

TEST_F(ctl_test, rows_then_end)
{
	std::string text = exchange(summary);

	EXPECT_EQ(0u, text.find("{\"row\":{\"enabled\":"));
	EXPECT_EQ(2u, count(text, "\n"));
	EXPECT_EQ(text.size() - end.size(), text.rfind(end));
}

struct bad_request {
	const char *line, *error;
};
static const bad_request bad_requests[] = {
	{ "", "not JSON" },
	{ "nonsense", "not JSON" },
	{ "{\"command\":\"show summary\"", "not JSON" },
	{ "\xff\xfe\x01", "not JSON" },
	{ "[]", "a request is" },
	{ "{}", "a request is" },
	{ "{\"command\":7}", "a request is" },
	{ "{\"command\":\"show summary\",\"arguments\":[]}", "a request is" },
	{ "{\"command\":\"format disk\"}", "there is no command" },
	{ "{\"command\":\"show summary\",\"arguments\":{\"x\":1}}", "does not take" },
	{ "{\"command\":\"show peer\"}", "needs the argument" },
	{ "{\"command\":\"show peer\",\"arguments\":{\"name\":7}}", "must be the name" },
	{ "{\"command\":\"show "
	  "peer\",\"arguments\":{\"name\":\"0123456789012345678901234567890123456789\"}}",
	  "must be the name" },
	{ "{\"command\":\"show routes\",\"arguments\":{\"prefix\":\"10.0.0.1/8\"}}",
	  "must be a prefix" },
	{ R"({"command":"show routes","arguments":{"address":"2001:db8::1::"}})",
	  "must be an address" },
	{ R"({"command":"show routes","arguments":{"address":"fe80::1%nva0"}})",
	  "must be an address" },
	{ R"({"command":"show routes","arguments":{"prefix":"2001:db8::1/32"}})",
	  "must be a prefix" },
	{ R"({"command":"show routes","arguments":{"family":"ipv5"}})", "must be \\\"ipv4\\\"" },
	{ R"({"command":"show summary","arguments":{"family":"ipv4"}})", "does not take" },
	{ R"({"command":"show routes","arguments":{"prefix":"10.0.0.0/8","family":"ipv6"}})",
	  "is not that of the prefix" },
	{ R"({"command":"show routes","arguments":{"address":"::1","family":"ipv4"}})",
	  "is not that of the prefix" },
	{ R"({"command":"show routes","arguments":{"prefix":"10.0.0.0/8","address":"10.0.0.1"}})",
	  "goes without" },
	{ R"({"command":"show routes","arguments":{"longer":true}})", "goes with" },
	{ R"({"command":"show routes","arguments":{"prefix":"10.0.0.0/8","longer":1}})",
	  "must be true" },
	{ R"({"command":"show routes","arguments":{"as_path":"("}})", "regular expression" },
	{ R"({"command":"show routes","arguments":{"as_path":7}})", "regular expression" },
	{ R"({"command":"show routes","arguments":{"origin_as":0}})", "an AS number" },
	{ R"({"command":"show routes","arguments":{"origin_as":"65001"}})", "an AS number" },
	{ R"({"command":"show routes","arguments":{"community":[]}})", "a list of communities" },
	{ R"({"command":"show routes","arguments":{"community":["1:1","x"]}})",
	  "a community such" },
	{ R"({"command":"show routes","arguments":{"next_hop":"ergw"}})", "an address such" },
	{ R"({"command":"show routes","arguments":{"role":"moon"}})", "must be a role" },
	{ R"({"command":"show routes","arguments":{"state":"best"}})", "unusable" },
	{ R"({"command":"show routes","arguments":{"state":"filtered"}})", "another one" },
	{ R"({"command":"show routes",)"
	  R"("arguments":{"peer":"a","which":"received","state":"usable"}})",
	  "filtered" },
	{ R"({"command":"show routes","arguments":{"count":1}})", "must be true" },
	{ R"({"command":"show routes","arguments":{"limit":0}})", "1..1000" },
	{ R"({"command":"show routes","arguments":{"limit":1001}})", "1..1000" },
	{ R"({"command":"show routes","arguments":{"count":true,"limit":1}})", "goes without" },
	{ "{\"command\":\"show routes\",\"arguments\":{\"peer\":\"a\",\"which\":\"best\"}}",
	  "learned" },
	{ "{\"command\":\"show fib\",\"arguments\":{\"view\":\"moon\"}}", "must be a role" },
	{ "{\"command\":\"exchange\",\"arguments\":{\"enable\":\"yes\"}}", "true or false" },
	{ "{\"command\":\"peer reset\",\"arguments\":{\"name\":\"a\",\"soft\":\"both\"}}", "in" },
	{ "{\"command\":\"exchange plan\",\"arguments\":{\"enable\":\"on\"}}", "true or false" },
	{ "{\"command\":\"exchange plan\",\"arguments\":{\"prefixes\":1}}", "true or false" },
	{ R"({"command":"drain"})", "needs the argument" },
	{ R"({"command":"drain","arguments":{"drained":1}})", "true or false" },
	{ R"({"command":"peer","arguments":{"action":"stop","name":"a"}})", "shutdown" },
	{ R"({"command":"peer","arguments":{"action":"drain"}})", "needs the argument" },
	{ R"({"command":"peer","arguments":{"action":"drain","all":false}})", "must be true" },
	{ R"({"command":"peer","arguments":{"action":"drain","all":true,"name":"a"}})",
	  "does not take" },
	{ R"({"command":"peer","arguments":{"action":"drain","name":"a","text":"x"}})",
	  "goes with" },
	{ R"({"command":"peer","arguments":{"action":"shutdown","name":"a","text":"x\ny"}})",
	  "255 octets" },
	{ "{\"command\":\"reload\"}", "is refused" },
};

TEST_F(ctl_test, bad_requests_get_one_error_and_ask_nobody)
{
	for (const bad_request &bad : bad_requests) {
		int fd = connect_client();
		bool closed;
		std::string text;

		put(fd, bad.line + std::string("\n"));
		serve();
		text = get(fd, &closed);
		EXPECT_EQ(1u, count(text, "\"error\"")) << bad.line << ": " << text;
		EXPECT_NE(std::string::npos, text.find(bad.error)) << bad.line << ": " << text;
		EXPECT_FALSE(closed) << bad.line;
		put(fd, summary);
		serve();
		EXPECT_EQ(1u, count(get(fd), end)) << "the connection goes on";
	}
	EXPECT_EQ(sizeof(bad_requests) / sizeof(*bad_requests), asked.size());
}

TEST_F(ctl_test, a_line_without_end_is_too_long_at_some_point)
{
	int fd = connect_client();
	bool closed;
	std::string text;

	put(fd, std::string(100000, 'x'));
	serve();
	text = get(fd, &closed);
	EXPECT_EQ(1u, count(text, "too long"));
	EXPECT_TRUE(closed);
}

TEST_F(ctl_test, requests_of_a_connection_are_answered_in_order)
{
	std::string text = exchange(summary + "nonsense\n" + summary + "{\"command\":\"show exch");

	EXPECT_EQ(2u, count(text, end));
	EXPECT_LT(text.find(end), text.find("not JSON"));
	EXPECT_LT(text.find("not JSON"), text.rfind(end));
	put(clients[0], "ange\"}\n");
	serve();
	EXPECT_EQ(1u, count(get(clients[0]), end));
}

TEST_F(ctl_test, octet_by_octet)
{
	int fd = connect_client();

	for (char c : summary) {
		put(fd, std::string(1, c));
		serve();
	}
	EXPECT_EQ(1u, count(get(fd), end));
}

TEST_F(ctl_test, a_client_that_has_said_all_is_answered_and_closed)
{
	int fd = connect_client();
	bool closed;

	put(fd, summary);
	shutdown(fd, SHUT_WR);
	serve();
	EXPECT_EQ(1u, count(get(fd, &closed), end));
	EXPECT_TRUE(closed);
}

TEST_F(ctl_test, a_slow_client_is_asked_for_no_more_than_it_reads)
{
	int slow = connect_client();
	size_t before;

	rows = 100000;
	put(slow, summary);
	serve();
	before = asked.size();
	EXPECT_GT(20u, before) << "pages stop when its socket is full";
	rows = 1;
	EXPECT_EQ(1u, count(exchange(summary), end)) << "and another is served";
	rows = 100000;
	std::string all;
	for (size_t looked = 0; all.find(end, looked) == std::string::npos;) {
		std::string more = get(slow);

		ASSERT_FALSE(more.empty() && poll(nullptr, 0, 0)) << all.size();
		looked = all.size() - std::min(all.size(), end.size());
		all += more;
		serve();
	}
	EXPECT_EQ(100000u, count(all, "{\"row\""));
	EXPECT_LT(before, asked.size());
}

TEST_F(ctl_test, a_client_that_never_reads_is_dropped)
{
	int slow = connect_client();
	bool closed;

	rows = 100000;
	put(slow, summary);
	serve();
	now_ms += 29000;
	serve_idle();
	now_ms += 2000;
	serve_idle();
	get(slow, &closed);
	EXPECT_TRUE(closed);
}

TEST_F(ctl_test, a_client_may_go_while_its_page_is_out)
{
	int fd = connect_client();

	rib_runs = false;
	put(fd, summary);
	serve();
	close(fd);
	clients.clear();
	serve();
	rib_runs = true;
	rib();
	serve();
	EXPECT_EQ(1u, count(exchange(summary), end));
}

TEST_F(ctl_test, pages_that_are_out_at_the_end_are_freed)
{
	rib_runs = false;
	for (int i = 0; i < 5; i++)
		put(connect_client(), summary);
	serve();
}

TEST_F(ctl_test, more_clients_than_places)
{
	for (int i = 0; i < 3 * CTL_CLIENTS; i++) {
		now_ms++;
		EXPECT_EQ(1u, count(exchange(summary), end))
			<< "the longest idle gives way to client " << i;
	}
	rib_runs = false;
	for (int i = 0; i < CTL_CLIENTS; i++)
		EXPECT_EQ("", exchange(summary));
	EXPECT_EQ(1u, count(exchange(summary), "too many clients"));
}

/* Without a descriptor poll() would return at once, again and again. */
TEST_F(ctl_test, a_client_for_whom_there_is_no_descriptor_waits_without_being_polled_for)
{
	struct rlimit before, none;
	int fd = connect_client(), lowest;

	for (int i = 0; i < DESK_POLL_FDS + CTL_POLL_FDS;
	     i++) /* poll() takes no more than may be open */
		clients.push_back(dup(fd));
	lowest = dup(fd);
	close(lowest);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	none = before;
	none.rlim_cur = (rlim_t)lowest; /* every one below is taken */
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	put(fd, summary);
	serve_idle();
	poll_fill();
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
	EXPECT_EQ(-1, fds[LISTENER].fd);
	now_ms += 1000;
	serve_idle();
	serve();
	EXPECT_EQ(1u, count(get(fd), end));
}
