/* What bascule-dataplane counts, asked on its telemetry socket (dataplane/telemetry.h) as the CLI
 * asks it, without waiting: one question after the other, DATAPLANE_QUERY_MS for all. Thread:
 * HTTP's. */
#ifndef BASCULE_DATAPLANE_QUERY_H
#define BASCULE_DATAPLANE_QUERY_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DATAPLANE_QUERY_MS = 2000, DATAPLANE_QUESTION = 64 };

/* Zeroed, with fd -1, none is under way. */
struct dataplane_query {
	int fd; /* -1: it is through, or has not begun */
	bool greeted;
	uint64_t until_ms;
	char question[DATAPLANE_QUESTION]; /* the one that is under way */
	/* owned: {"ports": …, "heap": …, "counters": {"er0": …}}, as they are answered */
	json_t *answers;
	unsigned int step, port;
};

/* Ask the dataplane of an instance, by the socket at `path`. */
void dataplane_query_begin(struct dataplane_query *query, const char *path, uint64_t now_ms);
static inline bool dataplane_query_done(const struct dataplane_query *query)
{
	return query->fd < 0;
}
/* Whatever can be done without waiting; to be called once a second at least, too. */
void dataplane_query_serve(struct dataplane_query *query, short revents, uint64_t now_ms);
/* When it is done, or to give it up: the answers, the caller's; NULL: not all were given. */
json_t *dataplane_query_take(struct dataplane_query *query);

#ifdef __cplusplus
}
#endif
#endif
