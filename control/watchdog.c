/* The watchdog thread. It waits on a condition rather than in sleep(3), so that a clean stop does
 * not wait for it. */
#include "watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <rte_lcore.h>

#include "log.h"

static struct {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stopped;
	bool stop;
	struct watchdog_loop *loops; /* borrowed */
	unsigned int nb_loops;
} dog = { .lock = PTHREAD_MUTEX_INITIALIZER };

const char *watchdog_look(struct watchdog_loop *loops, unsigned int n)
{
	const char *hung = NULL;

	for (unsigned int i = 0; i < n; i++) {
		struct watchdog_loop *loop = &loops[i];
		uint64_t turns = __atomic_load_n(&loop->turns, __ATOMIC_RELAXED);

		loop->still_s = turns == loop->seen ? loop->still_s + 1 : 0;
		loop->seen = turns;
		if (loop->still_s >= WATCHDOG_S)
			hung = loop->name;
	}
	return hung;
}

static void *watch(void *unused)
{
	struct timespec at;
	const char *hung;

	(void)unused;
	pthread_mutex_lock(&dog.lock);
	while (!dog.stop) {
		/* From now, not from the last look: after a SIGSTOP, or a laptop's sleep, the loops
		 * get their time. */
		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_sec++;
		while (!dog.stop &&
		       pthread_cond_timedwait(&dog.stopped, &dog.lock, &at) != ETIMEDOUT)
			;
		if (dog.stop)
			break;
		hung = watchdog_look(dog.loops, dog.nb_loops);
		if (!hung)
			continue;
		log_error("%s has not turned for %u s: ending this process, so that it is started "
			  "again",
			  hung, WATCHDOG_S);
		abort();
	}
	pthread_mutex_unlock(&dog.lock);
	return NULL;
}

int watchdog_start(struct watchdog_loop *loops, unsigned int n)
{
	pthread_condattr_t attr;

	dog.loops = loops;
	dog.nb_loops = n;
	dog.stop = false;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&dog.stopped, &attr);
	pthread_condattr_destroy(&attr);
	return rte_ctrl_thread_create(&dog.thread, "watchdog", NULL, watch, NULL);
}

void watchdog_stop(void)
{
	pthread_mutex_lock(&dog.lock);
	dog.stop = true;
	pthread_cond_signal(&dog.stopped);
	pthread_mutex_unlock(&dog.lock);
	pthread_join(dog.thread, NULL);
	pthread_cond_destroy(&dog.stopped);
}
