/* A queue of UPDATEs a peer, empty almost always. */
#include "patience.h"

#include <stdlib.h>
#include <string.h>

#include "route_server.h"

enum {
	TURN_NS = 100 * 1000, /* for what is taken in a turn */
	LOOK = 64,	      /* prefixes of one UPDATE that are looked at in a turn */
};

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

/* Is this prefix in use by way of this peer? */
static bool in_use(const struct route_server *rs, const struct peer *peer, struct prefix prefix)
{
	uint32_t node = rib_find(rs->rib, prefix);
	const struct path *path = node == RIB_NONE ? NULL : rib_path(rs->rib, node, peer->index);

	return path && !(path->flags & PATH_UNUSED);
}

/* Is one of the prefixes of the first UPDATE, or not known yet? As far as there is time to look: the one that was in use last
 * time comes first. */
static bool some_in_use(const struct route_server *rs, struct peer *peer,
			const struct speaker_update *update)
{
	const struct prefix *announced = speaker_update_announced(update);
	struct patience *patience = &peer->patience;

	for (int i = 0; i < LOOK && patience->nb_unused < update->nb_announced; i++) {
		if (in_use(rs, peer, announced[patience->at])) {
			patience->nb_unused = 0;
			return true;
		}
		patience->at = (uint16_t)((patience->at + 1u) % update->nb_announced);
		patience->nb_unused++;
	}
	return patience->nb_unused < update->nb_announced;
}

static bool is_worth_it(struct route_server *rs, struct peer *peer,
			const struct speaker_update *update)
{
	return update->nb_announced &&
	       next_hop_sought(&rs->next_hops, update->keys.next_hop, peer->config.role) &&
	       some_in_use(rs, peer, update);
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
	patience->taken = 0;
	patience->at = patience->nb_unused = 0;
	if (!patience->first)
		patience->last = NULL;
	return first;
}

/* A slice of the first. True: it is through. */
static bool take(struct route_server *rs, struct peer *peer)
{
	struct patience *patience = &peer->patience;

	if (!rs_update(rs, peer, update_of(patience->first), &patience->taken))
		return false;
	free(pop(patience));
	if (patience->first)
		return true;
	rs->peers.nb_patient--;
	patience->ending = false;
	return true;
}

bool patience_over(struct route_server *rs, struct peer *peer)
{
	if (peer->patience.first)
		take(rs, peer);
	return !peer->patience.first;
}

enum patience_verdict patience_hold(struct route_server *rs, struct peer *peer,
				    const struct speaker_update *update)
{
	struct patience *patience = &peer->patience;
	bool begins = !patience->first;

	if (begins)
		patience->at = patience->nb_unused = 0;
	if (begins && !is_worth_it(rs, peer, update))
		return PATIENCE_TAKE;
	if (!patience->ending && append(patience, update)) {
		if (begins) {
			patience->until_ms = rs->now_ms + PATIENCE_MS;
			rs->peers.nb_patient++;
		}
		return PATIENCE_HELD;
	}
	patience->ending = !begins;
	return patience_over(rs, peer) ? PATIENCE_TAKE : PATIENCE_LATER;
}

/* What waits behind one that is taken has the rest of its time. Returns how much was done. */
static unsigned int peer_turn(struct route_server *rs, struct peer *peer,
			      const struct budget *budget)
{
	struct patience *patience = &peer->patience;
	unsigned int taken = 0;

	while (patience->first && (patience->taken || rs->now_ms >= patience->until_ms ||
				   !is_worth_it(rs, peer, update_of(patience->first)))) {
		take(rs, peer);
		taken++;
		if (budget_over(budget))
			break;
	}
	return taken + patience->nb_unused;
}

/* Peers take turns, from one turn to the next too. */
unsigned int patience_turn(struct route_server *rs)
{
	struct budget budget = budget_make(rs->clock_ns, TURN_NS);
	struct peers *peers = &rs->peers;
	unsigned int taken = 0;
	uint16_t left = peers->nb_patient;

	for (uint16_t i = 0; left && i < peers->end; i++) {
		struct peer *peer = &peers->table[peers->patient];

		peers->patient = (uint16_t)((peers->patient + 1) % peers->end);
		if (!peer->patience.first)
			continue;
		taken += peer_turn(rs, peer, &budget);
		left--;
		if (budget_over(&budget))
			break;
	}
	return taken;
}

void patience_fini(struct patience *patience)
{
	while (patience->first)
		free(pop(patience));
}
