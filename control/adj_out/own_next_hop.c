/* See own_next_hop.h. */
#include "own_next_hop.h"

#include "adj_out.h"

/* The first address of the port that the peer is on; unspecified: it has none. */
static struct addr port_address(const struct config *config, const struct out_session *session,
				enum family family)
{
	const struct config_port *port = &config->dataplane.ports[session->config->egress_port];

	for (size_t i = 0; i < port->nb_addresses; i++)
		if (port->addresses[i].addr.family == family)
			return port->addresses[i].addr;
	return (struct addr){ .family = (uint8_t)family };
}

static bool is_link_local(struct addr addr)
{
	return addr.family == FAMILY_IPV6 && addr_link_local(addr);
}

static struct export_next_hop of_ipv6(const struct config *config,
				      const struct out_session *session)
{
	const struct addr local = session->local_addr;
	struct addr global = local, link_local = session->link_local;

	if (is_link_local(local))
		link_local = local;
	if (local.family == FAMILY_IPV4 || is_link_local(local))
		global = port_address(config, session, FAMILY_IPV6);
	if (addr_unspecified(global))
		return export_next_hop_make(is_link_local(local) ? local : global);
	return is_link_local(link_local) ? export_next_hop_pair(global, link_local)
					 : export_next_hop_make(global);
}

struct export_next_hop own_next_hop(const struct config *config, const struct out_session *session,
				    enum family family)
{
	if (family == FAMILY_IPV6 ||
	    (session->local_addr.family == FAMILY_IPV6 && session->extended))
		return of_ipv6(config, session);
	if (session->local_addr.family == FAMILY_IPV4)
		return export_next_hop_make(session->local_addr);
	return export_next_hop_make(port_address(config, session, FAMILY_IPV4));
}

bool own_next_hop_is_none(const struct export_next_hop *hop)
{
	bool none = true;

	for (uint8_t i = 0; i < hop->len; i++)
		none &= !hop->octets[i];
	return none;
}
