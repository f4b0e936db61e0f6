/* A control that hangs ends itself, so that it is started again: a thread of its own looks at the
 * turn counter of every lcore loop once a second, and aborts the process when one has not moved for
 * WATCHDOG_S. Forwarding does not notice. A service manager that watches the process (WatchdogSec=
 * of systemd.service(5)) is told in each second in which all of them have turned. */
#ifndef BASCULE_WATCHDOG_H
#define BASCULE_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	WATCHDOG_LOOPS = 130,
	WATCHDOG_S = 15,
};

/* One loop under watch: the loop's thread counts, the watchdog looks. A loop that has left its
 * counter for good says so. */
struct watchdog_loop {
	char name[24];
	uint64_t turns;	  /* atomic, relaxed */
	uint64_t seen;	  /* the watchdog's */
	uint32_t still_s; /* likewise: for how long `turns` has stood */
};

static inline void watchdog_turn(struct watchdog_loop *loop)
{
	__atomic_store_n(&loop->turns, loop->turns + 1, __ATOMIC_RELAXED);
}

/* The name of a loop that has stood for WATCHDOG_S looks in a row, or NULL. One look, a second
 * after the last one; `all_turned`: no loop has stood since then. */
const char *watchdog_look(struct watchdog_loop *loops, unsigned int n, bool *all_turned);

/* Watch `n` loops from now on. The array must outlive watchdog_stop(). 0 or -errno. */
int watchdog_start(struct watchdog_loop *loops, unsigned int n);
void watchdog_stop(void);

#ifdef __cplusplus
}
#endif
#endif
