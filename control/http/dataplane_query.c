/* See dataplane_query.h. Packets of JSON: a greeting first, then a reply to each question, under
 * the question's name. */
#include "dataplane_query.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unix_socket.h"

enum { REPLY_MAX = 64 << 10 };
enum query_step { STEP_PORTS, STEP_HEAP, STEP_COUNTERS };

static void stop(struct dataplane_query *query, bool whole)
{
	if (query->fd >= 0)
		close(query->fd);
	query->fd = -1;
	if (whole)
		return;
	json_decref(query->answers);
	query->answers = NULL;
}

/* The port that counters are asked of now; NULL: none is left. */
static const json_t *port_now(const struct dataplane_query *query)
{
	char name[16];

	snprintf(name, sizeof(name), "port_%u", query->port);
	return json_object_get(json_object_get(query->answers, "ports"), name);
}

/* Send the next question; without one it is through. */
static void ask(struct dataplane_query *query)
{
	switch ((enum query_step)query->step) {
	case STEP_PORTS: snprintf(query->question, DATAPLANE_QUESTION, "/bascule/ports"); break;
	case STEP_HEAP: snprintf(query->question, DATAPLANE_QUESTION, "/eal/heap_info,0"); break;
	case STEP_COUNTERS:
		if (!port_now(query)) {
			stop(query, true);
			return;
		}
		snprintf(query->question, DATAPLANE_QUESTION, "/bascule/counters,%u", query->port);
	}
	if (send(query->fd, query->question, strlen(query->question), MSG_NOSIGNAL) < 0)
		stop(query, false);
}

/* Keep an answer (a new reference) where it belongs, and go on. */
static void take(struct dataplane_query *query, json_t *answer)
{
	const char *name;

	switch ((enum query_step)query->step) {
	case STEP_PORTS:
		json_object_set_new(query->answers, "ports", answer);
		query->step = STEP_HEAP;
		break;
	case STEP_HEAP:
		json_object_set_new(query->answers, "heap", answer);
		json_object_set_new(query->answers, "counters", json_object());
		query->step = STEP_COUNTERS;
		break;
	case STEP_COUNTERS:
		name = json_string_value(json_object_get(port_now(query), "name"));
		json_object_set_new(json_object_get(query->answers, "counters"), name ? name : "",
				    answer);
		query->port++;
	}
	ask(query);
}

static void take_packet(struct dataplane_query *query, const char *text, size_t len)
{
	json_t *json = json_loadb(text, len, JSON_DISABLE_EOF_CHECK, NULL), *answer;

	query->question[strcspn(query->question, ",")] = '\0';
	answer = json_incref(json_object_get(json, query->question));
	json_decref(json);
	if (!json_is_object(answer)) { /* null: it refuses */
		json_decref(answer);
		stop(query, false);
		return;
	}
	take(query, answer);
}

void dataplane_query_begin(struct dataplane_query *query, const char *path, uint64_t now_ms)
{
	*query = (struct dataplane_query){ .until_ms = now_ms + DATAPLANE_QUERY_MS };
	query->fd = unix_socket_connect(path, SOCK_SEQPACKET | SOCK_NONBLOCK);
	query->answers = json_object();
	if (query->fd < 0 || !query->answers)
		stop(query, false);
}

void dataplane_query_serve(struct dataplane_query *query, short revents, uint64_t now_ms)
{
	static char text[REPLY_MAX]; /* of the one thread */
	ssize_t n;

	if (dataplane_query_done(query))
		return;
	if (now_ms >= query->until_ms) {
		stop(query, false);
		return;
	}
	if (!revents)
		return;
	n = recv(query->fd, text, sizeof(text), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		stop(query, false);
	else if (query->greeted)
		take_packet(query, text, (size_t)n);
	else
		ask(query);
	query->greeted = true;
}

json_t *dataplane_query_take(struct dataplane_query *query)
{
	json_t *answers;

	if (query->fd >= 0)
		stop(query, false);
	answers = query->answers;
	query->answers = NULL;
	return answers;
}
