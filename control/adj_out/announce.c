/* Batches of update groups, made into messages and handed to the speakers. */
#include "announce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attr.h"
#include "log.h"
#include "adj_out.h"
#include "events.h"
#include "rib.h"
#include "sendq.h"
#include "suspects.h"
#include "update.h"
#include "update_group.h"
#include "announcement.h"

enum {
	FLUSH = 256, /* prefixes of a group at once */
	/* batches, or as many members as each of those counts for, between two looks at the
	 * clock */
	LOOK = 16,
	BATCH_MEMBERS = 64,
	CUT_NS =
		250 * 1000, /* what a flush that has begun may take longer than there is time for */
};

void announcer_init(struct announcer *a, struct adj_out *adj_out)
{
	memset(a, 0, sizeof(*a));
	a->adj_out = adj_out;
}

void announcer_fini(struct announcer *a)
{
	while (a->groups) {
		struct update_group *next = a->groups->next;

		summaries_close(a->adj_out, a->groups);
		route_map_put(a->groups->map);
		free(a->groups);
		a->groups = next;
	}
	if (a->sending)
		wire_buf_put(a->sending);
}

/* Hand what is encoded to every member that it is for. False: a mailbox is full; call again. */
static bool out_send(struct announcer *a)
{
	struct adj_out *adj_out = a->adj_out;

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
		struct receiver *peer = adj_out->receiver[a->to[a->nb_sent]];

		if (!adj_out->send(adj_out->ctx, peer->session, a->sending))
			return false;
	}
	wire_buf_put(a->sending);
	a->sending = NULL;
	a->out_len = 0;
	return true;
}

/* Room for one more message to the members of the batch. False: call again. */
static bool out_begin(struct announcer *a)
{
	const struct recipients *h = &a->recipients;
	bool same = a->nb_to == h->nb_to && !memcmp(a->to, h->to, h->nb_to * sizeof(*h->to));

	if ((!same || sizeof(a->out) - a->out_len < BGP_MESSAGE_MAX || a->sending) && !out_send(a))
		return false;
	if (!same) {
		a->nb_to = h->nb_to;
		memcpy(a->to, h->to, h->nb_to * sizeof(*h->to));
	}
	return true;
}

/* One message. Attributes that leave no room for a single prefix cannot be announced: then it is
 * withdrawn, so that nobody keeps what was there before. */
static void out_message(struct announcer *a)
{
	const struct group_batch *b = &a->batch;
	const struct outbound_part *part = &a->part;
	uint8_t *out = a->out + a->out_len;
	size_t taken = 0, len = 0;

	if (b->kind == GROUP_END_OF_RIB) {
		a->out_len += update_encode_eor(out, BGP_MESSAGE_MAX, a->adj_out->family);
		return;
	}
	if (b->kind == GROUP_ANNOUNCE && a->attrs_len)
		len = update_encode_announce(out, BGP_MESSAGE_MAX, a->adj_out->family, a->attrs,
					     (uint16_t)a->attrs_len, part->prefixes + a->at,
					     part->nb - a->at, &taken);
	if (!len)
		len = update_encode_withdraw(out, BGP_MESSAGE_MAX, a->adj_out->family,
					     part->prefixes + a->at,
					     a->attrs_len ? 1 : part->nb - a->at, &taken);
	a->out_len += len;
	a->at += (uint32_t)taken;
	a->updates++;
}

/* The part once more, for those that it is withheld from: withdrawn. False: there are none, or they
 * have had it. */
static bool part_without(struct announcer *a)
{
	if (!recipients_withheld(&a->recipients))
		return false;
	a->at = 0;
	a->attrs_len = 0;
	return true;
}

/* `wire`: the part's attributes, canonical; NULL: it is withdrawn, and `too_long` says why if it
 * ought not to be. */
static void part_begin(struct announcer *a)
{
	const struct group_batch *b = &a->batch;

	a->at = 0;
	a->attrs_len = a->part.wire
			       ? announcement_wire(a->flushing, a->part.wire, a->part.len, a->attrs)
			       : 0;
	if (a->part.too_long || (a->part.wire && !a->attrs_len))
		for (uint32_t i = 0; i < b->nb_to; i++)
			a->adj_out->receiver[b->to[i]]->unexportable += a->part.nb;
	if (a->attrs_len)
		announced_note(
			&a->flushing->announced,
			&(struct announced_part){ .ms = a->adj_out->now_ms,
						  .prefix = *a->part.prefixes,
						  .attrs_hash = b->attrs ? b->attrs->hash : 0 });
	recipients_begin(&a->recipients, a->adj_out, b, &a->part, a->attrs, (uint16_t)a->attrs_len);
	if (!a->recipients.nb_to)
		part_without(a);
}

/* What policy makes of the batch's attributes on their way out: counted, and said. Returns whether
 * its routes go. */
static bool note_attributes(struct announcer *a)
{
	const struct attr_policy *policy = &a->flushing->rule.attributes;
	const struct group_batch *b = &a->batch;
	char what[128], prefix[PREFIX_TEXT];
	uint64_t codes[4];
	uint8_t drop = attr_policy_look(policy, b->attrs->wire, b->attrs->len, codes);

	if (!drop && !(codes[0] | codes[1] | codes[2] | codes[3]))
		return false;
	if (drop)
		snprintf(what, sizeof(what), "attribute %u (%s)", drop, attr_name(drop));
	else
		attr_set_text(codes, what, sizeof(what));
	for (uint32_t i = 0; i < b->nb_to; i++) {
		struct receiver *peer = a->adj_out->receiver[b->to[i]];

		*(drop ? &peer->dropped_out : &peer->stripped_out) += b->nb_prefixes;
		events_note(a->adj_out->events, EVENT_ATTRIBUTE, peer->session->index,
			    a->adj_out->now_ms, "%s on the way to it %s and %u others: %s",
			    drop ? "dropped" : "stripped", prefix_text(*b->prefixes, prefix),
			    b->nb_prefixes - 1, what);
	}
	return drop;
}

/* The attributes of the batch for those that it is for, before their route map. */
static size_t batch_export(struct announcer *a)
{
	const struct group_batch *b = &a->batch;
	struct update_group kind;

	if (!a->itself)
		return announcement_export(a->flushing, a->adj_out->rib, b->attrs, b->source,
					   b->backup, a->exported);
	kind = *a->flushing;
	kind.rule.unchanged = false;
	return announcement_export(&kind, a->adj_out->rib, b->attrs, b->source, b->backup,
				   a->exported);
}

/* The first part of the batch, which without a route map is the whole. False: nothing of it is to
 * be said. */
static bool batch_begin(struct announcer *a)
{
	const struct group_batch *b = &a->batch;
	struct update_group *group = a->flushing;
	struct outbound_batch out = { .map = group->map, .side = update_group_side(group) };
	bool summarises = group->map && route_map_replacing(group->map, a->adj_out->family);

	a->part = (struct outbound_part){ .prefixes = b->prefixes, .nb = b->nb_prefixes };
	a->outbound.at = a->outbound.nb = 0;
	if (b->kind == GROUP_ANNOUNCE) {
		bool drop = note_attributes(a);

		a->part.len = (uint16_t)batch_export(a);
		a->part.wire = a->part.len ? a->exported : NULL;
		a->part.too_long = !a->part.len && !drop;
		out.vnet = rib_source(a->adj_out->rib, b->source)->role == ROLE_VNET;
		out.wire = a->part.len ? a->exported : NULL;
		out.len = a->part.len;
		out.too_long = a->part.too_long;
	}
	if (summarises)
		summaries_note(a->adj_out, group, b);
	if (b->kind != GROUP_END_OF_RIB && (summarises || (group->map && out.wire))) {
		outbound_begin(&a->outbound, &out, b->prefixes, b->nb_prefixes);
		if (!outbound_next(&a->outbound, &a->part))
			return false;
	}
	part_begin(a);
	a->in_batch = true;
	return true;
}

/* News of a summary as a batch of its own. */
static bool news_begin(struct announcer *a, bool over)
{
	struct update_group *group = a->flushing;
	struct route_map_result *r = &a->outbound.result;
	struct summaries_news *news = &a->news;
	bool fits = true, announced;

	if (!summaries_next(a->adj_out, group, over, news))
		return false;
	if (news->rule >= 0)
		announced = fits = announcement_of_summary(group, news->rule, r);
	else
		announced = news->path && announcement_of_path(group, a->adj_out->rib, news->path,
							       news->backup, a->exported, r);
	a->part = (struct outbound_part){ .prefixes = &news->prefix, .nb = 1, .too_long = !fits };
	if (announced) {
		a->part.wire = r->wire;
		a->part.len = r->len;
	}
	a->batch = (struct group_batch){
		.kind = a->part.wire ? GROUP_ANNOUNCE : GROUP_WITHDRAW,
		.attrs = news->path ? news->path->attrs : NULL,
		.prefixes = &news->prefix,
		.nb_prefixes = 1,
		.to = news->to,
		.nb_to = news->nb_to,
	};
	a->outbound.at = a->outbound.nb = 0;
	part_begin(a);
	a->in_batch = true;
	return true;
}

/* The next batch of the group, or the other half of the last one (recipients.h). */
static bool batch_take(struct announcer *a)
{
	struct update_group *group = a->flushing;

	if (batch_split_next(&a->split, &a->batch, &a->itself))
		return true;
	a->itself = false;
	if (a->ending || !group_flush_next(group->group, &a->batch))
		return false;
	a->ending = a->batch.kind == GROUP_END_OF_RIB;
	if (a->batch.kind != GROUP_ANNOUNCE)
		return true;
	if (!group->rule.unchanged)
		return true;
	batch_split_begin(&a->split, a->adj_out, group, &a->batch);
	return batch_split_next(&a->split, &a->batch, &a->itself);
}

/* What is announced to the group next: summaries that begin, what changes, summaries that have
 * ended, and End-of-RIB, which says that all has been announced. */
static bool batch_next(struct announcer *a)
{
	if (!a->began && news_begin(a, false))
		return true;
	a->began = true;
	while (batch_take(a)) {
		if (a->batch.kind == GROUP_END_OF_RIB)
			a->end = a->batch;
		else if (batch_begin(a))
			return true;
	}
	if (news_begin(a, true))
		return true;
	if (!a->ending)
		return false;
	a->ending = false;
	a->batch = a->end;
	return batch_begin(a);
}

/* The next part of the batch; false: that was all of it. */
static bool part_next(struct announcer *a)
{
	if (part_without(a))
		return true;
	if (!outbound_next(&a->outbound, &a->part))
		return false;
	part_begin(a);
	return true;
}

/* A batch is through. Is it time to stop? */
static bool is_late(struct announcer *a, const struct budget *budget)
{
	a->batches += 1 + a->nb_to / BATCH_MEMBERS;
	if (a->batches < LOOK)
		return false;
	a->batches = 0;
	return budget_over(budget);
}

/* The rest of a flush. False: it is not through, as a mailbox is full, or the time is over. */
static bool flush_go_on(struct announcer *a, const struct budget *budget)
{
	a->blocked = true;
	while (a->in_batch || batch_next(a)) {
		do {
			if (!out_begin(a))
				return false;
			out_message(a);
		} while (a->batch.kind != GROUP_END_OF_RIB && (a->at < a->part.nb || part_next(a)));
		a->in_batch = false;
		if (is_late(a, budget)) {
			a->blocked = false;
			return false;
		}
	}
	if (!out_send(a))
		return false;
	a->blocked = false;
	a->nb_to = 0;
	a->flushing = NULL;
	return true;
}

/* Of one group a slice of prefixes, and a quarter of that counted for its summaries. False: it is
 * not through. */
static bool flush_group(struct announcer *a, struct update_group *group,
			const struct budget *budget, size_t *taken)
{
	size_t n;

	if (update_group_waits(a->adj_out, group))
		return true;
	*taken += summaries_turn(a->adj_out, group, FLUSH / 4);
	if (!summaries_counted(group))
		return true;
	n = group_flush(group->group, FLUSH);
	*taken += n;
	if (!n && !group->owing)
		return true;
	a->flushing = group;
	a->began = false;
	return flush_go_on(a, budget);
}

/* Groups take turns, from one flush to the next too. */
size_t announcer_flush(struct announcer *a, const struct budget *budget)
{
	struct update_group *group = a->turn ? a->turn : a->groups, *idle = NULL;
	const struct budget cut = { budget->now_ns, budget->end_ns + CUT_NS };
	size_t taken = 0;
	bool room = true;

	if (a->flushing) {
		/* Its own group first; the others in the next turn. */
		flush_go_on(a, budget);
		return 1;
	}
	while (group && group != idle && room) {
		size_t n = 0;

		room = flush_group(a, group, &cut, &n);
		/* Once round without anything to do. */
		idle = n ? NULL : idle ? idle : group;
		group = group->next ? group->next : a->groups;
		taken += n;
		if (n && budget_over(budget))
			break;
	}
	a->turn = group;
	return taken;
}

bool announcer_idle(const struct announcer *a)
{
	for (const struct update_group *group = a->groups; group; group = group->next)
		if (!group_idle(group->group) || !summaries_idle(group))
			return false;
	return !a->flushing;
}
