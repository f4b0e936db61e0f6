/* Resets of a peer's session: hard, soft in, soft out. */
#include "commands.h"

#include <stdio.h>

#include "members.h"
#include "peer_command.h"
#include "peer_session.h"
#include "route_server.h"
#include "rows.h"
#include "withheld.h"

static void reset(struct route_server *rs, struct page *page, struct peer *peer)
{
	struct row_reset *row;
	char why[SPEAKER_REASON];

	if (peer->shut) {
		page_error(page, "peer %s is shut down", peer->config.name);
		page_hint(page, "bascule peer %s start", peer->config.name);
		return;
	}
	row = page_add(page, ROW_RESET, sizeof(*row));
	row->closed = peer->up;
	row->state = peer->state;
	if (!peer->up)
		snprintf(row->reason, sizeof(row->reason), "%s", peer_why(peer, why));
	peer_reset(rs, peer);
}

static void soft_in(struct route_server *rs, struct page *page, struct peer *peer)
{
	if (!(peer->session.caps & SPEAKER_CAP_REFRESH)) {
		page_error(page, "peer %s has no route refresh", peer->config.name);
		page_hint(page, "without --soft-in the session is reset");
		return;
	}
	for (int family = 0; family < FAMILY_COUNT; family++)
		flap_release(&rs->flaps, &peer->routes[family].flap);
	peer_ask_all_again(rs, peer);
}

static void soft_out(struct route_server *rs, struct page *page, struct peer *peer)
{
	withheld_forget(&peer->out);
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (members_refresh(&peer->out.to[family]))
			page_error(page, "no memory");
}

void command_peer(struct route_server *rs, struct page *page, struct peer *peer)
{
	if (page->command == PAGE_RESET)
		reset(rs, page, peer);
	else if (!peer->up)
		page_error(page, "peer %s is not up", peer->config.name);
	else if (page->command == PAGE_SOFT_IN)
		soft_in(rs, page, peer);
	else
		soft_out(rs, page, peer);
}
