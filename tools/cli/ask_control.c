/* The client of the management socket. Rows are handed on as they come; nothing is kept but the
 * line at hand. */
#include "ask_control.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "config.h"
#include "endpoint.h"

enum {
	SILENCE_MS = 30 * 1000, /* an answer whose next octets take longer will not come */
	LINE_MAX_OCTETS = 1 << 20,
	READ_OCTETS = 64 << 10,
};

int control_connect(const struct cli *cli)
{
	int fd = endpoint_control(cli->instance);

	if (fd == -ENOENT || fd == -ECONNREFUSED)
		cli_fail(cli,
			 "start it: bascule-control --config FILE, or systemctl start "
			 "bascule-control@NAME",
			 "control of %s is not running", cli->instance);
	else if (fd < 0)
		cli_fail(
			cli,
			fd == -EACCES
				? "run bascule as root, or as a member of group " CONFIG_GROUP_STEER
				  ", or of " CONFIG_GROUP_SHOW " to look only"
				: NULL,
			"control of %s cannot be reached: %s", cli->instance, strerror(-fd));
	return fd;
}

static bool send_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

static bool send_request(int fd, const char *command, json_t *arguments)
{
	json_t *request = json_pack("{s:s, s:o}", "command", command, "arguments",
				    arguments ? arguments : json_object());
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	bool sent = text && send_all(fd, text, strlen(text)) && send_all(fd, "\n", 1);

	free(text);
	json_decref(request);
	return sent;
}

/* The lines of an answer. */
struct lines {
	int fd;
	char *buf; /* owned: [pos, len) is not handed out yet */
	size_t pos, len, size;
};

/* Read more behind what there is. 0, or -errno; -EPIPE: the other side has closed. */
static int lines_fill(struct lines *lines)
{
	struct pollfd poll_fd = { .fd = lines->fd, .events = POLLIN };
	ssize_t n;

	if (lines->pos) /* there is a buffer, then */
		memmove(lines->buf, lines->buf + lines->pos, lines->len - lines->pos);
	lines->len -= lines->pos;
	lines->pos = 0;
	if (lines->size - lines->len < READ_OCTETS) {
		char *bigger = lines->size >= LINE_MAX_OCTETS
				       ? NULL
				       : realloc(lines->buf, lines->size + READ_OCTETS);

		if (!bigger)
			return lines->size >= LINE_MAX_OCTETS ? -EMSGSIZE : -ENOMEM;
		lines->buf = bigger;
		lines->size += READ_OCTETS;
	}
	do
		n = poll(&poll_fd, 1, SILENCE_MS);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n ? -errno : -ETIMEDOUT;
	n = recv(lines->fd, lines->buf + lines->len, lines->size - lines->len, 0);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	lines->len += (size_t)n;
	return n ? 0 : -EPIPE;
}

/* The next line without its end, borrowed until the next call; NULL with *err. */
static char *lines_next(struct lines *lines, int *err)
{
	size_t seen = lines->pos;
	char *end;

	while (!(end = seen < lines->len ? memchr(lines->buf + seen, '\n', lines->len - seen)
					 : NULL)) {
		seen = lines->len - lines->pos; /* lines_fill() moves the rest to the front */
		*err = lines_fill(lines);
		if (*err)
			return NULL;
	}
	*end = '\0';
	char *line = lines->buf + lines->pos;

	lines->pos = (size_t)(end + 1 - lines->buf);
	return line;
}

enum answer_state { ANSWER_MORE, ANSWER_END, ANSWER_FAILED };

static void tell_left(const struct cli *cli, json_int_t left)
{
	if (left)
		fprintf(cli->err, "and %lld more; --count says how many there are of which kind\n",
			(long long)left);
}

/* One line of an answer. */
static enum answer_state answer_line(const struct cli *cli, const char *line,
				     control_row_fn *on_row, void *ctx)
{
	enum answer_state answer = ANSWER_MORE;
	json_t *json = json_loads(line, 0, NULL);
	const char *error = json_string_value(json_object_get(json, "error"));

	if (error) {
		cli_fail(cli, json_string_value(json_object_get(json, "hint")), "%s", error);
		answer = ANSWER_FAILED;
	} else if (json_is_object(json_object_get(json, "row"))) {
		if (!on_row(ctx, json_object_get(json, "row")))
			answer = ANSWER_FAILED;
	} else if (json_is_true(json_object_get(json, "end"))) {
		answer = ANSWER_END;
		tell_left(cli, json_integer_value(json_object_get(json, "left")));
	} else {
		cli_fail(cli,
			 "bascule and bascule-control should be of one version; see show summary, "
			 "--version",
			 "control of %s answered what is no answer: %.80s", cli->instance, line);
		answer = ANSWER_FAILED;
	}
	json_decref(json);
	return answer;
}

enum cli_exit control_ask(const struct cli *cli, int fd, const char *command, json_t *arguments,
			  control_row_fn *on_row, void *ctx)
{
	struct lines lines = { .fd = fd };
	enum answer_state answer = ANSWER_MORE;
	int err = 0;

	if (!send_request(fd, command, arguments))
		return cli_fail(cli, NULL, "control of %s took no question: %s", cli->instance,
				strerror(errno));
	while (answer == ANSWER_MORE) {
		char *line = lines_next(&lines, &err);

		if (!line)
			break;
		answer = answer_line(cli, line, on_row, ctx);
	}
	free(lines.buf);
	if (err == -EPIPE)
		return cli_fail(
			cli, "see its log: journalctl -u 'bascule-control@*'",
			"control of %s closed the connection before its answer was complete",
			cli->instance);
	if (err == -ETIMEDOUT)
		return cli_fail(cli, "see its log: journalctl -u 'bascule-control@*'",
				"control of %s has not answered for %d s", cli->instance,
				SILENCE_MS / 1000);
	if (err)
		return cli_fail(cli, NULL, "control of %s: %s", cli->instance, strerror(-err));
	return answer == ANSWER_END ? CLI_OK : CLI_FAILED;
}
