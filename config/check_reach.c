/* Who is reached through which port: VNet prefixes, their next hops, peers. The role of the port
 * that a peer is reached through decides which routes its packets may use, so it must be the peer's
 * own. */
#include <stdio.h>
#include <string.h>

#include "file.h"

enum { LINK_LOCAL_LEN = 64 }; /* RFC 4291 2.5.6 */

static const struct config_port *port_of(const struct file *file, size_t i)
{
	return &file->config.dataplane.ports[i];
}

/* --- VNet prefixes ---------------------------------------------------------------------------- */

/* The port called `name`. False: there is none. */
static bool port_find(const struct file *file, const char *name, size_t *port)
{
	for (size_t i = 0; i < file->config.dataplane.nb_ports; i++) {
		if (!strcmp(port_of(file, i)->name, name)) {
			*port = i;
			return true;
		}
	}
	return false;
}

bool file_find_port(struct complaints *c, const struct file *file, const config_setting_t *at,
		    const char *member, const char *name, size_t *port)
{
	char names[256] = "";
	size_t len = 0;

	if (port_find(file, name, port))
		return true;
	for (size_t p = 0; p < file->config.dataplane.nb_ports && len < sizeof(names); p++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", p ? ", " : "",
					port_of(file, p)->name);
	complain(c, at, member, "\"%s\" is not a port, allowed are %s", name, names);
	return false;
}

static void check_vnet_port(struct complaints *c, struct file *file, size_t i)
{
	const char *name = file->vnets[i].port;
	const config_setting_t *at = file_element(file, "vnet", i);
	size_t *port = &file->config.vnets[i].port;
	enum role role;

	if (!file_find_port(c, file, at, "port", name, port))
		return;
	role = port_of(file, *port)->role;
	if (role != ROLE_VNET && role != ROLE_NVA)
		complain(c, at, "port",
			 "\"%s\" has role %s, allowed are ports of role vnet and nva", name,
			 role_name(role));
}

bool port_reserves(const struct config_port *port, struct addr addr)
{
	for (size_t a = 0; a < port->nb_addresses; a++) {
		if (subnet_reserves(port->addresses[a], addr))
			return true;
	}
	return false;
}

/* Is the address on link? Link-local ones are on every link (RFC 4291 2.5.6). */
static bool port_connects(const struct config_port *port, struct addr addr)
{
	if (addr_link_local(addr))
		return true;
	for (size_t a = 0; a < port->nb_addresses; a++) {
		if (prefix_has(config_subnet(port->addresses[a]), addr))
			return !port_reserves(port, addr);
	}
	return false;
}

static void check_vnet_next_hop(struct complaints *c, const struct file *file, size_t i)
{
	const struct config_vnet *vnet = &file->config.vnets[i];
	const struct config_port *port = port_of(file, vnet->port);
	const config_setting_t *at = file_element(file, "vnet", i);
	char text[ADDR_TEXT];

	addr_text(vnet->next_hop, text);
	if (vnet->next_hop.family != vnet->prefix.addr.family)
		complain(c, at, "next_hop", "%s is %s, allowed are addresses of the prefix's, %s",
			 text, family_title(vnet->next_hop.family),
			 family_title(vnet->prefix.addr.family));
	else if (address_own(&file->config, vnet->next_hop))
		complain(c, at, "next_hop",
			 "%s is an address of one of our own ports, allowed are a neighbour's",
			 text);
	else if (!port_connects(port, vnet->next_hop))
		complain(c, at, "next_hop",
			 "%s is not a host on a subnet of port %s, allowed are addresses that are",
			 text, port->name);
}

/* The port asks for hosts, and for next hops, by an address of its own. */
static bool check_vnet_family(struct complaints *c, const struct file *file, size_t i)
{
	const struct config_vnet *vnet = &file->config.vnets[i];
	const struct config_port *port = port_of(file, vnet->port);
	uint8_t family = vnet->prefix.addr.family;
	char text[PREFIX_TEXT];

	if (config_port_has(port, family))
		return true;
	complain(c, file_element(file, "vnet", i), "port",
		 "%s has no %s address to reach %s by, allowed are ports that have one", port->name,
		 family_title(family), prefix_text(vnet->prefix, text));
	return false;
}

/* An address that the tables hold for themselves, which a VNet prefix of it alone would take
 * away. */
static bool check_vnet_address(struct complaints *c, const struct file *file, size_t i)
{
	const struct config_vnet *vnet = &file->config.vnets[i];
	const struct config_port *port = port_of(file, vnet->port);
	const config_setting_t *at = file_element(file, "vnet", i);
	char text[PREFIX_TEXT];

	if (vnet->prefix.len < family_bits(vnet->prefix.addr.family))
		return true;
	prefix_text(vnet->prefix, text);
	if (address_own(&file->config, vnet->prefix.addr))
		complain(c, at, "prefix",
			 "%s is an address of one of our own ports, allowed are all others", text);
	else if (port_reserves(port, vnet->prefix.addr))
		complain(c, at, "prefix", "%s is %s of port %s, allowed are its hosts'", text,
			 reserved_title(vnet->prefix.addr.family), port->name);
	else
		return true;
	return false;
}

static void check_vnet_prefix(struct complaints *c, const struct file *file, size_t i)
{
	const struct config_vnet *vnet = &file->config.vnets[i];
	const config_setting_t *at = file_element(file, "vnet", i);
	char text[PREFIX_TEXT], other[PREFIX_TEXT];

	prefix_text(vnet->prefix, text);
	if (!prefix_usable(&file->config, vnet->prefix))
		complain(c, at, "prefix", "%s is not of hosts, allowed are unicast prefixes", text);
	for (size_t j = 0; j < i; j++) {
		if (!prefix_overlap(vnet->prefix, file->config.vnets[j].prefix))
			continue;
		complain(c, at, "prefix",
			 "%s overlaps with %s on line %d, allowed are prefixes apart", text,
			 prefix_text(file->config.vnets[j].prefix, other),
			 file->config.vnets[j].line);
		break;
	}
	for (size_t p = 0; p < file->config.dataplane.nb_ports; p++) {
		const struct config_port *port = port_of(file, p);

		for (size_t a = 0; a < port->nb_addresses && p != vnet->port; a++) {
			struct prefix subnet = config_subnet(port->addresses[a]);

			if (prefix_covers(subnet, vnet->prefix))
				complain(c, at, "prefix",
					 "%s lies within %s, the subnet of port %s; allowed are "
					 "that port, and prefixes outside of it",
					 text, prefix_text(subnet, other), port->name);
		}
	}
}

/* --- peers ------------------------------------------------------------------------------------ */

/* Our address on `port` for who is reached by way of `gateway` there: in its subnet, or the first
 * of its family. NULL: the port has none of that. */
static const struct addr *local_addr(const struct config_port *port, struct addr gateway)
{
	const struct addr *first = NULL;

	for (size_t a = 0; a < port->nb_addresses; a++) {
		const struct config_address *own = &port->addresses[a];

		if (prefix_has(config_subnet(*own), gateway))
			return &own->addr;
		if (!first && own->addr.family == gateway.family)
			first = &own->addr;
	}
	return first;
}

/* The session's own end. */
static void find_local(struct complaints *c, const config_setting_t *at, const char *member,
		       const struct config_port *port, struct addr gateway,
		       struct config_peer *peer)
{
	const struct addr *own = local_addr(port, gateway);

	if (own)
		peer->local_addr = *own;
	else
		complain(c, at, member,
			 "port %s has no %s address to speak from, allowed are ports that have one",
			 port->name, family_title(gateway.family));
}

/* A peer that a learned route leads to. The file cannot know where that comes from: it says which
 * port the session belongs to, and whoever announces a more specific route must not become the peer
 * by it. */
static void check_behind(struct complaints *c, struct file *file, size_t i, bool found)
{
	struct config_peer *peer = &file->config.peers[i];
	const config_setting_t *at = file->peer_at[i];
	const struct config_port *port;
	char text[ADDR_TEXT];

	addr_text(peer->addr, text);
	if (found) {
		complain(c, at, "behind",
			 "%s is reached through port %s anyway, allowed are addresses on no port's "
			 "subnet and in no vnet prefix",
			 text, port_of(file, peer->egress_port)->name);
		return;
	}
	if (!file_find_port(c, file, at, "behind", peer->behind, &peer->egress_port))
		return;
	port = port_of(file, peer->egress_port);
	find_local(c, at, "behind", port, peer->addr, peer);
	if (port->role != peer->role)
		complain(c, at, "behind",
			 "port %s has role %s, allowed are ports of role %s: the port's role "
			 "decides which routes a peer's packets may use",
			 port->name, role_name(port->role), role_name(peer->role));
	if (!peer->multihop)
		complain(c, at, "multihop",
			 "is false, but %s is behind a route and not on link, allowed is true",
			 text);
	if (!peer->password_len)
		complain(c, at, "password_file",
			 "is missing: whoever announces a more specific route to %s could take its "
			 "place, allowed with behind are files that hold a key",
			 text);
	if (peer->ttl_security == 1)
		complain(c, at, "ttl_security",
			 "1 is for neighbours on link, allowed with behind are 0 and 2..254");
}

/* The port's role decides which routes a peer's packets may use. */
static bool check_port_role(struct complaints *c, const struct file *file, size_t i,
			    const char *member)
{
	const struct config_peer *peer = &file->config.peers[i];
	const struct config_port *port = port_of(file, peer->egress_port);
	char text[PEER_ADDR_TEXT];

	if (port->role == peer->role)
		return true;
	complain(c, file->peer_at[i], member,
		 "%s is reached through port %s of role %s, allowed are ports of role %s: the "
		 "port's role decides which routes a peer's packets may use",
		 peer_addr_text(peer, text), port->name, role_name(port->role),
		 role_name(peer->role));
	return false;
}

/* A link-local address: on link behind the port that it names. */
static void check_link(struct complaints *c, struct file *file, size_t i, const char *member)
{
	struct config_peer *peer = &file->config.peers[i];
	const struct config_address subnet = { peer->addr, LINK_LOCAL_LEN };
	const config_setting_t *at = file->peer_at[i];
	char text[PEER_ADDR_TEXT];

	if (peer->behind[0])
		complain(c, at, "behind", "%s is on link, allowed are addresses that are not",
			 peer_addr_text(peer, text));
	if (!file_find_port(c, file, at, member, peer->link, &peer->egress_port))
		return;
	find_local(c, at, member, port_of(file, peer->egress_port), peer->addr, peer);
	if (check_port_role(c, file, i, member) && subnet_reserves(subnet, peer->addr))
		complain(c, at, member, "%s is %s, allowed are hosts", peer_addr_text(peer, text),
			 reserved_title(peer->addr.family));
}

static void check_peer(struct complaints *c, struct file *file, size_t i)
{
	struct config_peer *peer = &file->config.peers[i];
	const config_setting_t *at = file->peer_at[i];
	const char *member = peer->gateway < 0 ? "address" : NULL;
	const struct config_port *port;
	char text[ADDR_TEXT], via[ADDR_TEXT];
	struct addr gateway;
	bool found;

	if (peer->link[0]) {
		check_link(c, file, i, member);
		return;
	}
	found = config_resolve(&file->config, peer->addr, &peer->egress_port, &gateway);
	if (peer->behind[0]) {
		check_behind(c, file, i, found);
		return;
	}
	addr_text(peer->addr, text);
	if (!found) {
		complain(c, at, member,
			 "%s is on no port's subnet and in no vnet prefix, allowed are addresses "
			 "on a subnet of a port of role %s%s",
			 text, role_name(peer->role),
			 peer->gateway < 0 ? ", and others with behind = PORT if a route to them "
					     "is learned"
					   : "");
		return;
	}
	port = port_of(file, peer->egress_port);
	find_local(c, at, member, port, gateway, peer);
	if (!check_port_role(c, file, i, member))
		return;
	if (port_reserves(port, peer->addr))
		complain(c, at, member, "%s is %s, allowed are hosts", text,
			 reserved_title(peer->addr.family));
	else if (!addr_equal(gateway, peer->addr) && peer->asn != file->config.instance.asn &&
		 !peer->multihop)
		complain(c, at, member,
			 "%s is behind %s and not on link, allowed are neighbours, or multihop = "
			 "true",
			 text, addr_text(gateway, via));
}

/* All hosts of a gateway's subnet, but our own, are reached through one port, of its role. */
static void check_subnet(struct complaints *c, struct file *file, size_t i)
{
	struct config_peer *peer = &file->config.peers[i];
	const config_setting_t *at = file->peer_at[i];
	struct addr gateway;

	for (uint32_t h = 0; h < subnet_hosts(peer->subnet); h++) {
		struct addr addr = subnet_host(peer->subnet, h);

		if (address_own(&file->config, addr))
			continue;
		if (config_resolve(&file->config, addr, &peer->egress_port, &gateway) &&
		    port_of(file, peer->egress_port)->role == peer->role)
			continue;
		complain(c, at, NULL,
			 "reaches past the ports of role %s, allowed are their subnets",
			 role_name(peer->role));
		return;
	}
}

void file_check_reach(struct complaints *c, struct file *file)
{
	struct config *config = &file->config;
	size_t errors = c->nb_errors;

	for (size_t i = 0; i < config->nb_vnets; i++) {
		size_t before = c->nb_errors;

		check_vnet_port(c, file, i);
		if (c->nb_errors != before)
			continue;
		if (!check_vnet_family(c, file, i) || !check_vnet_address(c, file, i))
			continue;
		check_vnet_prefix(c, file, i);
		if (config->vnets[i].has_next_hop)
			check_vnet_next_hop(c, file, i);
	}
	if (c->nb_errors != errors)
		return; /* what is reached where is not known */
	file_check_neighbours(c, file);
	for (size_t i = 0; i < config->nb_peers; i++) {
		if (complained(c, file->peer_at[i]))
			continue;
		if (config->peers[i].subnet.len)
			check_subnet(c, file, i);
		else
			check_peer(c, file, i);
		if (!complained(c, file->peer_at[i]))
			file_check_families(c, file, i);
	}
}
