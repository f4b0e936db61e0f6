/* The BGP finite state machine (RFC 4271 8) of one connection, as a table: what an event means in a
 * state. It decides and does nothing; session.c does. A peer has up to two connections, each with a
 * machine of its own (RFC 4271 8.2.1).
 *
 * Of the optional events: automatic start, and passive start, are FSM_START*; the idle hold timer
 * (13) is what lets session.c raise them. Delay open (12, 20) is left out. Events 14 and 15 are
 * judged before there is a connection. */
#ifndef BASCULE_FSM_H
#define BASCULE_FSM_H

#include <stdint.h>

#include "records.h"

#ifdef __cplusplus
extern "C" {
#endif

enum fsm_event {		    /* RFC 4271 8.1 */
		 FSM_START,	    /* 1, 3 */
		 FSM_START_PASSIVE, /* 4, 5 */
		 FSM_STOP,	    /* 2, 8 */
		 FSM_RETRY_EXPIRED, /* 9 */
		 FSM_HOLD_EXPIRED,  /* 10 */
		 FSM_KEEPALIVE_DUE, /* 11 */
		 /* 16, 17; in Established: the peer is back on a new connection (RFC 4724 5) */
		 FSM_TCP_UP,
		 FSM_TCP_FAILED,     /* 18 */
		 FSM_OPEN,	     /* 19 */
		 FSM_HEADER_ERROR,   /* 21 */
		 FSM_OPEN_ERROR,     /* 22 */
		 FSM_COLLISION,	     /* 23: this connection is the one to go */
		 FSM_NOTIFY_VERSION, /* 24 */
		 FSM_NOTIFY,	     /* 25 */
		 FSM_KEEPALIVE,	     /* 26 */
		 FSM_UPDATE,	     /* 27 */
		 FSM_UPDATE_ERROR,   /* 28 */
		 FSM_SEND_EXPIRED,   /* 29: send hold timer (RFC 9687) */
		 FSM_REFRESH,	     /* ROUTE-REFRESH (RFC 2918) */
		 FSM_EVENTS
};

/* What is to be done, in the order of the bits. */
enum fsm_action {
	/* send NOTIFICATION: the rule's, or, with code 0, the one that came with the event */
	FSM_DO_NOTIFY = 1 << 0,
	FSM_DO_DROP = 1 << 1, /* let go of the TCP connection and of all timers */
	/* it failed: wait before the next try, longer each time (RFC 4271 8.1.1) */
	FSM_DO_DAMP = 1 << 2,
	FSM_DO_CONNECT = 1 << 3,   /* open a TCP connection */
	FSM_DO_RETRY = 1 << 4,	   /* start the connect retry timer */
	FSM_DO_OPEN = 1 << 5,	   /* send OPEN */
	FSM_DO_KEEPALIVE = 1 << 6, /* send KEEPALIVE, start the keepalive timer */
	/* start the hold timer: the large one in OpenSent, else the negotiated one */
	FSM_DO_HOLD = 1 << 7,
};

struct fsm_rule {
	uint8_t next; /* enum session_state */
	uint8_t code, subcode;
	uint16_t actions; /* FSM_DO_* */
};

/* The rule for `event` in `state`; static storage. An event that means nothing leads to the same
 * state, without actions. */
const struct fsm_rule *fsm_step(enum session_state state, enum fsm_event event);

const char *fsm_event_name(enum fsm_event event); /* "HoldTimer_Expires"; static storage */

#ifdef __cplusplus
}
#endif
#endif
