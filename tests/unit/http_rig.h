/* An HTTP server on a port of the loopback interface, its clients, and who answers as the RIB lcore
 * does: the test. The test turns the clock too. */
#ifndef BASCULE_TEST_HTTP_RIG_H
#define BASCULE_TEST_HTTP_RIG_H

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <jansson.h>

#include "http.h"
#include "log.h"
#include "mailbox.h"
#include "rows.h"

class http_test : public testing::Test
{
      protected:
	void SetUp() override
	{
		struct desk_params params = {};
		struct pollfd fds[HTTP_POLL_FDS];
		struct sockaddr_in bound = {};
		socklen_t len = sizeof(bound);

		log_open("test", "-", LOG_LEVEL_ERROR);
		to_rib = mailbox_new(DESK_PAGES_SIZE);
		from_rib = mailbox_new(DESK_PAGES_SIZE);
		params.config_path = "/missing.conf";
		params.to_rib = to_rib;
		params.from_rib = from_rib;
		params.answered = answered = eventfd(0, EFD_NONBLOCK);
		ASSERT_EQ(0, desk_open(&params, &desk));
		config.listen[0].addr = addr_make4(INADDR_LOOPBACK);
		config.nb_listen = 1;
		ASSERT_EQ(0, http_open(&config, "no-instance", desk, &http));
		http_poll(http, fds);
		for (const struct pollfd &fd : fds) /* the kernel has chosen the port */
			if (!getsockname(fd.fd, (struct sockaddr *)&bound, &len) &&
			    bound.sin_family == AF_INET)
				port = bound.sin_port;
		ASSERT_NE(0, port);
	}
	void TearDown() override
	{
		for (int fd : clients)
			close(fd);
		http_close(http);
		desk_close(desk);
		mailbox_free(to_rib);
		mailbox_free(from_rib);
		close(answered);
	}
	int connect_client(int receive_buffer = 0)
	{
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		struct sockaddr_in to = {};

		if (receive_buffer)
			setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
				   sizeof(receive_buffer));
		to.sin_family = AF_INET;
		to.sin_port = port;
		to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		EXPECT_EQ(0, connect(fd, (struct sockaddr *)&to, sizeof(to))) << strerror(errno);
		clients.push_back(fd);
		return fd;
	}
	/* The RIB lcore: rows of the switch until it has told `rows` of them; then `error`. */
	bool rib()
	{
		struct page *const *slot;
		const uint64_t one = 1;
		bool any = false;
		size_t len;

		while (rib_runs && (slot = (struct page *const *)mailbox_peek(to_rib, &len))) {
			struct page *page = *slot, **back;

			any = true;
			mailbox_done(to_rib);
			asked.push_back(page->command);
			page->nb_rows = page->used = 0;
			while (page->cursor[0] < rows &&
			       page_add(page, ROW_EXCHANGE, sizeof(struct row_exchange)))
				page->cursor[0]++;
			page->more = page->cursor[0] < rows;
			if (!page->more && !error.empty())
				page_error(page, "%s", error.c_str());
			back = (struct page **)mailbox_reserve(from_rib, sizeof(*back));
			*back = page;
			mailbox_post(from_rib, sizeof(*back));
			EXPECT_EQ(8, write(answered, &one, sizeof(one)));
		}
		return any;
	}
	/* Until nothing is ready any more. */
	void serve()
	{
		struct pollfd fds[HTTP_POLL_FDS];

		for (int i = 0; i < 100000; i++) {
			int wait_ms = http_poll(http, fds);
			int ready = poll(fds, HTTP_POLL_FDS, 0);

			http_serve(http, fds, now_ms);
			if (!rib() && !ready && wait_ms)
				return;
		}
		ADD_FAILURE() << "the server spins";
	}
	static void put(int fd, const std::string &text)
	{
		ASSERT_EQ((ssize_t)text.size(), send(fd, text.data(), text.size(), MSG_NOSIGNAL));
	}
	/* What has come; `*closed`: and then the end. */
	static std::string get(int fd, bool *closed = nullptr)
	{
		static char buf[1 << 20];
		std::string text;
		ssize_t n;

		while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
			text.append(buf, (size_t)n);
		if (closed)
			*closed = n == 0 || errno == ECONNRESET;
		return text;
	}
	static std::string head_of(const std::string &path, const std::string &more = "",
				   const std::string &method = "GET")
	{
		return method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
	}
	/* The whole answer to one GET. */
	std::string ask(const std::string &path, const std::string &more = "",
			const std::string &method = "GET")
	{
		int fd = connect_client();

		put(fd, head_of(path, more, method));
		serve();
		return get(fd);
	}
	static int status(const std::string &answer)
	{
		return answer.compare(0, 9, "HTTP/1.1 ") ? 0 : std::stoi(answer.substr(9, 3));
	}
	/* The body, out of its chunks if it has any; `*whole`: nothing is missing. */
	static std::string body(const std::string &answer, bool *whole = nullptr)
	{
		size_t at = answer.find("\r\n\r\n");
		std::string text;
		bool ended = false;

		if (at == std::string::npos)
			return "";
		at += 4;
		if (answer.find("chunked") > at)
			return answer.substr(at);
		while (at < answer.size() && !ended) {
			size_t line = answer.find("\r\n", at), size;

			if (line == std::string::npos)
				break;
			size = std::stoul(answer.substr(at, line - at), nullptr, 16);
			text += answer.substr(line + 2, size);
			at = line + 2 + size + 2;
			ended = !size;
		}
		if (whole)
			*whole = ended;
		return text;
	}
	/* Of an array of objects that is whole; -1: it is none. */
	static long elements(const std::string &text)
	{
		json_t *json = json_loadb(text.data(), text.size(), 0, nullptr);
		long n = json_is_array(json) ? (long)json_array_size(json) : -1;

		json_decref(json);
		return n;
	}

	struct config_http config = {};
	struct desk *desk = nullptr;
	struct http *http = nullptr;
	struct mailbox *to_rib = nullptr, *from_rib = nullptr;
	int answered = -1;
	in_port_t port = 0; /* network order */
	uint64_t now_ms = 1000000, rows = 1;
	std::string error;
	bool rib_runs = true;
	std::vector<int> clients;
	std::vector<enum page_command> asked;
};

#endif
