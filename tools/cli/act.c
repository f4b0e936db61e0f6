/* What changes something: the switch, the configuration. Each says what has become of it; see
 * service.c for peers and draining. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "ask_control.h"
#include "endpoint.h"
#include "instance.h"
#include "run.h"

/* Rows of an action: kept, because what is said for people depends on them all. */
struct outcome {
	bool complaints; /* a configuration file was refused */
	json_t *row;	 /* the last one; NULL: none */
	const struct cli *cli;
};

static bool outcome_row(void *ctx, const json_t *row)
{
	struct outcome *outcome = ctx;
	const char *complaint = json_string_value(json_object_get(row, "complaint"));

	if (complaint) {
		outcome->complaints = true;
		fprintf(outcome->cli->err, "%s\n", complaint);
		return true;
	}
	json_decref(outcome->row);
	outcome->row = json_deep_copy(row);
	return true;
}

/* Do it. On success *row is a new reference to what was answered ({} if nothing was), and in JSON
 * it has been printed. */
static enum cli_exit act(struct cli *cli, const char *command, json_t *arguments, json_t **row)
{
	struct outcome outcome = { .cli = cli };
	enum cli_exit result = instance_settle(cli);
	int fd = result == CLI_OK ? control_connect(cli) : -1;

	if (fd < 0) {
		json_decref(arguments);
		return result == CLI_OK ? CLI_FAILED : result;
	}
	result = control_ask(cli, fd, command, arguments, outcome_row, &outcome);
	endpoint_close(fd);
	*row = outcome.row ? outcome.row : json_object();
	if (result == CLI_OK && cli->json) {
		json_dumpf(*row, cli->out, JSON_COMPACT);
		fputc('\n', cli->out);
	}
	if (result != CLI_OK)
		json_decref(*row);
	return outcome.complaints ? CLI_USAGE : result;
}

/* --- exchange --------------------------------------------------------------------------------- */

static enum cli_exit exchange(struct cli *cli, bool enable)
{
	json_t *row;
	enum cli_exit result = act(cli, "exchange", json_pack("{s:b}", "enable", enable), &row);

	if (result != CLI_OK)
		return result;
	if (!cli->json)
		fprintf(cli->out, "Route exchange of %s %s %s.\n", cli->instance,
			json_is_false(json_object_get(row, "changed")) ? "was already" : "is now",
			enable ? "on: branches learn each other's routes"
			       : "off: no transit between branches");
	if (json_object_get(row, "warning"))
		fprintf(cli->err, "warning: %s\n",
			json_string_value(json_object_get(row, "warning")));
	json_decref(row);
	return CLI_OK;
}

enum cli_exit exchange_enable(struct cli *cli, const struct command_args *args)
{
	return exchange(cli, true);
}

enum cli_exit exchange_disable(struct cli *cli, const struct command_args *args)
{
	return exchange(cli, false);
}

/* --- reload ----------------------------------------------------------------------------------- */

static void print_list(const json_t *row, const char *field, const char *title, FILE *out)
{
	char buf[CELL_TEXT];

	if (json_array_size(json_object_get(row, field)))
		fprintf(out, "  %s: %s\n", title, cell_list(row, field, buf));
}

enum cli_exit reload(struct cli *cli, const struct command_args *args)
{
	json_t *row, *warning;
	json_t *force = args->option[OPTION_FORCE] ? json_pack("{s:b}", "force", 1) : NULL;
	enum cli_exit result = act(cli, "reload", force, &row);
	size_t i;

	if (result != CLI_OK)
		return result;
	if (!cli->json) {
		fprintf(cli->out, "The configuration of %s is applied.\n", cli->instance);
		print_list(row, "added", "peers added", cli->out);
		print_list(row, "removed", "peers removed", cli->out);
		print_list(row, "changed", "peers changed", cli->out);
		if (json_is_true(json_object_get(row, "vnet_changed")))
			fputs("  VNet prefixes changed\n", cli->out);
		if (json_is_true(json_object_get(row, "exchange_changed")))
			fputs("  route exchange changed\n", cli->out);
		if (json_is_true(json_object_get(row, "http_changed")))
			fputs("  HTTP changed\n", cli->out);
		json_array_foreach(json_object_get(row, "warnings"), i, warning)
			fprintf(cli->err, "warning: %s\n", json_string_value(warning));
	}
	json_decref(row);
	return CLI_OK;
}
