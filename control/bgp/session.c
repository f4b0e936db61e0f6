/* The life of a session. Everything that happens becomes an event of one connection's machine, in
 * session_event(), which looks the rule up and does what it says. What the machines leave open,
 * when connections are tried and taken, is attempt.c's. */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stats.h"

enum {
	OPEN_MS = 5 * 1000,	    /* connected, and no OPEN for so long: that is reported */
	HOLD_LARGE_MS = 240 * 1000, /* in OpenSent (RFC 4271 8.2.2) */
	STABLE_MS = 30 * 1000,	    /* Established for so long: earlier failures are forgotten */
	UNREAD_MS = 1000,	    /* see hold_expired() */
	/* not more often than one a second (RFC 4271 4.4), as the peer sees them */
	KEEPALIVE_MIN_MS = 1020,
};

void session_wake(struct session *session)
{
	if (session->is_busy)
		return;
	session->is_busy = true;
	if (session->bulk)
		TAILQ_INSERT_TAIL(&session->host->busy, session, busy);
	else
		TAILQ_INSERT_TAIL(&session->host->news, session, busy);
}

struct conn *session_up(struct session *session)
{
	for (int i = 0; i < 2; i++) {
		if (session->conns[i].state == SESSION_ESTABLISHED)
			return &session->conns[i];
	}
	return NULL;
}

/* --- what the table says ---------------------------------------------------------------------- */

static void send_open(struct conn *conn)
{
	const struct session *session = conn->session;
	const struct session_host *host = session->host;
	const struct speaker_peer_add *peer = &session->peer;
	/* A session that comes back within our lifetime finds the forwarding state where it left
	 * it. */
	uint8_t kept = session->epoch ? peer->families : peer->forwarding_kept;
	struct bgp_open open = {
		.asn = host->params.local_asn,
		.router_id = host->params.router_id,
		.hold_s = peer->hold_s,
		.restart_s = host->params.restart_s,
		.caps = SPEAKER_CAP_REFRESH | SPEAKER_CAP_AS4 | open_caps(peer->families, kept),
	};

	if (peer->restarting && !host->restarted)
		open.caps |= SPEAKER_CAP_GR_RESTARTING;
	if (peer->extended_next_hop)
		open.caps |= SPEAKER_CAP_EXTENDED_NEXT_HOP;
	conn->local_addr = transport_local(conn->t.fd);
	conn->offered = open.caps;
	conn_send_open(conn, &open);
}

static void restart_hold(struct conn *conn)
{
	struct session *session = conn->session;

	conn->heard_ms = session_now(session);
	if (conn->state == SESSION_OPENSENT)
		conn->hold_ms = HOLD_LARGE_MS;
	if (!conn->hold_ms)
		timer_stop(&session->host->timers, &conn->hold);
	else if (conn->state != SESSION_ESTABLISHED || !timer_is_set(&conn->hold))
		session_wake_at(session, &conn->hold, conn->heard_ms + conn->hold_ms);
}

/* One that stands behind others would reach the peer at once with them: what is queued tells it as
 * much. */
static void send_keepalive(struct conn *conn)
{
	struct session *session = conn->session;
	uint32_t pause_ms = host_jitter(session->host, conn->keepalive_ms);

	if (conn->state == SESSION_OPENCONFIRM || (conn->keepalive_ms && sendq_empty(&conn->tx)))
		conn_send_keepalive(conn);
	if (pause_ms < KEEPALIVE_MIN_MS)
		pause_ms = KEEPALIVE_MIN_MS;
	if (conn->keepalive_ms)
		session_wake_at(session, &conn->keepalive, session_now(session) + pause_ms);
}

/* --- into and out of Established -------------------------------------------------------------- */

static void established(struct conn *conn)
{
	struct session *session = conn->session;

	session->epoch++;
	session->up_ms = session_now(session);
	session->lagging = session->lagging_reported = false;
	stat_set(&session->stats.tx_shared, 0);
	session->shown.state = SESSION_ESTABLISHED;
	report_no_reason(session);
	stat_add(&session->stats.established, 1);
	conn->sent_ms = session_now(session);
	session_wake_at(session, &conn->send, session_now(session) + conn->send_ms);
	report_up(conn);
	session_event(conn_other(conn), FSM_COLLISION, NULL);
}

static void lost(struct conn *conn, enum fsm_event event, const struct session_cause *cause)
{
	const struct bgp_notify *heard = cause && cause->received ? cause->notify : NULL;
	struct session *session = conn->session;
	const struct speaker_state *why = &session->shown;
	struct speaker_down *down = &session->down;

	if (session_now(session) - session->up_ms >= STABLE_MS)
		session->failures = 0;
	*down = (struct speaker_down){
		.head = { SPEAKER_DOWN, session->peer.head.peer, session->epoch },
		.code = why->code,
		.subcode = why->subcode,
		.received = why->received,
		.reset = cause && cause->err == -ECONNRESET,
		.keep = conn->open.caps & (SPEAKER_CAP_GR | SPEAKER_CAP_GR_IPV6) &&
			(event == FSM_TCP_FAILED || event == FSM_TCP_UP),
	};
	memcpy(down->reason, why->reason, sizeof(down->reason));
	if (heard && heard->len) {
		down->data_len = heard->len;
		memcpy(down->data, heard->data, heard->len);
	}
	session->lagging = session->lagging_reported = false;
	session->down_pending = true;
	report_down(session);
}

/* --- events ----------------------------------------------------------------------------------- */

/* The NOTIFICATION that a rule asks for: its own, or the one that came with the event. NULL if that
 * is none. */
static const struct bgp_notify *to_send(const struct fsm_rule *rule,
					const struct session_cause *cause, struct bgp_notify *own)
{
	if (!(rule->actions & FSM_DO_NOTIFY))
		return NULL;
	if (!rule->code)
		return cause ? cause->notify : NULL;
	/* RFC 6608 4: an unexpected message is named by its type. */
	if (rule->code == NOTIFY_FSM && cause && cause->message)
		notify_set(own, rule->code, rule->subcode, &cause->message, 1,
			   message_type_name(cause->message));
	else
		notify_set(own, rule->code, rule->subcode, NULL, 0, NULL);
	return own;
}

/* Leaving: say why, and let the socket go. */
static void leave(struct conn *conn, enum session_state was, enum fsm_event event,
		  const struct fsm_rule *rule, const struct session_cause *cause)
{
	struct session *session = conn->session;
	struct bgp_notify own;
	const struct bgp_notify *send = to_send(rule, cause, &own);
	bool received = cause && cause->received;
	const struct bgp_notify *said = received ? cause->notify : send;

	/* What becomes of one connection is no news while the other one is further on. */
	if ((conn_other(conn)->state < SESSION_OPENSENT || conn_other(conn)->state < was) &&
	    (said || (cause && cause->text)))
		report_why(session, said, received, cause ? cause->text : NULL);
	if (was == SESSION_ESTABLISHED)
		lost(conn, event, cause);
	conn_drop(conn, send);
	if (rule->actions & FSM_DO_DAMP)
		attempt_failed(conn, was, send);
}

void session_event(struct conn *conn, enum fsm_event event, const struct session_cause *cause)
{
	const struct fsm_rule *rule = fsm_step(conn->state, event);
	enum session_state was = conn->state;

	conn->state = rule->next;
	session_wake(conn->session);
	if (rule->actions & FSM_DO_DROP)
		leave(conn, was, event, rule, cause);
	if (rule->actions & FSM_DO_OPEN) {
		send_open(conn);
		session_wake_at(conn->session, &conn->retry, session_now(conn->session) + OPEN_MS);
	}
	if (rule->actions & FSM_DO_KEEPALIVE)
		send_keepalive(conn);
	if (rule->actions & FSM_DO_HOLD)
		restart_hold(conn);
	if (rule->actions & FSM_DO_RETRY)
		attempt_wait(conn);
	if (rule->actions & FSM_DO_CONNECT)
		attempt_connect(conn);
	if (was != SESSION_ESTABLISHED && conn->state == SESSION_ESTABLISHED)
		established(conn);
}

/* --- timers ----------------------------------------------------------------------------------- */

static void retry_expired(struct timer *timer, uint64_t now_ms)
{
	struct conn *conn = container_of(timer, struct conn, retry);

	struct session_cause cause = { .text = NULL };

	if (conn->state >= SESSION_OPENSENT) {
		report_no_open(conn);
		return;
	}
	if (conn->state == SESSION_CONNECT)
		cause.text =
			conn->session->peer.password_len
				? "connect: no answer (is the TCP-MD5 key the same at both ends?)"
				: "connect: no answer";
	session_event(conn, FSM_RETRY_EXPIRED, &cause);
}

static void hold_expired(struct timer *timer, uint64_t now_ms)
{
	struct conn *conn = container_of(timer, struct conn, hold);
	uint64_t due_ms = conn->heard_ms + conn->hold_ms;

	/* Octets that we have not looked at, because the RIB is behind, may be the sign of life. */
	if (due_ms <= now_ms && (conn->blocked || conn->t.readable))
		due_ms = now_ms + UNREAD_MS;
	if (due_ms > now_ms)
		session_wake_at(conn->session, timer, due_ms);
	else
		session_event(conn, FSM_HOLD_EXPIRED, NULL);
}

static void keepalive_due(struct timer *timer, uint64_t now_ms)
{
	session_event(container_of(timer, struct conn, keepalive), FSM_KEEPALIVE_DUE, NULL);
}

static void send_expired(struct timer *timer, uint64_t now_ms)
{
	struct conn *conn = container_of(timer, struct conn, send);

	if (sendq_empty(&conn->tx))
		conn->sent_ms = now_ms;
	if (conn->sent_ms + conn->send_ms > now_ms)
		session_wake_at(conn->session, timer, conn->sent_ms + conn->send_ms);
	else
		session_event(conn, FSM_SEND_EXPIRED, NULL);
}

static void waking(struct timer *timer, uint64_t now_ms)
{
	session_wake(container_of(timer, struct session, wake));
}

static void closed(struct conn *conn)
{
	session_wake(conn->session);
}

/* --- commands --------------------------------------------------------------------------------- */

void session_init(struct session *session, struct session_host *host)
{
	memset(session, 0, sizeof(*session));
	session->host = host;
	session->wake.fire = waking;
	for (int i = 0; i < 2; i++) {
		struct conn *conn = &session->conns[i];

		conn_init(conn, session, host, &session->stats, closed);
		conn->retry.fire = retry_expired;
		conn->hold.fire = hold_expired;
		conn->keepalive.fire = keepalive_due;
		conn->send.fire = send_expired;
	}
}

void session_end(struct session *session)
{
	for (int i = 0; i < 2; i++) {
		conn_drop(&session->conns[i], NULL);
		conn_close_now(&session->conns[i]);
	}
	timer_stop(&session->host->timers, &session->wake);
}

void session_add(struct session *session, const struct speaker_peer_add *add)
{
	session->used = true;
	session->barred = false;
	session->shut = add->shut;
	session->peer = *add;
	session->peer_after_ms = session->connect_after_ms = 0;
	session->failures = session->connect_failures = 0;
	session->epoch = 0;
	session->keyed = 0;
	memset(&session->shown, 0, sizeof(session->shown));
	session->refusal[0] = '\0';
	memset(&session->stats, 0, sizeof(session->stats));
	__atomic_store_n(&session->mine, !add->elsewhere, __ATOMIC_RELEASE);
	session_wake(session);
}

void session_bar(struct session *session, const char *why)
{
	session->barred = true;
	if (strcmp(session->shown.reason, why))
		report_why(session, NULL, false, why);
}

void session_unbar(struct session *session)
{
	if (!session->barred)
		return;
	session->barred = false;
	report_why(session, NULL, false, "its TCP-MD5 key is set now");
	attempts_after(session, session_now(session));
}

void session_stop(struct session *session, const struct speaker_peer_reset *reset)
{
	struct bgp_notify notify;
	struct session_cause cause = { .notify = reset->code ? &notify : NULL };

	if (reset->code == NOTIFY_CEASE && reset->subcode == NOTIFY_CEASE_MAX_PREFIXES)
		notify_max_prefixes(&notify, family_afi(reset->head.family), reset->max_prefixes);
	else if (reset->code == NOTIFY_CEASE)
		notify_cease(&notify, reset->subcode, reset->text);
	else
		notify_set(&notify, reset->code, reset->subcode, NULL, 0, NULL);
	if (!reset->code)
		cause.text = reset->text;
	session->shut = reset->shut;
	for (int i = 0; i < 2; i++)
		session_event(&session->conns[i], FSM_STOP, &cause);
	attempts_after(session, session_now(session) + reset->hold_off_s * 1000ull);
}

bool session_idle(const struct session *session)
{
	return session->conns[0].state < SESSION_OPENSENT &&
	       session->conns[1].state < SESSION_OPENSENT;
}

void session_take(struct session *session, struct addr addr)
{
	session->peer.addr = addr;
	session->failures = 0;
	session->peer_after_ms = 0;
}

void session_send(struct session *session, struct wire_buf *buf)
{
	struct conn *conn = session_up(session);
	struct bgp_notify notify;

	if (!conn) {
		wire_buf_put(buf);
		return;
	}
	if (!sendq_add(&conn->tx, buf)) {
		notify_set(&notify, NOTIFY_CEASE, NOTIFY_CEASE_RESOURCES, NULL, 0,
			   "the peer reads too slowly");
		session_event(conn, FSM_STOP, &(struct session_cause){ .notify = &notify });
		return;
	}
	if (sendq_high(&conn->tx))
		session->lagging = true;
	session_wake(session);
}

void session_send_refresh(struct session *session, uint8_t family)
{
	struct conn *conn = session_up(session);

	if (conn && conn->open.caps & SPEAKER_CAP_REFRESH &&
	    open_families(conn->open.caps) & family_bit(family))
		conn_send_refresh(conn, family);
	session_wake(session);
}

/* --- a turn ----------------------------------------------------------------------------------- */

static void tcp_failed(struct conn *conn, int err)
{
	char text[128];

	if (err)
		snprintf(text, sizeof(text), "connection lost in %s: %s",
			 session_state_name(conn->state), strerror(-err));
	else
		snprintf(text, sizeof(text), "peer closed the connection in %s",
			 session_state_name(conn->state));
	session_event(conn, FSM_TCP_FAILED, &(struct session_cause){ .text = text, .err = err });
}

static void connected(struct conn *conn)
{
	int err = transport_connected(&conn->t);

	if (err)
		attempt_refused(conn, err);
	else
		session_event(conn, FSM_TCP_UP, NULL);
}

/* Read once and act on it; but first on what could not be acted on before. */
static unsigned int readable(struct conn *conn)
{
	unsigned int n = conn->blocked ? receive_messages(conn) : 0;
	ssize_t got;

	if (conn->blocked || !conn->t.readable)
		return n;
	got = conn_read(conn);
	if (got > 0)
		return n + 1 + receive_messages(conn);
	if (got != -EAGAIN)
		tcp_failed(conn, (int)got);
	return n;
}

static unsigned int writable(struct conn *conn)
{
	struct session *session = conn->session;
	size_t written;

	/* A write that fails says less than what there may be to read: a NOTIFICATION, then the
	 * end. */
	if (conn_flush(conn, &written))
		conn->t.readable = conn->t.hung_up = true;
	if (conn->state == SESSION_ESTABLISHED && sendq_empty(&conn->tx))
		session->lagging = false;
	return written != 0;
}

static unsigned int run_conn(struct conn *conn)
{
	unsigned int n = 0;

	if (conn_closing(conn))
		conn_close_step(conn);
	if (conn->state == SESSION_CONNECT && conn->t.writable)
		connected(conn);
	if (conn->state >= SESSION_OPENSENT)
		n += readable(conn);
	if (conn->state >= SESSION_OPENSENT)
		n += writable(conn);
	return n;
}

static bool conn_waits(const struct conn *conn)
{
	const struct closing *closing = &conn->closing;

	if (conn_closing(conn) && (closing->t.readable || (closing->rest && closing->t.writable)))
		return true;
	return conn->state >= SESSION_OPENSENT &&
	       (conn->blocked || conn->t.readable || (conn->t.writable && !sendq_empty(&conn->tx)));
}

/* Has the peer said more than fits its turn? */
static bool has_more(const struct conn *conn)
{
	return conn->state == SESSION_ESTABLISHED && conn->blocked;
}

bool session_quiet(const struct session *session)
{
	return session->conns[0].state == SESSION_IDLE && session->conns[1].state == SESSION_IDLE &&
	       !conn_closing(&session->conns[0]) && !conn_closing(&session->conns[1]) &&
	       !session->down_pending;
}

unsigned int session_run(struct session *session, bool *again)
{
	unsigned int n = 0;

	session->said = 0;
	report_down(session);
	for (int i = 0; i < 2; i++)
		n += run_conn(&session->conns[i]);
	session->bulk = has_more(&session->conns[0]) || has_more(&session->conns[1]);
	attempts_start(session);
	report_pending(session);
	*again = session->down_pending || session->state_pending ||
		 session->lagging != session->lagging_reported ||
		 (session->removing && session_quiet(session)) || conn_waits(&session->conns[0]) ||
		 conn_waits(&session->conns[1]);
	return n;
}
