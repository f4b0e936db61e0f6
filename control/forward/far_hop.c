/* Far next hops: a slab, and chains by the hash of the address. */
#include "far_hop.h"

#include <string.h>

#include "hash.h"

struct far_hop {
	uint32_t next;	/* in its chain; also links free slots (slab.h) */
	uint32_t addr;	/* host order */
	uint32_t round; /* the last one that it was in use in */
	uint16_t watches;
	uint8_t role;
	bool near; /* it lies behind one of our ports, by the configuration of today */
	struct far_ways ways;
};

int far_hops_init(struct far_hops *hops, const struct rib *rib, struct next_hops *next_hops)
{
	memset(hops, 0, sizeof(*hops));
	hops->rib = rib;
	hops->next_hops = next_hops;
	return slab_init(&hops->slab, sizeof(struct far_hop), FAR_HOPS);
}

void far_hops_fini(struct far_hops *hops)
{
	slab_fini(&hops->slab);
}

static struct far_hop *at(const struct far_hops *hops, uint32_t id)
{
	return slab_at(&hops->slab, id);
}

static uint32_t *chain_of(struct far_hops *hops, uint32_t addr)
{
	return &hops->chain[hash_u32(addr) % FAR_HOP_CHAINS];
}

static struct far_hop *find(const struct far_hops *hops, uint32_t addr, enum role role)
{
	uint32_t id = hops->chain[hash_u32(addr) % FAR_HOP_CHAINS];

	while (id != SLAB_NONE) {
		struct far_hop *hop = at(hops, id);

		if (hop->addr == addr && hop->role == role)
			return hop;
		id = hop->next;
	}
	return NULL;
}

static void drop(struct far_hops *hops, uint32_t id)
{
	uint32_t *link = chain_of(hops, at(hops, id)->addr);

	while (*link != id)
		link = &at(hops, *link)->next;
	*link = at(hops, id)->next;
	slab_free(&hops->slab, id);
}

static bool is_near(const struct far_hops *hops, uint32_t addr, enum role role)
{
	return next_hop_look(hops->next_hops, addr, role) != NEXT_HOP_OUTSIDE;
}

bool far_hop_is(const struct far_hops *hops, uint32_t addr, const struct source *source)
{
	const struct far_hop *hop;

	if (!source->behind)
		return false;
	hop = find(hops, addr, source->role);
	return hop ? !hop->near : !is_near(hops, addr, source->role);
}

void far_hop_look(const struct far_hops *hops, uint32_t addr, enum role role, struct far_ways *out)
{
	const struct path *ways[RIB_ECMP], *last = NULL;

	*out = (struct far_ways){ 0 };
	out->n = (uint16_t)rib_resolve(hops->rib, addr_make4(addr), role, &last, ways);
	if (!out->n)
		return;
	out->prefix = rib_prefix(hops->rib, ways[0]->node);
	out->peer = ways[0]->peer;
	for (uint16_t i = 0; i < out->n; i++) {
		out->next_hop[i] = ways[i]->attrs->keys.next_hop;
		out->quiet |= (ways[i]->flags & PATH_QUIET) != 0;
	}
	out->nb_backup = (uint16_t)rib_resolve(hops->rib, addr_make4(addr), role, &last, ways);
	for (uint16_t i = 0; i < out->nb_backup; i++)
		out->backup[i] = ways[i]->attrs->keys.next_hop;
}

static struct far_hop *get(struct far_hops *hops, uint32_t addr, enum role role)
{
	struct far_hop *hop = find(hops, addr, role);
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
	hop->addr = addr;
	hop->role = (uint8_t)role;
	hop->near = is_near(hops, addr, role);
	hop->round = hops->round;
	hop->next = *chain_of(hops, addr);
	*chain_of(hops, addr) = id;
	far_hop_look(hops, addr, role, &hop->ways);
	return hop;
}

const struct far_ways *far_hop_ways(struct far_hops *hops, uint32_t addr, enum role role)
{
	struct far_hop *hop = get(hops, addr, role);

	if (!hop)
		return NULL;
	hop->round = hops->round;
	return &hop->ways;
}

void far_hop_watch(struct far_hops *hops, uint32_t addr, enum role role)
{
	struct far_hop *hop = get(hops, addr, role);

	if (hop)
		hop->watches++;
}

bool far_hops_room(struct far_hops *hops)
{
	if (!hops->starved || hops->slab.used == hops->slab.max)
		return false;
	hops->starved = false;
	return true;
}

bool far_hop_refused(const struct far_hops *hops, uint32_t addr, enum role role)
{
	return hops->slab.used == hops->slab.max && !find(hops, addr, role);
}

void far_hop_unwatch(struct far_hops *hops, uint32_t addr, enum role role)
{
	struct far_hop *hop = find(hops, addr, role);

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

/* One look at all entries is over before the next one begins, however fast the RIB changes. */
uint32_t far_hops_poll(struct far_hops *hops, uint32_t budget,
		       void (*changed)(void *ctx, uint32_t addr, enum role role,
				       const struct far_ways *was, const struct far_ways *now),
		       void *ctx)
{
	uint32_t id, seen = 0;

	if (!hops->look.left && hops->version != rib_version(hops->rib)) {
		hops->version = rib_version(hops->rib);
		slab_round_begin(&hops->look, &hops->slab);
	}
	while (seen < budget && (id = slab_round_next(&hops->look))) {
		struct far_hop *hop;
		struct far_ways was;

		if (!slab_live(&hops->slab, id))
			continue;
		seen++;
		hop = at(hops, id);
		was = hop->ways;
		far_hop_look(hops, hop->addr, (enum role)hop->role, &hop->ways);
		if (!same(&was, &hop->ways))
			changed(ctx, hop->addr, (enum role)hop->role, &was, &hop->ways);
	}
	return seen;
}

bool far_hops_settled(const struct far_hops *hops)
{
	return !hops->slab.used || (!hops->look.left && hops->version == rib_version(hops->rib));
}

void far_hop_review(struct far_hops *hops, uint32_t id)
{
	struct far_hop *hop;

	if (!slab_live(&hops->slab, id))
		return;
	hop = at(hops, id);
	hop->near = is_near(hops, hop->addr, (enum role)hop->role);
}

/* --- what is in use --------------------------------------------------------------------------- */

void far_hops_round_begin(struct far_hops *hops)
{
	hops->round++;
}

void far_hop_mark(struct far_hops *hops, uint32_t addr)
{
	uint32_t id = *chain_of(hops, addr);

	for (; id != SLAB_NONE; id = at(hops, id)->next)
		if (at(hops, id)->addr == addr)
			at(hops, id)->round = hops->round;
}

void far_hops_round_end(struct far_hops *hops)
{
	for (uint32_t id = slab_next(&hops->slab, SLAB_NONE); id != SLAB_NONE;
	     id = slab_next(&hops->slab, id))
		if (at(hops, id)->round != hops->round && !at(hops, id)->watches)
			drop(hops, id);
}
