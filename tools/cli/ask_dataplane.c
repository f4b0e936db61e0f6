/* The client of the telemetry socket: packets of JSON, a greeting first, then a reply to each
 * request. */
#include "ask_dataplane.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "config.h"
#include "endpoint.h"

enum { SILENCE_MS = 10 * 1000, REPLY_MAX = 64 << 10 };

/* One packet as JSON; NULL: said. */
static json_t *receive(const struct cli *cli, int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char text[REPLY_MAX];
	json_t *json;
	ssize_t n;

	do
		n = poll(&poll_fd, 1, SILENCE_MS);
	while (n < 0 && errno == EINTR);
	if (n == 0) {
		cli_fail(cli, NULL, "dataplane of %s has not answered for %d s", cli->instance,
			 SILENCE_MS / 1000);
		return NULL;
	}
	n = n < 0 ? n : recv(fd, text, sizeof(text), 0);
	if (n <= 0) {
		cli_fail(cli, NULL, "dataplane of %s: %s", cli->instance,
			 n ? strerror(errno) : "the connection was closed");
		return NULL;
	}
	json = json_loadb(text, (size_t)n, JSON_DISABLE_EOF_CHECK, NULL);
	if (!json)
		cli_fail(cli,
			 "bascule and bascule-dataplane should be of one version; see bascule "
			 "--version",
			 "dataplane of %s answered what is no JSON", cli->instance);
	return json;
}

bool telemetry_greeted(const struct cli *cli, int fd)
{
	json_t *greeting = receive(cli, fd);

	json_decref(greeting);
	return greeting != NULL;
}

json_t *telemetry_ask(const struct cli *cli, int fd, const char *request)
{
	char command[64];
	json_t *reply, *data;

	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
		cli_fail(cli, NULL, "dataplane of %s took no question: %s", cli->instance,
			 strerror(errno));
		return NULL;
	}
	reply = receive(cli, fd);
	if (!reply)
		return NULL;
	snprintf(command, sizeof(command), "%.*s", (int)strcspn(request, ","), request);
	data = json_incref(json_object_get(reply, command));
	if (!data)
		cli_fail(cli, NULL, "dataplane of %s answered something else than %s",
			 cli->instance, command);
	json_decref(reply);
	return data;
}

int telemetry_connect(const struct cli *cli)
{
	int fd = endpoint_dataplane(cli->instance);

	if (fd == -ENOENT || fd == -ECONNREFUSED) {
		cli_fail(cli,
			 "start it: bascule-dataplane --config FILE, or systemctl start "
			 "bascule-dataplane@NAME",
			 "dataplane of %s is not running", cli->instance);
	} else if (fd < 0) {
		cli_fail(cli,
			 fd == -EACCES
				 ? "run bascule as root, or as a member of group " CONFIG_GROUP_SHOW
				 : NULL,
			 "dataplane of %s cannot be reached: %s", cli->instance, strerror(-fd));
	} else if (!telemetry_greeted(cli, fd)) {
		endpoint_close(fd);
		return -1;
	}
	return fd;
}
