/* Kinds of gateways, and which prefixes are announced to them. */
#include "expressroute_bound.h"

#include <stdlib.h>
#include <string.h>

#include "adj_out.h"
#include "members.h"
#include "receiver.h"
#include "update_group.h"
#include "announcement.h"
#include "maps.h"
#include "rib.h"

static void kinds_free(struct update_group *kinds, uint32_t nb)
{
	for (uint32_t i = 0; i < nb; i++)
		route_map_put(kinds[i].map);
	free(kinds);
}

void expressroute_bound_fini(struct expressroute_bound *bound)
{
	kinds_free(bound->kinds, bound->nb);
	*bound = (struct expressroute_bound){ .adj_out = bound->adj_out };
}

/* --- which kinds there are -------------------------------------------------------------------- */

static void kinds_add(struct update_group *kinds, uint32_t *nb, const struct update_group *kind)
{
	for (uint32_t i = 0; i < *nb; i++)
		if (update_group_fits(&kinds[i], kind))
			return;
	kinds[*nb] = *kind;
	if (kind->map)
		route_map_get(kind->map);
	(*nb)++;
}

/* Those of the configuration, then those before that it does not have. `nb_now`: of the first.
 * NULL: no memory. */
static struct update_group *kinds_new(const struct expressroute_bound *before, uint32_t *nb_now,
				      uint32_t *nb)
{
	const struct adj_out *adj_out = before->adj_out;
	struct update_group *kinds =
		calloc(adj_out->config->nb_gateways + before->nb + 1, sizeof(*kinds));
	int gateway = -1;

	*nb = *nb_now = 0;
	if (!kinds)
		return NULL;
	for (size_t i = 0; i < adj_out->config->nb_peers; i++) {
		const struct config_peer *peer = &adj_out->config->peers[i];
		struct update_group kind;

		/* instances of one gateway follow one another, and get the same */
		if (peer->role != ROLE_EXPRESSROUTE || peer->gateway == gateway)
			continue;
		gateway = peer->gateway;
		kind = update_group_kind(adj_out, peer);
		kinds_add(kinds, nb, &kind);
	}
	*nb_now = *nb;
	for (uint32_t i = 0; i < before->nb; i++)
		kinds_add(kinds, nb, &before->kinds[i]);
	return kinds;
}

static int by_address(const void *a, const void *b)
{
	return prefix_compare(*(const struct prefix *)a, *(const struct prefix *)b);
}

/* Different prefixes of summaries of a family. Without memory: as if no two were the same. */
static uint32_t count_summaries(const struct update_group *kinds, uint32_t nb, enum family family)
{
	struct prefix *all = calloc((size_t)nb * MAP_RULES + 1, sizeof(*all));
	uint32_t n = 0, different = 0;

	for (uint32_t i = 0; i < nb; i++) {
		const struct route_map *map = kinds[i].map;

		for (uint64_t left = map ? route_map_replacing(map, family) : 0; left;
		     left &= left - 1) {
			size_t rule = (size_t)__builtin_ctzll(left);

			if (all)
				all[n] = route_map_rule(map, rule)->prefix_replace;
			n++;
		}
	}
	if (!all)
		return n;
	qsort(all, n, sizeof(*all), by_address);
	for (uint32_t i = 0; i < n; i++)
		different += !i || !prefix_equal(all[i - 1], all[i]);
	free(all);
	return different;
}

static uint32_t seats(const struct expressroute_bound *bound)
{
	uint32_t max = bound->adj_out->expressroute_max;

	if (!max)
		return UINT32_MAX;
	return max > bound->summaries ? max - bound->summaries : 0;
}

/* From now on prefixes count by these. Takes `kinds` over. */
static void kinds_set(struct expressroute_bound *bound, struct update_group *kinds, uint32_t nb,
		      uint32_t nb_now)
{
	struct adj_out *adj_out = bound->adj_out;

	kinds_free(bound->kinds, bound->nb);
	bound->kinds = kinds;
	bound->nb = nb;
	bound->leaving = nb - nb_now;
	bound->summaries = count_summaries(kinds, nb, adj_out->family);
	rib_set_expressroute_max(adj_out->rib, seats(bound));
	if (adj_out->expressroute_max)
		rib_seats_review(adj_out->rib);
}

void expressroute_bound_configure(struct expressroute_bound *bound, uint32_t max)
{
	uint32_t nb, nb_now, max_before = bound->adj_out->expressroute_max;
	struct update_group *kinds = kinds_new(bound, &nb_now, &nb);

	bound->adj_out->expressroute_max = max;
	if (!kinds || max != max_before || nb != bound->nb) {
		kinds_set(bound, kinds, nb, nb_now);
		return;
	}
	bound->leaving = nb - nb_now;
	kinds_free(kinds, nb); /* the same as before */
}

/* --- when former maps are forgotten ----------------------------------------------------------- */

static bool all_finished(const struct adj_out *adj_out, const struct announcer *announcer)
{
	for (uint16_t i = 0; i < adj_out->end; i++) {
		const struct receiver *peer = adj_out->receiver[i];

		if (peer->group && peer->group->role == ROLE_EXPRESSROUTE &&
		    !members_finished(announcer, peer))
			return false;
	}
	return true;
}

void expressroute_bound_turn(struct expressroute_bound *bound, const struct announcer *announcer)
{
	uint32_t nb, nb_now;
	struct update_group *kinds;

	if (!bound->leaving || !all_finished(bound->adj_out, announcer))
		return;
	kinds = kinds_new(bound, &nb_now, &nb);
	for (; kinds && nb > nb_now; nb--)
		route_map_put(kinds[nb - 1].map);
	kinds_set(bound, kinds, nb, nb_now);
}

/* --- a prefix --------------------------------------------------------------------------------- */

/* Goes over the receivers that are of a kind. To find the kind of one costs more than all else
 * here, and instances of a gateway, which follow one another, are of one kind: it is found once a
 * gateway. */
struct kind_walk {
	const struct adj_out *adj_out;
	const struct update_group *kind;
	uint16_t next;
	int gateway; /* that was looked at last */
	bool fits;   /* it is of this kind */
};

static const struct receiver *kind_next(struct kind_walk *walk)
{
	while (walk->next < walk->adj_out->end) {
		const struct receiver *peer = walk->adj_out->receiver[walk->next++];
		struct update_group its;

		if (!peer->session->active || peer->session->config->role != ROLE_EXPRESSROUTE)
			continue;
		if (peer->session->config->gateway != walk->gateway) {
			walk->gateway = peer->session->config->gateway;
			its = update_group_kind(walk->adj_out, peer->session->config);
			walk->fits = update_group_fits(walk->kind, &its);
		}
		if (walk->fits)
			return peer;
	}
	return NULL;
}

/* Is it a backup to all gateways of a kind that does not get backups? */
static bool is_hidden(const struct adj_out *adj_out, const struct update_group *kind,
		      const struct backups *backups)
{
	struct kind_walk walk = { .adj_out = adj_out, .kind = kind, .gateway = -1 };
	const struct receiver *peer;

	if (kind->rule.ibgp || kind->backups || !backups->n)
		return false;
	while ((peer = kind_next(&walk)))
		if (!backups_include(adj_out->rib, backups, peer->session->index))
			return false;
	return true;
}

/* Is it withheld from all gateways of a kind (withheld.h)? They are up, then; of a former map there
 * are none. */
static bool is_withheld(const struct adj_out *adj_out, const struct update_group *kind,
			const struct path *path, const struct backups *backups)
{
	struct kind_walk walk = { .adj_out = adj_out, .kind = kind, .gateway = -1 };
	bool yields = kind->rule.ibgp && path->yields >> ROLE_EXPRESSROUTE & 1, any = false;
	const struct receiver *peer;

	while (adj_out->withholding && (peer = kind_next(&walk))) {
		bool backup =
			yields || backups_include(adj_out->rib, backups, peer->session->index);

		if (!receiver_withholds_path(peer, path, backup))
			return false;
		any = true;
	}
	return any;
}

static bool is_announced(const struct adj_out *adj_out, const struct update_group *kind,
			 const struct path *path, const struct backups *backups)
{
	if (!kind->vnets && rib_source(adj_out->rib, path->peer)->role == ROLE_VNET)
		return false;
	if (is_hidden(adj_out, kind, backups) || is_withheld(adj_out, kind, path, backups))
		return false;
	if (!kind->map)
		return true;
	if (route_map_summarises(kind->map, rib_prefix(adj_out->rib, path->node)))
		return false;
	return announcement_is_made(adj_out, kind, path);
}

bool expressroute_bound_count(const struct expressroute_bound *bound, const struct path *path,
			      bool ibgp, const struct backups *backups)
{
	for (uint32_t i = 0; i < bound->nb; i++) {
		const struct update_group *kind = &bound->kinds[i];

		if (kind->rule.ibgp == ibgp && is_announced(bound->adj_out, kind, path, backups))
			return true;
	}
	return !bound->kinds;
}
