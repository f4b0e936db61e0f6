/* The dataplane's counters, looked at twice a second. */
#include "transit_wait.h"

#include <stdint.h>
#include <time.h>

#include "ask_dataplane.h"
#include "endpoint.h"
#include "instance.h"

enum { LOOK_MS = 500, WINDOW_MS = TRANSIT_WINDOW_S * 1000 };

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Packets of one port, or, with -1, of all. Below 0: said. */
static json_int_t transit(const struct cli *cli, int fd, json_int_t port)
{
	json_t *reply, *value;
	json_int_t n = -1;
	char request[64];

	snprintf(request, sizeof(request),
		 port < 0 ? "/bascule/counters" : "/bascule/counters,%" JSON_INTEGER_FORMAT, port);
	reply = telemetry_ask(cli, fd, request);
	if (!reply)
		return -1;
	value = json_object_get(reply, "transit");
	if (json_is_integer(value))
		n = json_integer_value(value);
	else
		cli_fail(cli, NULL, "dataplane of %s does not count what passes through",
			 cli->instance);
	json_decref(reply);
	return n;
}

/* {name: packets} of all ports, those of `before` taken off. NULL: said. */
static json_t *by_port(const struct cli *cli, int fd, const json_t *before)
{
	json_t *ports = telemetry_ask(cli, fd, "/bascule/ports"), *port, *counts;
	const char *key;

	if (!ports)
		return NULL;
	counts = json_object();
	json_object_foreach(ports, key, port)
	{
		const char *name = json_string_value(json_object_get(port, "name"));
		json_int_t n = transit(cli, fd, json_integer_value(json_object_get(port, "id")));

		if (n < 0) {
			json_decref(counts);
			counts = NULL;
			break;
		}
		n -= json_integer_value(json_object_get(before, name));
		if (name && (n || !before))
			json_object_set_new(counts, name, json_integer(n));
	}
	json_decref(ports);
	return counts;
}

/* One window: does nothing pass by its end? 1, 0, or -1: said. It ends early if something does. */
static int window_quiet(const struct cli *cli, int fd, uint64_t until_ms)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000l };
	uint64_t begin = now_ms();
	json_int_t first = transit(cli, fd, -1), n = first;

	while (n >= 0 && n == first && now_ms() - begin < WINDOW_MS) {
		if (now_ms() >= until_ms)
			return 0;
		nanosleep(&pause, NULL);
		n = transit(cli, fd, -1);
	}
	return n < 0 ? -1 : n == first;
}

/* It has taken too long: what passed in one more window, by port. */
static enum cli_exit tell(const struct cli *cli, int fd, json_t **moving)
{
	const struct timespec window = { .tv_sec = TRANSIT_WINDOW_S };
	json_t *before = by_port(cli, fd, NULL);

	if (!before)
		return CLI_FAILED;
	nanosleep(&window, NULL);
	*moving = by_port(cli, fd, before);
	json_decref(before);
	return *moving && !json_object_size(*moving) ? CLI_OK : CLI_FAILED;
}

enum cli_exit transit_wait(struct cli *cli, unsigned int seconds, json_t **moving)
{
	uint64_t until_ms = now_ms() + seconds * 1000ull;
	enum cli_exit result = instance_settle(cli);
	int fd = result == CLI_OK ? telemetry_connect(cli) : -1, quiet = 0;

	*moving = NULL;
	if (fd < 0)
		return CLI_FAILED;
	while (!quiet && now_ms() < until_ms)
		quiet = window_quiet(cli, fd, until_ms);
	if (quiet > 0)
		*moving = json_object();
	result = quiet > 0 ? CLI_OK : quiet < 0 ? CLI_FAILED : tell(cli, fd, moving);
	endpoint_close(fd);
	return result;
}
