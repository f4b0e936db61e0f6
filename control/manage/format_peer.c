/* Rows about peers as JSON, here and at the partner's. */
#include "format_rows.h"

#include <stdio.h>

#include "fields.h"
#include "partner.h"
#include "role.h"

static json_t *format_caps(uint16_t caps)
{
	static const struct {
		uint16_t bits;
		const char *name;
	} names[] = {
		{ SPEAKER_CAP_MP_IPV4, "ipv4-unicast" },
		{ SPEAKER_CAP_MP_IPV6, "ipv6-unicast" },
		{ SPEAKER_CAP_EXTENDED_NEXT_HOP, "extended-next-hop" },
		{ SPEAKER_CAP_REFRESH, "route-refresh" },
		{ SPEAKER_CAP_AS4, "as4" },
		{ SPEAKER_CAP_GR | SPEAKER_CAP_GR_IPV6, "graceful-restart" },
		{ SPEAKER_CAP_GR_RESTARTING, "restarting" },
		{ SPEAKER_CAP_GR_FORWARDING | SPEAKER_CAP_GR_FORWARDING_IPV6, "forwarding-kept" },
	};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (caps & names[i].bits)
			json_array_append_new(list, json_string(names[i].name));
	return list;
}

/* 64 bits are more than a JSON reader need keep of a number. */
static void set_digest(json_t *o, uint64_t digest)
{
	char text[20];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)digest);
	field_text(o, "digest", text);
}

static void set_routes(json_t *o, const struct row_peer_routes *routes)
{
	field_number(o, "learned", routes->learned);
	field_number(o, "unusable", routes->unusable);
	field_number(o, "reflections", routes->reflections);
	field_number(o, "advertised", routes->advertised);
}

/* Those that the peer has. */
static json_t *format_families(const struct row_peer *row)
{
	json_t *list = json_array();

	for (uint8_t family = 0; family < FAMILY_COUNT; family++) {
		json_t *o;

		if (!(row->families & family_bit(family)))
			continue;
		o = json_object();
		field_text(o, "family", family_name(family));
		set_routes(o, &row->routes[family]);
		json_array_append_new(list, o);
	}
	return list;
}

static struct row_peer_routes of_all_families(const struct row_peer *row)
{
	struct row_peer_routes all = { 0 };

	for (int family = 0; family < FAMILY_COUNT; family++) {
		all.learned += row->routes[family].learned;
		all.unusable += row->routes[family].unusable;
		all.reflections += row->routes[family].reflections;
		all.advertised += row->routes[family].advertised;
	}
	return all;
}

json_t *format_peer(const struct row_peer *row)
{
	const struct row_peer_routes all = of_all_families(row);
	json_t *o = json_object();
	char text[PREFIX_TEXT];

	field_text(o, "instance", row->instance);
	field_text(o, "name", row->name);
	field_text(o, "role", role_name((enum role)row->role));
	if (row->gateway[0])
		field_text(o, "gateway", row->gateway);
	field_text(o, "address", row->addr);
	if (row->subnet.len)
		field_text(o, "subnet", prefix_text(row->subnet, text));
	field_number(o, "asn", row->asn);
	field_text(o, "state", session_state_name((enum session_state)row->state));
	field_number(o, "state_s", row->state_s);
	field_bool(o, "supported", !row->held);
	field_bool(o, "drained", row->drained);
	field_bool(o, "shutdown", row->shut);
	field_number(o, "max_routes", row->max_routes);
	field_bool(o, "complete", row->complete);
	set_digest(o, row->digest);
	set_routes(o, &all);
	json_object_set_new(o, "families", format_families(row));
	field_text(o, "last_error", row->reason);
	return o;
}

static void set_session(json_t *o, const struct row_peer *row)
{
	field_router_id(o, "router_id", row->router_id);
	field_addr(o, "local_address", row->local_addr);
	field_number(o, "hold_s", row->hold_s);
	field_number(o, "keepalive_s", row->keepalive_s);
	field_number(o, "restart_s", row->restart_s);
	json_object_set_new(o, "capabilities", format_caps(row->caps));
}

static void set_counters(json_t *o, const struct row_peer *row)
{
	const struct session_stats *s = &row->stats;

	field_number(o, "established", s->established);
	field_number(o, "rx_messages", s->rx_messages);
	field_number(o, "tx_messages", s->tx_messages);
	field_number(o, "rx_updates", s->rx_updates);
	field_number(o, "tx_updates", s->tx_updates);
	field_number(o, "rx_bytes", s->rx_bytes);
	field_number(o, "tx_bytes", s->tx_bytes);
	field_number(o, "tx_queued_bytes", s->tx_queued);
	field_bool(o, "lagging", row->lagging);
	field_number(o, "stale", row->stale);
	field_number(o, "attr_discard", s->attr_discard);
	field_number(o, "treat_as_withdraw", s->treat_as_withdraw);
	field_number(o, "martians", s->martians);
	field_number(o, "attr_stripped", s->attr_stripped);
	field_number(o, "attr_dropped", s->attr_dropped);
	field_number(o, "attr_stripped_out", row->stripped_out);
	field_number(o, "attr_dropped_out", row->dropped_out);
	field_number(o, "as_zero", s->as_zero);
	field_number(o, "as_loop", s->loops[SPEAKER_LOOP_AS]);
	field_number(o, "originator_loop", s->loops[SPEAKER_LOOP_ORIGINATOR]);
	field_number(o, "cluster_loop", s->loops[SPEAKER_LOOP_CLUSTER]);
	field_number(o, "bow_tie", row->refused[IMPORT_BOW_TIE]);
	field_number(o, "own_subnet", row->refused[IMPORT_OWN_SUBNET]);
	field_number(o, "as_set", row->refused[IMPORT_AS_SET]);
	field_number(o, "empty_path", row->refused[IMPORT_EMPTY_PATH]);
	field_number(o, "first_as", row->refused[IMPORT_FIRST_AS]);
	field_number(o, "over_limit", row->over_limit);
	field_number(o, "no_memory", row->no_memory);
	field_number(o, "too_long_to_announce", row->unexportable);
	field_number(o, "changes", row->changes);
	field_number(o, "flapping", row->flapping);
	field_number(o, "flap_held", row->flap_held);
}

json_t *format_peer_detail(const struct row_peer *row)
{
	json_t *o = format_peer(row);

	field_bool(o, "ibgp", row->ibgp);
	field_bool(o, "passive", row->passive);
	field_bool(o, "multihop", row->multihop);
	field_bool(o, "md5", row->md5);
	field_text(o, "next_hop", row->unchanged ? "unchanged" : "self");
	field_bool(o, "remove_private_as", row->remove_private_as);
	field_bool(o, "as_override", row->as_override);
	field_bool(o, "allow_as_set", row->allow_as_set);
	field_bool(o, "enforce_first_as", row->enforce_first_as);
	field_bool(o, "announce_vnets", row->announce_vnets);
	field_bool(o, "backup_paths", row->backup_paths);
	field_text(o, "port", row->port);
	if (row->behind)
		field_bool(o, "behind", true);
	format_by_route(o, &row->by_route);
	if (row->up)
		set_session(o, row);
	set_counters(o, row);
	return o;
}

json_t *format_partner(const struct partner_peer *peer)
{
	static const char *const verdicts[] = {
		[PARTNER_SAME] = "same",
		[PARTNER_UP_HERE] = "up here only",
		[PARTNER_UP_THERE] = "up there only",
		[PARTNER_ROUTES] = "other routes",
	};
	json_t *o = json_object();

	field_addr(o, "address", peer->addr);
	if (peer->here.name[0]) {
		field_text(o, "name", peer->here.name);
		field_text(o, "state", peer->here.state);
		field_number(o, "learned", peer->here.learned);
	}
	if (peer->there.name[0]) {
		field_text(o, "name_there", peer->there.name);
		field_text(o, "state_there", peer->there.state);
		field_number(o, "learned_there", peer->there.learned);
	}
	field_text(o, "verdict", verdicts[peer->verdict]);
	field_bool(o, "alarm", peer->condition.stands);
	return o;
}
