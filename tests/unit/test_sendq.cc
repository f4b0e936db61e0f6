// The send queue: whatever the sizes of the writes, what comes out is whole messages in an order
// that is allowed.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "message.h"
#include "sendq.h"

namespace
{

struct sendq_rest *given_up; // of queues that have a few buffers at most: none

// One shared buffer of UPDATEs with these lengths; the octets after the header count messages.
struct wire_buf *updates(const std::vector<uint16_t> &lengths, uint32_t *next)
{
	size_t total = 0, at = 0;

	for (uint16_t len : lengths)
		total += len;
	struct wire_buf *buf = wire_buf_new(total);
	for (uint16_t len : lengths) {
		memset(buf->data + at, 0, len);
		message_header(buf->data + at, BGP_UPDATE, len);
		store_be32(buf->data + at + BGP_HEADER_LEN, (*next)++);
		at += len;
	}
	return buf;
}

void keepalive(struct sendq *q)
{
	size_t room;
	uint8_t *at = sendq_own(q, &room);
	size_t len = keepalive_encode(at, room);

	if (len)
		sendq_own_add(q, len);
}

// Take up to `max` octets out, as writev would.
void drain(struct sendq *q, size_t max, std::vector<uint8_t> *stream)
{
	struct iovec iov[8];
	size_t taken = 0;
	int n = sendq_gather(q, iov, 8);

	for (int i = 0; i < n && taken < max; i++) {
		size_t part = std::min(iov[i].iov_len, max - taken);
		const uint8_t *data = (const uint8_t *)iov[i].iov_base;

		stream->insert(stream->end(), data, data + part);
		taken += part;
	}
	sendq_written(q, taken);
}

// How many UPDATEs are in a stream of whole messages; they must be in sequence.
uint32_t check_stream(const std::vector<uint8_t> &stream, uint32_t *keepalives)
{
	struct cursor c = cursor_make(stream.data(), stream.size());
	struct bgp_notify notify;
	struct bgp_message msg;
	uint32_t seen = 0;

	while (message_next(&c, BGP_MESSAGE_MAX, &msg, &notify) == MESSAGE_READY) {
		if (msg.type == BGP_UPDATE)
			EXPECT_EQ(seen++, cursor_u32(&msg.body));
		else
			++*keepalives;
	}
	EXPECT_EQ(0u, cursor_left(&c));
	return seen;
}

TEST(sendq, own_messages_go_first_at_message_boundaries)
{
	struct session_stats stats = {};
	struct sendq q = {};
	std::mt19937 random(7);
	std::vector<uint8_t> stream;
	uint32_t queued = 0, own = 0, keepalives = 0;

	q.stats = &stats;
	for (int round = 0; round < 2000; round++) {
		if (random() % 3) {
			std::vector<uint16_t> lengths;

			for (unsigned int i = 0; i < 1 + random() % 4; i++)
				lengths.push_back((uint16_t)(23 + random() % 200));
			ASSERT_TRUE(sendq_add(&q, updates(lengths, &queued)));
		}
		if (random() % 4 == 0) {
			keepalive(&q);
			own++;
		}
		drain(&q, random() % 400, &stream);
	}
	while (!sendq_empty(&q))
		drain(&q, 1 + random() % 999, &stream);
	EXPECT_EQ(queued, check_stream(stream, &keepalives));
	EXPECT_EQ(queued, stats.tx_updates);
	EXPECT_EQ(own, keepalives);
	EXPECT_EQ(queued + own, stats.tx_messages);
	EXPECT_EQ(stream.size(), stats.tx_bytes);
	EXPECT_EQ(0u, stats.tx_queued);
	sendq_clear(&q, &given_up);
}

TEST(sendq, keepalive_overtakes_what_is_queued)
{
	struct session_stats stats = {};
	struct sendq q = {};
	std::vector<uint8_t> stream;
	uint32_t next = 0;

	q.stats = &stats;
	ASSERT_TRUE(sendq_add(&q, updates({ 100, 100, 100 }, &next)));
	drain(&q, 130, &stream); // into the second message
	keepalive(&q);
	while (!sendq_empty(&q))
		drain(&q, 7, &stream);
	EXPECT_EQ(BGP_KEEPALIVE, stream[200 + 18]);
	EXPECT_EQ(BGP_UPDATE, stream[219 + 18]);
	sendq_clear(&q, &given_up);
}

// Cut at any octet, the last words still follow a whole message.
TEST(sendq, final_octets_complete_the_message_that_was_begun)
{
	for (size_t cut = 0; cut <= 319; cut++) {
		struct session_stats stats = {};
		struct sendq q = {};
		std::vector<uint8_t> stream;
		uint8_t rest[SENDQ_FINAL];
		uint32_t next = 0, keepalives = 0;

		q.stats = &stats;
		ASSERT_TRUE(sendq_add(&q, updates({ 100, 100, 100 }, &next)));
		drain(&q, std::min(cut, size_t(30)), &stream);
		keepalive(&q);
		drain(&q, cut > 30 ? cut - 30 : 0, &stream);
		size_t n = sendq_final(&q, rest);
		stream.insert(stream.end(), rest, rest + n);
		check_stream(stream, &keepalives);
		EXPECT_EQ(1u, keepalives) << cut;
		sendq_clear(&q, &given_up);
	}
}

TEST(sendq, references_come_back_and_the_ring_is_bounded)
{
	struct session_stats stats = {};
	struct sendq q = {};
	uint32_t next = 0;
	struct wire_buf *buf = updates({ 23 }, &next);
	struct sendq_rest *rest = nullptr;
	uint32_t held = 0;

	q.stats = &stats;
	for (;;) {
		wire_buf_get(buf);
		if (!sendq_add(&q, buf))
			break;
		held++;
	}
	EXPECT_EQ(uint32_t(SENDQ_BUFS), held);
	EXPECT_TRUE(sendq_high(&q));
	EXPECT_EQ(held + 1, buf->refs);
	sendq_clear(&q, &rest);
	EXPECT_TRUE(sendq_empty(&q));
	sendq_rest_free(&rest, 1000);
	EXPECT_EQ(held + 1 - 1000, buf->refs) << "so many at a time, and no more";
	sendq_rest_free(&rest, UINT32_MAX);
	EXPECT_EQ(nullptr, rest);
	EXPECT_EQ(1u, buf->refs);
	wire_buf_put(buf);
}

} // namespace
