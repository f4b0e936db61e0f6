/* See http.h. */
#include "http.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "api_source.h"
#include "collector.h"
#include "http_listeners.h"
#include "log.h"
#include "loop.h"
#include "metrics_source.h"
#include "reply.h"
#include "visitors.h"

enum { TURN_MS = 1000, CALL_FD = DESK_POLL_FDS, DAEMON_FD, COLLECTOR_FD, LISTEN_FD };

struct http {
	struct MHD_Daemon *daemon; /* owned */
	struct http_listeners listeners;
	struct visitors visitors;
	struct collector collector;
	struct reply_house house;
	uint64_t look_ms;
	int call;   /* eventfd; owned: others want what follows */
	bool stops; /* atomic */
	pthread_mutex_t lock;
	bool configured; /* under the lock: `wanted` is news */
	struct config_http wanted;
};

static struct MHD_Daemon *daemon_start(struct http *http)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME,
				0, NULL, NULL, reply_handle, &http->house,
				MHD_OPTION_NOTIFY_COMPLETED, reply_completed, NULL,
				MHD_OPTION_NOTIFY_CONNECTION, visitors_notify, &http->visitors,
				MHD_OPTION_CONNECTION_LIMIT, (unsigned int)HTTP_CONNECTIONS,
				MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned int)HTTP_PER_ADDRESS,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_MEMORY,
				MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP,
				1, MHD_OPTION_END);
}

/* Whose path is it? */
static unsigned int route(struct reply *reply, const struct api_request *request)
{
	if (!strcmp(request->path, METRICS_PATH))
		return metrics_route(reply, request);
	return api_route(reply, request);
}

int http_open(const struct config_http *config, const char *instance, struct desk *desk,
	      struct http **out)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http)
		return -ENOMEM;
	http->house = (struct reply_house){
		.desk = desk,
		.collector = &http->collector,
		.router = route,
	};
	pthread_mutex_init(&http->lock, NULL);
	http->call = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	http->daemon = http->call < 0 ? NULL : daemon_start(http);
	if (!http->daemon) {
		if (http->call >= 0)
			close(http->call);
		free(http);
		return -ENOMEM;
	}
	collector_open(&http->collector, desk, instance);
	http->visitors.now_ms = http->house.now_ms = clock_ms();
	http_listeners_set(&http->listeners, config, http->visitors.now_ms);
	*out = http;
	return 0;
}

void http_close(struct http *http)
{
	http_listeners_close(&http->listeners);
	replies_abandon(&http->house);
	MHD_stop_daemon(http->daemon);
	collector_close(&http->collector);
	close(http->call);
	pthread_mutex_destroy(&http->lock);
	free(http);
}

static void call(struct http *http)
{
	const uint64_t one = 1;

	if (write(http->call, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_error("http: eventfd: %s", strerror(errno));
}

void http_stop(struct http *http)
{
	__atomic_store_n(&http->stops, true, __ATOMIC_RELEASE);
	call(http);
}

void http_configure(struct http *http, const struct config_http *config)
{
	pthread_mutex_lock(&http->lock);
	http->wanted = *config;
	http->configured = true;
	pthread_mutex_unlock(&http->lock);
	call(http);
}

/* Somebody has called. */
static void call_take(struct http *http, uint64_t now_ms)
{
	struct config_http wanted;
	uint64_t calls;
	bool configured;

	if (read(http->call, &calls, sizeof(calls)) < 0 && errno != EAGAIN)
		log_error("http: eventfd: %s", strerror(errno));
	pthread_mutex_lock(&http->lock);
	configured = http->configured;
	http->configured = false;
	wanted = http->wanted;
	pthread_mutex_unlock(&http->lock);
	if (configured)
		http_listeners_set(&http->listeners, &wanted, now_ms);
}

/* libmicrohttpd closes it if there are too many. */
static void visitor_take(struct http *http, int listener)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int fd = accept4(listener, (struct sockaddr *)&addr, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		MHD_add_connection(http->daemon, fd, (struct sockaddr *)&addr, len);
}

int http_poll(struct http *http, struct pollfd *fds)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	MHD_UNSIGNED_LONG_LONG wait_ms;

	desk_poll(http->house.desk, fds);
	fds[CALL_FD] = (struct pollfd){ .fd = http->call, .events = POLLIN };
	fds[DAEMON_FD] = (struct pollfd){ .fd = info->epoll_fd, .events = POLLIN };
	fds[COLLECTOR_FD] = collector_poll(&http->collector);
	for (size_t i = 0; i < CONFIG_LISTEN; i++)
		fds[LISTEN_FD + i] = (struct pollfd){
			.fd = i < http->listeners.config.nb_listen ? http->listeners.fd[i] : -1,
			.events = POLLIN,
		};
	if (MHD_get_timeout(http->daemon, &wait_ms) == MHD_YES && wait_ms < TURN_MS)
		return (int)wait_ms;
	return TURN_MS;
}

void http_serve(struct http *http, const struct pollfd *fds, uint64_t now_ms)
{
	http->visitors.now_ms = http->house.now_ms = now_ms;
	if (fds[CALL_FD].revents)
		call_take(http, now_ms);
	for (size_t i = 0; i < CONFIG_LISTEN; i++)
		if (fds[LISTEN_FD + i].revents)
			visitor_take(http, fds[LISTEN_FD + i].fd);
	desk_serve(http->house.desk, now_ms);
	collector_serve(&http->collector, fds[COLLECTOR_FD].revents, now_ms);
	MHD_run(http->daemon);
	if (now_ms < http->look_ms)
		return;
	http->look_ms = now_ms + TURN_MS;
	visitors_look(&http->visitors, now_ms);
	replies_look(&http->house, HTTP_SLOW_MS, HTTP_OCTETS_S);
	http_listeners_look(&http->listeners, now_ms);
}

void http_run(struct http *http)
{
	struct pollfd fds[HTTP_POLL_FDS];

	while (!__atomic_load_n(&http->stops, __ATOMIC_ACQUIRE)) {
		int wait_ms = http_poll(http, fds);

		if (poll(fds, HTTP_POLL_FDS, wait_ms) >= 0)
			http_serve(http, fds, clock_ms());
	}
}
