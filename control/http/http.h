/* HTTP: what the desk answers, for programs and people who do not run the CLI. libmicrohttpd speaks
 * it; who asks for what is the router's (reply.h), and where we listen the configuration's. It runs
 * on a thread of its own with a desk of its own, so that neither TLS nor JSON nor a slow client
 * holds up the management socket or the RIB lcore.
 *
 * A client costs its own connection: HTTP_CONNECTIONS in all, HTTP_PER_ADDRESS from one address,
 * HTTP_MEMORY octets for its head and what is on its way to it, a page of rows, VISITOR_IDLE_MS to
 * say what it wants, and no less than HTTP_OCTETS_S to take the answer. */
#ifndef BASCULE_HTTP_H
#define BASCULE_HTTP_H

#include <poll.h>
#include <stdint.h>

#include "config.h"
#include "desk.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	HTTP_CONNECTIONS = 64,
	HTTP_PER_ADDRESS = 24,
	HTTP_MEMORY = 32 << 10,
	HTTP_OCTETS_S = 1024, /* after HTTP_SLOW_MS, on average */
	HTTP_SLOW_MS = 30 * 1000,
	HTTP_POLL_FDS = DESK_POLL_FDS + CONFIG_LISTEN + 3,
};

struct http; /* owned by http_open()'s caller */

/* Listens as `config` says, for the instance of this name. The desk is borrowed; it is the caller's
 * to close, after this. 0 or -errno. */
int http_open(const struct config_http *config, const char *instance, struct desk *desk,
	      struct http **http);
/* The thread must have ended, and the RIB lcore stopped. */
void http_close(struct http *http);

/* The thread: until http_stop(). */
void http_run(struct http *http);
/* Of any thread: end; listen as this says, with the connections that there are left alone. */
void http_stop(struct http *http);
void http_configure(struct http *http, const struct config_http *config);

/* A turn of it. Fill `fds`, HTTP_POLL_FDS of them, for poll(2), and say for how long it may wait;
 * then do everything that can be done without waiting. */
int http_poll(struct http *http, struct pollfd *fds);
void http_serve(struct http *http, const struct pollfd *fds, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
