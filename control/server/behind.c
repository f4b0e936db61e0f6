/* From the routes that lead to peers to what becomes of their sessions. */
#include "behind.h"

#include "outbox.h"
#include "route_server.h"

void behind_begin(struct peer *peer)
{
	if (peer->config.behind[0])
		far_hop_watch(&peer->rs->far_hops, peer->config.addr, peer->config.role);
}

void behind_end(struct peer *peer)
{
	if (peer->config.behind[0])
		far_hop_unwatch(&peer->rs->far_hops, peer->config.addr, peer->config.role);
}

static void note(struct route_server *rs, struct addr addr, const struct far_ways *now)
{
	char text[ADDR_TEXT], prefix[PREFIX_TEXT];

	addr_text(addr, text);
	if (now->n)
		events_note(&rs->events, EVENT_NEXT_HOP, EVENTS_NO_PEER, rs->now_ms,
			    "next hop %s is found by %s of %s", text,
			    prefix_text(now->prefix, prefix),
			    rs->peers.table[now->peer].config.name);
	else
		events_note(&rs->events, EVENT_NEXT_HOP, EVENTS_NO_PEER, rs->now_ms,
			    "next hop %s is lost: no route leads to it", text);
}

void behind_changed(void *ctx, uint32_t next_hop, enum role role, const struct far_ways *was,
		    const struct far_ways *now)
{
	struct route_server *rs = ctx;
	struct addr addr = addr_table_at(rs->next_hops.addrs, next_hop)->addr;

	for (int family = 0; family < FAMILY_COUNT; family++)
		rib_next_hop_changed(rs->routes[family].rib, next_hop);
	if (!was->n == !now->n)
		return;
	note(rs, addr, now);
	for (uint16_t i = 0; now->n && i < rs->peers.end; i++) {
		struct peer *peer = &rs->peers.table[i];

		if (peer->life != PEER_ACTIVE || !peer->config.behind[0] ||
		    !addr_equal(peer->config.addr, addr) || peer->config.role != role)
			continue;
		peer->reached = true;
		due_set(&rs->due, DUE_CALLS);
	}
}

void behind_turn(struct route_server *rs)
{
	for (uint16_t i = 0; i < rs->peers.end; i++) {
		struct peer *peer = &rs->peers.table[i];
		struct speaker_command call = { .type = SPEAKER_PEER_CALL, .peer = i };

		if (peer->reached && peer->life == PEER_ACTIVE && !peer->up)
			outbox_command(rs, peer->speaker, &call, sizeof(call));
		peer->reached = false;
	}
}

bool behind_lost(const struct peer *peer)
{
	struct far_ways ways;

	if (!peer->config.behind[0])
		return false;
	far_hop_look(&peer->rs->far_hops, peer->config.addr, peer->config.role, &ways);
	return !ways.n;
}
