/* The timer heap is an ordinary binary heap of pointers, 1-based, in which every timer knows its
 * own place. */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

uint64_t clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int timers_init(struct timers *timers, uint32_t capacity)
{
	struct timer **heap = calloc((size_t)capacity + 1, sizeof(*heap));

	if (!heap)
		return -ENOMEM;
	*timers = (struct timers){ .heap = heap, .capacity = capacity };
	return 0;
}

void timers_free(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){ 0 };
}

static void place(struct timers *timers, struct timer *timer, uint32_t slot)
{
	timers->heap[slot] = timer;
	timer->slot = slot;
}

static void rise(struct timers *timers, struct timer *timer)
{
	uint32_t slot = timer->slot;

	for (; slot > 1 && timers->heap[slot / 2]->at_ms > timer->at_ms; slot /= 2)
		place(timers, timers->heap[slot / 2], slot);
	place(timers, timer, slot);
}

static void sink(struct timers *timers, struct timer *timer)
{
	uint32_t slot = timer->slot, child;

	for (; (child = slot * 2) <= timers->count; slot = child) {
		if (child < timers->count &&
		    timers->heap[child + 1]->at_ms < timers->heap[child]->at_ms)
			child++;
		if (timers->heap[child]->at_ms >= timer->at_ms)
			break;
		place(timers, timers->heap[child], slot);
	}
	place(timers, timer, slot);
}

void timer_set(struct timers *timers, struct timer *timer, uint64_t at_ms)
{
	if (!timer->slot) {
		assert(timers->count < timers->capacity);
		place(timers, timer, ++timers->count);
	}
	timer->at_ms = at_ms;
	rise(timers, timer);
	sink(timers, timer);
}

void timer_stop(struct timers *timers, struct timer *timer)
{
	uint32_t slot = timer->slot;

	if (!slot)
		return;
	timer->slot = 0;

	struct timer *last = timers->heap[timers->count--];

	if (last == timer)
		return;
	place(timers, last, slot);
	rise(timers, last);
	sink(timers, last);
}

unsigned int timers_run(struct timers *timers, uint64_t now_ms, unsigned int max)
{
	unsigned int fired = 0;

	while (fired < max && timers->count && timers->heap[1]->at_ms <= now_ms) {
		struct timer *timer = timers->heap[1];

		timer_stop(timers, timer);
		timer->fire(timer, now_ms);
		fired++;
	}
	return fired;
}

uint64_t timers_next_ms(const struct timers *timers)
{
	return timers->count ? timers->heap[1]->at_ms : UINT64_MAX;
}
