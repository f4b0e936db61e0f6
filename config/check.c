/* What settings mean together: names and addresses used once, lcores, gateways. What ports mean
 * together is check_ports.c's, what is reached through which port check_reach.c's, what Azure would
 * refuse check_azure.c's. A value that could not be read (zero, or empty) is not judged again, and
 * who is reached where only if all ports and VNet prefixes could be read. */
#include <limits.h>
#include <string.h>

#include "file.h"

enum {
	AS_TRANS = 23456,
	GATEWAY_NAME_MAX = 28, /* "/15" and the NUL follow a gateway's name in its sessions' */
};

/* --- instance, lcores ------------------------------------------------------------------------- */

static void check_asn(struct complaints *c, const config_setting_t *at, uint32_t asn)
{
	if (asn == AS_TRANS)
		complain(c, at, "asn",
			 "%d stands for AS numbers of four octets (RFC 6793), allowed are all "
			 "others",
			 AS_TRANS);
}

/* That both have the same router ID shows when they meet (control/partner/partner.h). */
static void check_partner(struct complaints *c, const config_setting_t *at,
			  const struct config_instance *instance)
{
	char own[PATH_MAX], partner[PATH_MAX];

	if (!instance->partner[0])
		return;
	config_run_path(instance->name, "control.sock", own, sizeof(own));
	config_partner_path(instance->partner, partner, sizeof(partner));
	if (!strcmp(own, partner))
		complain(c, at, "partner",
			 "%s is this instance itself, allowed is the other one of this route "
			 "server",
			 instance->partner);
}

static void check_instance(struct complaints *c, const struct file *file)
{
	const struct config_instance *instance = &file->config.instance;
	const config_setting_t *at = config_setting_get_member(file->root, "instance");

	if (!at || complained(c, at))
		return;
	if (!instance->router_id)
		complain(c, at, "router_id",
			 "0.0.0.0 is out of range, allowed are addresses but that one");
	check_asn(c, at, instance->asn);
	check_partner(c, at, instance);
}

static bool among(const uint32_t *lcores, size_t nb, uint32_t lcore)
{
	for (size_t i = 0; i < nb; i++) {
		if (lcores[i] == lcore)
			return true;
	}
	return false;
}

static void check_lcore_list(struct complaints *c, const config_setting_t *group,
			     const char *member, const uint32_t *lcores, size_t nb)
{
	for (size_t i = 0; i < nb; i++) {
		if (among(lcores, i, lcores[i]))
			complain(c, config_setting_get_member(group, member), NULL,
				 "lcore %u is there twice, allowed is each once", lcores[i]);
	}
}

static void check_lcores(struct complaints *c, const struct file *file)
{
	const struct config_dataplane *dataplane = &file->config.dataplane;
	const struct config_control *control = &file->config.control;
	const config_setting_t *at = config_setting_get_member(file->root, "dataplane");
	const config_setting_t *control_at = config_setting_get_member(file->root, "control");
	const config_setting_t *list =
		at ? config_setting_get_member(at, "forwarding_lcores") : NULL;

	if (!list || complained(c, list))
		return;
	if (!dataplane->nb_forwarding_lcores)
		complain(c, list, NULL,
			 "is empty: the ports have no lcore, allowed are 1..%d lcores",
			 CONFIG_LCORES);
	if (among(dataplane->forwarding_lcores, dataplane->nb_forwarding_lcores,
		  dataplane->main_lcore))
		complain(c, list, NULL,
			 "lcore %u is dataplane.main_lcore, allowed are all others: the main lcore "
			 "forwards nothing",
			 dataplane->main_lcore);
	check_lcore_list(c, at, "forwarding_lcores", dataplane->forwarding_lcores,
			 dataplane->nb_forwarding_lcores);
	if (control_at && config_setting_is_group(control_at))
		check_lcore_list(c, control_at, "lcores", control->lcores, control->nb_lcores);
	for (size_t i = 0; i < control->nb_lcores && dataplane->idle == IDLE_POLL; i++) {
		if (among(dataplane->forwarding_lcores, dataplane->nb_forwarding_lcores,
			  control->lcores[i]))
			warn(c, list, NULL,
			     "lcore %u is one of control.lcores too: with idle = \"poll\" each "
			     "gets half of it",
			     control->lcores[i]);
	}
}

/* --- gateways and peers ----------------------------------------------------------------------- */

static void check_single_instance(struct complaints *c, const struct config_gateway *gateway,
				  const config_setting_t *at, const char *member, const char *what)
{
	if (gateway->allow_single_instance)
		warn(c, at, member, "one instance only: when it is down, its sites are");
	else
		complain(c, at, member,
			 "%s, allowed are two or more: a VPN gateway must be active-active for "
			 "route exchange (or set allow_single_instance = true)",
			 what);
}

/* A gateway whose instances come from a subnet, whoever they are. */
static void check_gateway_subnet(struct complaints *c, const struct file *file, size_t i)
{
	const struct file_gateway *gateway = &file->gateways[i];
	const config_setting_t *at = file_element(file, "gateways", i);
	int bits = family_bits(gateway->subnet.addr.family);

	if (config_setting_get_member(at, "addresses"))
		complain(c, at, "subnet", "stands beside addresses, allowed is one of the two");
	if (gateway->subnet.len + CONFIG_SUBNET_BITS < bits || gateway->subnet.len + 2 > bits)
		complain(c, at, "subnet", "has length %u, allowed are %d..%d", gateway->subnet.len,
			 bits - CONFIG_SUBNET_BITS, bits - 2);
	if (gateway->session.password_len)
		complain(c, at, "password_file",
			 "is not for a subnet, allowed are gateways with addresses");
	if (gateway->gateway.role == ROLE_VPN && gateway->max_instances == 1)
		check_single_instance(c, &gateway->gateway, at, "max_instances", "is 1");
	for (size_t j = 0; j < i; j++) {
		if (file->gateways[j].subnet.len &&
		    prefix_overlap(gateway->subnet, file->gateways[j].subnet))
			complain(c, at, "subnet",
				 "overlaps with that of gateway %s, allowed are subnets apart",
				 file->gateways[j].gateway.name);
	}
}

static void check_hold(struct complaints *c, const config_setting_t *at,
		       const struct config_peer *session)
{
	if (session->hold_s && session->hold_s < session->hold_min_s)
		complain(c, at, "hold_s", "%u is below hold_min_s, allowed are 0 and %u..65535",
			 session->hold_s, session->hold_min_s);
}

/* A session with an address of each family may be one instance's: there are as many instances as
 * addresses of one family. */
static size_t instances(const struct file_gateway *gateway)
{
	size_t of[FAMILY_COUNT] = { 0 };

	for (size_t i = 0; i < gateway->nb_addresses; i++)
		of[gateway->addresses[i].family]++;
	return of[FAMILY_IPV4] > of[FAMILY_IPV6] ? of[FAMILY_IPV4] : of[FAMILY_IPV6];
}

static void check_gateway(struct complaints *c, const struct file *file, size_t i)
{
	const struct config_gateway *gateway = &file->gateways[i].gateway;
	const struct config_peer *session = &file->gateways[i].session;
	const config_setting_t *at = file_element(file, "gateways", i);

	if (complained(c, at))
		return;
	for (size_t j = 0; j < i; j++) {
		if (!strcmp(gateway->name, file->gateways[j].gateway.name))
			complain(c, at, "name",
				 "\"%s\" is the gateway on line %d already, allowed are "
				 "names used once",
				 gateway->name, file->gateways[j].gateway.line);
	}
	if (strlen(gateway->name) > GATEWAY_NAME_MAX)
		complain(c, at, "name", "\"%s\" is too long for a gateway, allowed are %d octets",
			 gateway->name, GATEWAY_NAME_MAX);
	check_asn(c, at, session->asn);
	check_hold(c, at, session);
	if (!session->asn || session->asn == file->config.instance.asn) {
		const char *ebgp = "true is for gateways of another AS, allowed with instance.asn "
				   "is false";

		if (session->as_override)
			complain(c, at, "as_override", "%s", ebgp);
		if (session->backup_paths) /* ours learn backups, marked as such */
			complain(c, at, "backup_paths", "%s", ebgp);
	}
	if (file->gateways[i].subnet.len)
		check_gateway_subnet(c, file, i);
	else if (!config_setting_get_member(at, "addresses"))
		complain(c, at, "addresses",
			 "is missing, allowed are lists of addresses such as "
			 "[\"10.0.255.4\", \"10.0.255.5\"], or a subnet instead");
	else if (!file->gateways[i].nb_addresses)
		complain(c, at, "addresses", "is empty, allowed are 1..%d addresses",
			 CONFIG_GATEWAY_ADDRESSES);
	else if (gateway->role == ROLE_VPN && instances(&file->gateways[i]) == 1)
		check_single_instance(c, gateway, at, "addresses",
				      file->gateways[i].nb_addresses == 1
					      ? "has one address"
					      : "has one address of a family");
}

static void check_nva(struct complaints *c, const struct file *file, size_t i)
{
	const struct config_peer *nva = &file->nvas[i];
	const config_setting_t *at = file_element(file, "peers", i);

	if (complained(c, at))
		return;
	for (size_t j = 0; j < i; j++) {
		if (!strcmp(nva->name, file->nvas[j].name))
			complain(c, at, "name",
				 "\"%s\" is the peer on line %d already, allowed are "
				 "names used once",
				 nva->name, file->nvas[j].line);
	}
	for (size_t j = 0; j < file->nb_gateways; j++) {
		if (!strcmp(nva->name, file->gateways[j].gateway.name))
			complain(c, at, "name",
				 "\"%s\" is the gateway on line %d already, allowed are "
				 "names used once",
				 nva->name, file->gateways[j].gateway.line);
	}
	check_asn(c, at, nva->asn);
	check_hold(c, at, nva);
	if (nva->asn == file->config.instance.asn)
		complain(c, at, "asn",
			 "%u is instance.asn, allowed are all others: an NVA is an eBGP peer",
			 nva->asn);
}

/* What holds for every session: an address of its own that can be one, an AS number that can be
 * one. */
static void check_session(struct complaints *c, const struct file *file, size_t i)
{
	const struct config *config = &file->config;
	const struct config_peer *peer = &config->peers[i];
	const config_setting_t *at = file->peer_at[i];
	const char *member = peer->gateway < 0 ? "address" : NULL;
	char text[PEER_ADDR_TEXT];

	if (complained(c, at) || peer->subnet.len)
		return;
	peer_addr_text(peer, text);
	if (addr_link_local(peer->addr) && !peer->link[0])
		complain(c, at, member,
			 "%s is link-local, allowed are such addresses with their port, as "
			 "\"fe80::1%%nva0\"",
			 text);
	else if (!peer->link[0] && !address_usable(config, peer->addr))
		complain(c, at, member, "%s is not a host's, allowed are unicast addresses", text);
	if (address_own(config, peer->addr))
		complain(c, at, member,
			 "%s is an address of one of our own ports, allowed are all others", text);
	for (size_t g = 0; g < file->nb_gateways; g++) {
		const config_setting_t *subnet =
			config_setting_get_member(file_element(file, "gateways", g), "subnet");

		if (file->gateways[g].subnet.len && !complained(c, subnet) &&
		    prefix_has(file->gateways[g].subnet, peer->addr))
			complain(c, at, member,
				 "%s is in the subnet of gateway %s, allowed are all others", text,
				 file->gateways[g].gateway.name);
	}
	for (size_t j = 0; j < i; j++) {
		const struct config_peer *other = &config->peers[j];

		if (!other->subnet.len && addr_equal(peer->addr, other->addr) &&
		    !strcmp(peer->link, other->link)) {
			complain(c, at, member,
				 "%s is peer %s's already, allowed are addresses used once", text,
				 other->name);
			break;
		}
	}
}

/* Every session has a place in the session table. */
static void check_session_count(struct complaints *c, const struct file *file)
{
	if (file->config.nb_peers > CONFIG_PEERS)
		complain(c, file->peer_at[CONFIG_PEERS], NULL,
			 "is one of %zu sessions, allowed are %d: NVAs and instances of gateways "
			 "together",
			 file->config.nb_peers, CONFIG_PEERS);
}

/* Every address that may be a peer's has a place in the dataplane's table of them. */
static void check_peer_hosts(struct complaints *c, const struct file *file)
{
	size_t hosts = file->nb_nvas;

	for (size_t g = 0; g < file->nb_gateways; g++) {
		const struct file_gateway *gateway = &file->gateways[g];
		const config_setting_t *at = file_element(file, "gateways", g);

		if (!gateway->subnet.len)
			hosts += gateway->nb_addresses;
		else if (!complained(c, at))
			hosts += subnet_hosts(gateway->subnet);
		if (hosts <= CONFIG_PEER_HOSTS)
			continue;
		complain(c, at, "subnet", "makes more than %d addresses of peers, allowed are %d",
			 CONFIG_PEER_HOSTS, CONFIG_PEER_HOSTS);
		return;
	}
}

/* Is it known what is reached through which port: every role, subnet and VNet prefix? */
static bool ports_clear(const struct complaints *c, const struct file *file)
{
	const size_t nb = file->config.dataplane.nb_ports;

	for (size_t i = 0; i < nb; i++) {
		const config_setting_t *at = file_element(file, "dataplane.ports", i);
		const config_setting_t *role, *addresses;

		if (!config_setting_is_group(at))
			return false;
		role = config_setting_get_member(at, "role");
		addresses = config_setting_get_member(at, "addresses");
		if (!role || !addresses || complained(c, role) || complained(c, addresses))
			return false;
	}
	return nb && !complained(c, config_setting_get_member(file->root, "vnet"));
}

void file_check(struct complaints *c, struct file *file)
{
	check_instance(c, file);
	check_lcores(c, file);
	file_check_ports(c, file);
	for (size_t i = 0; i < file->nb_gateways; i++)
		check_gateway(c, file, i);
	for (size_t i = 0; i < file->nb_nvas; i++)
		check_nva(c, file, i);
	for (size_t i = 0; i < file->config.nb_peers; i++)
		check_session(c, file, i);
	check_session_count(c, file);
	check_peer_hosts(c, file);
	file_check_maps(c, file);
	file_check_acls(c, file);
	if (ports_clear(c, file))
		file_check_reach(c, file);
	if (file->config.instance.profile == PROFILE_AZURE)
		file_check_azure(c, file);
}
