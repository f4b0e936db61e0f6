/* Far next hops: a slab, and chains by the hash of the id. */
#include "far_hop.h"

#include <string.h>

#include "hash.h"

struct far_hop {
	uint32_t next;	/* in its chain; also links free slots (slab.h) */
	uint32_t hop;	/* id of its address, held */
	uint32_t round; /* the last one that it was in use in */
	uint16_t watches;
	uint8_t role;
	bool near; /* it lies behind one of our ports, by the configuration of today */
	struct far_ways ways;
};

int far_hops_init(struct far_hops *hops, const struct rib *const ribs[FAMILY_COUNT],
		  struct next_hops *next_hops)
{
	memset(hops, 0, sizeof(*hops));
	memcpy(hops->ribs, ribs, sizeof(hops->ribs));
	hops->next_hops = next_hops;
	return slab_init(&hops->slab, sizeof(struct far_hop), FAR_HOPS);
}

static struct far_hop *at(const struct far_hops *hops, uint32_t id)
{
	return slab_at(&hops->slab, id);
}

static struct addr_table *addrs_of(const struct far_hops *hops)
{
	return hops->next_hops->addrs;
}

static void ways_hold(struct far_hops *hops, const struct far_ways *ways)
{
	for (uint16_t i = 0; i < ways->n; i++)
		addr_table_hold(addrs_of(hops), ways->next_hop[i]);
	for (uint16_t i = 0; i < ways->nb_backup; i++)
		addr_table_hold(addrs_of(hops), ways->backup[i]);
}

static void ways_put(struct far_hops *hops, const struct far_ways *ways)
{
	for (uint16_t i = 0; i < ways->n; i++)
		addr_table_put(addrs_of(hops), ways->next_hop[i]);
	for (uint16_t i = 0; i < ways->nb_backup; i++)
		addr_table_put(addrs_of(hops), ways->backup[i]);
}

static void release(struct far_hops *hops, uint32_t id)
{
	ways_put(hops, &at(hops, id)->ways);
	addr_table_put(addrs_of(hops), at(hops, id)->hop);
	slab_free(&hops->slab, id);
}

void far_hops_fini(struct far_hops *hops)
{
	for (uint32_t id = hops->slab.used ? slab_next(&hops->slab, SLAB_NONE) : SLAB_NONE;
	     id != SLAB_NONE; id = slab_next(&hops->slab, id))
		release(hops, id);
	slab_fini(&hops->slab);
}

static uint32_t *chain_of(struct far_hops *hops, uint32_t next_hop)
{
	return &hops->chain[hash_u32(next_hop) % FAR_HOP_CHAINS];
}

static struct far_hop *find(const struct far_hops *hops, uint32_t next_hop, enum role role)
{
	uint32_t id = hops->chain[hash_u32(next_hop) % FAR_HOP_CHAINS];

	while (id != SLAB_NONE) {
		struct far_hop *hop = at(hops, id);

		if (hop->hop == next_hop && hop->role == role)
			return hop;
		id = hop->next;
	}
	return NULL;
}

static void drop(struct far_hops *hops, uint32_t id)
{
	uint32_t *link = chain_of(hops, at(hops, id)->hop);

	while (*link != id)
		link = &at(hops, *link)->next;
	*link = at(hops, id)->next;
	release(hops, id);
}

static bool is_near(const struct far_hops *hops, uint32_t next_hop, enum role role)
{
	return next_hop_look(hops->next_hops, next_hop, role) != NEXT_HOP_OUTSIDE;
}

bool far_hop_is(const struct far_hops *hops, uint32_t next_hop, const struct source *source)
{
	const struct far_hop *hop;

	if (!source->behind)
		return false;
	hop = find(hops, next_hop, source->role);
	return hop ? !hop->near : !is_near(hops, next_hop, source->role);
}

void far_hop_look(const struct far_hops *hops, struct addr addr, enum role role,
		  struct far_ways *out)
{
	const struct rib *rib = hops->ribs[addr.family];
	const struct path *ways[RIB_ECMP], *last = NULL;

	*out = (struct far_ways){ 0 };
	out->n = rib ? (uint16_t)rib_resolve(rib, addr, role, &last, ways) : 0;
	if (!out->n)
		return;
	out->prefix = rib_prefix(rib, ways[0]->node);
	out->peer = ways[0]->peer;
	for (uint16_t i = 0; i < out->n; i++) {
		out->next_hop[i] = ways[i]->attrs->keys.next_hop;
		out->quiet |= (ways[i]->flags & PATH_QUIET) != 0;
	}
	out->nb_backup = (uint16_t)rib_resolve(rib, addr, role, &last, ways);
	for (uint16_t i = 0; i < out->nb_backup; i++)
		out->backup[i] = ways[i]->attrs->keys.next_hop;
}

/* As it is now. Link-local ones are never far: no route leads to them. */
static void look(const struct far_hops *hops, const struct far_hop *hop, struct far_ways *out)
{
	far_hop_look(hops, addr_table_at(addrs_of(hops), hop->hop)->addr, (enum role)hop->role,
		     out);
}

static struct far_hop *get(struct far_hops *hops, uint32_t next_hop, enum role role)
{
	struct far_hop *hop = find(hops, next_hop, role);
	uint32_t id;

	if (hop)
		return hop;
	id = slab_alloc(&hops->slab);
	if (id == SLAB_NONE) {
		hops->refused++;
		hops->starved = true;
		return NULL;
	}
	hop = at(hops, id);
	hop->hop = next_hop;
	addr_table_hold(addrs_of(hops), next_hop);
	hop->role = (uint8_t)role;
	hop->near = is_near(hops, next_hop, role);
	hop->round = hops->round;
	hop->next = *chain_of(hops, next_hop);
	*chain_of(hops, next_hop) = id;
	look(hops, hop, &hop->ways);
	ways_hold(hops, &hop->ways);
	return hop;
}

const struct far_ways *far_hop_ways(struct far_hops *hops, uint32_t next_hop, enum role role)
{
	struct far_hop *hop = get(hops, next_hop, role);

	if (!hop)
		return NULL;
	hop->round = hops->round;
	return &hop->ways;
}

void far_hop_watch(struct far_hops *hops, struct addr addr, enum role role)
{
	const struct scoped_addr scoped = scoped_addr_make(addr, 0);
	uint32_t id = addr_table_get(addrs_of(hops), &scoped);
	struct far_hop *hop = id ? get(hops, id, role) : NULL;

	if (hop)
		hop->watches++;
	if (id)
		addr_table_put(addrs_of(hops), id);
}

bool far_hops_room(struct far_hops *hops)
{
	if (!hops->starved || hops->slab.used == hops->slab.max)
		return false;
	hops->starved = false;
	return true;
}

bool far_hop_refused(const struct far_hops *hops, uint32_t next_hop, enum role role)
{
	return hops->slab.used == hops->slab.max && !find(hops, next_hop, role);
}

void far_hop_unwatch(struct far_hops *hops, struct addr addr, enum role role)
{
	const struct scoped_addr scoped = scoped_addr_make(addr, 0);
	uint32_t id = addr_table_find(addrs_of(hops), &scoped);
	struct far_hop *hop = id ? find(hops, id, role) : NULL;

	if (hop && hop->watches)
		hop->watches--;
}

/* --- what has changed ------------------------------------------------------------------------- */

static bool same(const struct far_ways *a, const struct far_ways *b)
{
	return a->n == b->n && a->nb_backup == b->nb_backup && a->quiet == b->quiet &&
	       !memcmp(a->next_hop, b->next_hop, a->n * sizeof(*a->next_hop)) &&
	       !memcmp(a->backup, b->backup, a->nb_backup * sizeof(*a->backup));
}

/* Has a RIB changed since the versions were noted? */
static bool is_old(const struct far_hops *hops)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (hops->ribs[family] && hops->version[family] != rib_version(hops->ribs[family]))
			return true;
	return false;
}

static void look_begin(struct far_hops *hops)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (hops->ribs[family])
			hops->version[family] = rib_version(hops->ribs[family]);
	slab_round_begin(&hops->look, &hops->slab);
}

/* One look at all entries is over before the next one begins, however fast the RIB changes. */
uint32_t far_hops_poll(struct far_hops *hops, uint32_t budget,
		       void (*changed)(void *ctx, uint32_t hop, enum role role,
				       const struct far_ways *was, const struct far_ways *now),
		       void *ctx)
{
	uint32_t id, seen = 0;

	if (!hops->look.left && is_old(hops))
		look_begin(hops);
	while (seen < budget && (id = slab_round_next(&hops->look))) {
		struct far_hop *hop;
		struct far_ways was;

		if (!slab_live(&hops->slab, id))
			continue;
		seen++;
		hop = at(hops, id);
		was = hop->ways;
		look(hops, hop, &hop->ways);
		if (!same(&was, &hop->ways))
			changed(ctx, hop->hop, (enum role)hop->role, &was, &hop->ways);
		ways_hold(hops, &hop->ways);
		ways_put(hops, &was);
	}
	return seen;
}

bool far_hops_settled(const struct far_hops *hops)
{
	return !hops->slab.used || (!hops->look.left && !is_old(hops));
}

void far_hop_review(struct far_hops *hops, uint32_t id)
{
	struct far_hop *hop;

	if (!slab_live(&hops->slab, id))
		return;
	hop = at(hops, id);
	hop->near = is_near(hops, hop->hop, (enum role)hop->role);
}

/* --- what is in use --------------------------------------------------------------------------- */

void far_hops_round_begin(struct far_hops *hops)
{
	hops->round++;
}

void far_hop_mark(struct far_hops *hops, uint32_t next_hop)
{
	uint32_t id = *chain_of(hops, next_hop);

	for (; id != SLAB_NONE; id = at(hops, id)->next)
		if (at(hops, id)->hop == next_hop)
			at(hops, id)->round = hops->round;
}

void far_hops_round_end(struct far_hops *hops)
{
	for (uint32_t id = slab_next(&hops->slab, SLAB_NONE); id != SLAB_NONE;
	     id = slab_next(&hops->slab, id))
		if (at(hops, id)->round != hops->round && !at(hops, id)->watches)
			drop(hops, id);
}
