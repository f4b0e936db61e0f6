/* See http_listeners.h. */
#include "http_listeners.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

enum { AGAIN_MS = 1000, BACKLOG = 64, LISTEN_TEXT = ADDR_TEXT + 8 };

static const char *listen_text(const struct config_listen *listen, char *buf)
{
	char addr[ADDR_TEXT];
	bool ipv6 = listen->addr.family == FAMILY_IPV6;

	snprintf(buf, LISTEN_TEXT, ipv6 ? "[%s]:%u" : "%s:%u", addr_text(listen->addr, addr),
		 listen->port);
	return buf;
}

static socklen_t sockaddr_fill(const struct config_listen *listen, struct sockaddr_storage *to)
{
	struct sockaddr_in *ip4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (listen->addr.family == FAMILY_IPV4) {
		ip4->sin_family = AF_INET;
		ip4->sin_port = htons(listen->port);
		ip4->sin_addr.s_addr = htonl(listen->addr.v4);
		return sizeof(*ip4);
	}
	ip6->sin6_family = AF_INET6;
	ip6->sin6_port = htons(listen->port);
	memcpy(&ip6->sin6_addr, listen->addr.v6, sizeof(ip6->sin6_addr));
	return sizeof(*ip6);
}

/* A socket, or -errno. An address that no interface has yet will do: interfaces of ours come and
 * go. */
static int listen_open(const struct config_listen *listen_at)
{
	const int on = 1;
	bool ipv6 = listen_at->addr.family == FAMILY_IPV6;
	struct sockaddr_storage addr;
	socklen_t len = sockaddr_fill(listen_at, &addr);
	int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (ipv6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	setsockopt(fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_FREEBIND : IP_FREEBIND, &on,
		   sizeof(on));
	if (!bind(fd, (struct sockaddr *)&addr, len) && !listen(fd, BACKLOG))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static void listen_try(struct http_listeners *listeners, size_t i, bool says)
{
	const struct config_listen *listen_at = &listeners->config.listen[i];
	char text[LISTEN_TEXT];
	int fd = listen_open(listen_at);

	listeners->fd[i] = fd < 0 ? -1 : fd;
	if (fd < 0 && says)
		log_error("http: cannot listen on %s: %s; tried again every second",
			  listen_text(listen_at, text), strerror(-fd));
	else if (fd >= 0)
		log_info("http: listening on %s", listen_text(listen_at, text));
}

static int *find(struct http_listeners *listeners, const struct config_listen *listen_at)
{
	for (size_t i = 0; i < listeners->config.nb_listen; i++)
		if (listeners->config.listen[i].port == listen_at->port &&
		    addr_equal(listeners->config.listen[i].addr, listen_at->addr))
			return &listeners->fd[i];
	return NULL;
}

void http_listeners_set(struct http_listeners *listeners, const struct config_http *config,
			uint64_t now_ms)
{
	struct http_listeners before = *listeners;

	listeners->config = *config;
	for (size_t i = 0; i < config->nb_listen; i++) {
		int *fd = find(&before, &config->listen[i]);

		listeners->fd[i] = fd ? *fd : -1;
		if (fd)
			*fd = -1;
	}
	http_listeners_close(&before);
	for (size_t i = 0; i < config->nb_listen; i++)
		if (listeners->fd[i] < 0)
			listen_try(listeners, i, true);
	listeners->next_ms = now_ms + AGAIN_MS;
}

void http_listeners_look(struct http_listeners *listeners, uint64_t now_ms)
{
	if (now_ms < listeners->next_ms)
		return;
	listeners->next_ms = now_ms + AGAIN_MS;
	for (size_t i = 0; i < listeners->config.nb_listen; i++)
		if (listeners->fd[i] < 0)
			listen_try(listeners, i, false);
}

void http_listeners_close(struct http_listeners *listeners)
{
	for (size_t i = 0; i < listeners->config.nb_listen; i++)
		if (listeners->fd[i] >= 0)
			close(listeners->fd[i]);
	listeners->config.nb_listen = 0;
}
