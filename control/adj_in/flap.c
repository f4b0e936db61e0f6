/* Slots in sets, and flappers beside them. */
#include "flap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

enum { SLOTS_FIRST = 64, CACHE_LINE = 64 };

struct flap_slot {
	uint32_t addr; /* of IPv6 its first octets, as they lie there */
	uint8_t len;
	bool used;
	bool again;		 /* what was held had it when this window began */
	uint32_t changes;	 /* in this window */
	uint64_t since_ms;	 /* the window's begin */
	struct flapper *flapper; /* owned; NULL: it is none */
};
static_assert(sizeof(struct flap_slot) == 32, "a set is four cache lines");

void flaps_init(struct flaps *flaps, struct attr_table *attrs)
{
	TAILQ_INIT(&flaps->fast);
	TAILQ_INIT(&flaps->held);
	flaps->attrs = attrs;
}

/* --- flappers --------------------------------------------------------------------------------- */

static struct flappers *list_of(struct flaps *flaps, const struct flapper *flapper)
{
	return flapper->held ? &flaps->held : &flaps->fast;
}

/* It has changed: it is the last of its list. */
static void touch(struct flaps *flaps, struct flapper *flapper, uint64_t now_ms)
{
	struct flappers *list = list_of(flaps, flapper);

	flapper->ms = now_ms;
	TAILQ_REMOVE(list, flapper, in_time);
	TAILQ_INSERT_TAIL(list, flapper, in_time);
}

/* NULL: no memory, and it is looked at again with its next change. */
static struct flapper *flapper_new(struct flaps *flaps, struct flap *flap, struct prefix prefix)
{
	struct flapper *flapper = calloc(1, sizeof(*flapper));

	if (!flapper)
		return NULL;
	flapper->flap = flap;
	flapper->prefix = prefix;
	TAILQ_INSERT_TAIL(&flaps->fast, flapper, in_time);
	TAILQ_INSERT_TAIL(&flap->flappers, flapper, of_flap);
	flap->nb_flappers++;
	return flapper;
}

static void flapper_free(struct flaps *flaps, struct flapper *flapper)
{
	struct flap *flap = flapper->flap;

	TAILQ_REMOVE(list_of(flaps, flapper), flapper, in_time);
	TAILQ_REMOVE(&flap->flappers, flapper, of_flap);
	flap->nb_flappers--;
	flap->nb_held -= flapper->held;
	if (flapper->good)
		attrs_put(flaps->attrs, flapper->good);
	if (flapper->said)
		attrs_put(flaps->attrs, flapper->said);
	free(flapper);
}

/* --- slots ------------------------------------------------------------------------------------ */

/* The first slot of the prefix's set, in a table of so many slots. */
static uint32_t set_of(const struct flap *flap, uint32_t nb_slots, const struct prefix *prefix)
{
	uint32_t hash =
		prefix->addr.family == FAMILY_IPV4
			? hash_u32(((uint64_t)prefix->len << 32 | prefix->addr.v4) ^ flap->seed)
			: (uint32_t)hash_bytes(prefix->addr.v6, sizeof(prefix->addr.v6),
					       flap->seed ^ prefix->len);

	return hash % (nb_slots / FLAP_WAYS) * FLAP_WAYS;
}

/* What an IPv6 address has more than an IPv4 one. */
static const uint8_t *tail_of(const struct prefix *prefix)
{
	return prefix->addr.v6 + FLAP_HEAD;
}

static bool is_of(const struct flap *flap, const struct flap_slot *slot,
		  const struct prefix *prefix)
{
	return slot->used && slot->addr == prefix->addr.v4 && slot->len == prefix->len &&
	       (!flap->tails ||
		!memcmp(flap->tails[slot - flap->slots], tail_of(prefix), FLAP_TAIL));
}

static struct flap_slot *slot_find(const struct flap *flap, struct prefix prefix)
{
	struct flap_slot *slot = flap->slots + set_of(flap, flap->nb_slots, &prefix);

	for (int i = 0; i < FLAP_WAYS; i++, slot++)
		if (is_of(flap, slot, &prefix))
			return slot;
	return NULL;
}

static struct prefix prefix_of_slot(const struct flap *flap, uint32_t i)
{
	const struct flap_slot *slot = &flap->slots[i];
	uint8_t v6[FLAP_HEAD + FLAP_TAIL];

	if (!flap->tails)
		return prefix4_make(slot->addr, slot->len);
	memcpy(v6, &slot->addr, FLAP_HEAD);
	memcpy(v6 + FLAP_HEAD, flap->tails[i], FLAP_TAIL);
	return prefix_make(addr_make6(v6), slot->len);
}

static bool is_over(const struct flap_slot *slot, uint64_t now_ms)
{
	return now_ms - slot->since_ms >= FLAP_WINDOW_MS;
}

/* The lowest gives way first. UINT64_MAX: it does not give way. */
static uint64_t rank(const struct flap_slot *slot, uint64_t now_ms)
{
	if (!slot->used || (is_over(slot, now_ms) && !slot->flapper))
		return 0;
	if (slot->flapper && slot->flapper->held)
		return UINT64_MAX;
	return slot->again ? FLAP_HOLD : slot->changes;
}

/* The slot that gives way first: of several the first, so that the others stay and can be
 * counted. */
static struct flap_slot *lightest(const struct flap *flap, struct prefix prefix, uint64_t now_ms)
{
	struct flap_slot *set = flap->slots + set_of(flap, flap->nb_slots, &prefix), *least = set;

	for (int i = 1; i < FLAP_WAYS; i++)
		if (rank(&set[i], now_ms) < rank(least, now_ms))
			least = &set[i];
	return least;
}

/* Twice as many slots: each set becomes two, so that none has too many. Without memory it stays as
 * it is. */
static bool grow(struct flap *flap, enum family family)
{
	uint32_t nb = flap->nb_slots ? 2 * flap->nb_slots : SLOTS_FIRST;
	bool may = nb <= FLAP_SLOTS, ipv6 = family == FAMILY_IPV6;
	struct flap_slot *slots = may ? calloc(nb, sizeof(*slots)) : NULL;
	uint8_t(*tails)[FLAP_TAIL] = may && ipv6 ? calloc(nb, sizeof(*tails)) : NULL;

	if (!slots || (ipv6 && !tails)) {
		free(slots);
		free(tails);
		return false;
	}
	for (uint32_t i = 0; i < flap->nb_slots; i++) {
		const struct prefix prefix = prefix_of_slot(flap, i);
		uint32_t to = set_of(flap, nb, &prefix);

		if (!flap->slots[i].used)
			continue;
		while (slots[to].used)
			to++;
		slots[to] = flap->slots[i];
		if (ipv6)
			memcpy(tails[to], flap->tails[i], FLAP_TAIL);
	}
	free(flap->slots);
	free(flap->tails);
	flap->slots = slots;
	flap->tails = tails;
	flap->nb_slots = nb;
	return true;
}

/* A slot for a prefix that has none. NULL: there is none to be had. */
static struct flap_slot *slot_take(struct flaps *flaps, struct flap *flap, struct prefix prefix,
				   uint64_t now_ms)
{
	struct flap_slot *slot = lightest(flap, prefix, now_ms);

	while (rank(slot, now_ms) && grow(flap, prefix.addr.family))
		slot = lightest(flap, prefix, now_ms);
	if (rank(slot, now_ms) == UINT64_MAX)
		return NULL;
	if (slot->flapper)
		flapper_free(flaps, slot->flapper);
	*slot = (struct flap_slot){
		.addr = prefix.addr.v4,
		.len = prefix.len,
		.used = true,
		.since_ms = now_ms,
	};
	if (flap->tails)
		memcpy(flap->tails[slot - flap->slots], tail_of(&prefix), FLAP_TAIL);
	return slot;
}

static bool open_slots(struct flap *flap, enum family family)
{
	if (flap->slots)
		return true;
	TAILQ_INIT(&flap->flappers);
	flap->seed = hash_seed();
	return grow(flap, family);
}

/* --- changes ---------------------------------------------------------------------------------- */

static enum flap_verdict count(struct flaps *flaps, struct flap *flap, struct prefix prefix,
			       struct flap_slot *slot, uint64_t now_ms)
{
	bool begins = false;

	if (is_over(slot, now_ms)) {
		slot->since_ms = now_ms;
		slot->changes = 0;
		slot->again = false;
	}
	slot->changes++;
	if (slot->changes <= FLAP_ALARM)
		return FLAP_CALM;
	if (!slot->flapper) {
		slot->flapper = flapper_new(flaps, flap, prefix);
		begins = true;
	}
	if (!slot->flapper)
		return FLAP_CALM;
	touch(flaps, slot->flapper, now_ms);
	if (slot->changes > FLAP_HOLD || slot->again)
		return FLAP_TOO_FAST;
	return begins ? FLAP_FAST : FLAP_CALM;
}

enum flap_verdict flap_note(struct flaps *flaps, struct flap *flap, struct prefix prefix,
			    bool returned, uint64_t now_ms)
{
	struct flap_slot *slot = flap->slots ? slot_find(flap, prefix) : NULL;

	if (!slot && returned)
		return FLAP_CALM;
	flap->changes++;
	if (!slot && open_slots(flap, prefix.addr.family))
		slot = slot_take(flaps, flap, prefix, now_ms);
	return slot ? count(flaps, flap, prefix, slot, now_ms) : FLAP_CALM;
}

void flap_fetch(const struct flap *flap, struct prefix prefix)
{
	const struct flap_slot *set;

	if (!flap->slots)
		return;
	set = flap->slots + set_of(flap, flap->nb_slots, &prefix);
	for (int i = 0; i < FLAP_WAYS; i += CACHE_LINE / sizeof(*set))
		__builtin_prefetch(&set[i]);
}

/* --- held ------------------------------------------------------------------------------------- */

bool flap_hold(struct flaps *flaps, struct flap *flap, struct prefix prefix,
	       const struct attrs *attrs, uint64_t now_ms)
{
	struct flapper *flapper = slot_find(flap, prefix)->flapper;

	if (flap->nb_held >= FLAP_HELD)
		return false;
	TAILQ_REMOVE(&flaps->fast, flapper, in_time);
	flapper->held = true;
	flapper->ms = now_ms;
	flapper->good = attrs_get(attrs);
	flapper->said = attrs_get(attrs);
	TAILQ_INSERT_TAIL(&flaps->held, flapper, in_time);
	flap->nb_held++;
	return true;
}

struct flapper *flap_held(const struct flap *flap, struct prefix prefix)
{
	const struct flap_slot *slot = flap->nb_held ? slot_find(flap, prefix) : NULL;

	return slot && slot->flapper && slot->flapper->held ? slot->flapper : NULL;
}

void flap_said(struct flaps *flaps, struct flapper *flapper, const struct attrs *attrs,
	       uint64_t now_ms)
{
	if (attrs == flapper->said)
		return;
	if (flapper->said)
		attrs_put(flaps->attrs, flapper->said);
	flapper->said = attrs ? attrs_get(attrs) : NULL;
	flapper->flap->changes++;
	touch(flaps, flapper, now_ms);
}

/* --- over ------------------------------------------------------------------------------------- */

struct flapper *flaps_over(const struct flaps *flaps, uint64_t now_ms, uint64_t hold_ms)
{
	struct flapper *held = TAILQ_FIRST(&flaps->held), *fast = TAILQ_FIRST(&flaps->fast);

	if (held && (!held->ms || now_ms - held->ms >= hold_ms))
		return held;
	return fast && now_ms - fast->ms >= FLAP_WINDOW_MS ? fast : NULL;
}

void flap_end(struct flaps *flaps, struct flapper *flapper, uint64_t now_ms)
{
	struct flap_slot *slot = slot_find(flapper->flap, flapper->prefix);

	if (flapper->held) {
		slot->since_ms = now_ms;
		slot->changes = 0;
		slot->again = true;
	}
	slot->flapper = NULL;
	flapper_free(flaps, flapper);
}

void flap_release(struct flaps *flaps, struct flap *flap)
{
	struct flapper *flapper;

	if (!flap->nb_held)
		return;
	TAILQ_FOREACH (flapper, &flap->flappers, of_flap) {
		if (!flapper->held)
			continue;
		flapper->ms = 0; /* before all times */
		TAILQ_REMOVE(&flaps->held, flapper, in_time);
		TAILQ_INSERT_HEAD(&flaps->held, flapper, in_time);
	}
}

void flap_forget(struct flaps *flaps, struct flap *flap)
{
	while (flap->nb_flappers)
		flapper_free(flaps, TAILQ_FIRST(&flap->flappers));
	free(flap->slots);
	free(flap->tails);
	flap->slots = NULL;
	flap->tails = NULL;
	flap->nb_slots = 0;
}
