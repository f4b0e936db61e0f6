/* The management thread's watch over the partner. Every PARTNER_PERIOD_MS it asks this instance and
 * the partner (instance_query.h), compares the answers (partner.h), and sends the outcome to the
 * RIB lcore in a page. The page comes back with the partner to ask next, since a reload may name
 * another. It never waits, and asks each of the two once at a time at most. */
#ifndef BASCULE_PARTNER_WATCH_H
#define BASCULE_PARTNER_WATCH_H

#include <poll.h>
#include <stdint.h>

#include "desk.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PARTNER_WATCH_FDS = 2 };

struct partner_watch; /* owned by partner_watch_open()'s caller */

/* `own_socket`: where this instance listens; borrowed, as `desk` is. 0 or -ENOMEM. */
int partner_watch_open(struct desk *desk, const char *own_socket, struct partner_watch **watch);
/* When the RIB lcore has stopped, with its route server freed. */
void partner_watch_close(struct partner_watch *watch);

/* Fill `fds`, PARTNER_WATCH_FDS of them; returns for how long poll(2) may wait at most, in
 * milliseconds. */
int partner_watch_poll(const struct partner_watch *watch, struct pollfd *fds, uint64_t now_ms);
void partner_watch_serve(struct partner_watch *watch, const struct pollfd *fds, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
