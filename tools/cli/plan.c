/* What moving the route exchange switch would change, before it is moved. Rows come in sections,
 * each a table of its own. */
#include <string.h>

#include "answer.h"
#include "ask_control.h"
#include "endpoint.h"
#include "instance.h"
#include "run.h"

/* --- how it looks ----------------------------------------------------------------------------- */

static const char *cell_note(const json_t *row, const char *field, char *buf)
{
	if (json_is_false(json_object_get(row, "up")))
		return "not up: nothing is announced";
	if (json_is_false(json_object_get(row, field)))
		return "no part in route exchange (unsupported)";
	return "";
}

static const char *cell_for(const json_t *row, const char *field, char *buf)
{
	char view[CELL_TEXT];

	if (json_object_get(row, field))
		return cell_text(row, field, buf);
	snprintf(buf, CELL_TEXT, "view of %.60s", cell_text(row, "view", view));
	return buf;
}

static const char *cell_reason(const json_t *row, const char *field, char *buf)
{
	char reason[CELL_TEXT];

	if (!json_is_true(json_object_get(row, "ecmp")))
		return cell_text(row, field, buf);
	snprintf(buf, CELL_TEXT, "both are used; announced: %.60s", cell_text(row, field, reason));
	return buf;
}

static const struct column peer_columns[] = {
	{ "PEER", "name", cell_text },
	{ "ROLE", "role", cell_text },
	{ "FAMILY", "family", cell_text },
	{ "ANNOUNCED", "announced", cell_text, true },
	{ "REPLACED", "replaced", cell_text, true },
	{ "WITHDRAWN", "withdrawn", cell_text, true },
	{ "AS BACKUP", "backups", cell_text, true },
	{ " ", "supported", cell_note },
	{ NULL },
};

static const struct column view_columns[] = {
	{ "VIEW", "view", cell_text },
	{ "FAMILY", "family", cell_text },
	{ "GAINED", "gained", cell_text, true },
	{ "LOST", "lost", cell_text, true },
	{ "OTHER NEXT HOPS", "next_hops_changed", cell_text, true },
	{ NULL },
};

static const struct column conflict_columns[] = {
	{ "SHARED PREFIX", "prefix", cell_text }, { "IN VIEWS OF", "views", cell_list },
	{ "WINS", "winner", cell_text },	  { "ROLE", "winner_role", cell_text },
	{ "LOSES", "loser", cell_text },	  { "ROLE", "loser_role", cell_text },
	{ "BY", "reason", cell_reason },	  { NULL },
};

static const char *cell_change(const json_t *row, const char *field, char *buf)
{
	char change[CELL_TEXT];

	if (!json_is_true(json_object_get(row, "backup")))
		return cell_text(row, field, buf);
	snprintf(buf, CELL_TEXT, "%.60s as backup", cell_text(row, field, change));
	return buf;
}

static const struct column route_columns[] = {
	{ "PREFIX", "prefix", cell_text },
	{ "FOR", "peer", cell_for },
	{ "CHANGE", "change", cell_change },
	{ NULL },
};

/* --- sections --------------------------------------------------------------------------------- */

struct sections {
	const struct cli *cli;
	char what[16];	      /* the section that is open */
	struct table *table;  /* owned; NULL: it has none */
	json_int_t conflicts; /* not shown yet */
};

static void section_end(struct sections *s)
{
	if (s->table)
		table_end(s->table);
	table_free(s->table);
	s->table = NULL;
	if (!strcmp(s->what, "conflict") && s->conflicts > 0)
		fprintf(s->cli->out, "and %" JSON_INTEGER_FORMAT " more: --prefixes\n",
			s->conflicts);
}

/* False: no memory. */
static bool section_begin(struct sections *s, const char *what)
{
	static const struct {
		const char *what;
		const struct column *columns;
		table_key_fn *key;
	} tables[] = {
		{ "peer", peer_columns, NULL },
		{ "view", view_columns, NULL },
		{ "conflict", conflict_columns, NULL },
		{ "route", route_columns, table_key_prefix },
	};

	section_end(s);
	if (s->what[0])
		fputc('\n', s->cli->out);
	snprintf(s->what, sizeof(s->what), "%s", what);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (strcmp(tables[i].what, what))
			continue;
		s->table = table_new(tables[i].columns, tables[i].key, s->cli->out);
		return s->table;
	}
	return true;
}

static void print_switch(const struct cli *cli, const json_t *row)
{
	bool enable = json_is_true(json_object_get(row, "enable"));
	bool enabled = json_is_true(json_object_get(row, "enabled"));

	if (enable == enabled)
		fprintf(cli->out, "Route exchange of %s is %s already.\n", cli->instance,
			enabled ? "on" : "off");
	else
		fprintf(cli->out,
			"%s route exchange of %s would change this; nothing is moved yet.\n",
			enable ? "Enabling" : "Disabling", cli->instance);
}

static void print_text(const struct cli *cli, const char *what, const json_t *row)
{
	char text[CELL_TEXT];

	fprintf(cli->out, "%s: %s\n", what, cell_text(row, "text", text));
}

static bool section_row(void *ctx, const json_t *row)
{
	struct sections *s = ctx;
	const char *what = json_string_value(json_object_get(row, "what"));
	bool good = true;

	if (!what)
		return true;
	if (strcmp(s->what, what))
		good = section_begin(s, what);
	if (!strcmp(what, "switch")) {
		s->conflicts = json_integer_value(json_object_get(row, "conflicts"));
		print_switch(s->cli, row);
	} else if (s->table) {
		s->conflicts -= !strcmp(what, "conflict");
		good = table_add(s->table, row);
	} else if (good) {
		print_text(s->cli, what, row);
	}
	if (!good || ferror(s->cli->out))
		cli_fail(s->cli, NULL, "the answer cannot be written");
	return good && !ferror(s->cli->out);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* For people. Takes the reference to `arguments`. */
static enum cli_exit ask(struct cli *cli, json_t *arguments)
{
	struct sections sections = { .cli = cli };
	enum cli_exit result = instance_settle(cli);
	int fd = result == CLI_OK ? control_connect(cli) : -1;

	if (fd < 0) {
		json_decref(arguments);
		return result == CLI_OK ? CLI_FAILED : result;
	}
	result = control_ask(cli, fd, "exchange plan", arguments, section_row, &sections);
	section_end(&sections);
	endpoint_close(fd);
	return result;
}

enum cli_exit exchange_plan(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind rows = { .single = false };
	const char *move = args->operand[0];
	json_t *arguments;

	if (move && strcmp(move, "enable") && strcmp(move, "disable")) {
		cli_fail(cli, "bascule exchange plan [enable|disable]",
			 "%s is neither enable nor disable", move);
		return CLI_USAGE;
	}
	arguments = json_pack("{s:b, s:s*}", "prefixes", args->option[OPTION_PREFIXES] != NULL,
			      "peer", args->option[OPTION_PEER]);
	if (move)
		json_object_set_new(arguments, "enable", json_boolean(!strcmp(move, "enable")));
	return cli->json ? answer_ask(cli, "exchange plan", arguments, &rows) : ask(cli, arguments);
}
