/* See vnet_routes.h. */
#include "vnet_routes.h"

#include <errno.h>

#include "route_server.h"

int rs_vnet_announce(struct route_server *rs, const struct config_vnet *vnet)
{
	const struct export_next_hop on_link =
		export_next_hop_make((struct addr){ .family = vnet->prefix.addr.family });
	uint8_t wire[EXPORT_VNET_MAX];
	struct attr_writer w = { .buf = wire, .size = sizeof(wire) };
	struct attr_keys keys;
	const struct attrs *attrs;
	int err;

	/* On link as far as peers are concerned: our own address is announced to them in any
	 * case. */
	export_vnet_attrs(&on_link, &w);
	attr_keys_parse(wire, (uint16_t)w.len, &keys);
	attrs = attrs_intern(rs->attrs, &keys, wire, (uint16_t)w.len);
	if (!attrs)
		return -ENOMEM;
	err = rib_announce(rs->routes[vnet->prefix.addr.family].rib, vnet->prefix,
			   vnet->peered ? RS_VNET_PEERED : RS_VNET, attrs, LOCAL_PREF_DEFAULT,
			   (uint32_t)(rs->now_ms / 1000));
	attrs_put(rs->attrs, attrs);
	return err < 0 ? err : 0;
}

int rs_vnet_withdraw(struct route_server *rs, const struct config_vnet *vnet)
{
	int err = rib_withdraw(rs->routes[vnet->prefix.addr.family].rib, vnet->prefix,
			       vnet->peered ? RS_VNET_PEERED : RS_VNET);

	return err < 0 ? err : 0;
}
