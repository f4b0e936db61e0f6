/* Who is a member of what: a group's stream, or one of its cohorts. Which prefixes have changed for
 * whom is kept by mark.c and worked off by flush.c. */
#include "group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rib_private.h"

enum { ENTRIES_MAX = 1 << 28 };

/* --- audiences and cohorts -------------------------------------------------------------------- */

static int audience_reserve(struct audience *a, uint32_t capacity)
{
	uint16_t *peers;

	if (capacity <= a->capacity)
		return 0;
	capacity = capacity < 8 ? 8 : capacity * 2;
	peers = (uint16_t *)realloc(a->peers, capacity * sizeof(*peers));
	if (!peers)
		return -ENOMEM;
	a->peers = peers;
	a->capacity = capacity;
	return 0;
}

static void audience_remove(struct audience *a, uint16_t peer)
{
	uint32_t i = 0;

	while (a->peers[i] != peer)
		i++;
	a->peers[i] = a->peers[--a->n];
}

/* Take a cohort out of the list. */
static void cohort_unlink(struct group *group, struct cohort *cohort)
{
	struct cohort **link = &group->cohorts;

	while (*link != cohort)
		link = &(*link)->next;
	*link = cohort->next;
	cohort->next = NULL;
}

static void cohort_append(struct group *group, struct cohort *cohort)
{
	struct cohort **link = &group->cohorts;

	while (*link)
		link = &(*link)->next;
	*link = cohort;
}

bool audience_ready(const struct rib *rib, const struct audience *audience)
{
	const struct rib_params *params = &rib->params;

	return !params->ready || params->ready(params->ctx, audience->peers, audience->n);
}

/* One that has been told everything joins the stream when the queue is empty: an entry says what
 * the stream's members had when it came, and these may have been told of the prefix since. */
static bool cohort_has_turn(const struct group *group, const struct cohort *cohort)
{
	if (cohort->lagging || (cohort_told(cohort) && group->queue.count))
		return false;
	return audience_ready(group->rib, &cohort->audience);
}

struct cohort *cohort_turn(struct group *group)
{
	struct cohort *cohort = group->cohorts;

	while (cohort && !cohort_has_turn(group, cohort))
		cohort = cohort->next;
	if (cohort && cohort->next) {
		cohort_unlink(group, cohort);
		cohort_append(group, cohort);
	}
	return cohort;
}

static struct cohort *cohort_new(struct group *group)
{
	struct cohort *c = (struct cohort *)calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	/* No set of the group is larger; one that could not grow with it leaves the rib's capacity
	 * below that. */
	if (bitmap_reserve(&c->pending, group->dirty.capacity) < 0 ||
	    audience_reserve(&c->audience, 1) < 0) {
		bitmap_free(&c->pending);
		free(c);
		return NULL;
	}
	cohort_append(group, c);
	return c;
}

void cohort_free(struct group *group, struct cohort *cohort)
{
	assert(!cohort->pending.count);
	cohort_unlink(group, cohort);
	bitmap_free(&cohort->pending);
	free(cohort->audience.peers);
	free(cohort);
}

/* Its last member has left. Flushes release the nodes that it kept, in slices, and announce
 * nothing. */
static void cohort_abandon(struct cohort *cohort)
{
	cohort->dumped = DUMP_DONE;
	cohort->lagging = cohort->end_of_rib = false;
}

void cohort_merge(struct group *group, struct cohort *cohort)
{
	struct audience *stream = &group->stream;

	for (uint32_t i = 0; i < cohort->audience.n; i++) {
		uint16_t peer = cohort->audience.peers[i];

		stream->peers[stream->n++] = peer;
		group->rib->peers[peer].cohort = NULL;
	}
	cohort_free(group, cohort);
}

/* Take the peer out of its audience and put it into `cohort`, which has room. */
static void member_move(struct group *group, uint16_t index, struct cohort *cohort)
{
	struct rib_peer *peer = &group->rib->peers[index];
	struct cohort *from = peer->cohort;

	audience_remove(from ? &from->audience : &group->stream, index);
	cohort->audience.peers[cohort->audience.n++] = index;
	peer->cohort = cohort;
}

/* A cohort of its own for a member, which owes it what its present place owes it. NULL: no
 * memory. */
static struct cohort *member_secede(struct group *group, uint16_t index)
{
	struct cohort *from = group->rib->peers[index].cohort, *cohort;

	if (from && from->audience.n == 1)
		return from;
	cohort = cohort_new(group);
	if (!cohort)
		return NULL;
	if (from) {
		bitmap_copy(&cohort->pending, &from->pending);
		cohort->dumped = from->dumped;
		cohort->knows = from->knows;
		cohort->end_of_rib = from->end_of_rib;
	} else {
		bitmap_copy(&cohort->pending, &group->dirty);
		cohort->dumped = DUMP_DONE;
	}
	member_move(group, index, cohort);
	return cohort;
}

/* --- members ---------------------------------------------------------------------------------- */

int group_join(struct group *group, uint16_t index)
{
	struct rib_peer *peer = &group->rib->peers[index];
	struct cohort *cohort = group->cohorts;

	assert(!peer->group);
	if (audience_reserve(&group->stream, group->members + 1) < 0)
		return -ENOMEM;
	while (cohort &&
	       !(cohort->end_of_rib && !cohort->dumped && !cohort->knows && !cohort->lagging))
		cohort = cohort->next;
	if (!cohort)
		cohort = cohort_new(group);
	if (!cohort || audience_reserve(&cohort->audience, cohort->audience.n + 1) < 0)
		return -ENOMEM;
	cohort->end_of_rib = true;
	cohort->audience.peers[cohort->audience.n++] = index;
	peer->group = group;
	peer->cohort = cohort;
	group->members++;
	group->rib->groups.members++;
	return 0;
}

void group_leave(struct group *group, uint16_t index)
{
	struct rib_peer *peer = &group->rib->peers[index];
	struct cohort *cohort = peer->cohort;

	assert(peer->group == group);
	audience_remove(cohort ? &cohort->audience : &group->stream, index);
	peer->group = NULL;
	peer->cohort = NULL;
	group->members--;
	group->rib->groups.members--;
	if (cohort && !cohort->audience.n)
		cohort_abandon(cohort);
}

int group_refresh(struct group *group, uint16_t index)
{
	const struct cohort *from = group->rib->peers[index].cohort;
	bool lagging = from && from->lagging;
	struct cohort *cohort;

	assert(group->rib->peers[index].group == group);
	cohort = member_secede(group, index);
	if (!cohort)
		return -ENOMEM;
	cohort->dumped = 0;
	cohort->knows = true;
	cohort->lagging = lagging;
	return 0;
}

void group_owe(struct group *group, uint16_t index, uint32_t node)
{
	struct cohort *cohort = group->rib->peers[index].cohort;

	assert(group->rib->peers[index].group == group && cohort && cohort->knows);
	bitmap_add(&cohort->pending, node);
}

int group_lagging(struct group *group, uint16_t index)
{
	struct cohort *cohort;

	assert(group->rib->peers[index].group == group);
	cohort = member_secede(group, index);
	if (!cohort)
		return -ENOMEM;
	cohort->lagging = true;
	return 0;
}

void group_drained(struct group *group, uint16_t index)
{
	struct cohort *cohort = group->rib->peers[index].cohort;

	assert(group->rib->peers[index].group == group);
	if (cohort)
		cohort->lagging = false;
}

size_t group_members(const struct group *group)
{
	return group->members;
}

bool group_idle(const struct group *group)
{
	const struct cohort *cohort = group->cohorts;

	while (cohort && cohort->lagging)
		cohort = cohort->next;
	return !group->queue.count && !cohort;
}

uint32_t group_waiting(const struct group *group, uint16_t peer, uint32_t *nodes, uint32_t max)
{
	const struct cohort *cohort = group->rib->peers[peer].cohort;
	const struct bitmap *waiting = cohort ? &cohort->pending : &group->dirty;
	uint32_t n = 0, node = 0, next;

	if (cohort && cohort->dumped != DUMP_DONE)
		return UINT32_MAX;
	while (n < max && (next = bitmap_next(waiting, node)) > node)
		nodes[n++] = node = next;
	return waiting->count;
}

/* The path that is announced to a peer; `*backup`: is it one to it? */
static const struct path *path_for(const struct group *group, uint16_t peer, uint32_t node,
				   bool *backup)
{
	const struct rib *rib = group->rib;
	struct backups backups;
	struct offers offers;
	const struct offer *offer;

	group_outlook(group, node, &offers, &backups);
	offer = offer_to(&offers, peer);
	*backup = offer->yields || offer == &offers.alt || backups_include(rib, &backups, peer);
	return offer->attrs ? rib_path(rib, node, offer->peer) : NULL;
}

const struct path *group_advertised(const struct group *group, uint16_t peer, uint32_t node,
				    bool *backup)
{
	bool is_backup;
	const struct path *path = path_for(group, peer, node, &is_backup);

	if (backup)
		*backup = is_backup;
	return is_backup && group->backups == GROUP_BACKUPS_HIDDEN ? NULL : path;
}

const struct path *group_hidden(const struct group *group, uint16_t peer, uint32_t node)
{
	bool is_backup;
	const struct path *path = path_for(group, peer, node, &is_backup);

	return is_backup && group->backups == GROUP_BACKUPS_HIDDEN ? path : NULL;
}

static uint32_t all_members(const struct group *group, uint16_t *peers, uint32_t max)
{
	const struct audience *audience = &group->stream;
	const struct cohort *next = group->cohorts;
	uint32_t n = 0;

	for (;;) {
		for (uint32_t i = 0; i < audience->n && n < max; i++)
			peers[n++] = audience->peers[i];
		if (!next)
			return group->members;
		audience = &next->audience;
		next = next->next;
	}
}

uint32_t group_backup_to(const struct group *group, const struct path *path, uint16_t *peers,
			 uint32_t max)
{
	const struct rib *rib = group->rib;
	struct backups backups;
	struct offers offers;
	uint32_t n = 0;

	group_outlook(group, path->node, &offers, &backups);
	if (offers.alt.attrs && offers.alt.peer == path->peer &&
	    rib->peers[offers.top.peer].group == group && n++ < max)
		peers[0] = offers.top.peer;
	if (offers.top.yields && offers.top.attrs && offers.top.peer == path->peer)
		return all_members(group, peers, max);
	for (uint32_t i = 0; i < backups.n && offers.top.peer == path->peer; i++) {
		uint16_t gateway = backups.gateway[i], peer = instance_first(rib, gateway);

		for (; peer != RIB_NOBODY; peer = instance_next(rib, gateway, peer)) {
			if (rib->peers[peer].group == group && peer != path->peer && n++ < max)
				peers[n - 1] = peer;
		}
	}
	return n;
}

uint32_t group_advertised_count(const struct group *group, uint16_t peer)
{
	const struct rib *rib = group->rib;
	const struct groups *groups = &rib->groups;
	uint32_t n = groups->tops[group->class];

	if (!group->vnets)
		n -= groups->vnets[group->class];
	if (group->backups == GROUP_BACKUPS_HIDDEN && group->class == class_of(&rib->sources[peer]))
		return n - groups->own[peer] - groups->backups[rib_gateway(rib, peer)];
	return n - groups->sole[group->class][peer];
}

/* --- watching --------------------------------------------------------------------------------- */

int group_watch(struct group *group)
{
	if (bitmap_reserve(&group->watch.pending, group->rib->groups.capacity) < 0)
		return -ENOMEM;
	group->watch.on = true;
	return 0;
}

bool group_watch_round(const struct group *group)
{
	return group->watch.seen == DUMP_DONE;
}

bool group_watch_idle(const struct group *group)
{
	return group_watch_round(group) && !group->watch.pending.count;
}

uint32_t group_watch_waiting(const struct group *group)
{
	return group->watch.pending.count;
}

static bool show(const struct group *group, uint32_t node, group_watch_fn *fn, void *ctx)
{
	const struct rib *rib = group->rib;
	struct group_sight sight = { .prefix = rib_prefix(rib, node) };
	struct backups backups;
	struct offers offers;

	group_outlook(group, node, &offers, &backups);
	if (offers.top.attrs)
		sight.top = rib_path(rib, node, offers.top.peer);
	if (group->backups == GROUP_BACKUPS_HIDDEN)
		sight.hidden = &backups;
	else if (offers.alt.attrs)
		sight.alt = rib_path(rib, node, offers.alt.peer);
	return fn(ctx, &sight);
}

size_t group_watch_turn(struct group *group, size_t max, group_watch_fn *fn, void *ctx)
{
	const struct slab *nodes = &group->rib->nodes.items;
	struct watch *watch = &group->watch;
	size_t seen = 0;

	for (; seen < max && watch->on && watch->seen != DUMP_DONE; seen++) {
		uint32_t node = watch->seen + 1;

		if (node > nodes->top) {
			watch->seen = DUMP_DONE;
			break;
		}
		if (slab_live(nodes, node) && node_waits(group->rib, node))
			bitmap_add(&watch->pending, node);
		else if (slab_live(nodes, node) && !show(group, node, fn, ctx))
			return seen;
		watch->seen = node;
	}
	for (; seen < max && watch->pending.count; seen++) {
		uint32_t node = bitmap_next(&watch->pending, watch->cursor);

		if (node_waits(group->rib, node)) {
			watch->cursor = node;
			continue;
		}
		if (!show(group, node, fn, ctx))
			return seen;
		watch->cursor = node;
		bitmap_remove(&watch->pending, node);
		node_release(group->rib, node);
	}
	return seen;
}

/* --- life ------------------------------------------------------------------------------------- */

struct group *group_new(struct rib *rib, enum role role, bool ibgp, bool vnets, bool backups)
{
	const struct source member = { .role = role, .ibgp = ibgp };
	struct groups *groups = &rib->groups;
	struct group *group = (struct group *)calloc(1, sizeof(*group));

	assert(role < ROLE_COUNT);
	if (!group || bitmap_reserve(&group->dirty, groups->capacity) < 0 ||
	    queue_init(&group->queue, rib->params.nb_peers) < 0) {
		if (group)
			bitmap_free(&group->dirty);
		free(group);
		return NULL;
	}
	group->rib = rib;
	group->class = (uint8_t)class_of(&member);
	group->vnets = vnets;
	group->backups = backups ? GROUP_BACKUPS_AS_BEST : GROUP_BACKUPS_HIDDEN;
	if (ibgp)
		group->backups = GROUP_BACKUPS_MARKED;
	group->next = groups->of_class[group->class];
	groups->of_class[group->class] = group;
	groups->nb_groups++;
	return group;
}

int groups_init(struct rib *rib)
{
	struct groups *groups = &rib->groups;

	matrix_init(&groups->matrix, rib->params.allow);
	groups->seats.max = UINT32_MAX;
	memset(groups->instances, 0xff, sizeof(groups->instances)); /* RIB_NOBODY */
	for (unsigned int class = 0; class < CLASSES; class ++) {
		groups->sole[class] = (uint32_t *)calloc(rib->params.nb_peers, sizeof(uint32_t));
		if (!groups->sole[class])
			return -ENOMEM;
	}
	groups->flush = flush_new();
	groups->backups = (uint32_t *)calloc(RIB_GATEWAY_IDS, sizeof(uint32_t));
	groups->own = (uint32_t *)calloc(rib->params.nb_peers, sizeof(uint32_t));
	groups->seen = (uint8_t *)calloc(RIB_GATEWAY_IDS, 1);
	if (!groups->flush || !groups->backups || !groups->own || !groups->seen ||
	    slab_init(&groups->notes, sizeof(struct note), ENTRIES_MAX) < 0)
		return -ENOMEM;
	return slab_init(&groups->entries, sizeof(struct entry), ENTRIES_MAX);
}

static void members_drop(struct group *group)
{
	while (group->stream.n)
		group_leave(group, group->stream.peers[0]);
	for (struct cohort *c = group->cohorts; c; c = c->next) {
		while (c->audience.n)
			group_leave(group, c->audience.peers[0]);
	}
}

void groups_fini(struct rib *rib)
{
	struct groups *groups = &rib->groups;

	for (unsigned int class = 0; class < CLASSES; class ++) {
		while (groups->of_class[class]) {
			members_drop(groups->of_class[class]);
			group_free(groups->of_class[class]);
		}
		free(groups->sole[class]);
	}
	while (groups->leaving)
		groups_retire(rib, SIZE_MAX);
	bitmap_free(&groups->seats.taken);
	bitmap_free(&groups->seats.held);
	bitmap_free(&groups->seats.exempt);
	slab_fini(&groups->entries);
	slab_fini(&groups->notes);
	free(groups->backups);
	free(groups->own);
	free(groups->seen);
	flush_free(groups->flush);
}

size_t groups_bytes(const struct rib *rib)
{
	const struct groups *groups = &rib->groups;
	size_t bytes = slab_bytes(&groups->entries) + slab_bytes(&groups->notes) +
		       (CLASSES + 1) * rib->params.nb_peers * sizeof(uint32_t) +
		       RIB_GATEWAY_IDS * (sizeof(uint32_t) + 1);

	for (unsigned int class = 0; class < CLASSES; class ++) {
		for (const struct group *g = groups->of_class[class]; g; g = g->next) {
			bytes += sizeof(*g) + bitmap_bytes(&g->dirty) +
				 bitmap_bytes(&g->watch.pending);
			for (const struct cohort *c = g->cohorts; c; c = c->next)
				bytes += sizeof(*c) + bitmap_bytes(&c->pending);
		}
	}
	return bytes;
}
