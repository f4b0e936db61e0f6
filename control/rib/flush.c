/* Flushing a group: a slice of its queue, or of one of its cohorts, becomes batches for the encoder. What members must
 * be told of a prefix follows from (top, alt) before and now; at most two of them, the announcers of top then and now,
 * may differ from the rest. Prefixes that the same members are told the same about come together through a small
 * hash. */
#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "hash.h"
#include "table.h"

enum {
	ITEMS_MAX = 3 * GROUP_FLUSH_MAX, /* one for the members at large, two for the exceptions */
	SLOTS = 32768,			 /* a power of two, more than twice as many */
	NOBODY = UINT16_MAX,
};

/* Who of the audience: one peer alone, or all but up to two. */
struct target {
	uint16_t only;	    /* NOBODY: everyone but `except` */
	uint16_t except[2]; /* NOBODY: unused */
};

struct batch {
	const struct attrs *attrs; /* borrowed from the rib; NULL: withdraw */
	uint16_t source;
	struct target target;
	uint32_t slot;	    /* in the hash */
	uint32_t first, nb; /* of prefixes[] */
};

struct item {
	struct prefix prefix;
	uint32_t batch;
};

struct flush {
	const struct rib *rib;
	uint16_t audience[RIB_PEERS];
	uint32_t nb_audience;
	uint64_t hears[RIB_PEERS / 64]; /* the audience, a bit a peer */
	struct item items[ITEMS_MAX];
	struct batch batches[ITEMS_MAX];
	struct prefix prefixes[ITEMS_MAX];
	uint32_t slots[SLOTS]; /* batch index + 1 */
	uint32_t nb_items, nb_batches;
	uint32_t next;		/* batch to hand out */
	bool announcing;	/* the withdrawals are through */
	bool end_of_rib;	/* comes last */
	uint16_t to[RIB_PEERS]; /* of the batch handed out */
};

/* What one member must be told about one prefix. */
struct change {
	enum { TELL_NOTHING, TELL_WITHDRAW, TELL_ANNOUNCE } kind;
	struct offer offer;
};

struct flush *flush_new(void)
{
	return (struct flush *)calloc(1, sizeof(struct flush));
}

void flush_free(struct flush *flush)
{
	free(flush);
}

/* --- batches --------------------------------------------------------------------------------------------------- */

static void flush_begin(struct flush *f, const struct rib *rib, const struct audience *audience)
{
	for (uint32_t i = 0; i < f->nb_batches; i++)
		f->slots[f->batches[i].slot] = 0;
	memset(f->hears, 0, sizeof(f->hears));
	f->rib = rib;
	f->nb_items = f->nb_batches = f->next = 0;
	f->announcing = f->end_of_rib = false;
	f->nb_audience = audience->n;
	for (uint32_t i = 0; i < audience->n; i++) {
		f->audience[i] = audience->peers[i];
		f->hears[f->audience[i] / 64] |= UINT64_C(1) << (f->audience[i] % 64);
	}
}

static bool hears(const struct flush *f, uint16_t peer)
{
	return f->hears[peer / 64] >> (peer % 64) & 1;
}

static bool batch_is(const struct batch *b, const struct offer *offer, struct target target)
{
	return b->attrs == offer->attrs && b->source == offer->peer &&
	       b->target.only == target.only && b->target.except[0] == target.except[0] &&
	       b->target.except[1] == target.except[1];
}

static uint32_t batch_find(struct flush *f, const struct offer *offer, struct target target)
{
	uint64_t who = (uint64_t)target.only << 48 | (uint64_t)target.except[0] << 32 |
		       (uint64_t)target.except[1] << 16 | offer->peer;
	uint32_t slot;

	if (f->nb_batches && batch_is(&f->batches[f->nb_batches - 1], offer, target))
		return f->nb_batches - 1;
	slot = hash_u32(hash_u64((uintptr_t)offer->attrs) ^ who) & (SLOTS - 1);
	for (; f->slots[slot]; slot = (slot + 1) & (SLOTS - 1)) {
		if (batch_is(&f->batches[f->slots[slot] - 1], offer, target))
			return f->slots[slot] - 1;
	}
	f->batches[f->nb_batches] = (struct batch){
		.attrs = offer->attrs, .source = offer->peer, .target = target, .slot = slot
	};
	f->slots[slot] = ++f->nb_batches;
	return f->nb_batches - 1;
}

static void flush_add(struct flush *f, struct prefix prefix, const struct change *change,
		      struct target target)
{
	static const struct offer none = { NULL, 0 };
	struct item *item = &f->items[f->nb_items++];

	item->prefix = prefix;
	item->batch = batch_find(f, change->kind == TELL_ANNOUNCE ? &change->offer : &none, target);
	f->batches[item->batch].nb++;
}

/* Lay out each batch's prefixes side by side. */
static void flush_arrange(struct flush *f)
{
	uint32_t first = 0;

	for (uint32_t i = 0; i < f->nb_batches; i++) {
		f->batches[i].first = first;
		first += f->batches[i].nb;
		f->batches[i].nb = 0;
	}
	for (uint32_t i = 0; i < f->nb_items; i++) {
		struct batch *b = &f->batches[f->items[i].batch];

		f->prefixes[b->first + b->nb++] = f->items[i].prefix;
	}
}

/* --- what to tell whom ----------------------------------------------------------------------------------------- */

/* Would both offers be announced alike? Beside the attributes export asks only what kind of peer they came from, and
 * which one if it may have to name the originator. */
static bool announced_alike(const struct rib *rib, const struct offer *a, const struct offer *b)
{
	const struct source *sa = &rib->sources[a->peer], *sb = &rib->sources[b->peer];

	return a->attrs == b->attrs &&
	       (a->peer == b->peer ||
		(sa->role == sb->role && sa->ibgp == sb->ibgp && sa->peered == sb->peered &&
		 (!sa->ibgp || sa->router_id == sb->router_id)));
}

/* `always`: what it had is not known, so it is told in any case. */
static struct change judge(const struct rib *rib, const struct offer *had, const struct offer *must,
			   bool always)
{
	struct change change = { TELL_NOTHING, *must };

	if (!must->attrs)
		change.kind = had->attrs || always ? TELL_WITHDRAW : TELL_NOTHING;
	else if (always || !announced_alike(rib, had, must))
		change.kind = TELL_ANNOUNCE;
	return change;
}

static bool change_equal(const struct change *a, const struct change *b)
{
	return a->kind == b->kind &&
	       (a->kind != TELL_ANNOUNCE ||
		(a->offer.attrs == b->offer.attrs && a->offer.peer == b->offer.peer));
}

/* Tell the audience of one prefix. */
static void tell(struct flush *f, struct prefix prefix, const struct offers *had,
		 const struct offers *must, bool always)
{
	struct change change = judge(f->rib, &had->top, &must->top, always);
	const struct offer *announcer[2] = { &had->top, &must->top };
	struct target target = { NOBODY, { NOBODY, NOBODY } };
	uint32_t nb_except = 0;

	for (int i = 0; i < 2; i++) {
		uint16_t peer = announcer[i]->peer;
		struct target only = { peer, { NOBODY, NOBODY } };
		struct change own;

		if (!announcer[i]->attrs || !hears(f, peer) ||
		    (nb_except && target.except[0] == peer))
			continue;
		own = judge(f->rib, offer_to(had, peer), offer_to(must, peer), always);
		if (change_equal(&own, &change))
			continue;
		target.except[nb_except++] = peer;
		if (own.kind != TELL_NOTHING)
			flush_add(f, prefix, &own, only);
	}
	if (change.kind != TELL_NOTHING && f->nb_audience > nb_except)
		flush_add(f, prefix, &change, target);
}

/* What the FIB has not followed yet goes back, and does not count as taken. */
static size_t flush_queue(struct flush *f, struct group *group, size_t max)
{
	struct entry entry;
	size_t seen = 0;

	for (size_t i = 0; i < max && queue_take(group, &entry); i++) {
		struct offers had = { { entry.top, entry.top_peer },
				      { entry.alt, entry.alt_peer } },
			      must;

		if (node_waits(f->rib, entry.node)) {
			queue_back(group, &entry);
			continue;
		}
		offers_restrict(group, &had);
		group_offers(group, entry.node, &must);
		tell(f, rib_prefix(f->rib, entry.node), &had, &must, false);
		entry_drop(group->rib, &entry);
		node_release(group->rib, entry.node);
		seen++;
	}
	return seen;
}

/* Tell a cohort of one node. If that was pending, they may have been told of it before. */
static void cohort_tell(struct flush *f, struct group *group, struct cohort *cohort, uint32_t id)
{
	static const struct offers unknown;
	bool pending = bitmap_has(&cohort->pending, id);
	struct offers must;

	group_offers(group, id, &must);
	tell(f, rib_prefix(f->rib, id), &unknown, &must, pending);
	if (pending) {
		bitmap_remove(&cohort->pending, id);
		node_release(group->rib, id);
	}
}

/* Tell them, or if the FIB has not followed the node yet, later. */
static void cohort_meet(struct flush *f, struct group *group, struct cohort *cohort, uint32_t id)
{
	if (node_waits(f->rib, id))
		bitmap_add(&cohort->pending, id);
	else
		cohort_tell(f, group, cohort, id);
}

static size_t flush_cohort(struct flush *f, struct group *group, struct cohort *cohort, size_t max)
{
	const struct slab *nodes = &group->rib->nodes.items;
	size_t seen = 0;

	for (; seen < max && cohort->dumped != DUMP_DONE; seen++) {
		if (cohort->dumped >= nodes->top) {
			cohort->dumped = DUMP_DONE;
			f->end_of_rib = cohort->end_of_rib;
			cohort->end_of_rib = false;
		} else if (slab_live(nodes, ++cohort->dumped)) {
			cohort_meet(f, group, cohort, cohort->dumped);
		}
	}
	for (; seen < max && cohort->pending.count; seen++) {
		cohort->cursor = bitmap_next(&cohort->pending, cohort->cursor);
		cohort_meet(f, group, cohort, cohort->cursor);
	}
	if (cohort->dumped == DUMP_DONE && !cohort->pending.count)
		cohort_merge(group, cohort);
	return seen ? seen : 1;
}

/* --- the iterator ---------------------------------------------------------------------------------------------- */

size_t group_flush(struct group *group, size_t max)
{
	struct flush *f = group->rib->groups.flush;
	bool stream = group->queue.count && audience_ready(group->rib, &group->stream);
	struct cohort *cohort = stream ? NULL : cohort_turn(group);
	size_t seen = 0;

	if (max > GROUP_FLUSH_MAX)
		max = GROUP_FLUSH_MAX;
	flush_begin(f, group->rib, &group->stream);
	if (stream)
		seen = flush_queue(f, group, max);
	if (stream && !seen) /* all of it waits for the FIB */
		cohort = cohort_turn(group);
	if (cohort) {
		flush_begin(f, group->rib, &cohort->audience);
		seen = flush_cohort(f, group, cohort, max);
	}
	flush_arrange(f);
	return seen;
}

static uint32_t recipients(struct flush *f, struct target target)
{
	uint32_t n = 0;

	if (target.only != NOBODY) {
		f->to[0] = target.only;
		return 1;
	}
	for (uint32_t i = 0; i < f->nb_audience; i++) {
		if (f->audience[i] != target.except[0] && f->audience[i] != target.except[1])
			f->to[n++] = f->audience[i];
	}
	return n;
}

/* The next withdrawal, or when there is none the next announcement; NULL: none. */
static const struct batch *batch_next(struct flush *f)
{
	for (;;) {
		while (f->next < f->nb_batches) {
			const struct batch *b = &f->batches[f->next++];

			if (!b->attrs == !f->announcing)
				return b;
		}
		if (f->announcing)
			return NULL;
		f->announcing = true;
		f->next = 0;
	}
}

bool group_flush_next(struct group *group, struct group_batch *out)
{
	static const struct target everyone = { NOBODY, { NOBODY, NOBODY } };
	struct flush *f = group->rib->groups.flush;
	const struct batch *b = batch_next(f);

	*out = (struct group_batch){ .kind = GROUP_END_OF_RIB, .to = f->to };
	if (b) {
		out->kind = b->attrs ? GROUP_ANNOUNCE : GROUP_WITHDRAW;
		out->attrs = b->attrs;
		out->source = b->source;
		out->prefixes = f->prefixes + b->first;
		out->nb_prefixes = b->nb;
		out->nb_to = recipients(f, b->target);
		return true;
	}
	if (!f->end_of_rib)
		return false;
	f->end_of_rib = false;
	out->nb_to = recipients(f, everyone);
	return true;
}
