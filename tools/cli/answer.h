/* An answer on its way to the reader: rows come in, a table or a JSON document goes out. The
 * document of a command is an array of its rows, or the row itself where there can be but one. */
#ifndef BASCULE_CLI_ANSWER_H
#define BASCULE_CLI_ANSWER_H

#include <jansson.h>

#include "cli.h"
#include "table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How rows of one kind look. */
struct answer_kind {
	const struct column *columns;
	table_key_fn *key; /* what a short table is sorted by; NULL: the order in which rows come */
	bool single;	   /* at most one row: its fields, one a line */
	const char *none;  /* what people are shown if there is no row */
	/* single, for people: what fields cannot show; may be NULL */
	void (*after)(const json_t *row, FILE *out);
};

struct answer {
	const struct cli *cli;
	const struct answer_kind *kind;
	struct table *table; /* owned; NULL for JSON and single rows */
	size_t nb_rows;
};

/* False: no memory, said on cli->err. */
bool answer_begin(struct answer *answer, const struct cli *cli, const struct answer_kind *kind);
/* A control_row_fn; `answer` is a struct answer. */
bool answer_row(void *answer, const json_t *row);
/* `result` of the asking; what could not be asked to the end is still a whole document, and its
 * exit code says so. */
enum cli_exit answer_end(struct answer *answer, enum cli_exit result);

/* Ask control of cli's instance for rows of one kind, and print them. Takes the reference to
 * `arguments` (NULL: none). */
enum cli_exit answer_ask(struct cli *cli, const char *command, json_t *arguments,
			 const struct answer_kind *kind);

#ifdef __cplusplus
}
#endif
#endif
