/* What control knows besides routes: sessions, route maps, the switch. How each kind of row looks
 * is a table of columns. */
#include "answer.h"
#include "role.h"
#include "run.h"

/* --- summary ---------------------------------------------------------------------------------- */

static const struct column summary_columns[] = {
	{ "instance", "instance", cell_text },
	{ "version", "version", cell_text },
	{ "up for", "uptime_s", cell_duration },
	{ "asn", "asn", cell_text },
	{ "router id", "router_id", cell_text },
	{ "profile", "profile", cell_text },
	{ "exchange", "exchange", cell_on_off },
	{ "nva to nva", "nva_to_nva", cell_text },
	{ "routing preference", "routing_preference", cell_text },
	{ "platform communities", "platform_communities", cell_on_off },
	{ "restarting", "restarting", cell_restarting },
	{ "partner", "partner", cell_partner },
	{ "peers", "peers", cell_text },
	{ "peers up", "peers_up", cell_text },
	{ "peers shut down", "peers_shutdown", cell_text },
	{ "peers drained", "peers_drained", cell_text },
	{ "drained", "drained", cell_text },
	{ "routes", "routes", cell_text },
	{ "paths", "paths", cell_text },
	{ "attribute sets", "attribute_sets", cell_text },
	{ "memory", "memory_bytes", cell_bytes },
	{ "longest turns", "recent", cell_turns }, /* of the last minute or two */
	{ "since the start", "longest", cell_turns },
	{ "of these, own work", "own", cell_turns }, /* processor time */
	{ NULL },
};

static const struct column fib_columns[] = {
	{ "fib generation", "generation", cell_text },
	{ "fib published", "published", cell_text },
	{ "path-lists", "path_lists", cell_text },
	{ "adjacencies", "adjacencies", cell_text },
	{ "routes refused", "refused", cell_text },
	{ "backups refused", "unprotected", cell_text },
	{ NULL },
};

static const struct column fib_view_columns[] = {
	{ "VIEW", "view", cell_text },
	{ "ROUTES", "routes", cell_text, true },
	{ "TBL8 USED", "tbl8_used", cell_text, true },
	{ "OF", "tbl8_groups", cell_text, true },
	{ "IPV6 ROUTES", "routes_ipv6", cell_text, true },
	{ "TRIE6 USED", "trie6_used", cell_text, true },
	{ "OF", "trie6_groups", cell_text, true },
	{ NULL },
};

static void print_alarm(const json_t *alarm, FILE *out)
{
	char peer[CELL_TEXT], text[CELL_TEXT];
	bool of_peer = json_object_get(alarm, "peer");

	fprintf(out, "alarm: %s%s%s\n", of_peer ? cell_text(alarm, "peer", peer) : "",
		of_peer ? ": " : "", cell_text(alarm, "text", text));
}

static void summary_after(const json_t *row, FILE *out)
{
	const json_t *fib = json_object_get(row, "fib"), *alarms = json_object_get(row, "alarms"),
		     *alarm;
	size_t i;

	if (json_is_object(fib)) {
		table_fields(fib_columns, fib, out);
		table_inner(json_object_get(fib, "views"), fib_view_columns, out);
	}
	if (json_array_size(alarms))
		fputc('\n', out);
	json_array_foreach(alarms, i, alarm) print_alarm(alarm, out);
	if (json_integer_value(json_object_get(row, "alarms_left")))
		fputs("alarm: and more\n", out);
}

enum cli_exit show_summary(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind kind = { .columns = summary_columns,
						 .single = true,
						 .after = summary_after };

	return answer_ask(cli, "show summary", NULL, &kind);
}

/* --- peers ------------------------------------------------------------------------------------ */

static const struct column peers_columns[] = {
	{ "PEER", "name", cell_text },
	{ "ROLE", "role", cell_text },
	{ "ADDRESS", "address", cell_text },
	{ "ASN", "asn", cell_text, true },
	{ "STATE", "state", cell_peer_state },
	{ "FOR", "state_s", cell_duration, true },
	{ "LEARNED", "learned", cell_text, true },
	{ "UNUSABLE", "unusable", cell_text, true },
	{ "ADVERTISED", "advertised", cell_text, true },
	{ "LAST ERROR", "last_error", cell_text },
	{ NULL },
};

enum cli_exit show_peers(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind kind = {
		.columns = peers_columns,
		.none = "No peers are configured.",
	};

	return answer_ask(cli, "show peers", NULL, &kind);
}

static const struct column peer_columns[] = {
	{ "peer", "name", cell_text },
	{ "instance", "instance", cell_text },
	{ "role", "role", cell_text },
	{ "gateway", "gateway", cell_text },
	{ "address", "address", cell_text },
	{ "of subnet", "subnet", cell_text },
	{ "asn", "asn", cell_text },
	{ "iBGP", "ibgp", cell_text },
	{ "port", "port", cell_text },
	{ "reached by route", "by_route", cell_by_route },
	{ "state", "state", cell_text },
	{ "for", "state_s", cell_duration },
	{ "drained", "drained", cell_text },
	{ "shut down", "shutdown", cell_text },
	{ "last error", "last_error", cell_text },
	{ "times established", "established", cell_text },
	{ "router id", "router_id", cell_text },
	{ "local address", "local_address", cell_text },
	{ "capabilities", "capabilities", cell_list },
	{ "hold time", "hold_s", cell_duration },
	{ "keepalive", "keepalive_s", cell_duration },
	{ "its restart time", "restart_s", cell_duration },
	{ "passive", "passive", cell_text },
	{ "multihop", "multihop", cell_text },
	{ "TCP-MD5", "md5", cell_text },
	{ "next hop sent", "next_hop", cell_text },
	{ "private AS removed", "remove_private_as", cell_text },
	{ "AS override", "as_override", cell_text },
	{ "AS_SET allowed", "allow_as_set", cell_text },
	{ "first AS enforced", "enforce_first_as", cell_text },
	{ "VNets announced", "announce_vnets", cell_text },
	{ "backups announced", "backup_paths", cell_text },
	{ "routes learned", "learned", cell_text },
	{ "  at most", "max_routes", cell_text },
	{ "  all of them", "complete", cell_text },
	{ "  digest", "digest", cell_text },
	{ "  unusable", "unusable", cell_text },
	{ "  reflections", "reflections", cell_text },
	{ "  stale", "stale", cell_text },
	{ "routes advertised", "advertised", cell_text },
	{ "messages received", "rx_messages", cell_text },
	{ "  updates", "rx_updates", cell_text },
	{ "  octets", "rx_bytes", cell_bytes },
	{ "messages sent", "tx_messages", cell_text },
	{ "  updates", "tx_updates", cell_text },
	{ "  octets", "tx_bytes", cell_bytes },
	{ "  queued", "tx_queued_bytes", cell_bytes },
	{ "lagging", "lagging", cell_text },
	{ "attributes discarded", "attr_discard", cell_text },
	{ "treated as withdraw", "treat_as_withdraw", cell_text },
	{ "attributes stripped", "attr_stripped", cell_text },
	{ "dropped for attributes", "attr_dropped", cell_text },
	{ "stripped, announced", "attr_stripped_out", cell_text },
	{ "dropped, not announced", "attr_dropped_out", cell_text },
	{ "martian prefixes", "martians", cell_text },
	{ "refused: own AS", "as_loop", cell_text },
	{ "refused: AS 0", "as_zero", cell_text },
	{ "refused: originator", "originator_loop", cell_text },
	{ "refused: cluster", "cluster_loop", cell_text },
	{ "refused: bow tie", "bow_tie", cell_text },
	{ "refused: our subnet", "own_subnet", cell_text },
	{ "refused: AS_SET", "as_set", cell_text },
	{ "refused: empty AS path", "empty_path", cell_text },
	{ "refused: first AS", "first_as", cell_text },
	{ "refused: too many", "over_limit", cell_text },
	{ "refused: no memory", "no_memory", cell_text },
	{ "too long to announce", "too_long_to_announce", cell_text },
	{ "changes of its routes", "changes", cell_text },
	{ "  prefixes at it", "flapping", cell_text },
	{ "  of them held", "flap_held", cell_text },
	{ NULL },
};

enum cli_exit show_peer(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind kind = { .columns = peer_columns, .single = true };

	return answer_ask(cli, "show peer", json_pack("{s:s}", "name", args->operand[0]), &kind);
}

/* --- policy ----------------------------------------------------------------------------------- */

static const struct column policy_columns[] = {
	{ "MAP", "map", cell_text },
	{ "RULE", "rule", cell_text },
	{ "HITS", "hits", cell_text, true },
	{ "PEERS IN", "inbound_peers", cell_text, true },
	{ "PEERS OUT", "outbound_peers", cell_text, true },
	{ NULL },
};

enum cli_exit show_policy(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind kind = {
		.columns = policy_columns,
		.none = "No route maps are configured.",
	};

	return answer_ask(cli, "show policy", NULL, &kind);
}

/* --- exchange --------------------------------------------------------------------------------- */

static const struct column exchange_columns[] = {
	{ "exchange", "enabled", cell_on_off },
	{ "nva to nva", "nva_to_nva", cell_text },
	{ NULL },
};

static const struct column gate_columns[] = {
	{ "FROM PORTS OF", "ingress", cell_text },
	{ "TO PORTS OF", "egress", cell_text },
	{ "OPEN", "open", cell_text },
	{ NULL },
};

static void exchange_after(const json_t *row, FILE *out)
{
	table_inner(json_object_get(row, "gate"), gate_columns, out);
}

enum cli_exit show_exchange(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind kind = { .columns = exchange_columns,
						 .single = true,
						 .after = exchange_after };

	return answer_ask(cli, "show exchange", NULL, &kind);
}
