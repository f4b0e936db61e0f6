/* The mailbox: order and content over many turns of the ring, full and empty, and two threads at
 * once. */
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <random>
#include <thread>

#include "hash.h"
#include "mailbox.h"

namespace
{

struct deleter {
	void operator()(struct mailbox *mb) const
	{
		mailbox_free(mb);
	}
};
using box = std::unique_ptr<struct mailbox, deleter>;

/* Record `n` of a stream: length and content follow from n. */
size_t length_of(uint64_t n, size_t max)
{
	return 8 + hash_u64(n) % (n % 16 ? 100 : max - 8);
}

void fill(void *at, uint64_t n, size_t len)
{
	memcpy(at, &n, sizeof(n));
	memset((char *)at + sizeof(n), (int)(n & 0xff), len - sizeof(n));
}

bool right(const void *at, uint64_t n, size_t len)
{
	uint64_t head;
	const uint8_t *o = (const uint8_t *)at;

	memcpy(&head, at, sizeof(head));
	return head == n && (len == 8 || (o[8] == (n & 0xff) && o[len - 1] == (n & 0xff) &&
					  o[len / 2 + 4] == (n & 0xff)));
}

} // namespace

TEST(mailbox, empty)
{
	box mb(mailbox_new(4096));
	size_t len = 7;

	EXPECT_EQ(nullptr, mailbox_peek(mb.get(), &len));
	EXPECT_EQ(7u, len);
	EXPECT_EQ(4096u / 4 - 8, mailbox_record_max(mb.get()));
}

TEST(mailbox, a_reservation_is_invisible_until_posted_and_may_be_abandoned)
{
	box mb(mailbox_new(4096));
	size_t len;

	ASSERT_NE(nullptr, mailbox_reserve(mb.get(), 100));
	EXPECT_EQ(nullptr, mailbox_peek(mb.get(), &len));
	for (int i = 0; i < 1000; i++)
		ASSERT_NE(nullptr, mailbox_reserve(mb.get(), 1000));
	fill(mailbox_reserve(mb.get(), 1000), 1, 8);
	mailbox_post(mb.get(), 8); /* shorter than reserved */
	ASSERT_NE(nullptr, mailbox_peek(mb.get(), &len));
	EXPECT_EQ(8u, len);
	mailbox_done(mb.get());
	EXPECT_EQ(nullptr, mailbox_peek(mb.get(), &len));
}

TEST(mailbox, full_and_drained)
{
	for (size_t size :
	     { (size_t)1, (size_t)7, (size_t)8, (size_t)9, (size_t)100, (size_t)1016 }) {
		box mb(mailbox_new(4096));

		for (int turn = 0; turn < 50; turn++) {
			size_t posted = 0, len;

			for (void *at; (at = mailbox_reserve(mb.get(), size)); posted++) {
				ASSERT_EQ(0u, (uintptr_t)at % 8);
				memset(at, (int)posted, size);
				mailbox_post(mb.get(), size);
			}
			EXPECT_GE(posted * (8 + (size + 7) / 8 * 8), 4096u - 2 * 1024) << size;
			for (size_t i = 0; i < posted; i++) {
				const uint8_t *at = (const uint8_t *)mailbox_peek(mb.get(), &len);

				ASSERT_NE(nullptr, at);
				ASSERT_EQ(size, len);
				ASSERT_EQ((uint8_t)i, at[0]);
				ASSERT_EQ((uint8_t)i, at[size - 1]);
				mailbox_done(mb.get());
			}
			ASSERT_EQ(nullptr, mailbox_peek(mb.get(), &len));
		}
	}
}

/* Against a queue, in random steps. */
TEST(mailbox, like_a_queue)
{
	std::mt19937 rng(1);
	box mb(mailbox_new(8192));
	std::deque<uint64_t> model;
	uint64_t next = 0;

	for (int step = 0; step < 300000; step++) {
		size_t len;

		if (rng() % 2) {
			size_t want = length_of(next, mailbox_record_max(mb.get()));
			void *at = mailbox_reserve(mb.get(), want);

			if (!at) {
				ASSERT_FALSE(model.empty()) << "an empty one takes any record";
				continue;
			}
			if (rng() % 8 == 0)
				continue; /* abandoned */
			fill(at, next, want);
			mailbox_post(mb.get(), want);
			model.push_back(next++);
		} else {
			const void *at = mailbox_peek(mb.get(), &len);

			ASSERT_EQ(model.empty(), at == nullptr);
			if (!at)
				continue;
			ASSERT_EQ(length_of(model.front(), mailbox_record_max(mb.get())), len);
			ASSERT_TRUE(right(at, model.front(), len));
			model.pop_front();
			mailbox_done(mb.get());
		}
	}
}

TEST(mailbox, two_threads)
{
	const uint64_t records = 2000000;
	box mb(mailbox_new(1 << 16));
	uint64_t full = 0;

	std::thread producer([&] {
		for (uint64_t n = 0; n < records;) {
			size_t len = length_of(n, 400);
			void *at = mailbox_reserve(mb.get(), len);

			if (!at) {
				full++;
				std::this_thread::yield();
				continue;
			}
			fill(at, n++, len);
			mailbox_post(mb.get(), len);
		}
	});
	uint64_t got = 0, wrong = 0;

	while (got < records) {
		size_t len;
		const void *at = mailbox_peek(mb.get(), &len);

		if (!at) {
			std::this_thread::yield();
			continue;
		}
		wrong += len != length_of(got, 400) || !right(at, got, len);
		got++;
		mailbox_done(mb.get());
	}
	producer.join();
	EXPECT_EQ(0u, wrong);
}
