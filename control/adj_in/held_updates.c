/* A queue of UPDATEs a peer, empty almost always. */
#include "held_updates.h"

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
	struct held_updates *held_updates = &peer->held_updates;

	for (int i = 0; i < LOOK && held_updates->nb_unused < update->nb_announced; i++) {
		if (in_use(rs, peer, announced[held_updates->at])) {
			held_updates->nb_unused = 0;
			return true;
		}
		held_updates->at = (uint16_t)((held_updates->at + 1u) % update->nb_announced);
		held_updates->nb_unused++;
	}
	return held_updates->nb_unused < update->nb_announced;
}

static bool is_worth_it(struct route_server *rs, struct peer *peer,
			const struct speaker_update *update)
{
	return update->nb_announced &&
	       next_hop_sought(&rs->next_hops, update->keys.next_hop, peer->config.role) &&
	       some_in_use(rs, peer, update);
}

static bool append(struct held_updates *held_updates, const struct speaker_update *update)
{
	size_t len = record_len(update);
	struct patient *patient = NULL;

	if (held_updates->bytes + len <= HELD_UPDATES_BYTES)
		patient = malloc(sizeof(*patient) + len);
	if (!patient)
		return false;
	patient->next = NULL;
	memcpy(patient->record, update, len);
	held_updates->bytes += len;
	if (held_updates->last)
		held_updates->last->next = patient;
	else
		held_updates->first = patient;
	held_updates->last = patient;
	return true;
}

/* The first is taken off the queue; the caller's. */
static struct patient *pop(struct held_updates *held_updates)
{
	struct patient *first = held_updates->first;

	held_updates->first = first->next;
	held_updates->bytes -= record_len(update_of(first));
	held_updates->taken = 0;
	held_updates->at = held_updates->nb_unused = 0;
	if (!held_updates->first)
		held_updates->last = NULL;
	return first;
}

/* A slice of the first. True: it is through. */
static bool take(struct route_server *rs, struct peer *peer)
{
	struct held_updates *held_updates = &peer->held_updates;

	if (!rs_update(rs, peer, update_of(held_updates->first), &held_updates->taken))
		return false;
	free(pop(held_updates));
	if (held_updates->first)
		return true;
	rs->peers.nb_patient--;
	held_updates->ending = false;
	return true;
}

bool held_updates_over(struct route_server *rs, struct peer *peer)
{
	if (peer->held_updates.first)
		take(rs, peer);
	return !peer->held_updates.first;
}

enum held_updates_verdict held_updates_hold(struct route_server *rs, struct peer *peer,
				    const struct speaker_update *update)
{
	struct held_updates *held_updates = &peer->held_updates;
	bool begins = !held_updates->first;

	if (begins)
		held_updates->at = held_updates->nb_unused = 0;
	if (begins && !is_worth_it(rs, peer, update))
		return HELD_UPDATES_TAKE;
	if (!held_updates->ending && append(held_updates, update)) {
		if (begins) {
			held_updates->until_ms = rs->now_ms + HELD_UPDATES_MS;
			rs->peers.nb_patient++;
		}
		return HELD_UPDATES_HELD;
	}
	held_updates->ending = !begins;
	return held_updates_over(rs, peer) ? HELD_UPDATES_TAKE : HELD_UPDATES_LATER;
}

/* What waits behind one that is taken has the rest of its time. Returns how much was done. */
static unsigned int peer_turn(struct route_server *rs, struct peer *peer,
			      const struct budget *budget)
{
	struct held_updates *held_updates = &peer->held_updates;
	unsigned int taken = 0;

	while (held_updates->first && (held_updates->taken || rs->now_ms >= held_updates->until_ms ||
				   !is_worth_it(rs, peer, update_of(held_updates->first)))) {
		take(rs, peer);
		taken++;
		if (budget_over(budget))
			break;
	}
	return taken + held_updates->nb_unused;
}

/* Peers take turns, from one turn to the next too. */
unsigned int held_updates_turn(struct route_server *rs)
{
	struct budget budget = budget_make(rs->clock_ns, TURN_NS);
	struct peers *peers = &rs->peers;
	unsigned int taken = 0;
	uint16_t left = peers->nb_patient;

	for (uint16_t i = 0; left && i < peers->end; i++) {
		struct peer *peer = &peers->table[peers->patient];

		peers->patient = (uint16_t)((peers->patient + 1) % peers->end);
		if (!peer->held_updates.first)
			continue;
		taken += peer_turn(rs, peer, &budget);
		left--;
		if (budget_over(&budget))
			break;
	}
	return taken;
}

void held_updates_fini(struct held_updates *held_updates)
{
	while (held_updates->first)
		free(pop(held_updates));
}
