/* HTTP against clients of every kind, with a RIB lcore that the test plays. */
#include <gtest/gtest.h>

#include "http_rig.h"
#include "visitors.h"

static const std::string summary = "/api/v1/summary", routes = "/api/v1/routes";

TEST_F(http_test, one_row_is_an_object_and_many_are_an_array)
{
	std::string answer = ask(summary);

	EXPECT_EQ(200, status(answer)) << answer;
	EXPECT_EQ(0u, body(answer).find("{\"enabled\":")) << answer;
	EXPECT_NE(std::string::npos, answer.find("Content-Type: application/json\r\n"));
	rows = 3;
	EXPECT_EQ(3, elements(body(ask(routes))));
	rows = 0;
	EXPECT_EQ(0, elements(body(ask(routes))));
}

TEST_F(http_test, who_has_the_answer_is_not_told_again)
{
	std::string answer = ask(summary), tag;
	size_t at = answer.find("ETag: ");

	ASSERT_NE(std::string::npos, at);
	tag = answer.substr(at + 6, 18);
	answer = ask(summary, "If-None-Match: \"x\", " + tag + "\r\n");
	EXPECT_EQ(304, status(answer));
	EXPECT_EQ("", body(answer));
	EXPECT_EQ(200, status(ask(summary, "If-None-Match: \"0123456789abcdef\"\r\n")));
	rows = 2; /* another answer */
	EXPECT_EQ(200, status(ask(routes, "If-None-Match: " + tag + "\r\n")));
}

TEST_F(http_test, a_head_has_no_body)
{
	std::string answer = ask(summary, "", "HEAD");

	EXPECT_EQ(200, status(answer));
	EXPECT_EQ("", body(answer));
}

static const struct {
	const char *method, *path, *more;
	int status;
} refused[] = {
	{ "GET", "/", "", 404 },
	{ "GET", "/api/v1/", "", 404 },
	{ "GET", "/api/v1", "", 404 },
	{ "GET", "/api/v1/../../etc/passwd", "", 404 },
	{ "GET", "/api/v1/show/summary", "", 404 },
	{ "GET", "/api/v1/summary/", "", 404 },
	{ "GET", "/api/v1/exchange%20plan", "", 404 },
	{ "GET", "/api/v1/summary?x=1", "", 400 },
	{ "GET", "/api/v1/routes?prefix=10.0.0.1/8", "", 400 },
	{ "GET", "/api/v1/routes?prefix=10.0.0.0/8&prefix=10.0.0.0/8", "", 400 },
	{ "GET", "/api/v1/routes?prefix=10.0.0.0/8%00", "", 400 },
	{ "GET", "/api/v1/routes?%ff=1", "", 400 },
	{ "GET", "/api/v1/routes?peer=%ff&which=learned", "", 400 },
	{ "GET", "/api/v1/fib", "", 400 },
	{ "GET", "/api/v1/fib?view=moon", "", 400 },
	{ "GET", "/api/v1/events?after=-1", "", 400 },
	{ "GET", "/api/v1/events?after=99999999999999999999", "", 400 },
	{ "GET", "/api/v1/exchange/plan?enable=perhaps", "", 400 },
	{ "GET", "/api/v1/reload", "", 405 },
	{ "GET", "/api/v1/drain?drained=true", "", 405 },
	{ "GET", "/api/v1/summary", "Content-Length: 5\r\n", 413 },
	{ "GET", "/api/v1/summary", "Transfer-Encoding: chunked\r\n", 413 },
	{ "POST", "/api/v1/reload", "Content-Length: 0\r\n", 405 },
	{ "DELETE", "/api/v1/summary", "", 405 },
	{ "OPTIONS", "*", "", 405 },
	{ "TRACE", "/api/v1/summary", "", 405 },
};

TEST_F(http_test, what_is_refused_says_why_and_asks_nobody)
{
	for (const auto &bad : refused) {
		std::string answer = ask(bad.path, bad.more, bad.method);
		std::string where = std::string(bad.method) + " " + bad.path + ": " + answer;

		EXPECT_EQ(bad.status, status(answer)) << where;
		EXPECT_EQ(0u, body(answer).find("{\"error\":\"")) << where;
	}
	EXPECT_EQ(0u, asked.size());
}

TEST_F(http_test, an_error_of_the_answer_is_a_status)
{
	rows = 0;
	error = "there is no peer \"x\"";
	EXPECT_EQ(404, status(ask("/api/v1/peers/x")));
	EXPECT_EQ(404, status(ask("/api/v1/peers/ergw/0")));
	EXPECT_EQ(404, status(ask("/api/v1/routes?peer=x&which=learned")));
	EXPECT_EQ(409, status(ask("/api/v1/exchange/plan?enable=true")));
}

TEST_F(http_test, an_error_in_the_middle_cuts_the_answer_off)
{
	bool whole, closed;
	int fd = connect_client();
	std::string answer;

	rows = 2000;
	error = "no more";
	put(fd, head_of(routes));
	serve();
	answer = get(fd, &closed);
	EXPECT_EQ(200, status(answer));
	body(answer, &whole);
	EXPECT_FALSE(whole);
	EXPECT_TRUE(closed);
}

TEST_F(http_test, questions_of_a_connection_are_answered_in_order)
{
	int fd = connect_client();
	std::string text;

	put(fd, head_of(summary) + head_of("/nothing") + head_of(summary));
	serve();
	text = get(fd);
	EXPECT_LT(text.find(" 200 "), text.find(" 404 "));
	EXPECT_LT(text.find(" 404 "), text.rfind(" 200 "));
}

/* Octet by octet, and every beginning of a request whose client leaves. */
TEST_F(http_test, a_request_in_pieces)
{
	std::string request = head_of("/api/v1/routes?prefix=10.0.0.0/8&family=ipv4");
	int fd = connect_client();

	for (char c : request) {
		put(fd, std::string(1, c));
		serve();
	}
	EXPECT_EQ(200, status(get(fd)));
	asked.clear();
	for (size_t n = 0; n < request.size(); n++) {
		fd = connect_client();
		put(fd, request.substr(0, n));
		serve();
		close(fd);
		clients.pop_back();
		serve();
	}
	EXPECT_EQ(0u, asked.size());
	EXPECT_EQ(200, status(ask(summary)));
}

TEST_F(http_test, nonsense_costs_its_connection_alone)
{
	const std::string nonsense[] = {
		std::string("\0\0\0\0\r\n\r\n", 8),
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"GET\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"GET /" + std::string(100000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET / HTTP/1.1\r\nX: " + std::string(100000, 'a') + "\r\n\r\n",
		"GET /api/v1/summary?" + std::string(2000, '&') + " HTTP/1.1\r\nHost: x\r\n\r\n",
	};

	for (const std::string &text : nonsense) {
		int fd = connect_client();

		send(fd, text.data(), text.size(), MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		serve();
		EXPECT_NE(200, status(get(fd))) << text.substr(0, 60);
		EXPECT_EQ(200, status(ask(summary)));
	}
}

TEST_F(http_test, a_slow_client_is_asked_for_no_more_than_it_reads)
{
	const uint64_t many = 40000;
	int slow = connect_client();
	std::string all;
	size_t before;
	bool whole = false;

	rows = many;
	put(slow, head_of(routes));
	serve();
	before = asked.size();
	EXPECT_GT(many / PAGE_ROWS, before) << "pages stop when its socket is full";
	rows = 1;
	EXPECT_EQ(200, status(ask(summary))) << "and another is served";
	rows = many;
	for (int i = 0; i < 100000 && !whole; i++) {
		all += get(slow);
		serve();
		whole = all.size() > 7 && !all.compare(all.size() - 7, 7, "\r\n0\r\n\r\n");
	}
	EXPECT_EQ((long)many, elements(body(all)));
	EXPECT_LT(before, asked.size());
}

TEST_F(http_test, a_client_that_takes_nothing_is_shown_out)
{
	int slow = connect_client(4096);
	bool closed;

	rows = 100000;
	put(slow, head_of(routes));
	serve();
	now_ms += HTTP_SLOW_MS - 1;
	serve();
	EXPECT_EQ(200, status(get(slow, &closed)));
	EXPECT_FALSE(closed);
	serve(); /* its socket is full again */
	now_ms += 10000ull * HTTP_SLOW_MS;
	serve();
	serve();
	get(slow, &closed);
	EXPECT_TRUE(closed);
}

/* One octet now and then keeps no place. */
TEST_F(http_test, a_request_that_takes_for_ever_is_shown_out)
{
	int slow = connect_client(), idle = connect_client();
	bool closed = false;

	serve();
	put(slow, "GET / HTTP/1.1\r\nX: ");
	for (int ms = 0; ms < VISITOR_IDLE_MS + 2000; ms += 2000, now_ms += 2000) {
		get(slow, &closed);
		EXPECT_FALSE(closed) << ms;
		send(slow, "a", 1, MSG_NOSIGNAL);
		serve();
	}
	serve();
	get(slow, &closed);
	EXPECT_TRUE(closed);
	get(idle, &closed);
	EXPECT_TRUE(closed);
}

/* The RIB lcore may take its time: that is not the client's fault. */
TEST_F(http_test, who_waits_for_us_stays)
{
	int fd = connect_client();

	rib_runs = false;
	put(fd, head_of(summary));
	serve();
	now_ms += 10 * VISITOR_IDLE_MS;
	serve();
	rib_runs = true;
	serve();
	EXPECT_EQ(200, status(get(fd)));
}

TEST_F(http_test, a_client_may_go_while_its_page_is_out)
{
	int fd = connect_client();

	rib_runs = false;
	put(fd, head_of(summary));
	serve();
	close(fd);
	clients.pop_back();
	serve();
	rib_runs = true;
	serve();
	EXPECT_EQ(200, status(ask(summary)));
}

TEST_F(http_test, pages_that_are_out_at_the_end_are_freed)
{
	rib_runs = false;
	for (int i = 0; i < 5; i++)
		put(connect_client(), head_of(summary));
	serve();
}

TEST_F(http_test, one_address_has_so_many_connections)
{
	int refused_ones = 0;

	for (int i = 0; i < HTTP_PER_ADDRESS + 10; i++) {
		bool closed;
		int fd = connect_client();

		serve();
		get(fd, &closed);
		refused_ones += closed;
	}
	EXPECT_EQ(10, refused_ones);
	for (int fd : clients)
		close(fd);
	clients.clear();
	serve();
	EXPECT_EQ(200, status(ask(summary)));
}

/* Scrapers that come at once share what is asked for the first of them. */
TEST_F(http_test, many_scrapers_cost_as_much_as_one)
{
	for (int i = 0; i < 10; i++)
		put(connect_client(), head_of("/metrics"));
	serve();
	EXPECT_EQ(3u, asked.size());
	for (int fd : clients) {
		std::string answer = get(fd);

		EXPECT_EQ(200, status(answer));
		EXPECT_NE(std::string::npos, body(answer).find("\nbascule_dataplane_up 0\n"));
	}
	now_ms += 1000;
	EXPECT_EQ(200, status(ask("/metrics", "Accept: application/openmetrics-text\r\n")));
	EXPECT_EQ(6u, asked.size());
}
