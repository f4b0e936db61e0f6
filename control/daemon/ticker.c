/* See ticker.h. */
#include "ticker.h"

#include <errno.h>
#include <time.h>

static void *tick(void *arg)
{
	struct ticker *ticker = arg;
	struct timespec at;

	pthread_mutex_lock(&ticker->lock);
	while (!ticker->stop) {
		/* From now, not from the last look: after a SIGSTOP, or a laptop's sleep, what is
		 * looked at gets its time. */
		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_sec++;
		while (!ticker->stop &&
		       pthread_cond_timedwait(&ticker->stopped, &ticker->lock, &at) != ETIMEDOUT)
			;
		if (!ticker->stop)
			ticker->look(ticker->ctx);
	}
	pthread_mutex_unlock(&ticker->lock);
	return NULL;
}

int ticker_start(struct ticker *ticker, const char *name, void (*look)(void *ctx), void *ctx,
		 reading_start *start)
{
	pthread_condattr_t attr;

	*ticker = (struct ticker){ .look = look, .ctx = ctx };
	pthread_mutex_init(&ticker->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&ticker->stopped, &attr);
	pthread_condattr_destroy(&attr);
	return start(&ticker->thread, name, NULL, tick, ticker);
}

void ticker_stop(struct ticker *ticker)
{
	pthread_mutex_lock(&ticker->lock);
	ticker->stop = true;
	pthread_cond_signal(&ticker->stopped);
	pthread_mutex_unlock(&ticker->lock);
	pthread_join(ticker->thread, NULL);
	pthread_cond_destroy(&ticker->stopped);
	pthread_mutex_destroy(&ticker->lock);
}
