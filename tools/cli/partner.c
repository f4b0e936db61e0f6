/* The two instances beside each other. What peers do here and there is asked of control; which
 * routes of one peer differ is found here, by asking both instances what it announced to them. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "ask_control.h"
#include "endpoint.h"
#include "instance.h"
#include "prefix.h"
#include "run.h"

enum { DIFFERENCES = 256 }; /* shown at most */

static const struct column columns[] = {
	{ "PEER", "name", cell_text },
	{ "ADDRESS", "address", cell_text },
	{ "HERE", "state", cell_text },
	{ "LEARNED", "learned", cell_text, true },
	{ "THERE", "state_there", cell_text },
	{ "LEARNED", "learned_there", cell_text, true },
	{ "VERDICT", "verdict", cell_text },
	{ "ALARM", "alarm", cell_text },
	{ NULL },
};

static const struct column difference_columns[] = {
	{ "PREFIX", "prefix", cell_text },
	{ "AS PATH HERE", "as_path", cell_text },
	{ "AS PATH THERE", "as_path_there", cell_text },
	{ NULL },
};

static const struct answer_kind difference_kind = {
	.columns = difference_columns,
	.none = "It announces the same to both.",
};

/* --- the routes of one peer ------------------------------------------------------------------- */

struct route {
	struct prefix prefix;
	char *as_path; /* owned */
};

struct route_lists {
	const struct cli *cli;
	struct route *list; /* owned */
	size_t n, room;
};

static bool make_room(struct route_lists *routes)
{
	size_t room = routes->room ? 2 * routes->room : 256;
	struct route *bigger;

	if (routes->n < routes->room)
		return true;
	bigger = realloc(routes->list, room * sizeof(*bigger));
	if (!bigger)
		return false;
	routes->list = bigger;
	routes->room = room;
	return true;
}

static bool take_route(void *ctx, const json_t *row)
{
	const char *prefix = json_string_value(json_object_get(row, "prefix"));
	const char *as_path = json_string_value(json_object_get(row, "as_path"));
	struct route_lists *routes = ctx;
	struct route route = { .as_path = strdup(as_path ? as_path : "") };

	if (!route.as_path || !make_room(routes)) {
		free(route.as_path);
		cli_fail(routes->cli, NULL, "out of memory");
		return false;
	}
	if (!prefix || !prefix_parse(prefix, &route.prefix)) {
		free(route.as_path);
		return true; /* not one that can be compared */
	}
	routes->list[routes->n++] = route;
	return true;
}

static void routes_free(struct route_lists *routes)
{
	for (size_t i = 0; i < routes->n; i++)
		free(routes->list[i].as_path);
	free(routes->list);
}

static int compare(const void *a, const void *b)
{
	const struct route *x = a, *y = b;

	return prefix_compare(x->prefix, y->prefix);
}

static enum cli_exit ask_routes(const struct cli *cli, int fd, const char *peer,
				struct route_lists *routes)
{
	enum cli_exit result = control_ask(
		cli, fd, "show routes", json_pack("{s:s, s:s}", "peer", peer, "which", "received"),
		take_route, routes);

	if (routes->n)
		qsort(routes->list, routes->n, sizeof(*routes->list), compare);
	return result;
}

/* NULL stands for a route that is not there. */
static bool show(struct answer *answer, const struct route *here, const struct route *there)
{
	char prefix[PREFIX_TEXT];
	json_t *row = json_pack("{s:s}", "prefix",
				prefix_text(here ? here->prefix : there->prefix, prefix));
	bool good;

	if (here)
		json_object_set_new(row, "as_path", json_string(here->as_path));
	if (there)
		json_object_set_new(row, "as_path_there", json_string(there->as_path));
	good = answer_row(answer, row);
	json_decref(row);
	return good;
}

/* Both lists step by step. Returns how many differences there were beyond those shown. */
static size_t difference_rows(struct answer *answer, const struct route_lists *here,
			      const struct route_lists *there)
{
	size_t h = 0, t = 0, left = 0;

	while (h < here->n || t < there->n) {
		int order = h == here->n    ? 1
			    : t == there->n ? -1
					    : compare(&here->list[h], &there->list[t]);
		const struct route *ours = order <= 0 ? &here->list[h++] : NULL;
		const struct route *theirs = order >= 0 ? &there->list[t++] : NULL;

		if (ours && theirs && !strcmp(ours->as_path, theirs->as_path))
			continue;
		if (answer->nb_rows == DIFFERENCES)
			left++;
		else if (!show(answer, ours, theirs))
			break;
	}
	return left;
}

/* --- both instances --------------------------------------------------------------------------- */

struct both {
	struct cli far; /* for complaints about the partner */
	char socket[PATH_MAX];
	const char *peer;
	char peer_there[CLI_NAME];
	bool found; /* the peer, here */
	int fd, far_fd;
};

static void copy_text(const json_t *row, const char *field, char *to, size_t size)
{
	const char *text = json_string_value(json_object_get(row, field));

	snprintf(to, size, "%s", text ? text : "");
}

static bool take_partner(void *ctx, const json_t *row)
{
	const json_t *partner = json_object_get(row, "partner");
	struct both *both = ctx;

	copy_text(partner, "socket", both->socket, sizeof(both->socket));
	copy_text(partner, "instance", both->far.instance, sizeof(both->far.instance));
	return true;
}

static bool take_peer(void *ctx, const json_t *row)
{
	const char *name = json_string_value(json_object_get(row, "name"));
	struct both *both = ctx;

	if (name && !strcmp(name, both->peer)) {
		both->found = true;
		copy_text(row, "name_there", both->peer_there, sizeof(both->peer_there));
	}
	return true;
}

/* Whom to ask for what: the partner's socket, and what it calls the peer. */
static enum cli_exit find_both(const struct cli *cli, struct both *both)
{
	enum cli_exit result = control_ask(cli, both->fd, "show partner", NULL, take_peer, both);

	if (result == CLI_OK)
		result = control_ask(cli, both->fd, "show summary", NULL, take_partner, both);
	if (result != CLI_OK)
		return result;
	if (!both->found)
		return cli_fail(cli, "bascule show partner", "there is no peer \"%s\"", both->peer);
	if (!both->peer_there[0])
		return cli_fail(cli, "bascule show partner", "%s has no peer %s",
				both->far.instance, both->peer);
	both->far_fd = endpoint_path(both->socket);
	if (both->far_fd < 0)
		return cli_fail(cli, NULL, "%s: %s", both->socket, strerror(-both->far_fd));
	return CLI_OK;
}

static enum cli_exit show_differences(const struct cli *cli, struct both *both)
{
	struct route_lists here = { .cli = cli }, there = { .cli = cli };
	struct answer answer;
	enum cli_exit result = find_both(cli, both);
	size_t left = 0;

	if (result == CLI_OK)
		result = ask_routes(cli, both->fd, both->peer, &here);
	if (result == CLI_OK)
		result = ask_routes(&both->far, both->far_fd, both->peer_there, &there);
	if (result == CLI_OK && answer_begin(&answer, cli, &difference_kind)) {
		left = difference_rows(&answer, &here, &there);
		result = answer_end(&answer, CLI_OK);
	}
	if (left)
		fprintf(cli->err, "bascule: %zu more prefixes differ\n", left);
	routes_free(&here);
	routes_free(&there);
	return result;
}

enum cli_exit show_partner(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind kind = {
		.columns = columns,
		.key = table_key_address,
		.none = "Neither instance has a peer.",
	};
	struct both both = { .peer = args->operand[0], .far_fd = -1 };
	enum cli_exit result;

	if (!both.peer)
		return answer_ask(cli, "show partner", NULL, &kind);
	result = instance_settle(cli);
	if (result != CLI_OK)
		return result;
	both.fd = control_connect(cli);
	if (both.fd < 0)
		return CLI_FAILED;
	both.far = *cli;
	result = show_differences(cli, &both);
	endpoint_close(both.fd);
	endpoint_close(both.far_fd);
	return result;
}
