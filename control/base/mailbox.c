/* Head and tail count octets ever written and read; their difference is what lies in the ring. Each
 * side keeps a copy of the other's counter beside its own and reads the shared one only when the
 * copy says "full" or "empty", so that in steady flow the cache lines stay where they are. A record
 * is an 8-octet header, its octets, padding to 8. A header without weight tells the consumer to go
 * on at the front of the ring. */
#include "mailbox.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "idle.h"

enum { LINE = 64, ALIGN = 8, HEADER = 8, SIZE_MIN = 4096 };

struct record {
	uint32_t len;	 /* octets after the header */
	uint32_t weight; /* 0: nothing more before the end of the ring */
};
static_assert(sizeof(struct record) == HEADER, "records stay aligned");

struct mailbox {
	alignas(LINE) _Atomic uint64_t head; /* written by the producer */
	uint64_t tail_seen;		     /* producer's copy of tail */
	uint64_t skipped; /* octets that the open reservation skips at the end of the ring */
	size_t reserved;  /* octets that it holds, for the assertion in post */
	uint64_t weight;  /* of all records ever posted */
	alignas(LINE) _Atomic uint64_t tail; /* written by the consumer */
	_Atomic uint64_t weight_done;	     /* likewise: of all records ever dropped */
	uint64_t head_seen;		     /* consumer's copy of head */
	alignas(LINE) size_t size;	     /* constant from here on */
	uint8_t *ring;
	struct wake *consumer, *producer;
	alignas(LINE) _Atomic bool wanted; /* the producer waits until the consumer is further */
};

struct mailbox *mailbox_new(size_t size)
{
	assert(size >= SIZE_MIN && !(size & (size - 1)));

	struct mailbox *mb = aligned_alloc(LINE, sizeof(*mb));
	uint8_t *ring = aligned_alloc(LINE, size);

	if (!mb || !ring) {
		free(mb);
		free(ring);
		return NULL;
	}
	*mb = (struct mailbox){ .size = size, .ring = ring };
	return mb;
}

void mailbox_free(struct mailbox *mb)
{
	if (!mb)
		return;
	free(mb->ring);
	free(mb);
}

void mailbox_wakes(struct mailbox *mb, struct wake *consumer)
{
	mb->consumer = consumer;
}

void mailbox_calls(struct mailbox *mb, struct wake *producer)
{
	mb->producer = producer;
}

size_t mailbox_record_max(const struct mailbox *mb)
{
	return mb->size / 4 - HEADER;
}

static size_t footprint(size_t len)
{
	return HEADER + (len + ALIGN - 1) / ALIGN * ALIGN;
}

/* The producer has to wait: it says so, and looks once more afterwards. Either the consumer, who
 * fences between what it drops and its look at `wanted`, sees it there, or that look finds what was
 * dropped. False: nobody would call. */
static bool want(struct mailbox *mb)
{
	if (!mb->producer)
		return false;
	atomic_store_explicit(&mb->wanted, true, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	return true;
}

void mailbox_call(struct mailbox *mb)
{
	if (!mb->producer)
		return;
	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load_explicit(&mb->wanted, memory_order_relaxed))
		return;
	atomic_store_explicit(&mb->wanted, false, memory_order_relaxed);
	wake_up(mb->producer);
}

static bool look_for_room(struct mailbox *mb, uint64_t head, size_t need)
{
	mb->tail_seen = atomic_load_explicit(&mb->tail, memory_order_acquire);
	return mb->size - (head - mb->tail_seen) >= need;
}

/* Are `need` octets free past `head`? */
static bool has_room(struct mailbox *mb, uint64_t head, size_t need)
{
	if (mb->size - (head - mb->tail_seen) >= need || look_for_room(mb, head, need))
		return true;
	return want(mb) && look_for_room(mb, head, need);
}

static struct record *record_at(const struct mailbox *mb, uint64_t at)
{
	return (struct record *)(mb->ring + (at & (mb->size - 1)));
}

void *mailbox_reserve(struct mailbox *mb, size_t size)
{
	uint64_t head = atomic_load_explicit(&mb->head, memory_order_relaxed);
	size_t to_end = mb->size - (head & (mb->size - 1)), need = footprint(size);
	size_t skip = need > to_end ? to_end : 0;

	assert(size <= mailbox_record_max(mb));
	if (!has_room(mb, head, skip + need))
		return NULL;
	if (skip)
		*record_at(mb, head) = (struct record){ 0 };
	mb->skipped = skip;
	mb->reserved = size;
	return record_at(mb, head + skip) + 1;
}

void mailbox_post(struct mailbox *mb, size_t len)
{
	mailbox_post_weighed(mb, len, 1);
}

uint64_t mailbox_waiting(const struct mailbox *mb)
{
	return mb->weight - atomic_load_explicit(&mb->weight_done, memory_order_relaxed);
}

bool mailbox_behind(struct mailbox *mb, uint64_t weight)
{
	return mailbox_waiting(mb) >= weight && (!want(mb) || mailbox_waiting(mb) >= weight);
}

void mailbox_post_weighed(struct mailbox *mb, size_t len, uint32_t weight)
{
	uint64_t head = atomic_load_explicit(&mb->head, memory_order_relaxed) + mb->skipped;

	assert(len && len <= mb->reserved && weight);
	*record_at(mb, head) = (struct record){ (uint32_t)len, weight };
	mb->weight += weight;
	mb->skipped = 0;
	mb->reserved = 0;
	atomic_store_explicit(&mb->head, head + footprint(len), memory_order_release);
	if (mb->consumer)
		wake_up(mb->consumer);
}

const void *mailbox_peek(struct mailbox *mb, size_t *len)
{
	uint64_t tail = atomic_load_explicit(&mb->tail, memory_order_relaxed);

	if (tail == mb->head_seen) {
		mb->head_seen = atomic_load_explicit(&mb->head, memory_order_acquire);
		if (tail == mb->head_seen)
			return NULL;
	}

	struct record *rec = record_at(mb, tail);

	if (!rec->weight) { /* a record always follows: both were posted by one store */
		tail += mb->size - (tail & (mb->size - 1));
		atomic_store_explicit(&mb->tail, tail, memory_order_release);
		rec = record_at(mb, tail);
	}
	*len = rec->len;
	return rec + 1;
}

void mailbox_done(struct mailbox *mb)
{
	uint64_t tail = atomic_load_explicit(&mb->tail, memory_order_relaxed);
	const struct record *rec = record_at(mb, tail);

	assert(tail != mb->head_seen);
	atomic_store_explicit(&mb->weight_done,
			      atomic_load_explicit(&mb->weight_done, memory_order_relaxed) +
				      rec->weight,
			      memory_order_relaxed);
	atomic_store_explicit(&mb->tail, tail + footprint(rec->len), memory_order_release);
}
