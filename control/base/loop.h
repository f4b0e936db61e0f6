/* What a polling lcore needs beside its work: a monotonic clock, and timers. Timers are embedded in
 * their owners; a heap orders them, so that setting, stopping and firing cost O(log n). */
#ifndef BASCULE_LOOP_H
#define BASCULE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* CLOCK_MONOTONIC, milliseconds. */
uint64_t clock_ms(void);

/* Embedded in its owner, zeroed at first except for `fire`. Stop it before the owner goes. */
struct timer {
	/* Called with the timer already stopped: it may be set again, and any timer may be set or
	 * stopped. */
	void (*fire)(struct timer *timer, uint64_t now_ms);
	uint64_t at_ms; /* monotonic */
	uint32_t slot;	/* place in the heap, from 1; 0: not set */
};

struct timers {
	/* heap[1..count], earliest first; the array is owned, the timers are borrowed */
	struct timer **heap;
	uint32_t count, capacity;
};

/* Room for `capacity` timers set at once. 0 or -ENOMEM. */
int timers_init(struct timers *timers, uint32_t capacity);
void timers_free(struct timers *timers);

/* Set or move. More timers than the capacity is the caller's error. */
void timer_set(struct timers *timers, struct timer *timer, uint64_t at_ms);
void timer_stop(struct timers *timers, struct timer *timer); /* one that is not set stays so */

static inline bool timer_is_set(const struct timer *timer)
{
	return timer->slot != 0;
}

/* Fire what is due, earliest first, at most `max`. Returns how many fired. */
unsigned int timers_run(struct timers *timers, uint64_t now_ms, unsigned int max);

/* When the earliest is due; UINT64_MAX if none is set. */
uint64_t timers_next_ms(const struct timers *timers);

#ifdef __cplusplus
}
#endif
#endif
