/* Sessions that come and go: the epochs of a peer's paths, and, in slices, the end of the paths of
 * earlier ones. */
#include "rib_private.h"

/* Withdraw, in slices, what is at least `age` epochs old. */
static void sweep_begin(struct rib *rib, struct rib_peer *peer, uint16_t age)
{
	peer->sweep_age = age;
	slab_round_begin(&rib->sweep, &rib->paths);
}

void rib_peer_down(struct rib *rib, uint16_t index)
{
	struct rib_peer *peer = &rib->peers[index];

	if (!peer->paths)
		return;
	peer->epoch++;
	peer->stale = peer->paths;
	sweep_begin(rib, peer, 1);
}

void rib_peer_stale(struct rib *rib, uint16_t index)
{
	struct rib_peer *peer = &rib->peers[index];
	bool stale_already = peer->stale;

	if (!peer->paths)
		return;
	peer->epoch++;
	peer->stale = peer->paths;
	peer->sweep_age = 0; /* a sweep that goes on is of what is gone already */
	if (stale_already)
		sweep_begin(rib, peer, 2);
	/* From now on fresh ones are better, and those whose next hops are lost are nothing. */
	rib_reconsider(rib);
}

void rib_peer_sweep(struct rib *rib, uint16_t index)
{
	if (rib->peers[index].stale)
		sweep_begin(rib, &rib->peers[index], 1);
}

static void sweep_end(struct rib *rib)
{
	for (uint16_t i = 0; i < rib->params.nb_peers; i++)
		rib->peers[i].sweep_age = 0;
}

static bool is_over(const struct rib *rib, const struct path *path)
{
	const struct rib_peer *peer = &rib->peers[path->peer];

	return peer->sweep_age && (uint16_t)(peer->epoch - path->epoch) >= peer->sweep_age;
}

/* What the peer has said since, and is put off, stands in its place. */
static void path_sweep(struct rib *rib, struct path *path)
{
	const struct path *undecided;

	if (!is_over(rib, path))
		return;
	undecided = undecided_find(rib, path->node, path->peer);
	if (undecided && !is_over(rib, undecided))
		node_decide(rib, path->node);
	else
		path_withdraw(rib, path);
}

size_t sweep_turn(struct rib *rib, size_t budget)
{
	const uint64_t before = rib->spent;
	size_t seen = 0;
	uint32_t id;

	if (!rib->sweep.left)
		return 0;
	while (cost_since(rib, before, seen) < budget && groups_reserve(rib) == 0 &&
	       (id = slab_round_next(&rib->sweep))) {
		seen++;
		if (slab_live(&rib->paths, id))
			path_sweep(rib, path_at(rib, id));
	}
	if (!rib->sweep.left)
		sweep_end(rib);
	return cost_since(rib, before, seen);
}
