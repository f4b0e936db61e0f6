/* Sockets. What is not obvious from the system calls:
 *
 * The poller is edge-triggered, so that a session under back-pressure costs nothing while it does
 * not read. An edge that has been reported is kept in the transport's flags until a call returns
 * -EAGAIN. A short read also says that the queue was empty, unless the peer had hung up: then the
 * end of the stream is still to be read.
 *
 * TCP_NOTSENT_LOWAT bounds what waits unsent in the kernel, so that a KEEPALIVE never stands behind
 * megabytes.
 *
 * SO_BINDTODEVICE holds a socket to one interface in both directions: without a route there the
 * kernel takes the peer to be on link there, and never looks for a way elsewhere. What is accepted
 * inherits it from the listener, and the TTL too. */
#include "transport.h"

#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	POLL_MAX = 64,
	UNSENT_MAX = 64 << 10,
	IP4_TTL = 8, /* octet of an IPv4 header */
};

static const uint32_t EVENTS = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

static struct sockaddr_in sockaddr_make(uint32_t addr, uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(addr) };

	return sa;
}

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

static int set_key(int fd, uint32_t remote, const uint8_t *key, uint8_t key_len)
{
	struct tcp_md5sig sig = { .tcpm_keylen = key_len };
	struct sockaddr_in sa = sockaddr_make(remote, 0);

	if (key_len > sizeof(sig.tcpm_key))
		return -EINVAL;
	memcpy(&sig.tcpm_addr, &sa, sizeof(sa));
	if (key_len)
		memcpy(sig.tcpm_key, key, key_len);
	return setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof(sig)) ? -errno : 0;
}

static int prepare(int fd, uint8_t ttl_min)
{
	int err = set_int(fd, IPPROTO_IP, IP_TTL, TRANSPORT_TTL);

	if (!err && ttl_min)
		err = set_int(fd, IPPROTO_IP, IP_MINTTL, ttl_min);
	if (!err)
		err = set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (!err)
		err = set_int(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX);
	return err;
}

static int watch(int poller, struct transport *t, int fd)
{
	struct epoll_event ev = { .events = EVENTS, .data.ptr = t };

	if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &ev))
		return -errno;
	t->fd = fd;
	t->readable = t->writable = t->hung_up = false;
	return 0;
}

int transport_poller(void)
{
	int poller = epoll_create1(EPOLL_CLOEXEC);

	return poller < 0 ? -errno : poller;
}

void transport_poller_close(int poller)
{
	close(poller);
}

int transport_poll(int poller, struct transport **ready, int max)
{
	struct epoll_event events[POLL_MAX];
	int n = epoll_wait(poller, events, max < POLL_MAX ? max : POLL_MAX, 0);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		struct transport *t = events[i].data.ptr;
		uint32_t ev = events[i].events;

		if (ev & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
			t->hung_up = true;
		if (ev & EPOLLIN || t->hung_up)
			t->readable = true;
		if (ev & (EPOLLOUT | EPOLLHUP | EPOLLERR))
			t->writable = true;
		ready[i] = t;
	}
	return n;
}

static int new_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

	return fd < 0 ? -errno : fd;
}

static int set_interface(int fd, const char *interface)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface))
		       ? -errno
		       : 0;
}

/* The address may be away for a moment: a listener outlives that. */
int transport_bind(struct transport *t, const char *interface, uint32_t addr, uint16_t port)
{
	struct sockaddr_in sa = sockaddr_make(addr, port);
	int fd = new_socket(), err;

	if (fd < 0)
		return fd;
	err = set_interface(fd, interface);
	if (!err)
		err = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!err)
		err = set_int(fd, IPPROTO_IP, IP_FREEBIND, 1);
	if (!err)
		err = set_int(fd, IPPROTO_IP, IP_TTL, TRANSPORT_TTL);
	if (!err)
		err = set_int(fd, IPPROTO_TCP, TCP_SAVE_SYN, 1);
	if (!err && bind(fd, (struct sockaddr *)&sa, sizeof(sa)))
		err = -errno;
	if (err)
		close(fd);
	else
		t->fd = fd;
	return err;
}

unsigned int transport_interface(const char *interface)
{
	return if_nametoindex(interface);
}

int transport_hold(const struct transport *t, const char *interface)
{
	return set_interface(t->fd, interface);
}

int transport_listen(int poller, struct transport *t)
{
	return listen(t->fd, TRANSPORT_BACKLOG) ? -errno : watch(poller, t, t->fd);
}

int transport_listen_key(const struct transport *listener, uint32_t remote, const uint8_t *key,
			 uint8_t key_len)
{
	int err = set_key(listener->fd, remote, key, key_len);

	return err == -ENOENT && !key_len ? 0 : err;
}

/* The kernel answers -ENOENT if there was none. */
static int detach_filter(int fd)
{
	int none = 0;

	return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none)) && errno != ENOENT
		       ? -errno
		       : 0;
}

int transport_listen_filter(const struct transport *listener, const struct sock_filter *program,
			    uint16_t n)
{
	struct sock_fprog filter = { .len = n, .filter = (struct sock_filter *)program };

	if (!n)
		return detach_filter(listener->fd);
	return setsockopt(listener->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter))
		       ? -errno
		       : 0;
}

int transport_accept(struct transport *listener, uint32_t *remote)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	int fd = accept4(listener->fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		int err = -errno;

		if (err == -EAGAIN)
			listener->readable = false;
		/* A connection that died in the queue is no fault of the listener's. */
		return err == -ECONNABORTED || err == -EINTR ? -EAGAIN : err;
	}
	*remote = ntohl(sa.sin_addr.s_addr);
	return fd;
}

static void reset(int fd)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

void transport_refuse(int fd)
{
	reset(fd);
}

int transport_first_ttl(int fd)
{
	uint8_t header[128];
	socklen_t len = sizeof(header);

	if (getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, header, &len))
		return -errno;
	return len > IP4_TTL && header[0] >> 4 == 4 ? header[IP4_TTL] : -ENODATA;
}

int transport_adopt(int poller, struct transport *t, int fd, uint8_t ttl_min)
{
	int err = prepare(fd, ttl_min);

	/* From here on the socket's own IP_MINTTL does it. */
	if (!err)
		err = detach_filter(fd);
	if (!err)
		err = watch(poller, t, fd);
	if (err)
		reset(fd);
	return err;
}

int transport_connect(int poller, struct transport *t, const struct transport_target *target)
{
	struct sockaddr_in remote = sockaddr_make(target->remote, target->port);
	struct sockaddr_in local = sockaddr_make(target->local, 0);
	int fd = new_socket(), err;

	if (fd < 0)
		return fd;
	err = set_interface(fd, target->interface);
	if (!err)
		err = prepare(fd, target->ttl_min);
	if (!err && target->key_len)
		err = set_key(fd, target->remote, target->key, target->key_len);
	if (!err && target->local && bind(fd, (struct sockaddr *)&local, sizeof(local)))
		err = -errno;
	if (!err && connect(fd, (struct sockaddr *)&remote, sizeof(remote)) && errno != EINPROGRESS)
		err = -errno;
	if (!err)
		err = watch(poller, t, fd);
	if (err)
		close(fd);
	return err;
}

int transport_connected(const struct transport *t)
{
	socklen_t len = sizeof(int);
	int err = 0;

	return getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &err, &len) ? -errno : -err;
}

int transport_move(int poller, struct transport *from, struct transport *to)
{
	struct epoll_event ev = { .events = EVENTS, .data.ptr = to };

	if (epoll_ctl(poller, EPOLL_CTL_MOD, from->fd, &ev))
		return -errno;
	to->fd = from->fd;
	to->readable = from->readable;
	to->writable = from->writable;
	to->hung_up = from->hung_up;
	from->fd = -1;
	from->readable = from->writable = from->hung_up = false;
	return 0;
}

uint32_t transport_local(const struct transport *t)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);

	return getsockname(t->fd, (struct sockaddr *)&sa, &len) ? 0 : ntohl(sa.sin_addr.s_addr);
}

ssize_t transport_read(struct transport *t, void *buf, size_t size)
{
	ssize_t n = read(t->fd, buf, size);

	if (n < 0) {
		int err = errno;

		if (err == EAGAIN || err == EINTR) {
			t->readable = err == EINTR;
			return -EAGAIN;
		}
		return -err;
	}
	if ((size_t)n < size && !t->hung_up)
		t->readable = false;
	return n;
}

ssize_t transport_writev(struct transport *t, const struct iovec *iov, int n)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)n };
	ssize_t sent = sendmsg(t->fd, &msg, MSG_NOSIGNAL);

	if (sent >= 0)
		return sent;
	if (errno == EAGAIN || errno == EINTR) {
		t->writable = errno == EINTR;
		return -EAGAIN;
	}
	return -errno;
}

int transport_probe(const struct transport *t)
{
	int err = set_int(t->fd, SOL_SOCKET, SO_KEEPALIVE, 1);

	if (!err)
		err = set_int(t->fd, IPPROTO_TCP, TCP_KEEPIDLE, TRANSPORT_DEAD_S / 2);
	if (!err)
		err = set_int(t->fd, IPPROTO_TCP, TCP_KEEPINTVL, TRANSPORT_DEAD_S / 6);
	if (!err)
		err = set_int(t->fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
	/* what we have sent is not acknowledged, and while it is on its way no probe is sent */
	if (!err)
		err = set_int(t->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, TRANSPORT_DEAD_S * 1000);
	return err;
}

void transport_finish(struct transport *t)
{
	shutdown(t->fd, SHUT_WR);
}

void transport_close(struct transport *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	t->readable = t->writable = t->hung_up = false;
}

void transport_abort(struct transport *t)
{
	if (t->fd >= 0)
		reset(t->fd);
	t->fd = -1;
	t->readable = t->writable = t->hung_up = false;
}
