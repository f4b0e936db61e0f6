/* What waits to be written to one peer: a ring of shared buffers (wire_buf: UPDATEs that several
 * peers get), and a few messages of the session's own (OPEN, KEEPALIVE, ROUTE-REFRESH), which go
 * out ahead of them at the next message boundary, so that a KEEPALIVE is on time however much is
 * queued. Knows message lengths and types, but no sockets. */
#ifndef BASCULE_SENDQ_H
#define BASCULE_SENDQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "records.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	SENDQ_OWN = 1024, /* octets of own messages */
	/* shared buffers at most: SPEAKER_TX_HIGH of the shortest UPDATEs, and half as much
	 * again */
	SENDQ_BUFS = 1 << 17,
	SENDQ_FINAL = 4096 + SENDQ_OWN,
};

/* Zeroed at first, but for `stats`. */
struct sendq {
	/* borrowed: tx_messages, tx_updates, tx_bytes, tx_queued, tx_shared are kept here */
	struct session_stats *stats;
	struct wire_buf **ring;	    /* owned; each entry holds a reference */
	uint32_t size, head, count; /* of the ring; size is a power of two, or 0 */
	uint32_t done;		    /* octets of the first buffer that are written ... */
	uint32_t boundary;	    /* ... and where the message that they end in ends: >= done */
	uint64_t octets;	    /* queued in shared buffers and not yet written */
	uint16_t own_len, own_done;
	uint8_t own[SENDQ_OWN];
};

/* Buffers of a queue that is no more, which are given back in slices: it may be a hundred thousand
 * of them. A list; NULL is none. */
struct sendq_rest;

/* Empty the queue. A few of its buffers are given back at once, the others are added to `rest`. */
void sendq_clear(struct sendq *q, struct sendq_rest **rest);
/* Give back at most `max` buffers. */
void sendq_rest_free(struct sendq_rest **rest, uint32_t max);

/* Queue a shared buffer, which holds whole messages; takes over one reference. False: too many, or
 * no memory; the reference is given back. */
bool sendq_add(struct sendq *q, struct wire_buf *buf);

/* Where to write a message of our own: SENDQ_OWN less what waits already; then say how long it
 * was. */
uint8_t *sendq_own(struct sendq *q, size_t *room);
void sendq_own_add(struct sendq *q, size_t len);

/* Does more wait than should wait for one peer? */
bool sendq_high(const struct sendq *q);

static inline bool sendq_empty(const struct sendq *q)
{
	return !q->count && !q->own_len;
}

/* The octets that go out next, as at most `max` (>= 3) pieces; returns how many. Borrowed until
 * sendq_written(). */
int sendq_gather(struct sendq *q, struct iovec *iov, int max);
/* `n` of them have been written. */
void sendq_written(struct sendq *q, size_t n);

/* What must still go out before the stream may end with another message: the rest of a message that
 * was begun, and own messages. Copied to `buf` of SENDQ_FINAL octets; returns how many. */
size_t sendq_final(const struct sendq *q, uint8_t *buf);

#ifdef __cplusplus
}
#endif
#endif
