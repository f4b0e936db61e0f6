/* The ring of lines: order, what happens when it is full, and many threads at once. */
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "line_ring.h"

namespace
{

struct line_ring_test : testing::Test {
	line_ring_test()
	{
		line_ring_init(ring.get());
	}
	bool put(const std::string &text)
	{
		return line_ring_put(ring.get(), text.data(), text.size());
	}
	/* The next line, and in brackets how many were refused before it; "-": there is none. */
	std::string take()
	{
		const struct line *line = line_ring_peek(ring.get());
		std::string text;

		if (!line)
			return "-";
		text = std::string(line->text, line->len);
		if (line->refused)
			text += "[" + std::to_string(line->refused) + "]";
		line_ring_done(ring.get());
		return text;
	}

	std::unique_ptr<struct line_ring> ring{ new struct line_ring };
};

} // namespace

TEST_F(line_ring_test, lines_come_out_as_they_were_put_for_ever)
{
	EXPECT_EQ("-", take());
	for (int i = 0; i < 5 * LINE_RING; i += 3) {
		for (int k = i; k < i + 3; k++)
			EXPECT_TRUE(put(std::to_string(k)));
		for (int k = i; k < i + 3; k++)
			EXPECT_EQ(std::to_string(k), take());
		EXPECT_EQ("-", take());
	}
	EXPECT_EQ(line_ring_count(ring.get()), line_ring_through(ring.get()));
	EXPECT_TRUE(put(std::string(LINE_RING_LEN, 'x')));
	EXPECT_EQ(std::string(LINE_RING_LEN, 'x'), take());
}

TEST_F(line_ring_test, a_full_one_refuses_and_says_where_and_how_many)
{
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < LINE_RING; i++)
			EXPECT_TRUE(put(std::to_string(i)));
		for (int i = 0; i < 7; i++)
			EXPECT_FALSE(put("lost"));
		EXPECT_EQ("0", take());
		EXPECT_TRUE(put("again"));
		EXPECT_FALSE(put("lost"));
		for (int i = 1; i < LINE_RING; i++)
			EXPECT_EQ(std::to_string(i), take());
		EXPECT_EQ("again[7]", take());
		EXPECT_EQ("-", take());
		EXPECT_EQ(1u, line_ring_refused(ring.get())) << "behind the last line";
		EXPECT_EQ(0u, line_ring_refused(ring.get())) << "told once";
	}
}

TEST_F(line_ring_test, of_many_threads_each_ones_lines_are_in_order_and_none_is_unaccounted_for)
{
	enum { THREADS = 4, EACH = 20000 };
	std::vector<std::thread> threads;
	std::atomic<int> left{ THREADS };
	std::map<int, int> last;
	uint64_t came = 0, refused = 0, put_in_all = 0;
	std::atomic<uint64_t> accepted{ 0 };

	for (int t = 0; t < THREADS; t++)
		threads.emplace_back([&, t] {
			for (int i = 1; i <= EACH; i++)
				accepted += put(std::to_string(t) + " " + std::to_string(i));
			left--;
		});
	while (left || line_ring_through(ring.get()) < line_ring_count(ring.get())) {
		const struct line *line = line_ring_peek(ring.get());
		int thread, number;

		if (!line) {
			std::this_thread::yield();
			continue;
		}
		ASSERT_EQ(2, sscanf(std::string(line->text, line->len).c_str(), "%d %d", &thread,
				    &number));
		EXPECT_GT(number, last[thread]);
		last[thread] = number;
		came++;
		refused += line->refused;
		line_ring_done(ring.get());
	}
	for (std::thread &thread : threads)
		thread.join();
	refused += line_ring_refused(ring.get());
	put_in_all = (uint64_t)THREADS * EACH;
	EXPECT_EQ(accepted, came);
	EXPECT_EQ(put_in_all, came + refused);
}
