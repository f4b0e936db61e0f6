/* The instance as a row: what it is, how it does, where its switch stands. */
#include "show_summary.h"

#include <string.h>

#include "alarm.h"
#include "conductor.h"
#include "forwarding_show.h"
#include "route_server.h"
#include "show_partner.h"

static uint32_t seconds_left(const struct route_server *rs, const struct timer *timer)
{
	return timer_is_set(timer) && timer->at_ms > rs->now_ms
		       ? (uint32_t)((timer->at_ms - rs->now_ms) / 1000)
		       : 0;
}

/* What one more lcore adds to a row: the longer turn counts. */
static void row_turns_add(struct row_turns *row, const struct turns *turns,
			  const char *(*part_name)(unsigned int part))
{
	struct turn_length longest = turn_longest(turns), recent = turn_longest_recent(turns);
	struct turn_length own = turn_longest_own(turns);

	row->over += turns_over(turns);
	row->own_over += turns_over_own(turns);
	if (!row->own_part || own.ns > row->own_ns) {
		row->own_ns = own.ns;
		row->own_part_ns = own.part_ns;
		row->own_part = part_name(own.part);
	}
	if (!row->longest_part || longest.ns > row->longest_ns) {
		row->longest_ns = longest.ns;
		row->longest_part_ns = longest.part_ns;
		row->longest_part = part_name(longest.part);
	}
	if (!row->recent_part || recent.ns > row->recent_ns) {
		row->recent_ns = recent.ns;
		row->recent_part_ns = recent.part_ns;
		row->recent_part = part_name(recent.part);
	}
}

static void summary_turns(const struct route_server *rs, struct row_summary *row)
{
	row_turns_add(&row->rib, &rs->turns, rs_part_name);
	for (unsigned int i = 0; i < rs->nb_speakers; i++)
		if (rs->speakers[i].speaker)
			row_turns_add(&row->sessions, speaker_turns(rs->speakers[i].speaker),
				      speaker_part_name);
}

static void summary_service(const struct route_server *rs, struct row_summary *row)
{
	row->drained = rs->maintenance->drained;
	for (uint16_t i = 0; i < rs->peers.end; i++) {
		const struct peer *peer = &rs->peers.table[i];

		row->peers_drained += peer->life == PEER_ACTIVE && peer->out.drained;
		row->peers_shut += peer->life == PEER_ACTIVE && peer->shut;
	}
}

static struct rib_counts counts_of_all(const struct route_server *rs)
{
	struct rib_counts all = { 0 };

	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct rib_counts counts = rib_counts(rs->routes[family].rib);

		all.prefixes += counts.prefixes;
		all.paths += counts.paths;
		all.bytes += counts.bytes;
	}
	return all;
}

void show_summary(struct route_server *rs, struct page *page)
{
	struct row_summary *row = page_add(page, ROW_SUMMARY, sizeof(*row));
	struct rib_counts counts = counts_of_all(rs);

	memcpy(row->instance, rs->config->instance.name, sizeof(row->instance));
	row->asn = rs->config->instance.asn;
	row->router_id = rs->config->instance.router_id;
	row->profile = (uint8_t)rs->config->instance.profile;
	row->preference = (uint8_t)rs->config->routing_preference;
	row->platform_communities = rs->config->control.platform_communities;
	row->nva_to_nva = (uint8_t)rs->config->exchange.nva_to_nva;
	row->exchange = rs->exchange->enabled;
	row->restarting = rs->phase == RS_FILLING && rs->restarting;
	row->restart_left_s = seconds_left(rs, &rs->restart);
	row->uptime_s = (rs->now_ms - rs->started_ms) / 1000;
	row->peers = rs->peers.nb_active;
	row->peers_up = rs->peers.nb_up;
	summary_service(rs, row);
	row->routes = counts.prefixes;
	row->paths = counts.paths;
	row->attribute_sets = attr_table_count(rs->attrs);
	row->memory_bytes = counts.bytes + attr_table_bytes(rs->attrs);
	row->updates = rs->updates;
	for (int family = 0; family < FAMILY_COUNT; family++) {
		row->fib_refused += rs->fib_sync[family].refused;
		row->fib_unprotected += rs->fib_sync[family].unprotected;
	}
	for (int family = 0; family < FAMILY_COUNT; family++)
		row->views[family] = forwarding_views(rs->fib, (enum family)family);
	row->fib = forwarding_stats(rs->fib, rs->writer);
	row->settled = rs->settled;
	summary_partner(rs, &row->partner);
	summary_turns(rs, row);
	alarms_list(rs, &row->alarms);
}

void show_exchange(struct route_server *rs, struct page *page)
{
	struct row_exchange *row = page_add(page, ROW_EXCHANGE, sizeof(*row));

	row->enabled = rs->exchange->enabled;
	row->nva_to_nva = (uint8_t)rs->config->exchange.nva_to_nva;
	row->gate = forwarding_gate(rs->fib);
}
