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
 * kernel takes an IPv4 peer to be on link there, and never looks for a way elsewhere. It also is
 * the zone of link-local addresses, of which no other is asked for. What is accepted inherits it
 * from the listener, and the TTL too.
 *
 * A socket is of one family, and what the two have options of their own for is a row of a table. */
#include "transport.h"

#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	POLL_MAX = 64,
	UNSENT_MAX = 64 << 10,
	SYN_MAX = 512, /* octets of its headers */
};

static const uint32_t EVENTS = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

/* What a socket of a family is called and asked for. */
static const struct socket_family {
	int domain, level;
	int ttl, ttl_min; /* of what is sent, of what is taken (RFC 5082) */
	int freebind;	  /* bind to an address that is not there */
	uint8_t version;  /* first half octet of a packet ... */
	uint8_t ttl_at;	  /* ... and the octet of its header that is the TTL or hop limit */
} socket_families[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { AF_INET, IPPROTO_IP, IP_TTL, IP_MINTTL, IP_FREEBIND, 4, 8 },
	[FAMILY_IPV6] = { AF_INET6, IPPROTO_IPV6, IPV6_UNICAST_HOPS, IPV6_MINHOPCOUNT,
			  IPV6_FREEBIND, 6, 7 },
};

/* A place, as the kernel has it. */
struct socket_place {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
	socklen_t len;
};

static struct socket_place place_make(struct addr addr, uint16_t port)
{
	struct socket_place place = { 0 };

	if (addr.family == FAMILY_IPV4) {
		place.in = (struct sockaddr_in){ .sin_family = AF_INET,
						 .sin_port = htons(port),
						 .sin_addr.s_addr = htonl(addr.v4) };
		place.len = sizeof(place.in);
	} else {
		place.in6 =
			(struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port) };
		memcpy(&place.in6.sin6_addr, addr.v6, sizeof(addr.v6));
		place.len = sizeof(place.in6);
	}
	return place;
}

static struct addr place_addr(const struct socket_place *place)
{
	return place->sa.sa_family == AF_INET6 ? addr_make6(place->in6.sin6_addr.s6_addr)
					       : addr_make4(ntohl(place->in.sin_addr.s_addr));
}

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

static int set_key(int fd, struct addr remote, const uint8_t *key, uint8_t key_len)
{
	struct tcp_md5sig sig = { .tcpm_keylen = key_len };
	struct socket_place place = place_make(remote, 0);

	if (key_len > sizeof(sig.tcpm_key))
		return -EINVAL;
	memcpy(&sig.tcpm_addr, &place.sa, place.len);
	if (key_len)
		memcpy(sig.tcpm_key, key, key_len);
	return setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof(sig)) ? -errno : 0;
}

static int prepare(int fd, const struct socket_family *family, uint8_t ttl_min)
{
	int err = set_int(fd, family->level, family->ttl, TRANSPORT_TTL);

	if (!err && ttl_min)
		err = set_int(fd, family->level, family->ttl_min, ttl_min);
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

static int new_socket(const struct socket_family *family)
{
	int fd = socket(family->domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

	return fd < 0 ? -errno : fd;
}

static int set_interface(int fd, const char *interface)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface))
		       ? -errno
		       : 0;
}

/* The address may be away for a moment: a listener outlives that. */
int transport_bind(struct transport *t, const char *interface, struct addr addr, uint16_t port)
{
	const struct socket_family *family = &socket_families[addr.family];
	struct socket_place place = place_make(addr, port);
	int fd = new_socket(family), err;

	if (fd < 0)
		return fd;
	err = set_interface(fd, interface);
	if (!err)
		err = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!err && addr.family == FAMILY_IPV6)
		err = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (!err)
		err = set_int(fd, family->level, family->freebind, 1);
	if (!err)
		err = set_int(fd, family->level, family->ttl, TRANSPORT_TTL);
	if (!err)
		err = set_int(fd, IPPROTO_TCP, TCP_SAVE_SYN, 1);
	if (!err && bind(fd, &place.sa, place.len))
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

struct addr transport_link_local(const char *interface)
{
	uint8_t v6[16] = { 0xfe, 0x80, [11] = 0xff, 0xfe };
	struct ifreq it = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = -1;

	strncpy(it.ifr_name, interface, sizeof(it.ifr_name) - 1);
	if (fd >= 0) {
		err = ioctl(fd, SIOCGIFHWADDR, &it);
		close(fd);
	}
	if (err)
		return addr_make4(0);
	memcpy(&v6[8], it.ifr_hwaddr.sa_data, 3);
	memcpy(&v6[13], it.ifr_hwaddr.sa_data + 3, 3);
	v6[8] ^= 2; /* given by us, or by its maker */
	return addr_make6(v6);
}

int transport_hold(const struct transport *t, const char *interface)
{
	return set_interface(t->fd, interface);
}

int transport_listen(int poller, struct transport *t)
{
	return listen(t->fd, TRANSPORT_BACKLOG) ? -errno : watch(poller, t, t->fd);
}

int transport_listen_key(const struct transport *listener, struct addr remote, const uint8_t *key,
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

int transport_accept(struct transport *listener, struct addr *remote)
{
	struct socket_place place = { .len = sizeof(place.in6) };
	int fd = accept4(listener->fd, &place.sa, &place.len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		int err = -errno;

		if (err == -EAGAIN)
			listener->readable = false;
		/* A connection that died in the queue is no fault of the listener's. */
		return err == -ECONNABORTED || err == -EINTR ? -EAGAIN : err;
	}
	*remote = place_addr(&place);
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
	const struct socket_family *family = &socket_families[transport_local(fd).family];
	uint8_t header[SYN_MAX];
	socklen_t len = sizeof(header);

	if (getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, header, &len))
		return -errno;
	return len > family->ttl_at && header[0] >> 4 == family->version ? header[family->ttl_at]
									 : -ENODATA;
}

int transport_adopt(int poller, struct transport *t, int fd, uint8_t ttl_min)
{
	int err = prepare(fd, &socket_families[transport_local(fd).family], ttl_min);

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
	const struct socket_family *family = &socket_families[target->remote.family];
	struct socket_place remote = place_make(target->remote, target->port);
	struct socket_place local = place_make(target->local, 0);
	int fd = new_socket(family), err;

	if (fd < 0)
		return fd;
	err = set_interface(fd, target->interface);
	if (!err)
		err = prepare(fd, family, target->ttl_min);
	if (!err && target->key_len)
		err = set_key(fd, target->remote, target->key, target->key_len);
	if (!err && !addr_unspecified(target->local) && bind(fd, &local.sa, local.len))
		err = -errno;
	if (!err && connect(fd, &remote.sa, remote.len) && errno != EINPROGRESS)
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

struct addr transport_local(int fd)
{
	struct socket_place place = { .len = sizeof(place.in6) };

	return getsockname(fd, &place.sa, &place.len) ? addr_make4(0) : place_addr(&place);
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
