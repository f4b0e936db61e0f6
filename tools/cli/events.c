/* The log of events: all there are, and with --follow each as it happens. Following asks again and
 * again for what has come behind the last one shown: control remembers nothing of a follower and
 * waits for none. */
#include <poll.h>

#include "answer.h"
#include "ask_control.h"
#include "endpoint.h"
#include "instance.h"
#include "run.h"

enum { FOLLOW_MS = 250 }; /* between two questions */

static const struct column columns[] = {
	{ "TIME", "time", cell_text },
	{ "KIND", "kind", cell_text },
	{ "PEER", "peer", cell_text },
	{ "EVENT", "text", cell_text },
	{ NULL },
};

struct follower {
	const struct cli *cli;
	json_int_t last; /* number of the last event shown */
};

/* A line an event, at once: with columns as wide as most names are. */
static bool follow_row(void *ctx, const json_t *row)
{
	struct follower *f = ctx;
	FILE *out = f->cli->out;
	char time[CELL_TEXT], kind[CELL_TEXT], peer[CELL_TEXT], text[CELL_TEXT];

	f->last = json_integer_value(json_object_get(row, "number"));
	if (f->cli->json) {
		json_dumpf(row, out, JSON_COMPACT);
		fputc('\n', out);
	} else {
		fprintf(out, "%-24s  %-14s  %-16s  %s\n", cell_text(row, "time", time),
			cell_text(row, "kind", kind), cell_text(row, "peer", peer),
			cell_text(row, "text", text));
	}
	return !ferror(out);
}

/* Until it is interrupted, or control or the reader of our output goes away. */
static enum cli_exit follow(const struct cli *cli, int fd)
{
	struct follower f = { .cli = cli };
	enum cli_exit result;

	do {
		result = control_ask(cli, fd, "show events", json_pack("{s:I}", "after", f.last),
				     follow_row, &f);
		if (fflush(cli->out))
			return cli_fail(cli, NULL, "the events cannot be written");
		poll(NULL, 0, FOLLOW_MS);
	} while (result == CLI_OK);
	return result;
}

enum cli_exit show_events(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind kind = { .columns = columns, .none = "Nothing yet." };
	struct answer answer;
	enum cli_exit result = instance_settle(cli);
	int fd;

	if (result != CLI_OK)
		return result;
	fd = control_connect(cli);
	if (fd < 0)
		return CLI_FAILED;
	if (args->option[OPTION_FOLLOW])
		result = follow(cli, fd);
	else if (answer_begin(&answer, cli, &kind))
		result = answer_end(&answer,
				    control_ask(cli, fd, "show events", NULL, answer_row, &answer));
	else
		result = CLI_FAILED;
	endpoint_close(fd);
	return result;
}
