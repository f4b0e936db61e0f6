/* Windows follow one another; the last two are kept, so that what is reported covers at least one
 * whole window. */
#include "turn.h"

#include <time.h>

enum {
	UNIT_SHIFT = 7,
	LENGTH_BITS = 28,
	PART_BITS = 8,
	LONG_NS = 200 * 1000, /* what processor time is asked for */
	STALE_NS = 50 * 1000, /* what a reading of it is good for at the begin of a turn */
};

static const uint64_t LENGTH_MAX = (UINT64_C(1) << LENGTH_BITS) - 1;

static uint64_t clock_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t clock_ns(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

uint64_t thread_ns(void)
{
	return clock_of(CLOCK_THREAD_CPUTIME_ID);
}

static uint64_t units(uint64_t ns)
{
	return ns >> UNIT_SHIFT < LENGTH_MAX ? ns >> UNIT_SHIFT : LENGTH_MAX;
}

static uint64_t pack(uint64_t ns, uint64_t part_ns, uint8_t part)
{
	return units(ns) << (LENGTH_BITS + PART_BITS) | units(part_ns) << PART_BITS | part;
}

static struct turn_length unpack(uint64_t word)
{
	struct turn_length length = { 0, 0, 0 };

	length.ns = word >> (LENGTH_BITS + PART_BITS) << UNIT_SHIFT;
	length.part_ns = (word >> PART_BITS & LENGTH_MAX) << UNIT_SHIFT;
	length.part = (uint8_t)word;
	return length;
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static uint64_t own_read(struct turns *turns, uint64_t now_ns)
{
	turns->cpu_at_ns = turns->cpu_ns();
	turns->cpu_read_ns = now_ns;
	return turns->cpu_at_ns;
}

/* Turns are mostly short and follow one another: the last reading is almost what a new one would
 * be. */
static void own_begin(struct turns *turns, uint64_t now_ns)
{
	if (!turns->cpu_read_ns || now_ns - turns->cpu_read_ns > STALE_NS)
		own_read(turns, now_ns);
	turns->cpu_begin_ns = turns->cpu_at_ns;
}

void turn_begin(struct turns *turns, uint64_t now_ns)
{
	turns->begin_ns = turns->at_ns = now_ns;
	turns->part_ns = 0;
	turns->part = 0;
	if (turns->cpu_ns)
		own_begin(turns, now_ns);
	turns->cpu_part_ns = 0;
	turns->cpu_part = 0;
	if (now_ns < turns->window_end_ns)
		return;
	/* A window in which no turn began has nothing to tell. */
	store(&turns->before,
	      now_ns - turns->window_end_ns < TURN_WINDOW_MS * 1000000ull ? turns->recent : 0);
	store(&turns->recent, 0);
	turns->window_end_ns = now_ns + TURN_WINDOW_MS * 1000000ull;
}

static uint64_t at_most(uint64_t ns, uint64_t bound)
{
	return ns < bound ? ns : bound;
}

/* The part has taken `ns` by the clock: what it worked is no more than that. */
static void own_part(struct turns *turns, uint8_t part, uint64_t now_ns, uint64_t ns)
{
	uint64_t before_ns = turns->cpu_at_ns;

	ns = at_most(own_read(turns, now_ns) - before_ns, ns);
	if (ns <= turns->cpu_part_ns)
		return;
	turns->cpu_part_ns = ns;
	turns->cpu_part = part;
}

static void own_end(struct turns *turns, uint64_t now_ns)
{
	uint64_t ns =
		at_most(own_read(turns, now_ns) - turns->cpu_begin_ns, now_ns - turns->begin_ns);
	uint64_t word = pack(ns, turns->cpu_part_ns, turns->cpu_part);

	if (word > turns->own)
		store(&turns->own, word);
	if (ns > TURN_BOUND_NS)
		store(&turns->own_over, turns->own_over + 1);
}

void turn_part(struct turns *turns, uint8_t part, uint64_t now_ns)
{
	uint64_t ns = now_ns - turns->at_ns;

	turns->at_ns = now_ns;
	if (ns > LONG_NS && turns->cpu_ns)
		own_part(turns, part, now_ns, ns);
	if (ns <= turns->part_ns)
		return;
	turns->part_ns = ns;
	turns->part = part;
}

void turn_end(struct turns *turns, uint64_t now_ns)
{
	uint64_t ns = now_ns - turns->begin_ns;
	uint64_t word = pack(ns, turns->part_ns, turns->part);

	if (word > turns->recent)
		store(&turns->recent, word);
	if (word > turns->longest)
		store(&turns->longest, word);
	if (ns > TURN_BOUND_NS)
		store(&turns->over, turns->over + 1);
	if (ns > LONG_NS && turns->cpu_ns)
		own_end(turns, now_ns);
}

struct turn_length turn_longest(const struct turns *turns)
{
	return unpack(load(&turns->longest));
}

struct turn_length turn_longest_recent(const struct turns *turns)
{
	uint64_t recent = load(&turns->recent), before = load(&turns->before);

	return unpack(recent > before ? recent : before);
}

uint64_t turns_over(const struct turns *turns)
{
	return load(&turns->over);
}

struct turn_length turn_longest_own(const struct turns *turns)
{
	return unpack(load(&turns->own));
}

uint64_t turns_over_own(const struct turns *turns)
{
	return load(&turns->own_over);
}
