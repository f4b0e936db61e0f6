/* A connection's socket, buffers and timers. Octets come in through conn_read() and lie in `rx`
 * until receive.c has acted on them; they go out from the send queue through conn_flush(). Nothing
 * here looks at messages, but to encode our own. */
#include "conn.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"

enum {
	FLUSH_IOV = 64,
	FLUSH_ROUNDS = 8, /* system calls for one connection and turn */
	DISCARD_READS = 4,
	SEND_HOLD_MS = 8 * 60 * 1000, /* at least (RFC 9687 6) */
};

static void closing_expired(struct timer *timer, uint64_t now_ms)
{
	conn_close_now(container_of(timer, struct conn, closing.deadline));
}

void conn_init(struct conn *conn, struct session *session, struct session_host *host,
	       struct session_stats *stats, void (*closed)(struct conn *conn))
{
	memset(conn, 0, sizeof(*conn));
	conn->session = session;
	conn->host = host;
	conn->closed = closed;
	conn->tx.stats = stats;
	conn->t.fd = conn->closing.t.fd = -1;
	conn->t.kind = CONN_OPEN;
	conn->closing.t.kind = CONN_CLOSING;
	conn->closing.deadline.fire = closing_expired;
}

int conn_connect(struct conn *conn, const struct transport_target *target)
{
	conn->ours = true;
	return transport_connect(conn->host->poller, &conn->t, target);
}

int conn_adopt(struct conn *conn, int fd, uint8_t ttl_min)
{
	conn->ours = false;
	return transport_adopt(conn->host->poller, &conn->t, fd, ttl_min);
}

ssize_t conn_read(struct conn *conn)
{
	ssize_t n;

	if (!conn->rx) {
		conn->rx = malloc(CONN_RX_SIZE);
		if (!conn->rx)
			return -ENOMEM;
	}
	if (conn->rx_pos) {
		memmove(conn->rx, conn->rx + conn->rx_pos, conn->rx_len - conn->rx_pos);
		conn->rx_len -= conn->rx_pos;
		conn->rx_pos = 0;
	}
	/* What is left is less than a message: all others have been acted on. */
	assert(conn->rx_len < BGP_MESSAGE_MAX);
	n = transport_read(&conn->t, conn->rx + conn->rx_len, CONN_RX_SIZE - conn->rx_len);
	if (n > 0) {
		conn->rx_len += (uint32_t)n;
		stat_add(&conn->tx.stats->rx_bytes, (uint64_t)n);
	}
	return n;
}

int conn_flush(struct conn *conn, size_t *written)
{
	struct iovec iov[FLUSH_IOV];

	*written = 0;
	for (int i = 0; i < FLUSH_ROUNDS && conn->t.writable && !sendq_empty(&conn->tx); i++) {
		ssize_t n =
			transport_writev(&conn->t, iov, sendq_gather(&conn->tx, iov, FLUSH_IOV));

		if (n == -EAGAIN)
			break;
		if (n < 0)
			return (int)n;
		sendq_written(&conn->tx, (size_t)n);
		*written += (size_t)n;
	}
	if (*written || sendq_empty(&conn->tx))
		conn->sent_ms = conn->host->now_ms;
	return 0;
}

static bool queued(struct conn *conn, size_t len)
{
	if (len)
		sendq_own_add(&conn->tx, len);
	return len;
}

bool conn_send_open(struct conn *conn, const struct bgp_open *open)
{
	size_t room;
	uint8_t *buf = sendq_own(&conn->tx, &room);

	return queued(conn, open_encode(buf, room, open));
}

bool conn_send_keepalive(struct conn *conn)
{
	size_t room;
	uint8_t *buf = sendq_own(&conn->tx, &room);

	return queued(conn, keepalive_encode(buf, room));
}

bool conn_send_refresh(struct conn *conn, uint8_t family)
{
	size_t room;
	uint8_t *buf = sendq_own(&conn->tx, &room);

	return queued(conn, refresh_encode(buf, room, family));
}

int conn_negotiate(struct conn *conn, uint16_t hold_s)
{
	if (conn->open.hold_s < hold_s)
		hold_s = conn->open.hold_s;
	conn->hold_ms = hold_s * 1000u;
	conn->keepalive_ms = conn->hold_ms / 3;
	conn->send_ms = 2 * conn->hold_ms > SEND_HOLD_MS ? 2 * conn->hold_ms : SEND_HOLD_MS;
	return hold_s ? 0 : transport_probe(&conn->t);
}

/* Move the socket to the closing side, with the last octets that it still has to carry. */
static void linger(struct conn *conn, const struct bgp_notify *notify)
{
	struct session_host *host = conn->host;
	struct closing *closing = &conn->closing;
	size_t size = SENDQ_FINAL + BGP_MESSAGE_MAX, len;

	conn_close_now(conn);
	closing->rest = malloc(size);
	if (!closing->rest || transport_move(host->poller, &conn->t, &closing->t)) {
		free(closing->rest);
		closing->rest = NULL;
		transport_abort(&conn->t);
		return;
	}
	len = sendq_final(&conn->tx, closing->rest);
	closing->rest_len = len + notification_encode(closing->rest + len, BGP_MESSAGE_MAX, notify);
	closing->rest_done = 0;
	stat_add(&conn->tx.stats->tx_messages, 1);
	timer_set(&host->timers, &closing->deadline, host->now_ms + CONN_LINGER_MS);
	conn_close_step(conn);
}

void conn_drop(struct conn *conn, const struct bgp_notify *notify)
{
	struct timers *timers = &conn->host->timers;

	timer_stop(timers, &conn->retry);
	timer_stop(timers, &conn->hold);
	timer_stop(timers, &conn->keepalive);
	timer_stop(timers, &conn->send);
	if (notify && conn->t.fd >= 0)
		linger(conn, notify);
	else
		transport_close(&conn->t);
	sendq_clear(&conn->tx, &conn->host->rest);
	free(conn->rx);
	conn->rx = NULL;
	conn->rx_pos = conn->rx_len = 0;
	conn->blocked = conn->crossing = false;
	conn->hold_ms = conn->keepalive_ms = conn->send_ms = 0;
}

void conn_close_now(struct conn *conn)
{
	struct closing *closing = &conn->closing;

	timer_stop(&conn->host->timers, &closing->deadline);
	transport_abort(&closing->t);
	free(closing->rest);
	closing->rest = NULL;
	conn->closed(conn);
}

static int closing_write(struct closing *closing)
{
	while (closing->rest && closing->t.writable) {
		struct iovec iov = { closing->rest + closing->rest_done,
				     closing->rest_len - closing->rest_done };
		ssize_t n = transport_writev(&closing->t, &iov, 1);

		if (n < 0)
			return n == -EAGAIN ? 0 : (int)n;
		closing->rest_done += (size_t)n;
		if (closing->rest_done == closing->rest_len) {
			transport_finish(&closing->t);
			free(closing->rest);
			closing->rest = NULL;
		}
	}
	return 0;
}

void conn_close_step(struct conn *conn)
{
	struct closing *closing = &conn->closing;
	uint8_t discard[4096];
	ssize_t n = closing_write(closing);

	for (int i = 0; !n && i < DISCARD_READS && closing->t.readable; i++) {
		n = transport_read(&closing->t, discard, sizeof(discard));
		if (n == -EAGAIN)
			return;
		/* The peer's end: all is said, or it no longer listens. */
		n = n > 0 ? 0 : -ENOTCONN;
	}
	if (!n)
		return;
	timer_stop(&conn->host->timers, &closing->deadline);
	transport_close(&closing->t);
	free(closing->rest);
	closing->rest = NULL;
	conn->closed(conn);
}
