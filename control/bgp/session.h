/* A peer's session: up to two connections, of which at most one gets Established. Turns what
 * happens (octets, timers, commands) into events of fsm.c, does what the table says, resolves
 * collisions, holds failing peers off, and reports to the RIB lcore. Messages are read in
 * receive.c, reports are written in report.c; sockets are conn.c's. */
#ifndef BASCULE_SESSION_H
#define BASCULE_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "conn.h"
#include "records.h"
#include "session_host.h"

#ifdef __cplusplus
extern "C" {
#endif

struct session {
	struct session_host *host; /* borrowed */
	TAILQ_ENTRY(session) busy;
	bool is_busy;	/* in one of the host's lists */
	bool bulk;	/* it had more to say than fits its last turn */
	uint32_t said;	/* in this turn, as the weight of what it gave the RIB lcore */
	bool mine;	/* this speaker has the session: `stats` are live; read by other threads */
	bool used;	/* has a peer */
	bool removing;	/* until nothing is left: then SPEAKER_REMOVED */
	bool barred;	/* may not peer, and its connections are refused here */
	bool shut;	/* likewise: an operator has shut it down */
	uint64_t keyed; /* change (listener.h) by which its key was set; 0: none was */
	struct speaker_peer_add peer;
	struct conn conns[2];	    /* [0] connects unless the peer is passive; [1] waits */
	struct timer wake;	    /* one of the two times below has come */
	uint64_t peer_after_ms;	    /* neither connect nor accept before: held off, or it erred */
	uint64_t connect_after_ms;  /* do not connect before: the last try failed */
	uint32_t failures;	    /* sessions that did not last, in a row */
	uint32_t connect_failures;  /* attempts that did not get as far as an OPEN, in a row */
	uint32_t epoch;		    /* of the Established session, or the last one */
	uint64_t up_ms;		    /* since when */
	struct speaker_state shown; /* what was last reported to the RIB lcore, or is about to be */
	char refusal[SPEAKER_REASON]; /* what the last NOTIFICATION said; empty since Established */
	struct speaker_down down;
	bool state_pending, down_pending;
	bool lagging, lagging_reported;
	struct session_stats stats;
};

/* Why an event happens: what to send, or what was received, and a line for people. */
struct session_cause {
	const struct bgp_notify *notify; /* NULL: none */
	bool received;
	const char *text; /* NULL: say what the NOTIFICATION says */
	int err;	  /* -errno of a connection that was lost; 0: none */
	uint8_t message;  /* type of the message that is the event; 0: none */
};

/* A session without a peer. The host outlives it. */
void session_init(struct session *session, struct session_host *host);
/* Close at once whatever is open. */
void session_end(struct session *session);

/* Begin to peer, as the command says. */
void session_add(struct session *session, const struct speaker_peer_add *add);
/* End the session, say why, and peer again after the hold-off, or never if `removing` is set. */
void session_stop(struct session *session, const struct speaker_peer_reset *reset);

/* Do not peer, resets or not, and say why; until it may again. */
void session_bar(struct session *session, const char *why);
void session_unbar(struct session *session);

/* Something was in the way of calling the peer, and is no more: do so without waiting any longer,
 * unless it erred. */
void session_call(struct session *session);

/* Has it no connection that got as far as an OPEN? */
bool session_idle(const struct session *session);
/* The peer is to come from a subnet, and is the one at `addr` from now on. Only when idle. */
void session_take(struct session *session, struct addr addr);

/* A connection that the peer opened; takes over `fd`. Refused (reset) if the peer is held off. */
void session_admit(struct session *session, int fd);

/* Queue an encoded buffer; takes over one reference. */
void session_send(struct session *session, struct wire_buf *buf);

/* A ROUTE-REFRESH for the family, if the peer has the capability. */
void session_send_refresh(struct session *session, uint8_t family);

/* Do what can be done now: read, act, write, report. Returns how much was done. *again: call it
 * next turn too. */
unsigned int session_run(struct session *session, bool *again);

/* The Established connection, or NULL. */
struct conn *session_up(struct session *session);
/* Nothing is open, and nothing waits to be reported. */
bool session_quiet(const struct session *session);

enum {
	SESSION_TURN =
		256, /* weight (prefixes, and one a message) after which a session's turn is over */
	/* What may wait for the RIB lcore before sessions with bulk wait too, in their sockets:
	 * what others have to say stands behind about what the RIB lcore takes in one turn: this
	 * much, or a session's first turn. */
	SESSION_BULK_WAITING = 128,
};

/* Have session_run() called this turn. */
void session_wake(struct session *session);

/* --- between session.c, attempt.c, receive.c and report.c ------------------------------------- */

/* Step the machine of a connection and do what it says. */
void session_event(struct conn *conn, enum fsm_event event, const struct session_cause *cause);

static inline bool session_ibgp(const struct session *session)
{
	return session->peer.asn == session->host->params.local_asn;
}
static inline const struct speaker_interface *session_interface(const struct session *session)
{
	return &session->host->params.interfaces[session->peer.interface];
}
/* RFC 5082 3: the TTL that a packet has left after so many hops, the peer's own not counted. */
static inline uint8_t session_ttl_min(const struct session *session)
{
	return session->peer.ttl_security ? (uint8_t)(256 - session->peer.ttl_security) : 0;
}
static inline struct conn *conn_other(struct conn *conn)
{
	return conn == &conn->session->conns[0] ? &conn->session->conns[1]
						: &conn->session->conns[0];
}

static inline uint64_t session_now(const struct session *session)
{
	return session->host->now_ms;
}
static inline void session_wake_at(struct session *session, struct timer *timer, uint64_t at_ms)
{
	timer_set(&session->host->timers, timer, at_ms);
}

/* attempt.c: idle connections peer again, as soon as they may; not before `at_ms`, and without a
 * record of failures. */
void attempts_start(struct session *session);
void attempts_after(struct session *session, uint64_t at_ms);
/* Call the peer; the call came to nothing (-errno); begin to wait, for an answer or for the next
 * call. */
void attempt_connect(struct conn *conn);
void attempt_refused(struct conn *conn, int err);
void attempt_wait(struct conn *conn);
/* Oscillation damping (RFC 4271 8.1.1): put off the next attempt after a failure in state `was`;
 * and the peer's attempts too, if it erred or if its sessions do not last. Not while its other
 * connection is under way. */
void attempt_failed(struct conn *conn, enum session_state was, bool erred);

/* receive.c: act on the messages in the buffer, until it is empty, the connection is gone, or the
 * mailbox is full. Returns how many. */
unsigned int receive_messages(struct conn *conn);

/* report.c: note why the session is not Established, for people: the NOTIFICATION that was sent or
 * received, or `text`, or both. A text alone does not replace the NOTIFICATION noted before, since
 * a peer that we refused, or that refused us, often just closes the next connection. */
void report_why(struct session *session, const struct bgp_notify *notify, bool received,
		const char *text);
void report_no_reason(struct session *session);
/* Note that there was a connection on which the peer has said nothing. */
void report_no_open(struct conn *conn);

/* Report what is still to be reported to the RIB lcore, as far as there is room. */
void report_pending(struct session *session);
/* Report that the session is down: at once, so that it comes before what a new connection brings,
 * or by report_pending() if there is no room. */
void report_down(struct session *session);
/* Report that the session is up, or another event. receive_messages() has made sure of the room. */
void report_up(struct conn *conn);
void report_event(struct session *session, enum speaker_event_type type, uint8_t family);

#ifdef __cplusplus
}
#endif
#endif
