/* Flushing a group: a slice of its queue, or of one of its cohorts, becomes batches for the
 * encoder. What must be announced for a prefix follows from (top, alt) and the backups before and
 * now; the announcers of top then and now, and those to whom top was or is a backup, may differ
 * from the rest. Prefixes that the same members learn the same about come together through small
 * hashes: of sets of members, and of batches. */
#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "hash.h"
#include "rib_private.h"

enum {
	ITEMS_MAX = 3 * GROUP_FLUSH_MAX,
	/* of a prefix: what members at large learn, and what exceptions are: top or alt, each as
	 * best or as backup, or that it is withdrawn, or nothing */
	ITEMS_PREFIX = 1 + 6,
	SLOTS = 32768, /* a power of two, more than twice as many */
	SETS_MAX = ITEMS_MAX,
	RELEASED = 32, /* entries of a queue whose nodes and attributes are released together */
	SETS_MEMBERS = 16 * RIB_PEERS,
};

/* Peers, ascending. */
struct set {
	uint32_t first, n; /* of members[] */
	uint32_t slot;	   /* in the hash */
};

/* Who of the audience: a set of peers, or all but those. */
struct target {
	uint32_t set; /* 0: the empty one */
	bool only;
};

/* What a member learns: an offer, as best or as backup. */
struct word {
	struct offer offer;
	bool backup;
};

struct batch {
	struct word word; /* borrowed attributes; NULL: withdraw */
	struct target target;
	uint32_t slot;	    /* in the hash */
	uint32_t first, nb; /* of prefixes[] */
};

struct item {
	struct prefix prefix;
	uint32_t batch;
};

/* What one member must learn about one prefix. */
struct change {
	enum { CHANGE_NOTHING, CHANGE_WITHDRAW, CHANGE_ANNOUNCE } kind;
	struct word word;
};

struct flush {
	const struct rib *rib;
	const struct group *group;
	uint16_t audience[RIB_PEERS];
	uint32_t nb_audience;
	uint64_t hears[RIB_PEERS / 64]; /* the audience, a bit a peer */
	struct item items[ITEMS_MAX];
	struct batch batches[ITEMS_MAX];
	struct prefix prefixes[ITEMS_MAX];
	uint32_t slots[SLOTS]; /* batch index + 1 */
	struct set sets[SETS_MAX];
	uint32_t set_slots[SLOTS]; /* set index; 0: none */
	uint16_t members[SETS_MEMBERS];
	uint32_t nb_items, nb_batches, nb_sets, nb_members;
	struct backups had, must;   /* of the prefix at hand */
	uint16_t others[RIB_PEERS]; /* members that may learn otherwise of it than the rest */
	uint32_t nb_others;
	struct change changes[RIB_PEERS]; /* of others */
	uint8_t flags[RIB_PEERS];	  /* of others: enum other_flags; else 0 */
	uint32_t next;			  /* batch to hand out */
	bool announcing;		  /* the withdrawals are through */
	bool end_of_rib;		  /* comes last */
	uint16_t to[RIB_PEERS];		  /* of the batch handed out */
};

enum other_flags {
	IS_OTHER = 1,
	HAD_BACKUP = 2, /* top was one to it, */
	HAS_BACKUP = 4, /* is one now */
};

struct flush *flush_new(void)
{
	return (struct flush *)calloc(1, sizeof(struct flush));
}

void flush_free(struct flush *flush)
{
	free(flush);
}

/* --- sets ------------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* The set that holds these peers, ascending. */
static uint32_t set_find(struct flush *f, const uint16_t *peers, uint32_t n)
{
	const size_t bytes = n * sizeof(*peers);
	uint32_t slot;

	if (!n)
		return 0;
	slot = hash_u32((uint32_t)hash_bytes(peers, bytes, n)) & (SLOTS - 1);
	for (; f->set_slots[slot]; slot = (slot + 1) & (SLOTS - 1)) {
		const struct set *set = &f->sets[f->set_slots[slot]];

		if (set->n == n && !memcmp(f->members + set->first, peers, bytes))
			return f->set_slots[slot];
	}
	f->sets[++f->nb_sets] = (struct set){ f->nb_members, n, slot };
	memcpy(f->members + f->nb_members, peers, bytes);
	f->nb_members += n;
	f->set_slots[slot] = f->nb_sets;
	return f->nb_sets;
}

/* Is there room for another prefix, whatever is to be announced for it? */
static bool has_room(const struct flush *f)
{
	return f->nb_items + ITEMS_PREFIX <= ITEMS_MAX && f->nb_sets + ITEMS_PREFIX < SETS_MAX &&
	       f->nb_members + 2 * f->nb_audience <= SETS_MEMBERS;
}

/* --- batches ---------------------------------------------------------------------------------- */

static void flush_begin(struct flush *f, const struct group *group, const struct audience *audience)
{
	for (uint32_t i = 0; i < f->nb_batches; i++)
		f->slots[f->batches[i].slot] = 0;
	for (uint32_t i = 1; i <= f->nb_sets; i++)
		f->set_slots[f->sets[i].slot] = 0;
	memset(f->hears, 0, sizeof(f->hears));
	f->rib = group->rib;
	f->group = group;
	f->nb_items = f->nb_batches = f->nb_sets = f->nb_members = f->next = 0;
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

static bool word_equal(const struct word *a, const struct word *b)
{
	return offer_equal(&a->offer, &b->offer) && a->backup == b->backup;
}

static bool batch_is(const struct batch *b, const struct word *word, struct target target)
{
	return word_equal(&b->word, word) && b->target.set == target.set &&
	       b->target.only == target.only;
}

static uint32_t batch_find(struct flush *f, const struct word *word, struct target target)
{
	uint64_t who = (uint64_t)target.set << 32 | (uint64_t)word->offer.peer << 2 |
		       (uint64_t)target.only << 1 | word->backup;
	uint32_t slot;

	if (f->nb_batches && batch_is(&f->batches[f->nb_batches - 1], word, target))
		return f->nb_batches - 1;
	slot = hash_u32(hash_u64((uintptr_t)word->offer.attrs) ^ hash_u64(who)) & (SLOTS - 1);
	for (; f->slots[slot]; slot = (slot + 1) & (SLOTS - 1)) {
		if (batch_is(&f->batches[f->slots[slot] - 1], word, target))
			return f->slots[slot] - 1;
	}
	f->batches[f->nb_batches] = (struct batch){ .word = *word, .target = target, .slot = slot };
	f->slots[slot] = ++f->nb_batches;
	return f->nb_batches - 1;
}

static void flush_add(struct flush *f, const struct prefix *prefix, const struct change *change,
		      struct target target)
{
	static const struct word none;
	struct item *item = &f->items[f->nb_items++];

	item->prefix = *prefix;
	item->batch =
		batch_find(f, change->kind == CHANGE_ANNOUNCE ? &change->word : &none, target);
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

/* --- what is announced to whom ---------------------------------------------------------------- */

/* Would both offers be announced alike? Beside the attributes export asks only what kind of peer
 * they came from, and which one if it may have to name the originator. */
static bool announced_alike(const struct rib *rib, const struct offer *a, const struct offer *b)
{
	const struct source *sa = &rib->sources[a->peer], *sb = &rib->sources[b->peer];

	return a->attrs == b->attrs &&
	       (a->peer == b->peer ||
		(sa->role == sb->role && sa->ibgp == sb->ibgp && sa->peered == sb->peered &&
		 (!sa->ibgp || sa->router_id == sb->router_id)));
}

/* `always`: what it had is not known, so it is sent in any case. */
static struct change judge(const struct rib *rib, const struct word *had, const struct word *must,
			   bool always)
{
	struct change change = { CHANGE_NOTHING, *must };

	if (!must->offer.attrs)
		change.kind = had->offer.attrs || always ? CHANGE_WITHDRAW : CHANGE_NOTHING;
	else if (always || had->backup != must->backup ||
		 !announced_alike(rib, &had->offer, &must->offer))
		change.kind = CHANGE_ANNOUNCE;
	return change;
}

static bool change_equal(const struct change *a, const struct change *b)
{
	return a->kind == b->kind && (a->kind != CHANGE_ANNOUNCE || word_equal(&a->word, &b->word));
}

/* What a peer learns of these offers, if top is a backup to it or not. */
static struct word word_for(const struct group *group, const struct offers *offers, uint16_t peer,
			    bool backup)
{
	const struct offer *offer = offer_to(offers, peer);

	backup |= offer->yields || offer == &offers->alt;
	if (!offer->attrs || (backup && group->backups == GROUP_BACKUPS_HIDDEN))
		return (struct word){ { NULL, 0, 0, false }, false };
	return (struct word){ *offer, backup && group->backups == GROUP_BACKUPS_MARKED };
}

static void other_add(struct flush *f, uint16_t peer, uint8_t flags)
{
	if (!hears(f, peer))
		return;
	if (!f->flags[peer])
		f->others[f->nb_others++] = peer;
	f->flags[peer] |= IS_OTHER | flags;
}

static void others_add(struct flush *f, const struct backups *backups, uint8_t flags)
{
	for (uint32_t i = 0; i < backups->n; i++) {
		uint16_t gateway = backups->gateway[i], peer = instance_first(f->rib, gateway);

		for (; peer != RIB_NOBODY; peer = instance_next(f->rib, gateway, peer))
			other_add(f, peer, flags);
	}
}

/* Who may learn otherwise than the rest. */
static void others_find(struct flush *f, const struct offers *had, const struct offers *must)
{
	f->nb_others = 0;
	if (had->top.attrs)
		other_add(f, had->top.peer, 0);
	if (must->top.attrs)
		other_add(f, must->top.peer, 0);
	others_add(f, &f->had, HAD_BACKUP);
	others_add(f, &f->must, HAS_BACKUP);
	if (f->nb_others > 1)
		qsort(f->others, f->nb_others, sizeof(*f->others), ascending);
}

/* Those of the first `n` others that learn the same as the first go out together. Returns how
 * many are left. */
static uint32_t send_alike(struct flush *f, const struct prefix *prefix, uint32_t n)
{
	const struct change change = f->changes[0];
	uint32_t nb_alike = 0, left = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (change_equal(&f->changes[i], &change)) {
			f->to[nb_alike++] = f->others[i];
			continue;
		}
		f->others[left] = f->others[i];
		f->changes[left++] = f->changes[i];
	}
	if (change.kind != CHANGE_NOTHING)
		flush_add(f, prefix, &change,
			  (struct target){ set_find(f, f->to, nb_alike), true });
	return left;
}

/* Tell the audience of one prefix; f->had and f->must say to whom top was and is a backup. */
static void send(struct flush *f, const struct prefix *prefix, const struct offers *had,
		 const struct offers *must, bool always)
{
	const struct word before = { had->top, had->top.yields },
			  now = { must->top, must->top.yields };
	const struct change common = judge(f->rib, &before, &now, always);
	uint32_t n = 0;

	others_find(f, had, must);
	for (uint32_t i = 0; i < f->nb_others; i++) {
		uint16_t peer = f->others[i];
		uint8_t flags = f->flags[peer];
		struct word own_had = word_for(f->group, had, peer, flags & HAD_BACKUP);
		struct word own_must = word_for(f->group, must, peer, flags & HAS_BACKUP);
		struct change own = judge(f->rib, &own_had, &own_must, always);

		f->flags[peer] = 0;
		if (change_equal(&own, &common))
			continue;
		f->others[n] = peer;
		f->changes[n++] = own;
	}
	if (common.kind != CHANGE_NOTHING && f->nb_audience > n)
		flush_add(f, prefix, &common, (struct target){ set_find(f, f->others, n), false });
	while (n)
		n = send_alike(f, prefix, n);
}

/* Gateways, and paths, that count as much as a prefix. */
enum { OTHERS_COST = 16, PATHS_COST = 32 };

/* What it costs to announce a node of so many paths, f->had and f->must being of that. */
static size_t send_cost(const struct flush *f, uint32_t paths)
{
	return 1 + (f->had.n + f->must.n) / OTHERS_COST + paths / PATHS_COST;
}

/* Entries that have been sent: their references go, and nodes that nobody needs any more. */
static void release(struct rib *rib, const struct entry *sent, size_t n)
{
	uint32_t nodes[RELEASED];

	for (size_t i = 0; i < n; i++) {
		nodes[i] = sent[i].node;
		if (sent[i].top)
			attrs_fetch_put(rib->params.attrs, sent[i].top);
	}
	nodes_release(rib, nodes, n);
	for (size_t i = 0; i < n; i++)
		entry_drop(rib, &sent[i]);
}

/* What the FIB has not followed yet goes back, and does not count as taken. */
static size_t flush_queue(struct flush *f, struct group *group, size_t max)
{
	struct entry entry, sent[RELEASED];
	size_t seen = 0, nb_sent = 0, cost;

	for (size_t i = 0; i < max && has_room(f) && queue_take(group, &entry, &f->had);
	     i += cost) {
		struct offers had = { { entry.top, entry.top_peer, 0, entry.top_yields },
				      { entry.alt, entry.alt_peer, 0, entry.alt_yields } },
			      must;
		struct prefix prefix;

		cost = 1;
		if (node_waits(f->rib, entry.node)) {
			queue_back(group, &entry, &f->had);
			continue;
		}
		offers_restrict(group, &had);
		group_outlook(group, entry.node, &must, &f->must);
		prefix = rib_prefix(f->rib, entry.node);
		send(f, &prefix, &had, &must, false);
		cost = send_cost(f, node_at(f->rib, entry.node)->paths);
		sent[nb_sent++] = entry;
		if (nb_sent == RELEASED) {
			release(group->rib, sent, nb_sent);
			nb_sent = 0;
		}
		seen++;
	}
	release(group->rib, sent, nb_sent);
	return seen;
}

/* Tell a cohort of one node. If that was pending, they may have learned it before. */
static void cohort_send(struct flush *f, struct group *group, struct cohort *cohort, uint32_t id)
{
	static const struct offers unknown;
	bool pending = bitmap_has(&cohort->pending, id);
	struct prefix prefix;
	struct offers must;

	f->had.n = 0;
	group_outlook(group, id, &must, &f->must);
	prefix = rib_prefix(f->rib, id);
	send(f, &prefix, &unknown, &must, pending);
	if (pending) {
		bitmap_remove(&cohort->pending, id);
		node_release(group->rib, id);
	}
}

/* Tell them, or if the FIB has not followed the node yet, later. Returns what that has cost. */
static size_t cohort_meet(struct flush *f, struct group *group, struct cohort *cohort, uint32_t id)
{
	const uint32_t paths = node_at(f->rib, id)->paths;

	if (node_waits(f->rib, id)) {
		bitmap_add(&cohort->pending, id);
		return 1;
	}
	cohort_send(f, group, cohort, id); /* the node may be no more */
	return send_cost(f, paths);
}

static size_t flush_cohort(struct flush *f, struct group *group, struct cohort *cohort, size_t max)
{
	const struct slab *nodes = &group->rib->nodes.items;
	size_t seen = 0;

	for (; seen < max && has_room(f) && cohort->dumped != DUMP_DONE; seen++) {
		if (cohort->dumped >= nodes->top) {
			cohort->dumped = DUMP_DONE;
			f->end_of_rib = cohort->end_of_rib;
			cohort->end_of_rib = false;
		} else if (slab_live(nodes, ++cohort->dumped)) {
			seen += cohort_meet(f, group, cohort, cohort->dumped) - 1;
		}
	}
	for (; seen < max && has_room(f) && cohort->pending.count; seen++) {
		cohort->cursor = bitmap_next(&cohort->pending, cohort->cursor);
		seen += cohort_meet(f, group, cohort, cohort->cursor) - 1;
	}
	if (cohort_told(cohort) && !group->queue.count)
		cohort_merge(group, cohort);
	return seen ? seen : 1;
}

/* --- the iterator ----------------------------------------------------------------------------- */

size_t group_flush(struct group *group, size_t max)
{
	struct flush *f = group->rib->groups.flush;
	bool gathers = queue_gathers(&group->queue, group->rib->put_off.count);
	bool stream = !gathers && group->queue.count && audience_ready(group->rib, &group->stream);
	struct cohort *cohort = stream || gathers ? NULL : cohort_turn(group);
	size_t seen = 0;

	if (max > GROUP_FLUSH_MAX)
		max = GROUP_FLUSH_MAX;
	flush_begin(f, group, &group->stream);
	if (stream)
		seen = flush_queue(f, group, max);
	if (stream && !seen) /* all of it waits for the FIB */
		cohort = cohort_turn(group);
	if (cohort) {
		flush_begin(f, group, &cohort->audience);
		seen = flush_cohort(f, group, cohort, max);
	}
	flush_arrange(f);
	return seen;
}

static uint32_t recipients(struct flush *f, struct target target)
{
	const struct set *set = &f->sets[target.set];
	const uint16_t *members = f->members + set->first;
	uint32_t n = 0;

	if (target.only) {
		memcpy(f->to, members, set->n * sizeof(*members));
		return set->n;
	}
	for (uint32_t i = 0; i < set->n; i++)
		f->flags[members[i]] = IS_OTHER;
	for (uint32_t i = 0; i < f->nb_audience; i++) {
		if (!f->flags[f->audience[i]])
			f->to[n++] = f->audience[i];
	}
	for (uint32_t i = 0; i < set->n; i++)
		f->flags[members[i]] = 0;
	return n;
}

/* The next withdrawal, or when there is none the next announcement; NULL: none. */
static const struct batch *batch_next(struct flush *f)
{
	for (;;) {
		while (f->next < f->nb_batches) {
			const struct batch *b = &f->batches[f->next++];

			if (!b->word.offer.attrs == !f->announcing)
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
	static const struct target everyone = { 0, false };
	struct flush *f = group->rib->groups.flush;
	const struct batch *b = batch_next(f);

	*out = (struct group_batch){ .kind = GROUP_END_OF_RIB, .to = f->to };
	if (b) {
		out->kind = b->word.offer.attrs ? GROUP_ANNOUNCE : GROUP_WITHDRAW;
		out->attrs = b->word.offer.attrs;
		out->source = b->word.offer.peer;
		out->backup = b->word.backup;
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
