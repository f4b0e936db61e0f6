/* Who is told what, of those whose paths look like reflections. */
#include "reflections.h"

#include "route_server.h"

bool reflections_told(void *ctx, const struct path *path, uint16_t index)
{
	static struct route_map_result result; /* one thread; 16 KiB that no stack needs to hold */
	const struct route_server *rs = ctx;
	const struct peer *peer = &rs->peers.table[index];
	struct update_group kind = announcer_kind(rs, &peer->config);
	uint8_t wire[BGP_MESSAGE_MAX];

	/* Of what a summary stands for, the peer is told the summary. */
	if (kind.map && route_map_summarises(kind.map, rib_prefix(rs->rib, path->node)))
		return false;
	/* As what it is told depends on the answer; it differs in one attribute, which few are
	 * withheld for. */
	if (announcer_withholds_path(peer, path, false) &&
	    announcer_withholds_path(peer, path, true))
		return false;
	return announcer_announces(&kind, rs, path, false, wire, &result);
}

void reflections_note(void *ctx, const struct path *path, const struct path *told)
{
	struct route_server *rs = ctx;
	char prefix[PREFIX_TEXT];

	events_note(&rs->events, EVENT_REFLECTION, path->peer, rs->now_ms,
		    "%s is not used: it is what we tell it of %s, come back",
		    prefix_text(rib_prefix(rs->rib, path->node), prefix),
		    rs->peers.table[told->peer].config.name);
}
