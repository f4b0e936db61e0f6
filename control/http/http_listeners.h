/* The TCP sockets that HTTP clients come to. An address that is another's, or that there is no
 * memory for, is tried again every second: it costs the page, never the routes. Thread: HTTP's. */
#ifndef BASCULE_HTTP_LISTENERS_H
#define BASCULE_HTTP_LISTENERS_H

#include <poll.h>
#include <stdint.h>

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

struct http_listeners {
	struct config_http config;
	int fd[CONFIG_LISTEN]; /* owned; -1: not there (yet) */
	uint64_t next_ms;      /* the next try of those that are not there */
};

/* Listen where `config` says, and no more where it did not say so. Those that stay are not
 * touched, nor are connections. What cannot be had is an error in the log, once. */
void http_listeners_set(struct http_listeners *listeners, const struct config_http *config,
			uint64_t now_ms);
/* Try again, if it is time. */
void http_listeners_look(struct http_listeners *listeners, uint64_t now_ms);
void http_listeners_close(struct http_listeners *listeners);

#ifdef __cplusplus
}
#endif
#endif
