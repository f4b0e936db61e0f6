/* Trying a route map out: what it makes of a route, rule by rule. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "route_columns.h"
#include "run.h"

static const struct column test_columns[] = {
	{ "peer", "peer", cell_text },
	{ "route map", "map", cell_text },
	{ "verdict", "verdict", cell_text },
	{ "but", "note", cell_text },
	{ NULL },
};

static const struct column rule_columns[] = {
	{ "RULE", "rule", cell_text },
	{ "OUTCOME", "outcome", cell_text },
	{ "ACTION", "action", cell_text },
	{ "THEN", "next", cell_text },
	{ NULL },
};

static const struct column route_columns[] = {
	{ " ", "when", cell_text },
	{ "PREFIX", "prefix", cell_text },
	{ "NEXT HOP", "next_hop", cell_gateway },
	ROUTE_COLUMNS,
	{ NULL },
};

/* Append row[field], a route, as the row of a table that is called so. */
static void append_route(json_t *routes, const json_t *row, const char *field)
{
	json_t *route = json_copy(json_object_get(row, field));

	if (!route)
		return;
	json_object_set_new(route, "when", json_string(field));
	json_array_append_new(routes, route);
}

static void test_after(const json_t *row, FILE *out)
{
	const char *map = json_string_value(json_object_get(row, "map"));
	const char *direction = json_string_value(json_object_get(row, "direction"));
	json_t *routes = json_array();

	if (map && !map[0])
		fprintf(out,
			"The peer has no %sbound route map: the route is permitted unchanged.\n",
			direction ? direction : "");
	table_inner(json_object_get(row, "rules"), rule_columns, out);
	append_route(routes, row, "before");
	append_route(routes, row, "after");
	table_inner(routes, route_columns, out);
	json_decref(routes);
}

/* "65001:1,3356:70" as a list of strings. */
static json_t *split(const char *text)
{
	json_t *list = text ? json_array() : NULL;

	for (const char *at = text; at && *at;) {
		size_t len = strcspn(at, ", ");

		json_array_append_new(list, json_stringn(at, len));
		at += len;
		at += strspn(at, ", ");
	}
	return list;
}

static enum cli_exit test(struct cli *cli, const struct command_args *args, const char *direction)
{
	static const struct answer_kind kind = { .columns = test_columns,
						 .single = true,
						 .after = test_after };
	const char *med = args->option[OPTION_MED];
	json_t *arguments = json_pack("{s:s, s:s, s:s, s:s*, s:o*, s:s*}", "peer", args->operand[0],
				      "direction", direction, "prefix", args->operand[1], "as_path",
				      args->option[OPTION_AS_PATH], "communities",
				      split(args->option[OPTION_COMMUNITIES]), "origin",
				      args->option[OPTION_ORIGIN]);

	if (med && (!med[0] || med[strspn(med, "0123456789")] || strlen(med) > 10)) {
		json_decref(arguments);
		cli_fail(cli, NULL, "--med: %s is no number 0..4294967295", med);
		return CLI_USAGE;
	}
	if (med)
		json_object_set_new(arguments, "med", json_integer(atoll(med)));
	return answer_ask(cli, "policy test", arguments, &kind);
}

enum cli_exit policy_test_in(struct cli *cli, const struct command_args *args)
{
	return test(cli, args, "in");
}

enum cli_exit policy_test_out(struct cli *cli, const struct command_args *args)
{
	return test(cli, args, "out");
}
