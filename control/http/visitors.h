/* Connections that HTTP clients have with us, and for how long one may take: to say what it wants,
 * and to stay when it wants nothing. libmicrohttpd's own timeout begins anew with each octet, so
 * that a client which sends one now and then would stay for ever. Thread: HTTP's. */
#ifndef BASCULE_VISITORS_H
#define BASCULE_VISITORS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <microhttpd.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { VISITOR_IDLE_MS = 30 * 1000 }; /* without a whole request for so long, it goes */

struct visitor;

/* Zeroed but for the list, which is initialised. */
struct visitors {
	LIST_HEAD(, visitor) list; /* owned */
	uint64_t now_ms;	   /* as of the last turn */
};

/* MHD_NotifyConnectionCallback; `cls` is a struct visitors. */
void visitors_notify(void *cls, struct MHD_Connection *connection, void **context,
		     enum MHD_ConnectionNotificationCode code);

/* A request of this connection has begun, or has ended. */
void visitor_asks(struct MHD_Connection *connection, bool asks);

/* Show those out that have taken too long. To be called once a second. */
void visitors_look(struct visitors *visitors, uint64_t now_ms);

/* Have a connection end, whatever it is at. */
void visitor_show_out(struct MHD_Connection *connection);

#ifdef __cplusplus
}
#endif
#endif
