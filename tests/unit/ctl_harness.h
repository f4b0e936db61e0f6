/* A ctl on sockets in a directory of its own, its clients, and who answers as the RIB lcore does:
 * the test. */
#ifndef BASCULE_TEST_CTL_HARNESS_H
#define BASCULE_TEST_CTL_HARNESS_H

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
#include "desk.h"
#include "log.h"
#include "page.h"
#include "show.h"

class ctl_test : public testing::Test
{
      protected:
	void SetUp() override
	{
		char name[] = "/tmp/bascule-ctl-XXXXXX";
		struct desk_params desk_params = {};
		struct ctl_params params = {};

		log_open("test", "-", LOG_LEVEL_ERROR);
		ASSERT_NE(nullptr, mkdtemp(name));
		dir = name;
		path = dir + "/control.sock";
		show_path = dir + "/show.sock";
		missing = dir + "/missing.conf";
		to_rib = mailbox_new(DESK_PAGES_SIZE);
		from_rib = mailbox_new(DESK_PAGES_SIZE);
		answered = eventfd(0, EFD_NONBLOCK);
		params.socket_path = path.c_str();
		params.show_path = show_path.c_str();
		desk_params.config_path = missing.c_str();
		desk_params.to_rib = to_rib;
		desk_params.from_rib = from_rib;
		desk_params.answered = answered;
		ASSERT_EQ(0, desk_open(&desk_params, &desk));
		params.desk = desk;
		ASSERT_EQ(0, ctl_open(&params, &ctl));
	}
	void TearDown() override
	{
		for (int fd : clients)
			close(fd);
		ctl_close(ctl);
		desk_close(desk);
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
		for (int i = 0; i < 10000; i++) {
			unsigned int n = poll_fill();

			/* a file that is being read will have been; the pipe of a test never is */
			if (!poll(fds, n, fds[READING].fd >= 0 && !hangs ? 10000 : 0))
				return;
			serve_once();
			if (rib_runs)
				rib();
		}
		ADD_FAILURE() << "the server spins";
	}
	void serve_idle()
	{
		poll(fds, poll_fill(), 0);
		serve_once();
	}
	/* As the management thread does: what to wait for, and what can be done without. */
	unsigned int poll_fill()
	{
		desk_poll(desk, fds);
		return DESK_POLL_FDS + ctl_poll(ctl, fds + DESK_POLL_FDS);
	}
	void serve_once()
	{
		desk_serve(desk, now_ms);
		ctl_serve(ctl, fds + DESK_POLL_FDS, now_ms);
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
	enum { READING = 1, LISTENER = DESK_POLL_FDS }; /* of fds */
	struct pollfd fds[DESK_POLL_FDS + CTL_POLL_FDS];
	std::string dir, path, show_path, missing;
	struct desk *desk = nullptr;
	struct ctl *ctl = nullptr;
	struct mailbox *to_rib = nullptr, *from_rib = nullptr;
	int answered = -1;
	uint64_t now_ms = 1000, rows = 1;
	bool rib_runs = true, hangs = false;
	std::vector<int> clients;
	std::vector<enum page_command> asked;
};

static const std::string summary = "{\"command\":\"show summary\"}\n", end = "{\"end\":true}\n";

#endif
