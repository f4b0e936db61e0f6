/* Sessions: OPEN, KEEPALIVE, octets out, UPDATEs in. */
#include "talker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cursor.h"
#include "message.h"
#include "open.h"

enum { WRITE_MAX = 64 << 10 };

static bool fails(struct talker *t, const char *what)
{
	snprintf(t->error, sizeof(t->error), "%s: %s", what, errno ? strerror(errno) : "ended");
	talker_close(t);
	return false;
}

void talker_close(struct talker *t)
{
	if (t->fd >= 0)
		close(t->fd);
	free(t->rx);
	t->rx = NULL;
	t->fd = -1;
	t->up = t->opened = false;
	t->rx_len = t->own_len = t->out_len = t->out_done = 0;
}

static void open_say(struct talker *t)
{
	struct bgp_open open = { .asn = t->asn,
				 .router_id = t->addr,
				 .hold_s = TALKER_HOLD_S,
				 .caps = SPEAKER_CAP_AS4 | SPEAKER_CAP_MP_IPV4 };

	t->own_len += open_encode(t->own + t->own_len, sizeof(t->own) - t->own_len, &open);
}

bool talker_take(struct talker *t, int fd)
{
	int one = 1;

	t->fd = fd;
	t->rx = malloc(TALKER_RX);
	if (!t->rx || fcntl(fd, F_SETFL, O_NONBLOCK) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		return fails(t, "connection");
	open_say(t);
	return true;
}

bool talker_connect(struct talker *t, uint32_t to, uint16_t port)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(t->addr) };
	struct sockaddr_in there = { .sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(to),
				     .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !bind(fd, (struct sockaddr *)&here, sizeof(here)) &&
	    !connect(fd, (struct sockaddr *)&there, sizeof(there)))
		return talker_take(t, fd);
	t->fd = fd;
	return fails(t, "connect");
}

void talker_say(struct talker *t, const uint8_t *octets, size_t len)
{
	t->out = octets;
	t->out_len = len;
	t->out_done = 0;
}

static void keepalive_say(struct talker *t)
{
	t->own_len += keepalive_encode(t->own + t->own_len, sizeof(t->own) - t->own_len);
}

/* A message of ours may not come into the middle of another one: only between what is borrowed. */
void talker_keep_alive(struct talker *t, uint64_t now_ns)
{
	if (t->up && talker_idle(t) && now_ns - t->said_ns > TALKER_KEEPALIVE_S * 1000000000ull)
		keepalive_say(t);
}

/* --- in --------------------------------------------------------------------------------------- */

static bool message_heard(struct talker *t, const uint8_t *message, size_t len,
			  talker_heard_fn heard, void *arg, uint64_t now_ns)
{
	switch (message[18]) {
	case BGP_OPEN:
		t->opened = true;
		keepalive_say(t);
		return true;
	case BGP_KEEPALIVE: t->up = true; return true;
	case BGP_UPDATE:
		if (heard(arg, t, message, len, now_ns))
			return true;
		snprintf(t->error, sizeof(t->error), "a malformed UPDATE came");
		talker_close(t);
		return false;
	case BGP_NOTIFICATION:
		snprintf(t->error, sizeof(t->error), "NOTIFICATION %u/%u came", message[19],
			 message[20]);
		talker_close(t);
		return false;
	default: return true;
	}
}

bool talker_read(struct talker *t, talker_heard_fn heard, void *arg, uint64_t now_ns)
{
	ssize_t n = read(t->fd, t->rx + t->rx_len, TALKER_RX - t->rx_len);
	size_t at = 0, len;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n == 0)
		errno = 0;
	if (n <= 0)
		return fails(t, "read");
	t->rx_len += (size_t)n;
	for (; t->rx_len - at >= BGP_HEADER_LEN; at += len) {
		len = load_be16(t->rx + at + 16);
		if (len < BGP_HEADER_LEN + 2u * (t->rx[at + 18] == BGP_NOTIFICATION) ||
		    len > BGP_MESSAGE_MAX) {
			snprintf(t->error, sizeof(t->error), "a message of %zu octets came", len);
			talker_close(t);
			return false;
		}
		if (t->rx_len - at < len)
			break;
		if (!message_heard(t, t->rx + at, len, heard, arg, now_ns))
			return false;
	}
	t->rx_len -= at;
	memmove(t->rx, t->rx + at, t->rx_len);
	return true;
}

/* --- out -------------------------------------------------------------------------------------- */

/* Octets written, 0 if none fit now, -1: over. */
static ssize_t put(struct talker *t, const uint8_t *octets, size_t len, uint64_t now_ns)
{
	ssize_t n = send(t->fd, octets, len, MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0) {
		fails(t, "write");
		return -1;
	}
	t->said_ns = now_ns;
	return n;
}

bool talker_write(struct talker *t, uint64_t now_ns)
{
	size_t left = t->out_len - t->out_done;
	ssize_t n;

	if (t->own_len) {
		n = put(t, t->own, t->own_len, now_ns);
		if (n < 0)
			return false;
		t->own_len -= (size_t)n;
		memmove(t->own, t->own + n, t->own_len);
		if (t->own_len)
			return true;
	}
	if (!left)
		return true;
	n = put(t, t->out + t->out_done, left < WRITE_MAX ? left : WRITE_MAX, now_ns);
	if (n > 0)
		t->out_done += (size_t)n;
	return n >= 0;
}
