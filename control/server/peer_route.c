/* See peer_route.h. */
#include "peer_route.h"

#include "peer_command.h"
#include "route_server.h"

int rs_route(struct route_server *rs, struct peer *peer, const struct inbound_place *at,
	     const struct attrs *attrs)
{
	const uint8_t family = at->rib.prefix.addr.family;
	struct inbound *in = &peer->routes[family].inbound;
	struct rib *rib = rs->routes[family].rib;
	bool mapped = inbound_active(in);
	struct inbound_place again;
	int err;

	if (!attrs) {
		err = mapped ? inbound_withdraw(in, at)
			     : rib_withdraw_at(rib, &at->rib, peer->index);
		if (err < 0)
			peer_not_withdrawn(rs, peer);
		return err;
	}
	err = mapped ? inbound_announce(in, at, attrs)
		     : rib_announce_at(rib, &at->rib, peer->index, attrs,
				       import_local_pref(&attrs->keys, LOCAL_PREF_DEFAULT),
				       (uint32_t)(rs->now_ms / 1000));
	if (err >= 0)
		return err;
	peer->no_memory++;
	again = inbound_place(in, at->rib.prefix); /* the table may have it by now */
	rs_route(rs, peer, &again, NULL);
	return err;
}
