/* The management socket against clients of every kind, with a RIB lcore that the test plays. */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "config.h"
#include "ctl.h"
#include "log.h"
#include "page.h"
#include "show.h"

class ctl_test : public testing::Test
{
      protected:
	void SetUp() override
	{
		char name[] = "/tmp/bascule-ctl-XXXXXX";
		struct ctl_params params = {};

		log_open("test", "-", LOG_LEVEL_ERROR);
		ASSERT_NE(nullptr, mkdtemp(name));
		dir = name;
		path = dir + "/control.sock";
		show_path = dir + "/show.sock";
		missing = dir + "/missing.conf";
		to_rib = mailbox_new(CTL_PAGES_SIZE);
		from_rib = mailbox_new(CTL_PAGES_SIZE);
		answered = eventfd(0, EFD_NONBLOCK);
		params.socket_path = path.c_str();
		params.show_path = show_path.c_str();
		params.config_path = missing.c_str();
		params.to_rib = to_rib;
		params.from_rib = from_rib;
		params.answered = answered;
		ASSERT_EQ(0, ctl_open(&params, &ctl));
	}
	void TearDown() override
	{
		for (int fd : clients)
			close(fd);
		ctl_close(ctl);
		EXPECT_NE(0, access(path.c_str(), F_OK));
		EXPECT_NE(0, access(show_path.c_str(), F_OK));
		mailbox_free(to_rib);
		mailbox_free(from_rib);
		close(answered);
		rmdir(dir.c_str());
	}
	int connect_client()
	{
		return connect_to(path);
	}
	int connect_to(const std::string &socket_path)
	{
		struct sockaddr_un addr = {};
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

		addr.sun_family = AF_UNIX;
		strcpy(addr.sun_path, socket_path.c_str());
		EXPECT_EQ(0, connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
		clients.push_back(fd);
		return fd;
	}
	/* The RIB lcore: rows of the switch until it has told `rows` of them. */
	void rib()
	{
		struct page *const *slot;
		const uint64_t one = 1;
		size_t len;

		while ((slot = (struct page *const *)mailbox_peek(to_rib, &len))) {
			struct page *page = *slot, **back;

			mailbox_done(to_rib);
			asked.push_back(page->command);
			page->nb_rows = page->used = 0;
			while (page->cursor[0] < rows &&
			       page_add(page, ROW_EXCHANGE, sizeof(struct row_exchange)))
				page->cursor[0]++;
			page->more = page->cursor[0] < rows;
			back = (struct page **)mailbox_reserve(from_rib, sizeof(*back));
			ASSERT_NE(nullptr, back);
			*back = page;
			mailbox_post(from_rib, sizeof(*back));
			ASSERT_EQ(8, write(answered, &one, sizeof(one)));
		}
	}
	/* Until nothing is ready any more. */
	void serve()
	{
		struct pollfd fds[CTL_POLL_FDS];

		for (int i = 0; i < 10000; i++) {
			unsigned int n = ctl_poll(ctl, fds);

			/* a file that is being read will have been; the pipe of a test never is */
			if (!poll(fds, n, fds[2].fd >= 0 && !hangs ? 10000 : 0))
				return;
			ctl_serve(ctl, fds, now_ms);
			if (rib_runs)
				rib();
		}
		ADD_FAILURE() << "the server spins";
	}
	void serve_idle()
	{
		struct pollfd fds[CTL_POLL_FDS];
		unsigned int n = ctl_poll(ctl, fds);

		poll(fds, n, 0);
		ctl_serve(ctl, fds, now_ms);
	}
	static void put(int fd, const std::string &text)
	{
		ASSERT_EQ((ssize_t)text.size(), send(fd, text.data(), text.size(), MSG_NOSIGNAL));
	}
	/* What has come; `*closed`: and then the end. */
	static std::string get(int fd, bool *closed = nullptr)
	{
		char buf[65536];
		std::string text;
		ssize_t n;

		while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
			text.append(buf, (size_t)n);
		if (closed)
			*closed = n == 0 || errno == ECONNRESET;
		return text;
	}
	static size_t count(const std::string &text, const std::string &what)
	{
		size_t n = 0;

		for (size_t at = text.find(what); at != std::string::npos;
		     at = text.find(what, at + 1))
			n++;
		return n;
	}
	std::string exchange(const std::string &line)
	{
		int fd = connect_client();

		put(fd, line);
		serve();
		return get(fd);
	}
	std::string dir, path, show_path, missing;
	struct ctl *ctl = nullptr;
	struct mailbox *to_rib = nullptr, *from_rib = nullptr;
	int answered = -1;
	uint64_t now_ms = 1000, rows = 1;
	bool rib_runs = true, hangs = false;
	std::vector<int> clients;
	std::vector<enum page_command> asked;
};

static const std::string summary = "{\"command\":\"show summary\"}\n", end = "{\"end\":true}\n";

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
	{ "{\"command\":\"show routes\",\"arguments\":{\"address\":\"::1\"}}",
	  "must be an address" },
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
	struct pollfd fds[CTL_POLL_FDS];
	int fd = connect_client(), lowest;

	for (int i = 0; i < CTL_POLL_FDS; i++) /* poll() takes no more than may be open */
		clients.push_back(dup(fd));
	lowest = dup(fd);
	close(lowest);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	none = before;
	none.rlim_cur = (rlim_t)lowest; /* every one below is taken */
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	put(fd, summary);
	serve_idle();
	ctl_poll(ctl, fds);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
	EXPECT_EQ(-1, fds[0].fd);
	now_ms += 1000;
	serve_idle();
	serve();
	EXPECT_EQ(1u, count(get(fd), end));
}

/* --- the configuration file, read by a thread of its own -------------------------------------- */

static const char CONFIG_FILE[] =
	R"(instance = { name = "rs0"; asn = 65515; router_id = "10.0.1.4"; };
dataplane = { main_lcore = 0; forwarding_lcores = [1]; memory_mb = 1024;
  ports = ( { name = "nva0"; device = "net_tap1"; role = "nva"; addresses = ["10.0.2.1/24"]; } ); };
control = { lcores = [2]; };
peers = ( { name = "nva-a"; address = "10.0.2.4"; asn = 65001; } );
)";

/* On a disk that hangs, played by a lease: whoever opens the file waits until we give it up
 * (fcntl(2)). */
class hung_file : public ctl_test
{
      protected:
	void SetUp() override
	{
		ctl_test::SetUp();
		signal(SIGIO, SIG_IGN); /* that somebody opens it */
		file = open(missing.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		ASSERT_EQ(0, fcntl(file, F_SETLEASE, F_WRLCK)) << strerror(errno);
		hangs = true;
	}
	void TearDown() override
	{
		ctl_test::TearDown();
		close(file);
		unlink(missing.c_str());
		rmdir(dir.c_str());
	}
	/* What the thread finds then. */
	void disk_is_back()
	{
		ASSERT_EQ((ssize_t)sizeof(CONFIG_FILE) - 1,
			  write(file, CONFIG_FILE, sizeof(CONFIG_FILE) - 1));
		ASSERT_EQ(0, fcntl(file, F_SETLEASE, F_UNLCK));
		hangs = false;
	}
	int file = -1;
	/* The file has been read, and everybody has been told. */
	void read_at_last()
	{
		struct pollfd fds[CTL_POLL_FDS];

		ctl_poll(ctl, fds);
		EXPECT_EQ(1, poll(&fds[2], 1, 10000));
		serve();
	}
	/* How many have come to the RIB lcore. */
	size_t reloads()
	{
		return (size_t)std::count(asked.begin(), asked.end(), PAGE_RELOAD);
	}
	const std::string reload = "{\"command\":\"reload\"}\n";
};

TEST_F(hung_file, others_are_served_meanwhile)
{
	int fd = connect_client();

	put(fd, reload);
	serve();
	EXPECT_EQ("", get(fd));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(1u, count(exchange(summary), end)) << i;
	disk_is_back();
	read_at_last();
	EXPECT_EQ(1u, count(get(fd), end));
	EXPECT_EQ(1u, reloads());
}

TEST_F(hung_file, who_asks_is_told_in_time_and_what_comes_later_is_not_applied)
{
	int fd = connect_client(), second;
	std::string text;

	put(fd, reload + summary);
	serve();
	now_ms += CTL_READ_MS - 1;
	serve_idle();
	EXPECT_EQ("", get(fd)) << "it may come yet";
	now_ms++;
	serve_idle();
	rib();
	serve();
	text = get(fd);
	EXPECT_NE(std::string::npos, text.find("still reading " + missing + ", for 5 s")) << text;
	EXPECT_EQ(1u, count(text, end)) << "the connection goes on";
	second = connect_client();
	now_ms += 60000;
	put(second, reload);
	serve();
	text = get(second);
	EXPECT_NE(std::string::npos, text.find("still reading " + missing + ", for 65 s")) << text;
	disk_is_back();
	read_at_last();
	EXPECT_EQ(0u, reloads());
	put(second, reload);
	serve();
	EXPECT_EQ(1u, count(get(second), end)) << "and the next one works";
	EXPECT_EQ(1u, reloads());
}

TEST_F(hung_file, one_is_read_at_a_time_and_the_next_one_anew)
{
	int first = connect_client(), second = connect_client();

	put(first, reload);
	serve();
	put(second, reload);
	serve();
	ctl_reload(ctl, now_ms);
	ctl_reload(ctl, now_ms);
	serve();
	disk_is_back();
	read_at_last();
	EXPECT_EQ(1u, count(get(first), end));
	EXPECT_EQ(1u, count(get(second), end));
	EXPECT_EQ(3u, reloads()) << "two clients, and the signals as one";
}

TEST_F(hung_file, a_client_that_leaves_takes_its_reload_along)
{
	int fd = connect_client();

	put(fd, reload);
	serve();
	shutdown(fd, SHUT_RDWR);
	close(fd);
	clients.clear();
	serve_idle();
	EXPECT_EQ(1u, count(exchange(summary), end));
	now_ms += 60000; /* one that has left is dropped when it does not read */
	serve();
	disk_is_back();
	read_at_last();
	EXPECT_EQ(1u, count(exchange(summary), end));
}

TEST_F(hung_file, a_signal_is_served_when_it_can_be)
{
	ctl_reload(ctl, now_ms);
	serve();
	now_ms += CTL_READ_MS;
	serve_idle();
	EXPECT_EQ(1u, count(exchange(summary), end));
	ctl_reload(ctl, now_ms);
	disk_is_back();
	read_at_last();
	EXPECT_EQ(1u, reloads()) << "that of the second signal";
}

TEST_F(hung_file, control_ends_while_it_hangs)
{
	int fd = connect_client();

	put(fd, reload);
	serve();
}
