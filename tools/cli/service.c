/* What operators take out of service and put back: the instance, and peers. */
#include <stdlib.h>
#include <string.h>

#include "ask_control.h"
#include "endpoint.h"
#include "instance.h"
#include "run.h"
#include "transit_wait.h"

enum { TIMEOUT_MAX = 24 * 3600 };

/* --- asking ----------------------------------------------------------------------------------- */

static bool keep_row(void *rows, const json_t *row)
{
	json_array_append_new(rows, json_deep_copy(row));
	return true;
}

/* Do it, and gather the rows of the answer in *rows, a new reference if all went well. */
static enum cli_exit ask(struct cli *cli, const char *command, json_t *arguments, json_t **rows)
{
	enum cli_exit result = instance_settle(cli);
	int fd = result == CLI_OK ? control_connect(cli) : -1;

	if (fd < 0) {
		json_decref(arguments);
		return result == CLI_OK ? CLI_FAILED : result;
	}
	*rows = json_array();
	result = control_ask(cli, fd, command, arguments, keep_row, *rows);
	endpoint_close(fd);
	if (result != CLI_OK)
		json_decref(*rows);
	return result;
}

static void print_json(const struct cli *cli, const json_t *value)
{
	json_dumpf(value, cli->out, JSON_COMPACT);
	fputc('\n', cli->out);
}

static bool is(const json_t *row, const char *field)
{
	return json_is_true(json_object_get(row, field));
}

static const char *text(const json_t *row, const char *field)
{
	const char *value = json_string_value(json_object_get(row, field));

	return value ? value : "";
}

/* --- the instance ----------------------------------------------------------------------------- */

/* False: it is no number of seconds, and that has been said. */
static bool read_timeout(const struct cli *cli, const struct command_args *args,
			 unsigned int *seconds)
{
	const char *given = args->option[OPTION_TIMEOUT];
	char *end;
	unsigned long n;

	*seconds = TRANSIT_WAIT_S;
	if (!given)
		return true;
	n = strtoul(given, &end, 10);
	if (given[0] < '0' || given[0] > '9' || *end || n > TIMEOUT_MAX) {
		cli_fail(cli, "bascule drain --wait --timeout 120",
			 "--timeout %s: allowed are 0..%d seconds", given, TIMEOUT_MAX);
		return false;
	}
	*seconds = (unsigned int)n;
	return true;
}

static void print_moving(const struct cli *cli, const json_t *moving)
{
	const char *port;
	json_t *n;

	fprintf(cli->err, "Packets still pass through %s; in the last %d s there left\n",
		cli->instance, TRANSIT_WINDOW_S);
	json_object_foreach((json_t *)moving, port, n)
	{
		fprintf(cli->err, "  by %s: %" JSON_INTEGER_FORMAT "\n", port,
			json_integer_value(n));
	}
}

/* Wait, and add to the row what has been found. */
static enum cli_exit wait_for_quiet(struct cli *cli, unsigned int seconds, json_t *row)
{
	json_t *moving;
	enum cli_exit result = transit_wait(cli, seconds, &moving);

	if (!moving)
		return CLI_FAILED;
	if (!cli->json && result == CLI_OK)
		fprintf(cli->out, "No packet has passed through %s for %d s.\n", cli->instance,
			TRANSIT_WINDOW_S);
	else if (!cli->json)
		print_moving(cli, moving);
	json_object_set_new(row, "quiet", json_boolean(result == CLI_OK));
	json_object_set_new(row, "moving", moving);
	return result;
}

static enum cli_exit drain_instance(struct cli *cli, bool drained, const unsigned int *seconds)
{
	json_t *rows, *row;
	enum cli_exit result =
		ask(cli, "drain", json_pack("{s:b}", "drained", (int)drained), &rows);

	if (result != CLI_OK)
		return result;
	row = json_array_get(rows, 0);
	if (!cli->json)
		fprintf(cli->out, "%s %s %s.\n", cli->instance,
			is(row, "changed") ? "is now" : "was already",
			drained ? "drained: peers are asked to prefer other paths; what comes all "
				  "the same is forwarded"
				: "in use: peers are asked for nothing any more");
	if (*text(row, "warning"))
		fprintf(cli->err, "warning: %s\n", text(row, "warning"));
	if (seconds)
		result = wait_for_quiet(cli, *seconds, row);
	if (cli->json && row)
		print_json(cli, row);
	json_decref(rows);
	return result;
}

enum cli_exit drain(struct cli *cli, const struct command_args *args)
{
	unsigned int seconds;

	if (args->option[OPTION_TIMEOUT] && !args->option[OPTION_WAIT]) {
		cli_fail(cli, NULL, "--timeout goes with --wait");
		return CLI_USAGE;
	}
	if (!read_timeout(cli, args, &seconds))
		return CLI_USAGE;
	return drain_instance(cli, true, args->option[OPTION_WAIT] ? &seconds : NULL);
}

enum cli_exit undrain(struct cli *cli, const struct command_args *args)
{
	return drain_instance(cli, false, NULL);
}

/* --- peers ------------------------------------------------------------------------------------ */

static void print_reset(const struct cli *cli, const json_t *row)
{
	const char *reason = text(row, "reason");

	if (!is(row, "changed"))
		return; /* the warning says why */
	if (is(row, "closed"))
		fprintf(cli->out, "The session with %s is closed; it is set up anew.\n",
			text(row, "peer"));
	else
		fprintf(cli->out, "There was no session with %s (%s%s%s); it is tried anew.\n",
			text(row, "peer"), text(row, "state"), *reason ? ": " : "", reason);
}

static const struct peer_action {
	const char *name;
	const char *done;
	void (*print)(const struct cli *cli, const json_t *row); /* NULL: what is done */
} peer_actions[] = {
	{ "reset", NULL, print_reset },
	{ "shutdown", "shut down", NULL },
	{ "start", "started", NULL },
	{ "drain", "drained: it is asked to prefer other paths", NULL },
	{ "undrain", "drained no more", NULL },
};

enum { ACTION_RESET, ACTION_SHUTDOWN, ACTION_START, ACTION_DRAIN, ACTION_UNDRAIN };

static enum cli_exit print_peer(const struct cli *cli, const struct peer_action *action,
				const json_t *row)
{
	const char *warning = text(row, "warning");

	if (action->print)
		action->print(cli, row);
	else
		fprintf(cli->out, "%s %s %s.\n", text(row, "peer"),
			is(row, "changed") ? "is now" : "was already", action->done);
	if (*warning)
		fprintf(cli->err, "%s%s: %s\n", is(row, "changed") ? "warning: " : "",
			text(row, "peer"), warning);
	return *warning && !is(row, "changed") ? CLI_FAILED : CLI_OK;
}

/* A document of a row if a peer was named, and of an array if a gateway or all peers were. */
static enum cli_exit print_peers(const struct cli *cli, const struct peer_action *action,
				 const json_t *rows, const char *name)
{
	enum cli_exit result = CLI_OK;
	const json_t *first = json_array_get(rows, 0);
	json_t *row;
	size_t i;

	if (cli->json && !strcmp(text(first, "peer"), name))
		print_json(cli, first);
	else if (cli->json)
		print_json(cli, rows);
	json_array_foreach((json_t *)rows, i, row)
	{
		if (!cli->json && print_peer(cli, action, row) != CLI_OK)
			result = CLI_FAILED;
	}
	return result;
}

static enum cli_exit act_on_peers(struct cli *cli, const struct command_args *args, int what)
{
	const struct peer_action *action = &peer_actions[what];
	const char *name = args->operand[0];
	json_t *arguments = json_pack("{s:s, s:s*}", "action", action->name, "text",
				      what == ACTION_SHUTDOWN ? args->operand[1] : NULL);
	enum cli_exit result;
	json_t *rows;

	if (strcmp(name, COMMAND_ALL))
		json_object_set_new(arguments, "name", json_string(name));
	else
		json_object_set_new(arguments, "all", json_true());
	result = ask(cli, "peer", arguments, &rows);
	if (result != CLI_OK)
		return result;
	result = print_peers(cli, action, rows, name);
	json_decref(rows);
	return result;
}

enum cli_exit peer_shutdown(struct cli *cli, const struct command_args *args)
{
	return act_on_peers(cli, args, ACTION_SHUTDOWN);
}

enum cli_exit peer_start(struct cli *cli, const struct command_args *args)
{
	return act_on_peers(cli, args, ACTION_START);
}

enum cli_exit peer_drain(struct cli *cli, const struct command_args *args)
{
	return act_on_peers(cli, args, ACTION_DRAIN);
}

enum cli_exit peer_undrain(struct cli *cli, const struct command_args *args)
{
	return act_on_peers(cli, args, ACTION_UNDRAIN);
}

/* Its routes alone: the session stays. */
static enum cli_exit reset_softly(struct cli *cli, const struct command_args *args, bool in)
{
	json_t *rows;
	enum cli_exit result =
		ask(cli, "peer reset",
		    json_pack("{s:s, s:s}", "name", args->operand[0], "soft", in ? "in" : "out"),
		    &rows);

	if (result != CLI_OK)
		return result;
	if (cli->json)
		fputs("{}\n", cli->out);
	else
		fprintf(cli->out, "%s\n",
			in ? "Asked for its routes again." : "Sending it our routes again.");
	json_decref(rows);
	return CLI_OK;
}

enum cli_exit peer_reset(struct cli *cli, const struct command_args *args)
{
	bool in = args->option[OPTION_SOFT_IN], out = args->option[OPTION_SOFT_OUT];

	if (in && out) {
		cli_fail(cli, NULL, "--soft-in or --soft-out, not both at once");
		return CLI_USAGE;
	}
	return in || out ? reset_softly(cli, args, in) : act_on_peers(cli, args, ACTION_RESET);
}
