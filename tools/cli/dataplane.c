/* What the dataplane knows: ports, neighbours, counters, and what it does with an address. Its
 * replies are objects by number, because rte_telemetry has no lists of objects; here they become
 * rows. */
#include <string.h>

#include "answer.h"
#include "endpoint.h"
#include "instance.h"
#include "prefix.h"
#include "run.h"
#include "ask_dataplane.h"

/* Hand on each member of `objects` as a row. False: as answer_row(). */
static bool rows_of(struct answer *answer, json_t *objects)
{
	const char *name;
	json_t *object;

	json_object_foreach(objects, name, object)
	{
		if (!json_is_object(object) || !answer_row(answer, object))
			return false;
	}
	return true;
}

/* Settle the instance and connect; below 0: said, `*result` is the exit code. */
static int reach(struct cli *cli, enum cli_exit *result)
{
	int fd;

	*result = instance_settle(cli);
	if (*result != CLI_OK)
		return -1;
	fd = telemetry_connect(cli);
	if (fd < 0)
		*result = CLI_FAILED;
	return fd;
}

/* Ask once, and have `rows` make rows of the reply. */
static enum cli_exit ask(struct cli *cli, const char *request, const struct answer_kind *kind,
			 bool (*rows)(struct answer *answer, json_t *reply))
{
	struct answer answer;
	enum cli_exit result;
	json_t *reply;
	int fd = reach(cli, &result);

	if (fd < 0)
		return result;
	reply = telemetry_ask(cli, fd, request);
	endpoint_close(fd);
	result = CLI_FAILED;
	if (reply && answer_begin(&answer, cli, kind))
		result = answer_end(&answer, rows(&answer, reply) ? CLI_OK : CLI_FAILED);
	json_decref(reply);
	return result;
}

/* `rows` asks as often as it has to, over one connection. */
static enum cli_exit ask_several(struct cli *cli, const struct answer_kind *kind,
				 enum cli_exit (*rows)(struct cli *cli, int fd,
						       struct answer *answer))
{
	struct answer answer;
	enum cli_exit result;
	int fd = reach(cli, &result);

	if (fd < 0)
		return result;
	result = CLI_FAILED;
	if (answer_begin(&answer, cli, kind))
		result = answer_end(&answer, rows(cli, fd, &answer));
	endpoint_close(fd);
	return result;
}

/* Hand on the rows `member` of all pages of `command`. */
static enum cli_exit pages(struct cli *cli, int fd, struct answer *answer, const char *command,
			   const char *member)
{
	json_int_t next = 0;
	bool good;

	do {
		char request[64];
		json_int_t from = next;
		json_t *page;

		snprintf(request, sizeof(request), "/bascule/%s,%" JSON_INTEGER_FORMAT, command,
			 from);
		page = telemetry_ask(cli, fd, request);
		if (!page)
			return CLI_FAILED;
		good = rows_of(answer, json_object_get(page, member));
		next = json_integer_value(json_object_get(page, "next"));
		json_decref(page);
		if (next && next <= from)
			return cli_fail(cli, NULL, "dataplane of %s lists %s in a circle",
					cli->instance, member);
	} while (good && next);
	return good ? CLI_OK : CLI_FAILED;
}

/* --- ports ------------------------------------------------------------------------------------ */

static const struct column port_columns[] = {
	{ "PORT", "name", cell_text },
	{ "ROLE", "role", cell_text },
	{ "LINK", "link", cell_text },
	{ "OUTER", "outer_vlan", cell_text, true },
	{ "VLAN", "vlan", cell_text, true },
	{ "Mb/s", "speed_mbps", cell_text, true },
	{ "MTU", "mtu", cell_text, true },
	{ "MAC", "mac", cell_text },
	{ "INTERFACE", "lcp", cell_text },
	{ "RX PACKETS", "rx_packets", cell_text, true },
	{ "RX", "rx_bytes", cell_bytes, true },
	{ "MISSED", "rx_missed", cell_text, true },
	{ "TX PACKETS", "tx_packets", cell_text, true },
	{ "TX", "tx_bytes", cell_bytes, true },
	{ "DRIVER", "driver", cell_text },
	{ "MEMBERS", "members", cell_members },
	{ "PAUSE", "flow_control", cell_text },
	{ "PROMISCUOUS", "promiscuous", cell_text },
	{ "ADDRESSES", "addresses", cell_list },
	{ NULL },
};

/* Telemetry has no lists of objects: they come as an object of "member_0" and so on. */
static void list_members(json_t *device)
{
	json_t *members = json_object_get(device, "members"), *member, *list = json_array();
	const char *name;

	json_object_foreach(members, name, member)
	{
		json_array_append(list, member);
	}
	if (members)
		json_object_set(device, "members", list);
	json_decref(list);
}

/* A port's row, with what its device says of itself. */
static bool port_row(struct answer *answer, int fd, json_t *port)
{
	json_int_t id = json_integer_value(json_object_get(port, "id"));
	json_t *device;
	char request[64];

	snprintf(request, sizeof(request), "/bascule/device,%" JSON_INTEGER_FORMAT, id);
	device = telemetry_ask(answer->cli, fd, request);
	if (!device)
		return false;
	list_members(device);
	if (json_is_object(device)) /* a dataplane of an older version refuses */
		json_object_update_missing(port, device);
	json_decref(device);
	return answer_row(answer, port);
}

static enum cli_exit port_rows(struct cli *cli, int fd, struct answer *answer)
{
	json_t *ports = telemetry_ask(cli, fd, "/bascule/ports"), *port;
	bool good = ports != NULL;
	const char *name;

	if (json_is_null(ports)) {
		json_decref(ports);
		return cli_fail(cli, "try again, or see its log",
				"dataplane of %s is starting its devices", cli->instance);
	}
	json_object_foreach(ports, name, port)
	{
		good = good && (!json_is_object(port) || port_row(answer, fd, port));
	}
	json_decref(ports);
	return good ? CLI_OK : CLI_FAILED;
}

enum cli_exit show_ports(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind kind = { .columns = port_columns,
						 .none = "There are no ports." };

	return ask_several(cli, &kind, port_rows);
}

/* --- neighbours ------------------------------------------------------------------------------- */

static const struct column neighbour_columns[] = {
	{ "ADDRESS", "address", cell_text },	 { "PORT", "port", cell_text },
	{ "STATE", "state", cell_text },	 { "MAC", "mac", cell_text },
	{ "FOR", "age_s", cell_duration, true }, { NULL },
};

static enum cli_exit neighbour_pages(struct cli *cli, int fd, struct answer *answer)
{
	return pages(cli, fd, answer, "neighbours", "neighbours");
}

enum cli_exit show_neighbours(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind kind = {
		.columns = neighbour_columns,
		.key = table_key_address,
		.none = "There are no neighbours.",
	};

	return ask_several(cli, &kind, neighbour_pages);
}

/* --- counters --------------------------------------------------------------------------------- */

static const struct column counter_columns[] = {
	{ "GROUP", "group", cell_text },
	{ "COUNTER", "name", cell_text },
	{ "VALUE", "value", cell_text, true },
	{ NULL },
};

/* A group of counters as rows; people are shown those that have counted something. */
static bool counter_rows(struct answer *answer, const char *group, json_t *counters)
{
	const char *name;
	json_t *value;

	json_object_foreach(counters, name, value)
	{
		json_t *row;
		bool good;

		if (json_is_object(value)) {
			if (!counter_rows(answer, name, value))
				return false;
			continue;
		}
		if (!answer->cli->json && json_integer_value(value) == 0)
			continue;
		row = json_pack("{s:s, s:s, s:O}", "group", group, "name", name, "value", value);
		good = row && answer_row(answer, row);
		json_decref(row);
		if (!good)
			return false;
	}
	return true;
}

static bool all_counters(struct answer *answer, json_t *counters)
{
	return counter_rows(answer, "packets", counters);
}

/* The id of a port by its name; below 0: said. */
static json_int_t port_id(const struct cli *cli, int fd, const char *port)
{
	json_t *ports = telemetry_ask(cli, fd, "/bascule/ports"), *row;
	json_int_t id = -1;
	const char *name;

	if (!ports)
		return -1;
	json_object_foreach(ports, name, row)
	{
		const char *its = json_string_value(json_object_get(row, "name"));

		if (its && !strcmp(its, port))
			id = json_integer_value(json_object_get(row, "id"));
	}
	json_decref(ports);
	if (id < 0)
		cli_fail(cli, "see show ports", "there is no port %s", port);
	return id;
}

static enum cli_exit port_counters(struct cli *cli, int fd, const struct answer_kind *kind,
				   const char *port)
{
	json_int_t id = port_id(cli, fd, port);
	enum cli_exit result = CLI_FAILED;
	struct answer answer;
	char request[64];
	json_t *reply;

	if (id < 0)
		return CLI_FAILED;
	snprintf(request, sizeof(request), "/bascule/counters,%" JSON_INTEGER_FORMAT, id);
	reply = telemetry_ask(cli, fd, request);
	if (reply && answer_begin(&answer, cli, kind))
		result = answer_end(&answer, all_counters(&answer, reply) ? CLI_OK : CLI_FAILED);
	json_decref(reply);
	return result;
}

enum cli_exit show_counters(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind kind = {
		.columns = counter_columns,
		.none = "All counters are zero.",
	};
	enum cli_exit result;
	int fd;

	if (!args->operand[0])
		return ask(cli, "/bascule/counters", &kind, all_counters);
	fd = reach(cli, &result);
	if (fd < 0)
		return result;
	result = port_counters(cli, fd, &kind, args->operand[0]);
	endpoint_close(fd);
	return result;
}

/* --- filters ---------------------------------------------------------------------------------- */

static const struct column acl_columns[] = {
	{ "ACL", "acl", cell_text },
	{ "RULE", "rule", cell_text },
	{ "ACTION", "action", cell_text },
	{ "HITS", "hits", cell_text, true },
	{ NULL },
};

static enum cli_exit acl_pages(struct cli *cli, int fd, struct answer *answer)
{
	return pages(cli, fd, answer, "acl", "rules");
}

enum cli_exit show_acl(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind kind = { .columns = acl_columns,
						 .none = "No port has an access list." };

	return ask_several(cli, &kind, acl_pages);
}

static const struct column meter_columns[] = {
	{ "CLASS", "class", cell_text },
	{ "RATE", "rate", cell_text, true },
	{ "BURST", "burst", cell_text, true },
	{ "PUNTED", "punted", cell_text, true },
	{ "RING FULL", "ring_full", cell_text, true },
	{ "METERED", "metered", cell_text, true },
	{ NULL },
};

enum cli_exit show_meters(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind kind = { .columns = meter_columns };

	return ask(cli, "/bascule/meters", &kind, rows_of);
}

/* --- one address ------------------------------------------------------------------------------ */

static const struct column member_columns[] = {
	{ "STATE", "state", cell_text },	 { "GATEWAY", "gateway", cell_gateway },
	{ "PORT", "port", cell_text },		 { "ROLE", "egress_role", cell_text },
	{ "GATE OPEN", "gate_open", cell_text }, { "MAC", "mac", cell_text },
	{ "MTU", "mtu", cell_text, true },	 { NULL },
};

/* rte_telemetry has no booleans either. */
static json_t *members_of(json_t *fib)
{
	json_t *members = json_object_get(fib, "members"), *member;
	const char *name;

	json_object_foreach(members, name, member)
	{
		json_t *open = json_object_get(member, "gate_open");

		json_object_set_new(member, "gate_open",
				    json_boolean(json_integer_value(open) != 0));
	}
	return members;
}

enum cli_exit show_fib_address(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind kind = {
		.columns = member_columns,
		.none = "No route: packets to this address are dropped.",
	};
	const char *view = args->option[OPTION_VIEW], *address = args->operand[0];
	struct answer answer;
	enum cli_exit result;
	char request[128];
	struct addr addr;
	json_t *fib;
	int fd;

	if (!addr_parse(address, &addr)) {
		cli_fail(cli,
			 "for example 10.0.3.4 or 2001:db8:3::4; without an address the whole view "
			 "is listed",
			 "%s is not an address", address);
		return CLI_USAGE;
	}
	fd = reach(cli, &result);
	if (fd < 0)
		return result;
	snprintf(request, sizeof(request), "/bascule/fib,%s,%s", view, address);
	fib = telemetry_ask(cli, fd, request);
	endpoint_close(fd);
	if (!fib)
		return CLI_FAILED;
	result = CLI_FAILED;
	if (json_is_null(fib))
		cli_fail(cli, "see show ports for the roles that ports have",
			 "no port has the role %s%s", view,
			 addr.family == FAMILY_IPV6 ? " and IPv6" : "");
	else if (answer_begin(&answer, cli, &kind))
		result = answer_end(&answer,
				    rows_of(&answer, members_of(fib)) ? CLI_OK : CLI_FAILED);
	json_decref(fib);
	return result;
}
