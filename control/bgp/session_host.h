/* What the sessions of one speaker, and their connections, share: parameters, clock, timers, the
 * mailbox to the RIB lcore, and the lists of sessions to be run. Owned by the speaker. */
#ifndef BASCULE_SESSION_HOST_H
#define BASCULE_SESSION_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "loop.h"
#include "mailbox.h"
#include "speaker_params.h"

#ifdef __cplusplus
extern "C" {
#endif

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

struct sendq_rest;
struct session;

/* What the sessions of one speaker share; the speaker's own. */
struct session_host {
	struct speaker_params params;
	struct mailbox *to_rib; /* borrowed */
	struct timers timers;
	uint64_t now_ms; /* of this turn */
	uint32_t random; /* state of host_jitter() */
	uint64_t (*clock_ns)(void);
	struct sendq_rest *rest; /* owned: of connections that have gone */
	int poller;
	bool restarted; /* the restart is over: R bit off */
	bool stopping;	/* nobody peers any more */
	/* Sessions to be run: those on which something has happened, and those that had more to say
	 * than fits their turn. */
	TAILQ_HEAD(session_list, session) news, busy;
};

/* 0.75 to 1 times `ms` (RFC 4271 10). */
uint32_t host_jitter(struct session_host *host, uint32_t ms);

#ifdef __cplusplus
}
#endif
#endif
