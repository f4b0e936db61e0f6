/* A queue of UPDATEs a peer, empty almost always. */
#include "patience.h"

#include <stdlib.h>
#include <string.h>

#include "route_server.h"

enum { TURN_NS = 100 * 1000 }; /* for what is taken in a turn */

struct patient {
	struct patient *next;
	_Alignas(struct speaker_update) uint8_t record[];
};

static const struct speaker_update *update_of(const struct patient *patient)
{
	return (const struct speaker_update *)patient->record;
}

static size_t record_len(const struct speaker_update *update)
{
	const struct prefix *end = speaker_update_announced(update) + update->nb_announced;

	return (size_t)((const uint8_t *)end - (const uint8_t *)update);
}

/* Is one of these prefixes in use by way of this peer? */
static bool in_use(const struct route_server *rs, const struct peer *peer,
		   const struct speaker_update *update)
{
	const struct prefix *announced = speaker_update_announced(update);

	for (size_t i = 0; i < update->nb_announced; i++) {
		uint32_t node = rib_find(rs->rib, announced[i]);
		const struct path *path =
			node == RIB_NONE ? NULL : rib_path(rs->rib, node, peer->index);

		if (path && !(path->flags & PATH_UNUSED))
			return true;
	}
	return false;
}

static bool is_worth_it(struct route_server *rs, const struct peer *peer,
			const struct speaker_update *update)
{
	return update->nb_announced &&
	       next_hop_sought(&rs->next_hops, update->keys.next_hop, peer->config.role) &&
	       in_use(rs, peer, update);
}

static bool append(struct patience *patience, const struct speaker_update *update)
{
	size_t len = record_len(update);
	struct patient *patient = NULL;

	if (patience->bytes + len <= PATIENCE_BYTES)
		patient = malloc(sizeof(*patient) + len);
	if (!patient)
		return false;
	patient->next = NULL;
	memcpy(patient->record, update, len);
	patience->bytes += len;
	if (patience->last)
		patience->last->next = patient;
	else
		patience->first = patient;
	patience->last = patient;
	return true;
}

/* The first is taken off the queue; the caller's. */
static struct patient *pop(struct patience *patience)
{
	struct patient *first = patience->first;

	patience->first = first->next;
	patience->bytes -= record_len(update_of(first));
	if (!patience->first)
		patience->last = NULL;
	return first;
}

static void take(struct route_server *rs, struct peer *peer)
{
	struct patient *first = pop(&peer->patience);
	uint32_t taken = 0;

	if (!peer->patience.first)
		rs->peers.nb_patient--;
	while (!rs_update(rs, peer, update_of(first), &taken))
		;
	free(first);
}

bool patience_hold(struct route_server *rs, struct peer *peer, const struct speaker_update *update)
{
	struct patience *patience = &peer->patience;
	bool begins = !patience->first;

	if (begins && !is_worth_it(rs, peer, update))
		return false;
	if (!append(patience, update)) {
		patience_end(rs, peer);
		return false;
	}
	if (begins) {
		patience->until_ms = rs->now_ms + PATIENCE_MS;
		rs->peers.nb_patient++;
	}
	return true;
}

void patience_end(struct route_server *rs, struct peer *peer)
{
	while (peer->patience.first)
		take(rs, peer);
}

/* What waits behind one that is taken has the rest of its time. */
static unsigned int peer_turn(struct route_server *rs, struct peer *peer,
			      const struct budget *budget)
{
	struct patience *patience = &peer->patience;
	unsigned int taken = 0;

	while (patience->first && (rs->now_ms >= patience->until_ms ||
				   !is_worth_it(rs, peer, update_of(patience->first)))) {
		take(rs, peer);
		taken++;
		if (budget_over(budget))
			break;
	}
	return taken;
}

unsigned int patience_turn(struct route_server *rs)
{
	struct budget budget = budget_make(rs->clock_ns, TURN_NS);
	unsigned int taken = 0;

	for (uint16_t i = 0; rs->peers.nb_patient && i < rs->peers.end; i++) {
		taken += peer_turn(rs, &rs->peers.table[i], &budget);
		if (taken && budget_over(&budget))
			break;
	}
	return taken;
}

void patience_fini(struct patience *patience)
{
	while (patience->first)
		free(pop(patience));
}
