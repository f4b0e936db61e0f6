/* One TCP connection of a peer: its socket, receive buffer, send queue and timers, and the slow way
 * out, on which a last NOTIFICATION reaches the peer before the socket goes. It decides nothing:
 * decisions are fsm.c's and session.c's. */
#ifndef BASCULE_CONN_H
#define BASCULE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fsm.h"
#include "loop.h"
#include "open.h"
#include "sendq.h"
#include "session_host.h"
#include "transport.h"

#ifdef __cplusplus
extern "C" {
#endif

struct session;

enum {
	CONN_RX_SIZE = 64 << 10,
	CONN_TIMERS = 5,
	CONN_LINGER_MS = 2000, /* for the peer to take our NOTIFICATION and close */
};

enum conn_kind { CONN_LISTENER, CONN_OPEN, CONN_CLOSING }; /* struct transport's kind */

/* A socket on its way out: `rest` is written, then our side is shut, then the peer's end of stream
 * is waited for, as to close with octets unread would send a reset that overtakes the
 * NOTIFICATION. */
struct closing {
	struct transport t;
	struct timer deadline;
	uint8_t *rest; /* owned; NULL: all is written */
	size_t rest_len, rest_done;
};

struct conn {
	struct transport t;
	struct session *session;	   /* borrowed: its owner, of whom nothing is known here */
	struct session_host *host;	   /* borrowed */
	void (*closed)(struct conn *conn); /* called when the lingering socket has gone */
	enum session_state state;
	bool ours; /* we opened it */
	/* a message waits in `rx`: for room in the mailbox, or, if `crossing`, an OPEN for its
	 * turn */
	bool blocked;
	bool crossing; /* a connection of the other side crossed this one; see open_waits() */
	/* owned, CONN_RX_SIZE octets while there is a socket; rx[rx_pos..rx_len) is unread */
	uint8_t *rx;
	uint32_t rx_pos, rx_len;
	struct sendq tx;
	struct timer retry, hold, keepalive, send;
	struct addr local_addr; /* this end */
	uint16_t offered;	/* SPEAKER_CAP_* of our OPEN */
	uint32_t hold_ms;	/* in force; 0: none */
	uint32_t keepalive_ms;
	uint32_t send_ms;	    /* RFC 9687 */
	uint64_t heard_ms, sent_ms; /* when the hold and send hold timers were last restarted */
	struct bgp_open open;	    /* the peer's, from OpenConfirm on */
	struct closing closing;
};

void conn_init(struct conn *conn, struct session *session, struct session_host *host,
	       struct session_stats *stats, void (*closed)(struct conn *conn));

/* Attach a socket. 0 or -errno; `fd` belongs to the connection either way. */
int conn_connect(struct conn *conn, const struct transport_target *target);
int conn_adopt(struct conn *conn, int fd, uint8_t ttl_min);

/* Read once, into the free part of the buffer. > 0: octets came; 0: the peer closed; -EAGAIN;
 * -errno. */
ssize_t conn_read(struct conn *conn);

/* Write what is queued, a bounded part of it. 0 or -errno; *written gets the octets. */
int conn_flush(struct conn *conn, size_t *written);

/* Queue a message of the session's own. False: no room, which means that the peer has read nothing
 * for long. */
bool conn_send_open(struct conn *conn, const struct bgp_open *open);
bool conn_send_keepalive(struct conn *conn);
bool conn_send_refresh(struct conn *conn, uint8_t family);

/* The hold time is the smaller one of the two OPENs (RFC 4271 4.2); the other times follow from it.
 * Without one TCP looks whether the peer lives; -errno: the kernel does not. */
int conn_negotiate(struct conn *conn, uint16_t hold_s);

/* Let go of socket, buffers and timers. With a NOTIFICATION, the socket lingers until that has been
 * delivered. */
void conn_drop(struct conn *conn, const struct bgp_notify *notify);

/* Drive the lingering socket; conn_closing() says whether there is one. */
void conn_close_step(struct conn *conn);
void conn_close_now(struct conn *conn);
static inline bool conn_closing(const struct conn *conn)
{
	return conn->closing.t.fd >= 0;
}

#ifdef __cplusplus
}
#endif
#endif
