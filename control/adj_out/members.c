/* Members and their groups: made for the first, freed with the last. */
#include "members.h"

#include <errno.h>
#include <stdlib.h>

#include "adj_out.h"
#include "announce.h"
#include "rib.h"
#include "summaries.h"
#include "update_group.h"
#include "withheld.h"

static struct update_group *group_for(struct announcer *a, const struct receiver *peer)
{
	struct update_group wanted = update_group_of(a->adj_out, peer), *group = a->groups;

	while (group && !update_group_fits(group, &wanted))
		group = group->next;
	if (group)
		return group;
	group = malloc(sizeof(*group));
	wanted.group = group ? group_new(a->adj_out->rib, wanted.role, wanted.rule.ibgp,
					 wanted.vnets, wanted.backups)
			     : NULL;
	if (!wanted.group) {
		free(group);
		return NULL;
	}
	wanted.next = a->groups;
	*group = wanted;
	if (summaries_open(a->adj_out, group)) {
		group_free(group->group);
		free(group);
		return NULL;
	}
	if (group->map)
		route_map_get(group->map);
	a->groups = group;
	return group;
}

static void group_drop_if_empty(struct announcer *a, struct update_group *group)
{
	struct update_group **at = &a->groups;

	if (group_members(group->group))
		return;
	while (*at != group)
		at = &(*at)->next;
	*at = group->next;
	if (a->turn == group)
		a->turn = group->next;
	summaries_close(a->adj_out, group);
	group_free(group->group);
	route_map_put(group->map);
	free(group);
}

int members_join(struct announcer *a, struct receiver *peer)
{
	struct update_group *group = group_for(a, peer);

	if (!group)
		return -ENOMEM;
	if (group_join(group->group, peer->session->index)) {
		group_drop_if_empty(a, group);
		return -ENOMEM;
	}
	peer->group = group;
	group->owing = true;
	a->version++;
	withheld_joined(peer);
	return 0;
}

static void leave(struct announcer *a, struct receiver *peer)
{
	struct update_group *group = peer->group;

	if (!group)
		return;
	peer->group = NULL;
	withheld_uncount(peer);
	a->version++;
	group_leave(group->group, peer->session->index);
	group_drop_if_empty(a, group);
}

void members_leave(struct announcer *a, struct receiver *peer)
{
	summaries_forget(peer);
	leave(a, peer);
}

bool members_finished(const struct announcer *a, const struct receiver *peer)
{
	return !a->flushing && !peer->lagging && !update_group_waits(peer->adj_out, peer->group) &&
	       group_idle(peer->group->group) && summaries_idle(peer->group);
}

int members_refresh(struct receiver *peer)
{
	int err = peer->group ? group_refresh(peer->group->group, peer->session->index) : 0;

	if (peer->group && !err)
		summaries_refresh(peer);
	return err;
}

/* It learns nothing of VNets any more. */
static void owe_vnets(const struct adj_out *adj_out, const struct receiver *peer)
{
	for (size_t i = 0; i < adj_out->config->nb_vnets; i++) {
		const struct prefix prefix = adj_out->config->vnets[i].prefix;
		uint32_t node = prefix.addr.family == adj_out->family
					? rib_find(adj_out->rib, prefix)
					: RIB_NONE;

		if (node != RIB_NONE)
			group_owe(peer->group->group, peer->session->index, node);
	}
}

int members_move(struct announcer *a, struct receiver *peer)
{
	int err;

	summaries_move(peer);
	leave(a, peer);
	err = members_join(a, peer);
	/* What was announced to it before it still has: a refresh says so, lest a withdrawal be
	 * missed. */
	if (!err)
		err = members_refresh(peer);
	if (!err && !peer->group->vnets)
		owe_vnets(a->adj_out, peer);
	return err;
}

int members_lagging(struct receiver *peer, bool lagging)
{
	int err = 0;

	if (!peer->group || peer->lagging == lagging)
		return 0;
	if (lagging)
		err = group_lagging(peer->group->group, peer->session->index);
	else
		group_drained(peer->group->group, peer->session->index);
	if (!err)
		peer->lagging = lagging;
	peer->group->owing |= !lagging;
	return err;
}
