/* The order on the wire: the rest of a begun shared message, own messages, shared buffers. An own
 * message that is begun is finished first; it can only be begun at a boundary of the shared stream,
 * so the two never interleave. */
#include "sendq.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "stats.h"

enum { RING_FIRST = 16, AT_ONCE = 64 };

struct wire_buf *wire_buf_new(size_t len)
{
	struct wire_buf *buf = malloc(sizeof(*buf) + len);

	if (buf) {
		buf->refs = 1;
		buf->len = (uint32_t)len;
	}
	return buf;
}

void wire_buf_get(struct wire_buf *buf)
{
	__atomic_fetch_add(&buf->refs, 1, __ATOMIC_RELAXED);
}

void wire_buf_put(struct wire_buf *buf)
{
	if (__atomic_fetch_sub(&buf->refs, 1, __ATOMIC_ACQ_REL) == 1)
		free(buf);
}

static struct wire_buf *nth(const struct sendq *q, uint32_t n)
{
	return q->ring[(q->head + n) & (q->size - 1)];
}

struct sendq_rest {
	struct sendq_rest *next; /* owned */
	struct wire_buf **ring;	 /* owned; each entry holds a reference */
	uint32_t size, head, count;
};

/* Without memory all are given back at once. */
static void leave(struct sendq *q, struct sendq_rest **list)
{
	struct sendq_rest *rest = q->count > AT_ONCE ? malloc(sizeof(*rest)) : NULL;

	if (rest) {
		*rest = (struct sendq_rest){ *list, q->ring, q->size, q->head, q->count };
		*list = rest;
		return;
	}
	for (uint32_t i = 0; i < q->count; i++)
		wire_buf_put(nth(q, i));
	free(q->ring);
}

void sendq_clear(struct sendq *q, struct sendq_rest **rest)
{
	struct session_stats *stats = q->stats;

	/* A connection that never had any shares the number with one that has. */
	if (q->count)
		stat_set(&stats->tx_queued, 0);
	leave(q, rest);
	memset(q, 0, sizeof(*q));
	q->stats = stats;
}

void sendq_rest_free(struct sendq_rest **list, uint32_t max)
{
	for (struct sendq_rest *rest; max && (rest = *list);) {
		for (; max && rest->count; max--, rest->count--)
			wire_buf_put(rest->ring[rest->head++ & (rest->size - 1)]);
		if (rest->count)
			return;
		*list = rest->next;
		free(rest->ring);
		free(rest);
	}
}

static bool grow(struct sendq *q)
{
	uint32_t size = q->size ? 2 * q->size : RING_FIRST;
	struct wire_buf **ring =
		size <= SENDQ_BUFS ? malloc(size * sizeof(struct wire_buf *)) : NULL;

	if (!ring)
		return false;
	for (uint32_t i = 0; i < q->count; i++)
		ring[i] = nth(q, i);
	free(q->ring);
	q->ring = ring;
	q->size = size;
	q->head = 0;
	return true;
}

bool sendq_add(struct sendq *q, struct wire_buf *buf)
{
	if (!buf->len || (q->count == q->size && !grow(q))) {
		bool empty = !buf->len;

		wire_buf_put(buf);
		return empty;
	}
	q->ring[(q->head + q->count++) & (q->size - 1)] = buf;
	q->octets += buf->len;
	stat_set(&q->stats->tx_queued, q->octets);
	return true;
}

uint8_t *sendq_own(struct sendq *q, size_t *room)
{
	*room = (size_t)(SENDQ_OWN - q->own_len);
	return q->own + q->own_len;
}

void sendq_own_add(struct sendq *q, size_t len)
{
	assert(len <= (size_t)(SENDQ_OWN - q->own_len));
	q->own_len = (uint16_t)(q->own_len + len);
	stat_add(&q->stats->tx_messages, 1);
}

bool sendq_high(const struct sendq *q)
{
	return q->octets > SPEAKER_TX_HIGH || q->count > SENDQ_BUFS / 2;
}

static int piece(struct iovec *iov, int n, const uint8_t *data, size_t len)
{
	if (!len)
		return n;
	iov[n].iov_base = (void *)data;
	iov[n].iov_len = len;
	return n + 1;
}

int sendq_gather(struct sendq *q, struct iovec *iov, int max)
{
	uint32_t from = q->done;
	int n = 0;

	if (q->own_len) {
		if (q->count)
			n = piece(iov, n, nth(q, 0)->data + from, q->boundary - from);
		from = q->boundary;
		n = piece(iov, n, q->own + q->own_done, (size_t)(q->own_len - q->own_done));
	}
	for (uint32_t i = 0; i < q->count && n < max; i++, from = 0)
		n = piece(iov, n, nth(q, i)->data + from, nth(q, i)->len - from);
	return n;
}

/* `n` octets of the first buffer are out: move the boundary behind the last message that was begun,
 * counting. */
static void advance(struct sendq *q, uint32_t n)
{
	struct wire_buf *buf = nth(q, 0);
	uint32_t messages = 0, updates = 0;

	q->done += n;
	q->octets -= n;
	stat_add(&q->stats->tx_shared, n);
	while (q->boundary < q->done) {
		const uint8_t *header = buf->data + q->boundary;
		uint16_t len = load_be16(header + 16);

		assert(len >= BGP_HEADER_LEN && len <= buf->len - q->boundary);
		messages++;
		updates += header[18] == BGP_UPDATE;
		q->boundary += len;
	}
	stat_add(&q->stats->tx_messages, messages);
	stat_add(&q->stats->tx_updates, updates);
	if (q->done == buf->len) {
		wire_buf_put(buf);
		q->head = (q->head + 1) & (q->size - 1);
		q->count--;
		q->done = q->boundary = 0;
	}
}

static size_t lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

void sendq_written(struct sendq *q, size_t n)
{
	stat_add(&q->stats->tx_bytes, n);
	if (q->own_len) {
		size_t part = lesser(n, q->boundary - q->done);

		if (part)
			advance(q, (uint32_t)part);
		n -= part;
		part = lesser(n, (size_t)(q->own_len - q->own_done));
		q->own_done = (uint16_t)(q->own_done + part);
		n -= part;
		if (q->own_done == q->own_len)
			q->own_done = q->own_len = 0;
	}
	while (n) {
		size_t part = lesser(n, nth(q, 0)->len - q->done);

		advance(q, (uint32_t)part);
		n -= part;
	}
	stat_set(&q->stats->tx_queued, q->octets);
}

size_t sendq_final(const struct sendq *q, uint8_t *buf)
{
	size_t rest = q->boundary - q->done, own = (size_t)(q->own_len - q->own_done);

	assert(rest <= BGP_MESSAGE_MAX);
	if (rest)
		memcpy(buf, nth(q, 0)->data + q->done, rest);
	memcpy(buf + rest, q->own + q->own_done, own);
	return rest + own;
}
