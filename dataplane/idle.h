/* What an lcore does when there is nothing to do: spin ("poll", bare metal), or after a run of empty polls sleep, shortly
 * at first and never longer than IDLE_MAX_US ("adaptive"), so that small hosts with two cores work. */
#ifndef BASCULE_IDLE_H
#define BASCULE_IDLE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	/* in a row before the first sleep: some 10 µs, more than a gap between bursts under load */
	IDLE_EMPTY_POLLS = 256,
	IDLE_MIN_US = 5,
	IDLE_MAX_US = 100,
};

struct idle {
	bool adaptive;
	uint16_t empty; /* polls without work in a row */
	uint16_t us;	/* the last sleep */
};

/* For the calling thread: short sleeps end when they should. */
void idle_init(struct idle *idle, bool adaptive);

/* Tell of one poll; returns for how many microseconds to sleep now, nearly always 0. */
static inline uint16_t idle_turn(struct idle *idle, bool worked)
{
	if (worked) {
		idle->empty = 0;
		idle->us = 0;
		return 0;
	}
	if (!idle->adaptive || ++idle->empty < IDLE_EMPTY_POLLS)
		return 0;
	idle->empty = IDLE_EMPTY_POLLS;
	idle->us =
		idle->us ? (idle->us > IDLE_MAX_US / 2 ? IDLE_MAX_US : idle->us * 2) : IDLE_MIN_US;
	return idle->us;
}

void idle_sleep(uint16_t us);

#ifdef __cplusplus
}
#endif
#endif
