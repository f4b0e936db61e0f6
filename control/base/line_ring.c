/* Bounded queue for many producers, after D. Vyukov: who moves `next` on has the slot to itself
 * until it has set the slot's number. */
#include "line_ring.h"

#include <string.h>

static struct line *slot(struct line_ring *ring, uint64_t number)
{
	return &ring->lines[number % LINE_RING];
}

void line_ring_init(struct line_ring *ring)
{
	memset(ring, 0, sizeof(*ring));
	for (uint64_t i = 0; i < LINE_RING; i++)
		ring->lines[i].number = i;
}

/* A slot of the caller's own, `*number` is what it waits for; NULL: none is free. */
static struct line *slot_claim(struct line_ring *ring, uint64_t *number)
{
	*number = __atomic_load_n(&ring->next, __ATOMIC_RELAXED);
	for (;;) {
		struct line *line = slot(ring, *number);
		uint64_t at = __atomic_load_n(&line->number, __ATOMIC_ACQUIRE);

		if (at < *number)
			return NULL; /* it still holds the line of a round ago */
		if (at > *number)
			*number = __atomic_load_n(&ring->next, __ATOMIC_RELAXED);
		else if (__atomic_compare_exchange_n(&ring->next, number, *number + 1, true,
						     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return line;
	}
}

bool line_ring_put(struct line_ring *ring, const char *text, size_t len)
{
	uint64_t number;
	struct line *line = slot_claim(ring, &number);

	if (!line) {
		__atomic_fetch_add(&ring->refused, 1, __ATOMIC_RELAXED);
		return false;
	}
	line->refused = line_ring_refused(ring);
	line->len = (uint32_t)len;
	memcpy(line->text, text, len);
	__atomic_store_n(&line->number, number + 1, __ATOMIC_RELEASE);
	return true;
}

uint64_t line_ring_count(const struct line_ring *ring)
{
	return __atomic_load_n(&ring->next, __ATOMIC_RELAXED);
}

uint64_t line_ring_through(const struct line_ring *ring)
{
	return __atomic_load_n(&ring->done, __ATOMIC_ACQUIRE);
}

const struct line *line_ring_peek(const struct line_ring *ring)
{
	const struct line *line = &ring->lines[ring->done % LINE_RING];

	return __atomic_load_n(&line->number, __ATOMIC_ACQUIRE) == ring->done + 1 ? line : NULL;
}

void line_ring_done(struct line_ring *ring)
{
	uint64_t number = ring->done;

	__atomic_store_n(&slot(ring, number)->number, number + LINE_RING, __ATOMIC_RELEASE);
	__atomic_store_n(&ring->done, number + 1, __ATOMIC_RELEASE);
}

uint32_t line_ring_refused(struct line_ring *ring)
{
	/* Mostly none: then the counter's cache line stays shared. */
	if (!__atomic_load_n(&ring->refused, __ATOMIC_RELAXED))
		return 0;
	return __atomic_exchange_n(&ring->refused, 0, __ATOMIC_RELAXED);
}
