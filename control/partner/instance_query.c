/* Two questions, sent at once; rows are taken as their lines come. */
#include "instance_query.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unix_socket.h"

enum {
	QUESTIONS = 2,
	READ_OCTETS = 64 << 10, /* a turn */
	LINE_MAX_OCTETS = 1 << 20,
};

static const char questions[] = "{\"command\":\"show summary\"}\n{\"command\":\"show peers\"}\n";

static void stop(struct instance_query *look)
{
	if (look->fd >= 0)
		close(look->fd);
	look->fd = -1;
	free(look->in);
	look->in = NULL;
	look->in_len = look->in_size = 0;
}

__attribute__((format(printf, 2, 3))) static void fail(struct instance_query *look, const char *fmt,
						       ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(look->error, sizeof(look->error), fmt, args);
	va_end(args);
	stop(look);
}

/* --- rows ------------------------------------------------------------------------------------- */

/* Text that is missing, or longer than there can be, is empty. */
static void take_text(const json_t *row, const char *field, char *to, size_t size)
{
	const char *text = json_string_value(json_object_get(row, field));

	snprintf(to, size, "%s", text && strlen(text) < size ? text : "");
}

static uint32_t take_number(const json_t *row, const char *field)
{
	return (uint32_t)json_integer_value(json_object_get(row, field));
}

static uint32_t take_router_id(const json_t *row)
{
	const char *text = json_string_value(json_object_get(row, "router_id"));
	uint32_t id;

	return text && addr4_parse(text, &id) ? id : 0;
}

static void take_summary(struct instance_query *look, const json_t *row)
{
	take_text(row, "instance", look->instance, sizeof(look->instance));
	take_text(row, "routing_preference", look->preference, sizeof(look->preference));
	take_text(row, "nva_to_nva", look->nva_to_nva, sizeof(look->nva_to_nva));
	look->asn = take_number(row, "asn");
	look->router_id = take_router_id(row);
	look->exchange = json_is_true(json_object_get(row, "exchange"));
	look->settled = json_is_true(json_object_get(row, "settled"));
}

static void take_peer(struct instance_query *look, const json_t *row)
{
	const char *digest = json_string_value(json_object_get(row, "digest"));
	const char *text = json_string_value(json_object_get(row, "address"));
	struct instance_query_peer *peer = &look->peers[look->nb_peers];
	const char *zone; /* the name of a port, which need not be the same at both */
	struct addr addr;

	if (!text || !addr_zone_parse(text, &addr, &zone) || addr_unspecified(addr))
		return; /* of a subnet, and has not come yet */
	if (look->nb_peers == CONFIG_PEERS) {
		fail(look, "it tells of more than %d peers", CONFIG_PEERS);
		return;
	}
	look->nb_peers++;
	*peer = (struct instance_query_peer){
		.addr = addr,
		.complete = json_is_true(json_object_get(row, "complete")),
		.learned = take_number(row, "learned"),
		.digest = digest ? strtoull(digest, NULL, 16) : 0,
	};
	take_text(row, "name", peer->name, sizeof(peer->name));
	take_text(row, "state", peer->state, sizeof(peer->state));
	peer->up = !strcmp(peer->state, "Established");
}

static int by_address(const void *a, const void *b)
{
	const struct instance_query_peer *x = a, *y = b;
	int order = addr_compare(x->addr, y->addr);

	return order ? order
		     : strcmp(x->name, y->name); /* links may have the same link-local one */
}

static void take_end(struct instance_query *look)
{
	if (++look->answers < QUESTIONS)
		return;
	qsort(look->peers, look->nb_peers, sizeof(*look->peers), by_address);
	stop(look);
}

static void take_line(struct instance_query *look, const char *line, size_t len)
{
	json_t *json = json_loadb(line, len, 0, NULL);
	const json_t *row = json_object_get(json, "row");
	const char *error = json_string_value(json_object_get(json, "error"));

	if (row && !look->answers)
		take_summary(look, row);
	else if (row)
		take_peer(look, row);
	else if (json_is_true(json_object_get(json, "end")))
		take_end(look);
	else
		fail(look, "it refuses: %.60s", error ? error : "not an answer");
	json_decref(json);
}

/* --- the connection --------------------------------------------------------------------------- */

void instance_query_begin(struct instance_query *look, const char *path, uint64_t now_ms)
{
	look->until_ms = now_ms + LOOK_MS;
	look->fd = unix_socket_connect(path, SOCK_STREAM | SOCK_NONBLOCK);
	if (look->fd < 0) {
		fail(look, "%s", strerror(-look->fd));
		return;
	}
	look->peers = calloc(CONFIG_PEERS, sizeof(*look->peers));
	if (!look->peers)
		fail(look, "no memory");
	else if (send(look->fd, questions, sizeof(questions) - 1, MSG_NOSIGNAL) !=
		 (ssize_t)sizeof(questions) - 1)
		fail(look, "it takes no question");
}

bool instance_query_done(const struct instance_query *look)
{
	return look->fd < 0;
}

struct pollfd instance_query_poll(const struct instance_query *look)
{
	return (struct pollfd){ .fd = look->fd, .events = POLLIN };
}

/* Room for one more read. */
static bool make_room(struct instance_query *look)
{
	char *bigger;

	if (look->in_size - look->in_len >= READ_OCTETS)
		return true;
	if (look->in_len >= LINE_MAX_OCTETS) {
		fail(look, "its answer has no end");
		return false;
	}
	bigger = realloc(look->in, look->in_len + READ_OCTETS);
	if (!bigger) {
		fail(look, "no memory");
		return false;
	}
	look->in = bigger;
	look->in_size = look->in_len + READ_OCTETS;
	return true;
}

/* Whole lines; what is left of the last one moves to the front. */
static void take_lines(struct instance_query *look)
{
	size_t at = 0;
	char *end;

	while (look->fd >= 0 && (end = memchr(look->in + at, '\n', look->in_len - at))) {
		size_t len = (size_t)(end - look->in) - at;

		take_line(look, look->in + at, len);
		at += len + 1;
	}
	if (look->fd < 0)
		return;
	look->in_len -= at;
	memmove(look->in, look->in + at, look->in_len);
}

void instance_query_serve(struct instance_query *look, short revents, uint64_t now_ms)
{
	ssize_t n;

	if (instance_query_done(look))
		return;
	if (now_ms >= look->until_ms) {
		fail(look, "no answer within %d s", LOOK_MS / 1000);
		return;
	}
	if (!revents || !make_room(look))
		return;
	n = recv(look->fd, look->in + look->in_len, READ_OCTETS, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		fail(look, "%s", n ? strerror(errno) : "it closed the connection");
		return;
	}
	look->in_len += (size_t)n;
	take_lines(look);
}

void instance_query_release(struct instance_query *look)
{
	if (look->until_ms) /* has begun */
		stop(look);
	free(look->peers);
	*look = (struct instance_query){ .fd = -1 };
}
