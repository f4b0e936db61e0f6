/* Attempts to peer: when idle connections are started and the peer is called, which of a peer's
 * connections it may use, and how long a peer waits that fails (RFC 4271 8.1.1). Decides; session.c
 * does. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "session.h"

enum {
	CONNECT_MS = 10 * 1000,	     /* ConnectRetryTime: an unanswered SYN is sent anew */
	RETRY_MS = 1000,	     /* the first pause after a failure; it doubles up to ... */
	RETRY_TCP_MAX_MS = 8 * 1000, /* ... this if nobody talks; cheap */
	RETRY_MAX_MS = 64 * 1000,    /* ... this if a session failed */
	FAILURES_FREE = 3,	     /* sessions lost in a row before the peer has to wait too */
};

/* --- calling the peer ------------------------------------------------------------------------- */

/* Connection 0 connects unless the peer is passive; connection 1 only waits for the peer. */
static bool connects(const struct conn *conn)
{
	return conn == &conn->session->conns[0] && !conn->session->peer.passive;
}

/* The next pause: doubles with each failure in a row. */
static uint32_t pause_ms(struct session *session, uint32_t *failures, uint32_t max_ms)
{
	uint64_t ms = (uint64_t)RETRY_MS << (*failures < 16 ? *failures : 16);

	++*failures;
	return host_jitter(session->host, ms < max_ms ? (uint32_t)ms : max_ms);
}

static uint32_t connect_pause_ms(struct session *session)
{
	return pause_ms(session, &session->connect_failures, RETRY_TCP_MAX_MS);
}

void attempt_failed(struct conn *conn, enum session_state was, bool erred)
{
	struct session *session = conn->session;
	struct conn *other = conn_other(conn);

	if (other->state >= SESSION_OPENSENT)
		return;
	if (was < SESSION_OPENSENT) {
		session->connect_after_ms = session_now(session) + connect_pause_ms(session);
		return;
	}
	session->connect_after_ms =
		session_now(session) + pause_ms(session, &session->failures, RETRY_MAX_MS);
	if (!erred && session->failures <= FAILURES_FREE)
		return;
	session->peer_after_ms = session->connect_after_ms;
	session_event(other, FSM_STOP, NULL);
}

void attempt_refused(struct conn *conn, int err)
{
	char text[64];

	snprintf(text, sizeof(text), "connect: %s", strerror(-err));
	session_event(conn, FSM_TCP_FAILED, &(struct session_cause){ .text = text });
}

/* We have no such address, or not yet: while the kernel asks whether it is another host's too (RFC
 * 4862 5.4), which takes a second or two. No fault of the peer's, so the pauses do not grow. */
static void without_address(struct conn *conn, struct addr local)
{
	char addr[ADDR_TEXT], text[ADDR_TEXT + 64];

	snprintf(text, sizeof(text), "connect: our address %s cannot be used yet",
		 addr_text(local, addr));
	conn->session->connect_failures = 0;
	session_event(conn, FSM_TCP_FAILED, &(struct session_cause){ .text = text });
}

/* Our end: of the addresses on the interface the first of the peer's family and scope. */
static struct addr local_addr(const struct session *session)
{
	const struct speaker_interface *interface = session_interface(session);
	const struct speaker_peer_add *peer = &session->peer;

	for (uint8_t i = 0; addr_unspecified(peer->local) && i < interface->nb_addrs; i++)
		if (interface->addrs[i].family == peer->addr.family &&
		    addr_link_local(interface->addrs[i]) == addr_link_local(peer->addr))
			return interface->addrs[i];
	return peer->local;
}

void attempt_connect(struct conn *conn)
{
	const struct session *session = conn->session;
	const struct speaker_peer_add *peer = &session->peer;
	const struct transport_target target = {
		.interface = session_interface(session)->name,
		.remote = peer->addr,
		.local = local_addr(session),
		.port = peer->port,
		.ttl_min = session_ttl_min(session),
		.key_len = peer->password_len,
		.key = peer->password,
	};
	int err = conn_connect(conn, &target);

	if (err == -EADDRNOTAVAIL && !addr_unspecified(target.local))
		without_address(conn, target.local);
	else if (err)
		attempt_refused(conn, err);
}

void attempt_wait(struct conn *conn)
{
	struct session *session = conn->session;

	if (conn->state == SESSION_CONNECT)
		session_wake_at(session, &conn->retry,
				session_now(session) + host_jitter(session->host, CONNECT_MS));
	else if (connects(conn))
		session_wake_at(session, &conn->retry,
				session_now(session) + connect_pause_ms(session));
}

void attempts_after(struct session *session, uint64_t at_ms)
{
	session->failures = session->connect_failures = 0;
	session->peer_after_ms = at_ms;
	session->connect_after_ms = at_ms + host_jitter(session->host, RETRY_MS);
	session_wake(session);
}

void session_call(struct session *session)
{
	struct conn *conn = &session->conns[0];

	if (!connects(conn) || session->conns[1].state >= SESSION_OPENSENT)
		return;
	session->connect_failures = 0;
	session->connect_after_ms = session_now(session);
	/* A connection that waits for an answer may wait until a lost SYN is sent anew. */
	if (conn->state == SESSION_CONNECT)
		session_event(conn, FSM_RETRY_EXPIRED, NULL);
	else if (conn->state == SESSION_ACTIVE)
		session_wake_at(session, &conn->retry, session_now(session));
	session_wake(session);
}

/* --- starting, and being called --------------------------------------------------------------- */

/* The connection that can take one that the peer opened. NULL: none. One that the peer opened
 * before and that came to nothing yet gives way: the peer would not open another if it still had
 * that. */
static struct conn *free_conn(struct session *session)
{
	for (int i = 1; i >= 0; i--) {
		if (session->conns[i].state == SESSION_ACTIVE)
			return &session->conns[i];
	}
	for (int i = 1; i >= 0; i--) {
		struct conn *conn = &session->conns[i];

		if (conn->state < SESSION_OPENSENT || conn->state == SESSION_ESTABLISHED ||
		    conn->ours)
			continue;
		session_event(conn, FSM_COLLISION, NULL);
		session_event(conn, FSM_START_PASSIVE, NULL);
		return conn;
	}
	return NULL;
}

static bool may_peer(const struct session *session)
{
	return session->used && !session->removing && !session->barred && !session->shut &&
	       !session->peer.elsewhere && !session->host->stopping &&
	       session_now(session) >= session->peer_after_ms;
}

/* Idle connections peer again, as soon as they may. */
void attempts_start(struct session *session)
{
	uint64_t next_ms = session->peer_after_ms;

	for (int i = 0; may_peer(session) && i < 2; i++) {
		struct conn *conn = &session->conns[i];
		bool active = connects(conn) && conn_other(conn)->state < SESSION_OPENSENT;
		bool wait = session_now(session) < session->connect_after_ms;

		if (active && wait)
			next_ms = session->connect_after_ms;
		else if (conn->state == SESSION_IDLE)
			session_event(conn, active ? FSM_START : FSM_START_PASSIVE, NULL);
		else if (conn->state == SESSION_ACTIVE && active && !timer_is_set(&conn->retry))
			session_wake_at(session, &conn->retry, session_now(session));
		/* A call may fail at once, and nothing else would wake us for the next one. */
		if (active && conn->state == SESSION_IDLE)
			next_ms = session->connect_after_ms;
	}
	if (next_ms > session_now(session))
		session_wake_at(session, &session->wake, next_ms);
}

/* RFC 5082 3. The kernel asks for the peer's TTL from now on; of what has come so far the SYN is
 * what we still have. */
static bool near_enough(struct session *session, int fd)
{
	uint8_t ttl_min = session_ttl_min(session);
	int ttl = ttl_min ? transport_first_ttl(fd) : UINT8_MAX;
	char text[80];

	if (ttl >= ttl_min)
		return true;
	if (ttl < 0)
		snprintf(text, sizeof(text), "accept: %s", strerror(-ttl));
	else
		snprintf(text, sizeof(text),
			 "refused: its SYN came with TTL %d, ttl_security = %u asks for %u", ttl,
			 session->peer.ttl_security, ttl_min);
	report_why(session, NULL, false, text);
	return false;
}

void session_admit(struct session *session, int fd)
{
	struct conn *conn = NULL;
	int err;

	attempts_start(session);
	if (may_peer(session) && near_enough(session, fd))
		conn = free_conn(session);
	if (!conn) {
		transport_refuse(fd);
		return;
	}
	err = conn_adopt(conn, fd, session_ttl_min(session));
	if (err) {
		char text[64];

		snprintf(text, sizeof(text), "accept: %s", strerror(-err));
		report_why(session, NULL, false, text);
		return;
	}
	/* One under way is enough; attempts_start() takes the other one up again if this comes to
	 * nothing. */
	if (conn_other(conn)->state == SESSION_ACTIVE)
		timer_stop(&session->host->timers, &conn_other(conn)->retry);
	session_event(conn, FSM_TCP_UP, NULL);
}
