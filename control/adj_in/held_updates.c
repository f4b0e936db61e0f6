/* A queue of UPDATEs for each peer, which is almost always empty. */
#include "held_updates.h"

#include <stdlib.h>
#include <string.h>

#include "nlri.h"
#include "records.h"
#include "rib.h"

enum { LOOK = 64 }; /* prefixes of one UPDATE that are looked at in a turn */

struct held_update {
	struct held_update *next;
	_Alignas(struct speaker_update) uint8_t record[];
};

static const struct speaker_update *update_of(const struct held_update *waiting)
{
	return (const struct speaker_update *)waiting->record;
}

static size_t record_len(const struct speaker_update *update)
{
	return (size_t)(speaker_update_end(update) + NLRI_SLACK - (const uint8_t *)update);
}

/* Is this prefix in use by way of this source? */
static bool in_use(const struct rib *rib, uint16_t source, struct prefix prefix)
{
	uint32_t node = rib_find(rib, prefix);
	const struct path *path = node == RIB_NONE ? NULL : rib_path(rib, node, source);

	return path && !(path->flags & PATH_UNUSED);
}

/* Is one of the prefixes of the first UPDATE, or not known yet? As far as there is time to look:
 * the one that was in use last time comes first. */
static bool some_in_use(struct held_updates *held, const struct speaker_update *update,
			const struct rib *rib, uint16_t source)
{
	const uint8_t *announced = speaker_update_announced(update);

	for (int i = 0; i < LOOK && held->nb_unused < update->nb_announced; i++) {
		struct prefix prefix;
		const uint8_t *next = nlri_load(announced + held->at, update->family, &prefix);

		if (in_use(rib, source, prefix)) {
			held->nb_unused = 0;
			return true;
		}
		held->at = next == speaker_update_end(update) ? 0 : (uint16_t)(next - announced);
		held->nb_unused++;
	}
	return held->nb_unused < update->nb_announced;
}

static bool append(struct held_updates *held, const struct speaker_update *update)
{
	size_t len = record_len(update);
	struct held_update *waiting = NULL;

	if (held->bytes + len <= HELD_UPDATES_BYTES)
		waiting = malloc(sizeof(*waiting) + len);
	if (!waiting)
		return false;
	waiting->next = NULL;
	memcpy(waiting->record, update, len);
	held->bytes += len;
	if (held->last)
		held->last->next = waiting;
	else
		held->first = waiting;
	held->last = waiting;
	return true;
}

/* The first is taken off the queue; the caller's. */
static struct held_update *pop(struct held_updates *held)
{
	struct held_update *first = held->first;

	held->first = first->next;
	held->bytes -= record_len(update_of(first));
	held->taken = 0;
	held->at = held->nb_unused = 0;
	if (!held->first)
		held->last = NULL;
	return first;
}

const struct speaker_update *held_updates_first(const struct held_updates *held)
{
	return update_of(held->first);
}

void held_updates_done(struct held_updates *held)
{
	free(pop(held));
	held->ending &= held->first != NULL;
}

enum held_updates_verdict held_updates_hold(struct held_updates *held,
					    const struct speaker_update *update,
					    const struct rib *rib, uint16_t source, bool sought,
					    uint64_t now_ms)
{
	bool begins = !held->first;

	if (begins)
		held->at = held->nb_unused = 0;
	if (begins && !(update->nb_announced && sought && some_in_use(held, update, rib, source)))
		return HELD_UPDATES_TAKE;
	if (!held->ending && append(held, update)) {
		if (begins)
			held->until_ms = now_ms + HELD_UPDATES_MS;
		return HELD_UPDATES_HELD;
	}
	held->ending = !begins;
	return begins ? HELD_UPDATES_TAKE : HELD_UPDATES_LATER;
}

bool held_updates_due(struct held_updates *held, const struct rib *rib, uint16_t source,
		      bool sought, uint64_t now_ms)
{
	const struct speaker_update *update = held_updates_first(held);

	return held->taken || now_ms >= held->until_ms || !update->nb_announced || !sought ||
	       !some_in_use(held, update, rib, source);
}

void held_updates_fini(struct held_updates *held)
{
	while (held->first)
		free(pop(held));
}
