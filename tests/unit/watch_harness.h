/* The watch over the partner in a world that the test plays: instances behind sockets, the RIB
 * lcore, and a clock that it turns. What a watch leaves behind is the sanitizers' to tell: views,
 * looks and the page are freed once, whoever has them. */
#ifndef BASCULE_TEST_WATCH_HARNESS_H
#define BASCULE_TEST_WATCH_HARNESS_H

#include <gtest/gtest.h>

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "log.h"
#include "mailbox.h"
#include "partner.h"
#include "partner_watch.h"
#include "unix_socket.h"

enum : int { IDLE = 1000 }; /* looks and clients are to be served once a second at least */
enum { OWN, THERE, OTHER, INSTANCES };

/* An instance behind a socket, which says `answer` to each who asks; to nobody while that is
 * empty. */
struct instance {
	std::string path, answer;
	int listener = -1, looks = 0;
	std::vector<int> clients, waiting; /* waiting: those that it owes an answer */

	instance(const std::string &path, const std::string &answer) : path(path), answer(answer)
	{
		listener = unix_socket_listen(path.c_str(), SOCK_STREAM | SOCK_NONBLOCK, 0600);
		EXPECT_LE(0, listener);
	}
	~instance()
	{
		for (int fd : clients)
			close(fd);
		close(listener);
		unlink(path.c_str());
	}
	/* True: it did something. */
	bool serve()
	{
		bool moved = false;

		for (int fd; (fd = accept(listener, nullptr, nullptr)) >= 0; looks++) {
			clients.push_back(fd);
			waiting.push_back(fd);
			moved = true;
		}
		if (answer.empty())
			return moved;
		for (int fd : waiting) {
			send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
			moved = true;
		}
		waiting.clear();
		return moved;
	}
	/* Who asked last has closed its end. */
	bool hung_up() const
	{
		char questions[256];
		ssize_t n;

		do
			n = recv(clients.back(), questions, sizeof(questions), MSG_DONTWAIT);
		while (n > 0);
		return n == 0;
	}
};

static inline std::string tells(const std::string &name, unsigned int asn = 65515)
{
	const std::string end = "{\"end\":true}\n";

	return R"({"row":{"instance":")" + name + R"(","asn":)" + std::to_string(asn) +
	       R"(,"router_id":"10.0.1.)" + name.back() + R"(","settled":true}})" + "\n" + end +
	       R"({"row":{"name":"nva-a","address":"10.0.2.4","state":"Established"}})" + "\n" +
	       end;
}
static const char refusal[] = "{\"error\":\"too many clients\"}\n";

class partner_watch_test : public testing::Test
{
      protected:
	void SetUp() override
	{
		char name[] = "/tmp/bascule-watch-XXXXXX";
		struct desk_params params = {};

		log_open("test", "-", LOG_LEVEL_ERROR);
		ASSERT_NE(nullptr, mkdtemp(name));
		dir = name;
		for (int i = 0; i < INSTANCES; i++) {
			std::string rs = "rs" + std::to_string(i);

			at[i].reset(new instance(dir + "/" + rs, tells(rs)));
		}
		to_rib = mailbox_new(DESK_PAGES_SIZE);
		from_rib = mailbox_new(DESK_PAGES_SIZE);
		answered = eventfd(0, EFD_NONBLOCK);
		params.config_path = "";
		params.to_rib = to_rib;
		params.from_rib = from_rib;
		params.answered = answered;
		ASSERT_EQ(0, desk_open(&params, &desk));
		ASSERT_EQ(0, partner_watch_open(desk, at[OWN]->path.c_str(), &watch));
	}
	void TearDown() override
	{
		if (watch)
			close_watch();
		desk_close(desk);
		mailbox_free(to_rib);
		mailbox_free(from_rib);
		close(answered);
		for (auto &i : at)
			i.reset();
		rmdir(dir.c_str());
	}
	/* The RIB lcore: keeps what was seen, gives back what it had, and says whom the
	 * configuration names. */
	bool rib()
	{
		struct page *const *slot;
		const uint64_t one = 1;
		size_t len;

		if (rib_stands || !(slot = (struct page *const *)mailbox_peek(to_rib, &len)))
			return false;
		struct page *page = *slot, **back;

		mailbox_done(to_rib);
		EXPECT_EQ(PAGE_PARTNER_SEEN, page->command);
		std::swap(view, page->seen);
		strcpy(page->partner, configured.c_str());
		told++;
		back = (struct page **)mailbox_reserve(from_rib, sizeof(*back));
		*back = page;
		mailbox_post(from_rib, sizeof(*back));
		EXPECT_EQ(8, write(answered, &one, sizeof(one)));
		return true;
	}
	/* As the management thread does, until nobody has anything to do. */
	void serve(uint64_t ms = 0)
	{
		struct pollfd fds[PARTNER_WATCH_FDS + DESK_POLL_FDS];
		bool moved = true;

		now_ms += ms;
		for (int i = 0; i < 1000 && moved; i++) {
			wait_ms = partner_watch_poll(watch, fds, now_ms);
			desk_poll(desk, fds + PARTNER_WATCH_FDS);
			moved = poll(fds, PARTNER_WATCH_FDS + DESK_POLL_FDS, 0) > 0 || !wait_ms;
			desk_serve(desk, now_ms);
			partner_watch_serve(watch, fds, now_ms);
			moved |= rib();
			for (const auto &instance : at)
				moved |= instance->serve();
		}
		EXPECT_FALSE(moved) << "it spins";
	}
	/* No page finds room, and nobody takes one out. */
	void fill_mailbox()
	{
		rib_stands = true;
		while (mailbox_reserve(to_rib, sizeof(struct page *)))
			mailbox_post(to_rib, sizeof(struct page *));
	}
	void empty_mailbox()
	{
		size_t len;

		while (mailbox_peek(to_rib, &len))
			mailbox_done(to_rib);
		rib_stands = false;
	}
	/* For how long poll(2) would wait then. */
	int waits(uint64_t then_ms)
	{
		struct pollfd fds[PARTNER_WATCH_FDS];
		int ms = partner_watch_poll(watch, fds, then_ms);

		here_fd = fds[0].fd;
		there_fd = fds[1].fd;
		return ms;
	}
	void start_with_partner()
	{
		configured = at[THERE]->path;
		serve();
	}
	/* "looks at ourselves, at the partner, pages told" */
	std::string counts() const
	{
		return std::to_string(at[OWN]->looks) + " " + std::to_string(at[THERE]->looks) +
		       " " + std::to_string(told);
	}
	void close_watch()
	{
		free(view); /* as rs_free() does, which comes before */
		view = nullptr;
		partner_watch_close(watch);
		watch = nullptr;
	}

	std::string dir, configured;
	std::unique_ptr<instance> at[INSTANCES];
	struct mailbox *to_rib = nullptr, *from_rib = nullptr;
	int answered = -1, wait_ms = -1, told = 0, here_fd = -1, there_fd = -1;
	struct desk *desk = nullptr;
	struct partner_watch *watch = nullptr;
	struct partner_view *view = nullptr; /* the RIB lcore's */
	bool rib_stands = false;
	uint64_t now_ms = 1000;
};

#endif
