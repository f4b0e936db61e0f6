/* What is announced to a peer whose path looks like a reflection. */
#include "reflections.h"

#include "adj_out.h"
#include "receiver.h"
#include "update_group.h"
#include "announcement.h"
#include "events.h"
#include "rib.h"

bool reflections_announced(const struct adj_out *adj_out, const struct path *path, uint16_t index)
{
	const struct receiver *peer = adj_out->receiver[index];
	struct update_group kind = update_group_kind(adj_out, peer->session->config);

	/* Where a summary stands for the prefix, the summary is announced. */
	if (kind.map && route_map_summarises(kind.map, rib_prefix(adj_out->rib, path->node)))
		return false;
	/* Whether it is a backup depends on the answer; the two differ in one attribute, which few
	 * are withheld for. */
	if (receiver_withholds_path(peer, path, false) && receiver_withholds_path(peer, path, true))
		return false;
	return announcement_is_made(adj_out, &kind, path);
}

void reflections_note(struct adj_out *adj_out, const struct path *path,
		      const struct path *announced)
{
	char prefix[PREFIX_TEXT];

	events_note(adj_out->events, EVENT_REFLECTION, path->peer, adj_out->now_ms,
		    "%s is not used: it is what we tell it of %s, come back",
		    prefix_text(rib_prefix(adj_out->rib, path->node), prefix),
		    adj_out->receiver[announced->peer]->session->config->name);
}
