/* Batches of update groups, made into messages and handed to the speakers. */
#include "announce.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attr.h"
#include "log.h"
#include "route_server.h"
#include "update.h"

void announcer_init(struct announcer *a)
{
	memset(a, 0, sizeof(*a));
}

void announcer_fini(struct announcer *a)
{
	while (a->groups) {
		struct update_group *next = a->groups->next;

		free(a->groups);
		a->groups = next;
	}
	if (a->sending)
		wire_buf_put(a->sending);
}

/* --- membership -------------------------------------------------------------------------------------------------- */

static bool group_fits(const struct update_group *group, const struct update_group *wanted)
{
	return group->role == wanted->role && group->as4 == wanted->as4 &&
	       group->rule.next_hop == wanted->rule.next_hop &&
	       group->rule.unchanged == wanted->rule.unchanged &&
	       group->rule.ibgp == wanted->rule.ibgp &&
	       group->rule.communities == wanted->rule.communities &&
	       group->rule.remove_private == wanted->rule.remove_private &&
	       group->rule.replace_asn == wanted->rule.replace_asn;
}

/* The kind of group that the peer belongs in. */
static struct update_group group_wanted(const struct route_server *rs, const struct peer *peer)
{
	struct update_group wanted = {
		.role = peer->held ? ROLE_VNET : peer->config.role,
		.as4 = peer->session.caps & SPEAKER_CAP_AS4,
		.rule = {
			.local_asn = rs->config->instance.asn,
			.cluster_id = rs->config->instance.router_id,
			.next_hop = peer->session.local_addr,
			.unchanged = peer->config.next_hop == NEXT_HOP_UNCHANGED,
			.ibgp = peer->session.ibgp,
			.communities = rs->config->control.platform_communities,
			.remove_private = peer->config.remove_private_as,
			.replace_asn = peer->config.as_override ? peer->config.asn : 0,
		},
	};

	return wanted;
}

static struct update_group *group_for(struct announcer *a, struct route_server *rs,
				      const struct peer *peer)
{
	struct update_group wanted = group_wanted(rs, peer), *group = a->groups;

	while (group && !group_fits(group, &wanted))
		group = group->next;
	if (group)
		return group;
	group = malloc(sizeof(*group));
	wanted.group = group ? group_new(rs->rib, wanted.role, wanted.rule.ibgp) : NULL;
	if (!wanted.group) {
		free(group);
		return NULL;
	}
	wanted.next = a->groups;
	*group = wanted;
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
	group_free(group->group);
	free(group);
}

int announcer_join(struct announcer *a, struct route_server *rs, struct peer *peer)
{
	struct update_group *group = group_for(a, rs, peer);

	if (!group)
		return -ENOMEM;
	if (group_join(group->group, peer->index)) {
		group_drop_if_empty(a, group);
		return -ENOMEM;
	}
	peer->group = group;
	return 0;
}

void announcer_leave(struct announcer *a, struct peer *peer)
{
	struct update_group *group = peer->group;

	if (!group)
		return;
	peer->group = NULL;
	group_leave(group->group, peer->index);
	group_drop_if_empty(a, group);
}

bool announcer_suits(const struct route_server *rs, const struct peer *peer)
{
	struct update_group wanted = group_wanted(rs, peer);

	return group_fits(peer->group, &wanted);
}

bool announcer_told(const struct announcer *a, const struct peer *peer)
{
	return !a->flushing && !peer->lagging && group_idle(peer->group->group);
}

int announcer_refresh(struct announcer *a, struct peer *peer)
{
	(void)a;
	return peer->group ? group_refresh(peer->group->group, peer->index) : 0;
}

int announcer_lagging(struct announcer *a, struct peer *peer, bool lagging)
{
	int err = 0;

	(void)a;
	if (!peer->group || peer->lagging == lagging)
		return 0;
	if (lagging)
		err = group_lagging(peer->group->group, peer->index);
	else
		group_drained(peer->group->group, peer->index);
	if (!err)
		peer->lagging = lagging;
	return err;
}

/* --- octets ------------------------------------------------------------------------------------------------------ */

size_t announcer_export(const struct update_group *group, const struct route_server *rs,
			const struct attrs *attrs, uint16_t source, uint8_t *out)
{
	const struct source *from = rib_source(rs->rib, source);
	const struct export_source es = {
		.role = from->role,
		.ibgp = from->ibgp,
		.peered = from->peered,
		.router_id = from->router_id,
	};
	struct attr_writer w = { .buf = out, .size = BGP_MESSAGE_MAX };

	return export_attrs(&group->rule, &es, attrs->wire, attrs->len, &w) ? 0 : w.len;
}

/* The same as they go on this group's wire. */
static size_t wire_attrs(const struct update_group *group, const struct route_server *rs,
			 const struct attrs *attrs, uint16_t source, uint8_t *out)
{
	uint8_t wide[BGP_MESSAGE_MAX];
	struct attr_writer w = { .buf = out, .size = BGP_MESSAGE_MAX };
	size_t len;

	if (group->as4)
		return announcer_export(group, rs, attrs, source, out);
	len = announcer_export(group, rs, attrs, source, wide);
	if (len)
		attrs_downgrade(wide, (uint16_t)len, &w);
	return w.full ? 0 : w.len;
}

/* Hand what is encoded to every member that it is for. False: a mailbox is full; call again. */
static bool out_send(struct announcer *a, struct route_server *rs)
{
	if (!a->out_len)
		return true;
	if (!a->sending) {
		a->sending = wire_buf_new(a->out_len);
		if (!a->sending)
			return false;
		memcpy(a->sending->data, a->out, a->out_len);
		a->nb_sent = 0;
	}
	for (; a->nb_sent < a->nb_to; a->nb_sent++) {
		const struct peer *peer = &rs->peers.table[a->to[a->nb_sent]];

		if (!rs_send(rs, peer, a->sending))
			return false;
	}
	wire_buf_put(a->sending);
	a->sending = NULL;
	a->out_len = 0;
	return true;
}

/* Room for one more message to the members of the batch. False: call again. */
static bool out_begin(struct announcer *a, struct route_server *rs)
{
	const struct group_batch *b = &a->batch;
	bool same = a->nb_to == b->nb_to && !memcmp(a->to, b->to, b->nb_to * sizeof(*b->to));

	if ((!same || sizeof(a->out) - a->out_len < BGP_MESSAGE_MAX || a->sending) &&
	    !out_send(a, rs))
		return false;
	if (!same) {
		a->nb_to = b->nb_to;
		memcpy(a->to, b->to, b->nb_to * sizeof(*b->to));
	}
	return true;
}

/* One message. Attributes that leave no room for a single prefix cannot be announced: then it is withdrawn, so that
 * nobody keeps what was there before. */
static void out_message(struct announcer *a)
{
	const struct group_batch *b = &a->batch;
	uint8_t *out = a->out + a->out_len;
	size_t taken = 0, len = 0;

	if (b->kind == GROUP_END_OF_RIB) {
		a->out_len += update_encode_eor(out, BGP_MESSAGE_MAX);
		return;
	}
	if (b->kind == GROUP_ANNOUNCE && a->attrs_len)
		len = update_encode_announce(out, BGP_MESSAGE_MAX, a->attrs, (uint16_t)a->attrs_len,
					     b->prefixes + a->at, b->nb_prefixes - a->at, &taken);
	if (!len)
		len = update_encode_withdraw(out, BGP_MESSAGE_MAX, b->prefixes + a->at,
					     b->kind == GROUP_ANNOUNCE ? 1 : b->nb_prefixes - a->at,
					     &taken);
	a->out_len += len;
	a->at += (uint32_t)taken;
	a->updates++;
}

static void batch_begin(struct announcer *a, struct route_server *rs)
{
	const struct group_batch *b = &a->batch;

	a->in_batch = true;
	a->at = 0;
	if (b->kind != GROUP_ANNOUNCE)
		return;
	a->attrs_len = wire_attrs(a->flushing, rs, b->attrs, b->source, a->attrs);
	if (!a->attrs_len)
		for (uint32_t i = 0; i < b->nb_to; i++)
			rs->peers.table[b->to[i]].unexportable += b->nb_prefixes;
}

/* The rest of a flush. False: a mailbox is full. */
static bool flush_go_on(struct announcer *a, struct route_server *rs)
{
	while (a->in_batch || group_flush_next(a->flushing->group, &a->batch)) {
		if (!a->in_batch)
			batch_begin(a, rs);
		do {
			if (!out_begin(a, rs))
				return false;
			out_message(a);
		} while (a->at < a->batch.nb_prefixes && a->batch.kind != GROUP_END_OF_RIB);
		a->in_batch = false;
	}
	if (!out_send(a, rs))
		return false;
	a->nb_to = 0;
	a->flushing = NULL;
	return true;
}

size_t announcer_flush(struct announcer *a, struct route_server *rs, size_t budget)
{
	size_t taken = 0;

	if (a->flushing) {
		/* Its own group first; the others in the next turn. */
		flush_go_on(a, rs);
		return 1;
	}
	for (struct update_group *group = a->groups; group; group = group->next) {
		size_t n = group_flush(group->group, budget);

		if (!n)
			continue;
		taken += n;
		a->flushing = group;
		if (!flush_go_on(a, rs))
			break;
	}
	return taken;
}

bool announcer_idle(const struct announcer *a)
{
	for (const struct update_group *group = a->groups; group; group = group->next)
		if (!group_idle(group->group))
			return false;
	return !a->flushing;
}
