/* A thread of its own that looks at something once a second, until it is stopped. It waits on a
 * condition rather than in sleep(3), so that a clean stop does not wait for it. */
#ifndef BASCULE_TICKER_H
#define BASCULE_TICKER_H

#include <pthread.h>
#include <stdbool.h>

#include "reading.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ticker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stopped;
	bool stop;
	void (*look)(void *ctx);
	void *ctx; /* borrowed */
};

/* Call look(ctx) a second after the last call ended, from a thread called `name` that `start`
 * makes. The ticker, and `ctx`, must outlive ticker_stop(). 0, or an error as `start` returns it:
 * there is nothing to stop then. */
int ticker_start(struct ticker *ticker, const char *name, void (*look)(void *ctx), void *ctx,
		 reading_start *start);
void ticker_stop(struct ticker *ticker);

#ifdef __cplusplus
}
#endif
#endif
