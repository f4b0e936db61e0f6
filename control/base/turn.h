/* How long the turns of an lcore take: the longest one, which of its parts took the most, and how
 * many turns were longer than a turn should be. Whoever runs a turn cuts it into parts: the time
 * between two calls belongs to the part that ends with the second. Time that the kernel gave to
 * other threads counts too, since whoever waits for this lcore waits for that as well. What the
 * lcore itself worked is measured beside it, as the thread's processor time.
 *
 * A budget says how much of a turn is left: a part that could go on for long asks it every few
 * items. */
#ifndef BASCULE_TURN_H
#define BASCULE_TURN_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	TURN_BOUND_NS = 1000 * 1000, /* no turn ought to be longer */
	TURN_WINDOW_MS = 60 * 1000,
};

/* CLOCK_MONOTONIC, nanoseconds. */
uint64_t clock_ns(void);
/* CLOCK_THREAD_CPUTIME_ID, likewise: of the thread that asks. A system call. */
uint64_t thread_ns(void);

/* A turn is also kept packed in 64 bits, so that another thread reads all of it at once: its length
 * and that of its longest part, in units of 128 ns (34 s at most), and which part that was. 0:
 * none. Longer ones are larger numbers. */

struct turns {
	uint64_t begin_ns, at_ns; /* of this turn, of its present part */
	uint64_t part_ns;	  /* its longest part so far ... */
	uint8_t part;		  /* ... which is this one; numbered from 0, named by the owner */
	uint64_t window_end_ns;
	/* The same in processor time; NULL: not kept. A reading costs a system call. So it is read
	 * where a turn or a part of it was long, and where one begins if the last reading is older
	 * than 50 us: the result is too large by that at most, and never more than the turn's
	 * length. */
	uint64_t (*cpu_ns)(void);
	uint64_t cpu_begin_ns, cpu_at_ns, cpu_part_ns;
	uint64_t cpu_read_ns; /* when it was asked last; 0: never */
	uint8_t cpu_part;
	/* written by the lcore alone, read by anybody (relaxed): the longest turn ever, of the
	 * present window, and of the one before it */
	uint64_t longest, recent, before;
	uint64_t over;		/* turns longer than TURN_BOUND_NS */
	uint64_t own, own_over; /* the longest and how many, in processor time */
};

/* A turn's length, unpacked. */
struct turn_length {
	uint64_t ns, part_ns;
	uint8_t part;
};

void turn_begin(struct turns *turns, uint64_t now_ns);
/* The time since the last call belongs to `part`. A part may end several times a turn; each time
 * counts by itself. */
void turn_part(struct turns *turns, uint8_t part, uint64_t now_ns);
void turn_end(struct turns *turns, uint64_t now_ns);

/* The longest turn ever, and of the last one to two windows. */
struct turn_length turn_longest(const struct turns *turns);
struct turn_length turn_longest_recent(const struct turns *turns);
uint64_t turns_over(const struct turns *turns);
/* The longest in processor time, and how many were longer than TURN_BOUND_NS by that. The time of a
 * part too short for a reading counts as the next long part's, as far as that was long enough for
 * both. */
struct turn_length turn_longest_own(const struct turns *turns);
uint64_t turns_over_own(const struct turns *turns);

/* When a part of a turn has to end, by the clock `now_ns`. */
struct budget {
	uint64_t (*now_ns)(void);
	uint64_t end_ns;
};

static inline struct budget budget_make(uint64_t (*now_ns)(void), uint64_t ns)
{
	struct budget budget = { now_ns, 0 };

	budget.end_ns = now_ns() + ns;
	return budget;
}

static inline bool budget_over(const struct budget *budget)
{
	return budget->now_ns() >= budget->end_ns;
}

#ifdef __cplusplus
}
#endif
#endif
