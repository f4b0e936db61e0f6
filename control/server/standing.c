/* See standing.h. */
#include "standing.h"

#include <stdio.h>
#include <string.h>

#include "route_server.h"

struct maintenance_peer standing_of(const struct peer *peer)
{
	const struct maintenance_peer *said =
		maintenance_find(peer->rs->maintenance, peer->config.name);
	struct maintenance_peer none = { .drained = false };

	memcpy(none.name, peer->config.name, sizeof(none.name));
	return said ? *said : none;
}

void standing_begin(struct peer *peer)
{
	const struct maintenance_peer said = standing_of(peer);

	peer->shut = said.shut;
	peer->out.drained = said.drained;
}

const char *standing_why(const struct peer *peer, char buf[SPEAKER_REASON])
{
	const struct maintenance_peer said = standing_of(peer);

	snprintf(buf, SPEAKER_REASON, "administratively shut down%s%.120s",
		 said.text[0] ? ": " : "", said.text);
	return buf;
}
