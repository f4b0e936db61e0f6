/* One request of HTTP and what it is answered. A source makes the body piece by piece, when the
 * client has taken the last one:
 *
 *   request ─► router ─► source.more ─► body ─► client        SOURCE_READY: and more to come
 *                 ▲          │
 *                 └── wake ◄─┘ SOURCE_WAITS: the connection is suspended until then
 *
 * The status is decided when the first piece is there. An answer that its first piece holds whole
 * has a length and an ETag; a longer one is chunked, and one that fails on the way is cut off, so
 * that its reader sees that it is not whole. Thread: HTTP's. */
#ifndef BASCULE_REPLY_H
#define BASCULE_REPLY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <microhttpd.h>

#include "api.h"
#include "body.h"
#include "desk.h"

#ifdef __cplusplus
extern "C" {
#endif

enum source_state {
	SOURCE_READY, /* something has been put into the body */
	SOURCE_WAITS, /* reply_wake() follows */
	SOURCE_END,   /* that was all */
	SOURCE_FAILED /* it cannot go on; if nothing has been put, reply->status says why */
};

struct collector;
struct reply;
struct reply_house;

/* Where a body comes from. */
struct body_source {
	const char *content_type;
	enum source_state (*more)(struct reply *reply);
	void (*release)(struct reply *reply); /* of reply->state */
};

struct reply {
	struct reply_house *house; /* borrowed, as what follows */
	struct desk *desk;
	struct MHD_Connection *connection;
	const struct body_source *source;
	void *state; /* the source's */
	struct body body;
	enum source_state made;
	unsigned int status; /* of HTTP */
	bool suspended, queued, refused;
	uint64_t since_ms, taken; /* octets of the body */
	LIST_ENTRY(reply) link;
};

LIST_HEAD(replies, reply);

/* Who answers a request: sets reply->source, and its state; or puts an error into the body and
 * returns its status. 0: the source will answer. */
typedef unsigned int reply_router(struct reply *reply, const struct api_request *request);

/* The source has something to put into the body, or an end. */
void reply_wake(struct reply *reply);

/* MHD_AccessHandlerCallback and MHD_RequestCompletedCallback; `cls` is a struct reply_house. */
struct reply_house {
	struct desk *desk;
	struct collector *collector;
	reply_router *router;
	struct replies replies; /* under way; owned */
	uint64_t now_ms;	/* as of the last turn */
};
enum MHD_Result reply_handle(void *cls, struct MHD_Connection *connection, const char *url,
			     const char *method, const char *version, const char *upload_data,
			     size_t *upload_size, void **con_cls);
void reply_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
		     enum MHD_RequestTerminationCode why);

/* Show those out that take less than so many octets a second of what is there for them, on average,
 * after so long. To be called once a second. */
void replies_look(struct reply_house *house, uint64_t slow_ms, uint64_t octets_s);

/* Nobody is to wait any more: what waits fails. Before MHD_stop_daemon(). */
void replies_abandon(struct reply_house *house);

#ifdef __cplusplus
}
#endif
#endif
