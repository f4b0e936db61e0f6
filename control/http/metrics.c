/* See metrics.h. */
#include "metrics.h"

#include <stdlib.h>
#include <string.h>

static bool take_peer(struct metrics *metrics, const struct row_peer *row)
{
	if (metrics->nb_peers == metrics->room) {
		size_t room = metrics->room ? 2 * metrics->room : 64;
		struct row_peer *bigger = realloc(metrics->peers, room * sizeof(*bigger));

		if (!bigger)
			return false;
		metrics->peers = bigger;
		metrics->room = room;
	}
	metrics->peers[metrics->nb_peers++] = *row;
	return true;
}

bool metrics_take(struct metrics *metrics, uint16_t type, const void *row)
{
	switch (type) {
	case ROW_SUMMARY: memcpy(&metrics->summary, row, sizeof(metrics->summary)); break;
	case ROW_EXCHANGE: memcpy(&metrics->exchange, row, sizeof(metrics->exchange)); break;
	case ROW_PEER: return take_peer(metrics, row);
	default: break;
	}
	return true;
}

void metrics_release(struct metrics *metrics)
{
	free(metrics->peers);
	json_decref(metrics->dataplane);
	*metrics = (struct metrics){ 0 };
}

bool metrics_put(struct exposition *to, const struct metrics *metrics, unsigned int *step)
{
	static bool (*const parts[])(struct exposition * to, const struct metrics *metrics,
				     unsigned int i) = {
		metrics_put_instance,
		metrics_put_peers,
		metrics_put_dataplane,
	};
	enum { PART_FAMILIES = 256 }; /* more than any part has */
	unsigned int part = *step / PART_FAMILIES;

	for (; part < sizeof(parts) / sizeof(parts[0]); part++, *step = part * PART_FAMILIES) {
		if (!parts[part](to, metrics, *step % PART_FAMILIES))
			continue;
		++*step;
		return true;
	}
	exposition_end(to);
	return false;
}
