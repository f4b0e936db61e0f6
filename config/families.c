/* Whose routes a peer and we tell each other: what its `families` say, or what there can be. */
#include "file.h"

/* Those that a port has addresses of. */
static uint8_t families_of_port(const struct config_port *port)
{
	uint8_t families = 0;

	for (size_t a = 0; a < port->nb_addresses; a++)
		families |= family_bit(port->addresses[a].addr.family);
	return families;
}

/* A gateway with addresses of both families has a session for each. */
static bool session_each(const struct file *file, const struct config_peer *peer)
{
	const struct file_gateway *gateway;

	if (peer->gateway < 0)
		return false;
	gateway = &file->gateways[peer->gateway];
	for (size_t i = 1; i < gateway->nb_addresses; i++)
		if (gateway->addresses[i].family != gateway->addresses[0].family)
			return true;
	return false;
}

const config_setting_t *peer_member(const struct file *file, size_t i, const char *member)
{
	const struct config_peer *peer = &file->config.peers[i];
	const config_setting_t *group =
		peer->gateway < 0 ? file->peer_at[i]
				  : file_element(file, "gateways", (size_t)peer->gateway);

	return config_setting_get_member(group, member);
}

/* IPv4 routes may have IPv6 next hops (RFC 8950), which is all that a port without IPv4 addresses
 * has; IPv6 routes have none but those. */
void file_check_families(struct complaints *c, struct file *file, size_t i)
{
	struct config_peer *peer = &file->config.peers[i];
	const struct config_port *port = &file->config.dataplane.ports[peer->egress_port];
	const config_setting_t *at = peer_member(file, i, "families");
	uint8_t there = families_of_port(port);

	if (at && complained(c, at))
		return;
	if (!at)
		peer->families = session_each(file, peer) ? family_bit(peer->addr.family) : there;
	else if (!peer->families)
		complain(c, at, NULL, "is empty, allowed are lists of \"ipv4\" and \"ipv6\"");
	else if (peer->families & ~there & family_bit(FAMILY_IPV6))
		complain(c, at, NULL,
			 "has \"ipv6\", but port %s has no IPv6 address to be a next hop, allowed "
			 "is \"ipv4\"",
			 port->name);
}
