/* Kinds of groups, and which of them a peer belongs in. */
#include "update_group.h"

#include <string.h>

#include "adj_out.h"
#include "maps.h"
#include "own_next_hop.h"
#include "rib.h"

bool update_group_fits(const struct update_group *group, const struct update_group *wanted)
{
	return group->role == wanted->role && group->vnets == wanted->vnets &&
	       group->backups == wanted->backups && group->yields == wanted->yields &&
	       group->drained == wanted->drained && group->as4 == wanted->as4 &&
	       !memcmp(&group->rule.next_hop, &wanted->rule.next_hop,
		       sizeof(group->rule.next_hop)) &&
	       group->rule.next_hop6 == wanted->rule.next_hop6 &&
	       group->rule.unchanged == wanted->rule.unchanged &&
	       group->rule.ibgp == wanted->rule.ibgp &&
	       group->rule.communities == wanted->rule.communities &&
	       group->rule.remove_private == wanted->rule.remove_private &&
	       group->rule.replace_asn == wanted->rule.replace_asn &&
	       !memcmp(&group->rule.attributes, &wanted->rule.attributes,
		       sizeof(group->rule.attributes)) &&
	       group->map == wanted->map;
}

/* A summary stands for routes of branches, and is announced as one of ours. */
static void summary_attrs(struct update_group *group)
{
	const struct export_source branch = { .role = ROLE_NVA, .backup = group->yields };
	uint8_t wire[EXPORT_SUMMARY_MAX];
	struct attr_writer plain = { .buf = wire, .size = sizeof(wire) };
	struct attr_writer w = { .buf = group->summary, .size = sizeof(group->summary) };

	export_summary_attrs(&group->rule.next_hop, &plain);
	export_attrs(&group->rule, &branch, wire, (uint16_t)plain.len, &w);
	group->summary_len = (uint16_t)w.len;
}

/* Do paths from this role beat those of the others, by routing preference? */
static bool comes_first(const struct adj_out *adj_out, enum role role)
{
	switch (adj_out->config->routing_preference) {
	case PREFERENCE_EXPRESSROUTE: return role == ROLE_EXPRESSROUTE;
	case PREFERENCE_VPN: return role != ROLE_EXPRESSROUTE;
	default: return false;
	}
}

struct update_group update_group_kind(const struct adj_out *adj_out,
				      const struct config_peer *config)
{
	struct update_group kind = {
		.role = config->role,
		.vnets = config->announce_vnets,
		.backups = config->backup_paths && config->asn != adj_out->config->instance.asn,
		.as4 = true,
		.map = maps_find(adj_out->maps, config->outbound_map),
		.rule = {
			.local_asn = adj_out->config->instance.asn,
			.cluster_id = adj_out->config->instance.router_id,
			.next_hop = export_next_hop_make(
				(struct addr){ .family = adj_out->family }),
			.next_hop6 = adj_out->family == FAMILY_IPV6,
			.unchanged = config->next_hop == NEXT_HOP_UNCHANGED,
			.ibgp = config->asn == adj_out->config->instance.asn,
			.communities = adj_out->config->control.platform_communities,
			.remove_private = config->remove_private_as,
			.replace_asn = config->as_override ? config->asn : 0,
			.attributes = config->attributes.out,
		},
	};

	kind.yields = kind.rule.ibgp && kind.map &&
		      route_map_replacing(kind.map, adj_out->family) &&
		      comes_first(adj_out, config->role);
	summary_attrs(&kind);
	return kind;
}

struct update_group update_group_of(const struct adj_out *adj_out, const struct receiver *peer)
{
	struct update_group wanted = update_group_kind(adj_out, peer->session->config);

	if (peer->session->held)
		wanted.role = ROLE_VNET;
	wanted.drained = peer->session->drained || adj_out->drained;
	wanted.as4 = peer->session->as4;
	wanted.rule.next_hop = own_next_hop(adj_out->config, peer->session, adj_out->family);
	wanted.rule.next_hop6 |= peer->session->extended;
	summary_attrs(&wanted);
	return wanted;
}

bool update_group_suits(const struct adj_out *adj_out, const struct receiver *peer)
{
	struct update_group wanted = update_group_of(adj_out, peer);

	return update_group_fits(peer->group, &wanted);
}

struct route_map_side update_group_side(const struct update_group *group)
{
	return (struct route_map_side){
		.own_asn = group->rule.ibgp ? 0 : group->rule.local_asn,
		.summary = group->summary,
		.summary_len = group->summary_len,
	};
}

bool update_group_waits(const struct adj_out *adj_out, const struct update_group *group)
{
	return group->role == ROLE_EXPRESSROUTE && rib_seats_moving(adj_out->rib);
}
