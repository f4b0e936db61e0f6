/* Asks an instance about itself and its peers, over its management socket as any client does
 * (ctl.h). So this instance and its partner are asked, and their answers read, by the same code. It
 * compares nothing (partner.h).
 *
 *   instance_query_begin ─► instance_query_poll ⇄ instance_query_serve ─► instance_query_done:
 *   error[] is empty and the rest is filled, or error[] says why not
 *
 * Never waits. What it keeps is bounded by CONFIG_PEERS, and how long it takes by LOOK_MS. Used by
 * one thread. */
#ifndef BASCULE_INSTANCE_QUERY_H
#define BASCULE_INSTANCE_QUERY_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	LOOK_MS = 5000, /* for the whole answer */
	LOOK_WORD = 16,
	LOOK_ERROR = 100,
};

/* A peer that has an address. */
struct instance_query_peer {
	char name[CONFIG_NAME];
	char state[LOOK_WORD]; /* "Established", ... */
	struct addr addr;
	bool up, complete; /* complete: it has finished announcing */
	uint32_t learned;  /* routes */
	uint64_t digest;   /* of what it announced, before policy */
};

struct instance_query {
	char error[LOOK_ERROR];
	/* the instance */
	char instance[CONFIG_NAME], preference[LOOK_WORD], nva_to_nva[LOOK_WORD];
	uint32_t asn, router_id; /* router_id: host order */
	bool exchange;
	bool settled;			   /* after its start its peers have finished announcing */
	struct instance_query_peer *peers; /* owned; by address, then by name */
	size_t nb_peers;
	/* the asking */
	int fd; /* -1: done */
	uint64_t until_ms;
	unsigned int answers; /* ended */
	char *in;	      /* owned: [0, in_len) is no whole line yet */
	size_t in_len, in_size;
};

/* Ask the instance that listens at `path`; `look` is zeroed or has been through
 * instance_query_release(). */
void instance_query_begin(struct instance_query *look, const char *path, uint64_t now_ms);
bool instance_query_done(const struct instance_query *look);
/* For poll(2); then hand over what it said. To be called at least once a second too. */
struct pollfd instance_query_poll(const struct instance_query *look);
void instance_query_serve(struct instance_query *look, short revents, uint64_t now_ms);
/* Stop asking, and give back what it has. */
void instance_query_release(struct instance_query *look);

#ifdef __cplusplus
}
#endif
#endif
