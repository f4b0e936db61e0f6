/* Answers: for people through table.h, for programs as JSON, a row a line, written as they come. */
#include "answer.h"

#include <stdlib.h>

#include "ask_control.h"
#include "endpoint.h"
#include "instance.h"

bool answer_begin(struct answer *answer, const struct cli *cli, const struct answer_kind *kind)
{
	*answer = (struct answer){ .cli = cli, .kind = kind };
	if (cli->json || kind->single)
		return true;
	answer->table = table_new(kind->columns, kind->key, cli->out);
	if (!answer->table)
		cli_fail(cli, NULL, "out of memory");
	return answer->table != NULL;
}

static bool print_json(struct answer *answer, const json_t *row)
{
	FILE *out = answer->cli->out;

	if (!answer->kind->single)
		fputs(answer->nb_rows ? ",\n " : "[\n ", out);
	return !json_dumpf(row, out, JSON_COMPACT) &&
	       (!answer->kind->single || fputc('\n', out) != EOF);
}

bool answer_row(void *ctx, const json_t *row)
{
	struct answer *answer = ctx;
	bool good = true;

	if (answer->cli->json)
		good = print_json(answer, row);
	else if (answer->table)
		good = table_add(answer->table, row);
	else
		table_fields(answer->kind->columns, row, answer->cli->out);
	if (!answer->cli->json && answer->kind->after)
		answer->kind->after(row, answer->cli->out);
	answer->nb_rows++;
	if (!good || ferror(answer->cli->out)) {
		cli_fail(answer->cli, NULL, "the answer cannot be written");
		return false;
	}
	return true;
}

enum cli_exit answer_end(struct answer *answer, enum cli_exit result)
{
	const struct cli *cli = answer->cli;

	if (cli->json && !answer->kind->single)
		fputs(answer->nb_rows ? "\n]\n" : "[]\n", cli->out);
	else if (!cli->json && !answer->nb_rows && result == CLI_OK && answer->kind->none)
		fprintf(cli->out, "%s\n", answer->kind->none);
	else if (answer->table && answer->nb_rows)
		table_end(answer->table);
	table_free(answer->table);
	answer->table = NULL;
	return result;
}

enum cli_exit answer_ask(struct cli *cli, const char *command, json_t *arguments,
			 const struct answer_kind *kind)
{
	struct answer answer;
	enum cli_exit result = instance_settle(cli);
	int fd = result == CLI_OK ? control_connect(cli) : -1;

	if (fd < 0) {
		json_decref(arguments);
		return result == CLI_OK ? CLI_FAILED : result;
	}
	result = CLI_FAILED;
	if (answer_begin(&answer, cli, kind))
		result = answer_end(&answer,
				    control_ask(cli, fd, command, arguments, answer_row, &answer));
	else
		json_decref(arguments);
	endpoint_close(fd);
	return result;
}
