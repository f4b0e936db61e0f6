/* Routes, and what packets follow because of them. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "prefix.h"
#include "role.h"
#include "route_columns.h"
#include "run.h"

static const struct column routes_columns[] = {
	{ " ", "best", cell_path_mark },
	{ "PREFIX", "prefix", cell_text },
	{ "NEXT HOP", "next_hop", cell_path_next_hop },
	{ "PEER", "peer", cell_text },
	{ "ROLE", "role", cell_text },
	ROUTE_COLUMNS,
	{ "AGE", "age_s", cell_duration, true },
	{ "USED BY", "views", cell_list },
	{ "BACKUP TO", "backup_to", cell_list },
	{ "REASON", "reason", cell_path_reason },
	{ NULL },
};

static const struct column advertised_columns[] = {
	{ "PREFIX", "prefix", cell_text },
	{ "NEXT HOP", "next_hop", cell_gateway },
	{ "FROM", "peer", cell_text },
	{ "ROLE", "role", cell_text },
	ROUTE_COLUMNS,
	{ "BACKUP", "backup", cell_text },
	{ NULL },
};

static const struct answer_kind routes_kind = {
	.columns = routes_columns,
	.key = table_key_prefix,
	.none = "No such routes.",
};

static const struct answer_kind advertised_kind = {
	.columns = advertised_columns,
	.key = table_key_prefix,
	.none = "Nothing is advertised to this peer.",
};

static const struct column received_columns[] = {
	{ "PREFIX", "prefix", cell_text },
	{ "NEXT HOP", "next_hop", cell_gateway },
	ROUTE_COLUMNS_PATH,
	ROUTE_COLUMNS_REST,
	{ "INBOUND MAP", "policy", cell_text },
	{ NULL },
};

static const struct answer_kind received_kind = {
	.columns = received_columns,
	.key = table_key_prefix,
	.none = "No such routes.",
};

static const struct column count_columns[] = {
	{ "prefixes", "prefixes", cell_text },
	{ "paths", "paths", cell_text },
	{ NULL },
};

static const struct answer_kind count_kind = { .columns = count_columns, .single = true };

static void put_text(json_t *arguments, const char *key, const char *value)
{
	json_object_set_new(arguments, key, json_string(value));
}

/* --- which prefixes --------------------------------------------------------------------------- */

/* The family that was asked for, if one was. */
static bool put_family(struct cli *cli, const struct command_args *args, json_t *arguments)
{
	const char *family = args->option[OPTION_FAMILY];

	if (!family)
		return true;
	if (args->operand[0]) {
		cli_fail(cli, NULL, "--family goes without %s, which is of one family",
			 args->operand[0]);
		return false;
	}
	if (strcmp(family, family_name(FAMILY_IPV4)) && strcmp(family, family_name(FAMILY_IPV6))) {
		cli_fail(cli, "ipv4 or ipv6", "there is no family %s", family);
		return false;
	}
	put_text(arguments, "family", family);
	return true;
}

/* The prefix, or the address. */
static bool put_where(struct cli *cli, const struct command_args *args, json_t *arguments)
{
	const char *where = args->operand[0];
	bool longer = args->option[OPTION_LONGER], exact = args->option[OPTION_EXACT];
	char host[PREFIX_TEXT];
	struct prefix prefix;
	struct addr addr;

	if ((longer || exact) && (!where || (longer && exact))) {
		cli_fail(cli, "bascule show routes PREFIX --longer-prefixes, ... PREFIX --exact",
			 "one of them, with a prefix");
		return false;
	}
	if (!where)
		return true;
	if (addr_parse(where, &addr) && !longer && !exact) {
		put_text(arguments, "address", where);
		return true;
	}
	if (addr_parse(where, &addr)) {
		where = prefix_text(prefix_make(addr, family_bits(addr.family)), host);
	} else if (!prefix_parse(where, &prefix)) {
		cli_fail(cli,
			 "for example 10.0.0.0/16 or 2001:db8::/32 (no bits set past the length), "
			 "10.0.3.4 or 2001:db8::4",
			 "%s is neither a prefix nor an address", where);
		return false;
	}
	put_text(arguments, "prefix", where);
	if (longer)
		json_object_set_new(arguments, "longer", json_true());
	return true;
}

/* --- which routes ----------------------------------------------------------------------------- */

/* Whose, and how they look. */
static bool put_peer(struct cli *cli, const struct command_args *args, json_t *arguments,
		     const struct answer_kind **kind)
{
	static const struct {
		enum command_option option;
		const char *which;
		const struct answer_kind *kind;
	} ways[] = {
		{ OPTION_LEARNED, "learned", &routes_kind },
		{ OPTION_RECEIVED, "received", &received_kind },
		{ OPTION_ADVERTISED, "advertised", &advertised_kind },
	};
	size_t given = 0, way = 0;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (args->option[ways[i].option]) {
			given++;
			way = i;
		}
	}
	if (given > 1 || (given && !args->option[OPTION_PEER])) {
		cli_fail(cli,
			 "bascule show routes --peer NAME --learned, ... --received or ... "
			 "--advertised",
			 "a peer's routes are those learned from it, or those advertised to it");
		return false;
	}
	*kind = ways[way].kind;
	if (!args->option[OPTION_PEER])
		return true;
	put_text(arguments, "peer", args->option[OPTION_PEER]);
	put_text(arguments, "which", ways[way].which);
	return true;
}

static bool put_number(struct cli *cli, const struct command_args *args, json_t *arguments,
		       enum command_option option, const char *name, const char *key)
{
	const char *text = args->option[option];
	char *end;
	long long value;

	if (!text)
		return true;
	value = strtoll(text, &end, 10);
	if (end == text || *end) {
		cli_fail(cli, NULL, "%s: %s is no number", name, text);
		return false;
	}
	json_object_set_new(arguments, key, json_integer(value));
	return true;
}

/* "65001:1,65001:2" */
static void put_list(json_t *arguments, const char *key, const char *text)
{
	json_t *list = json_array();

	for (size_t len; text; text = text[len] ? text + len + 1 : NULL) {
		len = strcspn(text, ",");
		json_array_append_new(list, json_stringn(text, len));
	}
	json_object_set_new(arguments, key, list);
}

static bool put_state(struct cli *cli, const struct command_args *args, json_t *arguments)
{
	static const struct {
		enum command_option option;
		const char *state;
	} states[] = {
		{ OPTION_USABLE, "usable" },
		{ OPTION_UNUSABLE, "unusable" },
		{ OPTION_FILTERED, "filtered" },
		{ OPTION_BACKUP, "backup" },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (!args->option[states[i].option])
			continue;
		if (json_object_get(arguments, "state")) {
			cli_fail(cli, NULL, "one of --usable, --unusable, --filtered and --backup");
			return false;
		}
		put_text(arguments, "state", states[i].state);
	}
	return true;
}

static bool put_conditions(struct cli *cli, const struct command_args *args, json_t *arguments)
{
	static const struct {
		enum command_option option;
		const char *key;
	} texts[] = {
		{ OPTION_AS_PATH, "as_path" },
		{ OPTION_NEXT_HOP, "next_hop" },
		{ OPTION_ROLE, "role" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (args->option[texts[i].option])
			put_text(arguments, texts[i].key, args->option[texts[i].option]);
	if (args->option[OPTION_COMMUNITY])
		put_list(arguments, "community", args->option[OPTION_COMMUNITY]);
	if (args->option[OPTION_COUNT])
		json_object_set_new(arguments, "count", json_true());
	return put_state(cli, args, arguments) &&
	       put_number(cli, args, arguments, OPTION_ORIGIN_AS, "--origin-as", "origin_as") &&
	       put_number(cli, args, arguments, OPTION_LIMIT, "--limit", "limit");
}

enum cli_exit show_routes(struct cli *cli, const struct command_args *args)
{
	json_t *arguments = json_object();
	const struct answer_kind *kind;

	if (put_peer(cli, args, arguments, &kind) && put_where(cli, args, arguments) &&
	    put_family(cli, args, arguments) && put_conditions(cli, args, arguments))
		return answer_ask(cli, "show routes", arguments,
				  args->option[OPTION_COUNT] ? &count_kind : kind);
	json_decref(arguments);
	return CLI_USAGE;
}

/* --- FIB -------------------------------------------------------------------------------------- */

static const struct column fib_entry_columns[] = {
	{ "PREFIX", "prefix", cell_text },
	{ "NEXT HOPS", "next_hops", cell_next_hops },
	{ "BACKUP", "backup", cell_next_hops },
	{ NULL },
};

enum cli_exit show_fib(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind kind = {
		.columns = fib_entry_columns,
		.key = table_key_prefix,
		.none = "This view is empty.",
	};
	const char *view = args->option[OPTION_VIEW];
	json_t *arguments;
	enum role role;

	if (!view || !role_parse(view, &role)) {
		cli_fail(cli, "bascule show fib --view ROLE: expressroute, vpn, nva or vnet",
			 view ? "there is no role %s" : "which view?%s", view ? view : "");
		return CLI_USAGE;
	}
	arguments = json_pack("{s:s}", "view", view);
	if (put_family(cli, args, arguments) && !args->operand[0])
		return answer_ask(cli, "show fib", arguments, &kind);
	json_decref(arguments);
	return args->option[OPTION_FAMILY] ? CLI_USAGE : show_fib_address(cli, args);
}
