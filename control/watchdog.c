/* Which loops turn, once a second. */
#include "watchdog.h"

#include <stdlib.h>

#include <systemd/sd-daemon.h>

#include <rte_lcore.h>

#include "log.h"
#include "privilege.h"
#include "ticker.h"

static struct {
	struct ticker ticker;
	struct watchdog_loop *loops; /* borrowed */
	unsigned int nb_loops;
} dog;

const char *watchdog_look(struct watchdog_loop *loops, unsigned int n, bool *all_turned)
{
	const char *hung = NULL;

	*all_turned = true;
	for (unsigned int i = 0; i < n; i++) {
		struct watchdog_loop *loop = &loops[i];
		uint64_t turns = __atomic_load_n(&loop->turns, __ATOMIC_RELAXED);

		loop->still_s = turns == loop->seen ? loop->still_s + 1 : 0;
		loop->seen = turns;
		*all_turned &= loop->still_s == 0;
		if (loop->still_s >= WATCHDOG_S)
			hung = loop->name;
	}
	return hung;
}

static void watch(void *unused)
{
	bool all_turned;
	const char *hung = watchdog_look(dog.loops, dog.nb_loops, &all_turned);

	(void)unused;
	privilege_tell_refused();
	if (all_turned)
		sd_notify(0, "WATCHDOG=1");
	if (!hung)
		return;
	log_error("%s has not turned for %u s: ending this process, so that it is started again",
		  hung, WATCHDOG_S);
	abort();
}

int watchdog_start(struct watchdog_loop *loops, unsigned int n)
{
	dog.loops = loops;
	dog.nb_loops = n;
	return ticker_start(&dog.ticker, "watchdog", watch, NULL, rte_ctrl_thread_create);
}

void watchdog_stop(void)
{
	ticker_stop(&dog.ticker);
}
