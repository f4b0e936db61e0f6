/* What may stand in the file: one table a group. Names, types, ranges and defaults are here and
 * nowhere else; the reference in config/README.md is these tables in prose. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "acls.h"
#include "file.h"
#include "http_settings.h"
#include "route_maps.h"
#include "name.h"
#include "neighbours.h"
#include "reader.h"

static const char *const profile_words[] = { "open", "azure", NULL };
static const char *const nva_to_nva_words[] = { "exchange", "always", "never", NULL };
static const char *const preference_words[] = { "expressroute", "vpn", "as_path", NULL };
static const char *const idle_words[] = { "adaptive", "poll", NULL };
static const char *const med_words[] = { "ignore", "compare", NULL };
static const char *const count_words[] = { "unique", "ars_compat", NULL };
static const char *const over_words[] = { "safe", "ars_compat", NULL };
static const char *const action_words[] = { "tear_down", "drop_excess", NULL };
static const char *const next_hop_words[] = { "self", "unchanged", NULL };
static const char *const hold_low_words[] = { "alarm", "refuse", NULL };
static const char *const martians_words[] = { "strict", "allow_240", NULL };
static const char *const urpf_words[] = { "off", "strict", "loose", NULL };
const char *const config_offload_words[] = { "ipv4_cksum",  "rss_hash",	   "vlan_strip",
					     "vlan_filter", "vlan_insert", "mbuf_fast_free",
					     NULL };
static const char *const port_role_words[] = { "expressroute", "vpn", "nva", "vnet", NULL };
static const char *const family_words[] = { "ipv4", "ipv6", NULL };
static const char *const gateway_role_words[] = { "expressroute", "vpn", NULL };

#define NAME_ALLOWED \
	"names of a letter a-z, then letters a-z, digits and hyphens, at most 31 in all"
#define ADDR_ALLOWED   "addresses in quotes such as \"10.0.1.4\""
#define PEER_ALLOWED   "addresses in quotes such as \"10.0.1.4\" and \"fe80::1%nva0\""
#define PREFIX_ALLOWED "prefixes in quotes such as \"10.0.0.0/16\" and \"2001:db8::/32\""
#define BOOL_ALLOWED   "true and false"
#define LCORES_ALLOWED "lists of lcore numbers 0..127 such as [1, 2]"
#define ATTRS_ALLOWED  "lists of attribute codes such as [40, 128]"
#define DEVICE_ALLOWED \
	"PCI addresses such as \"0000:3b:00.0\" and DPDK devices such as " \
	"\"net_af_packet0,iface=eth1\""
#define ASN_RANGE .min = 1, .max = UINT32_MAX
#define BOUND	  .def = BOUND_NOT_GIVEN, .max = BOUND_MAX

/* 4095 is reserved, and 0 stands for none (IEEE 802.1Q 9.6). */
enum { VLAN_MAX = 4094, DESCRIPTORS_MIN = 64, DESCRIPTORS_MAX = 32768 };

/* Packets a second and at once: more than any lcore moves, and more than any ring holds. */
enum { METER_RATE_MAX = 10000000, METER_BURST_MAX = 65536 };

static read_fn read_tag_type, read_forwarding_lcores, read_control_lcores, read_port_addresses,
	read_port_members, read_ports, read_attrs_pass, read_attrs_strip, read_attrs_drop,
	read_vnets, read_gateways, read_peers, read_peer_address, read_next_hop,
	read_gateway_addresses, read_partner;

static const struct setting instance_settings[] = {
	{ "name", read_name, MEMBER(struct config_instance, name), .required = true,
	  .allowed = NAME_ALLOWED },
	{ "asn", read_number, MEMBER(struct config_instance, asn), .def = 65515, ASN_RANGE },
	{ "router_id", read_router_id, MEMBER(struct config_instance, router_id), .required = true,
	  .allowed = "numbers written like IPv4 addresses, such as \"10.0.1.4\"" },
	{ "profile", read_word, MEMBER(struct config_instance, profile), .words = profile_words },
	{ "partner", read_partner, MEMBER(struct config_instance, partner),
	  .allowed = "names of instances and absolute paths of management sockets, at most 107 "
		     "octets" },
	{ NULL },
};

static const struct setting exchange_settings[] = {
	{ "enabled", read_bool, MEMBER(struct config_exchange, enabled), .allowed = BOOL_ALLOWED },
	{ "nva_to_nva", read_word, MEMBER(struct config_exchange, nva_to_nva),
	  .words = nva_to_nva_words },
	{ NULL },
};

static const struct setting port_settings[] = {
	{ "name", read_name, MEMBER(struct config_port, name), .required = true,
	  .allowed = NAME_ALLOWED },
	{ "device", read_text, MEMBER(struct config_port, device), .allowed = DEVICE_ALLOWED },
	{ "members", read_port_members, WHOLE(struct config_port),
	  .allowed = "lists of devices such as [\"0000:3b:00.0\", \"0000:3b:00.1\"]" },
	{ "role", read_word, MEMBER(struct config_port, role), .required = true,
	  .words = port_role_words },
	{ "addresses", read_port_addresses, WHOLE(struct config_port), .required = true,
	  .allowed = "lists of addresses with their subnet's length such as [\"10.0.1.4/26\"]" },
	{ "mtu", read_number, MEMBER(struct config_port, mtu), .def = 1500, .min = 576,
	  .max = 9600 },
	{ "vlan", read_number, MEMBER(struct config_port, vlan), .min = 1, .max = VLAN_MAX },
	{ "outer_vlan", read_number, MEMBER(struct config_port, outer_vlan), .min = 1,
	  .max = VLAN_MAX },
	{ "outer_type", read_tag_type, MEMBER(struct config_port, outer_type), .def = 0x88a8,
	  .max = UINT16_MAX, .allowed = "0x8100, 0x88a8 and 0x9100" },
	{ "rx_queues", read_number, MEMBER(struct config_port, rx_queues), .min = 1,
	  .max = CONFIG_LCORES },
	{ "rx_descriptors", read_number, MEMBER(struct config_port, rx_descriptors),
	  .def = CONFIG_DESCRIPTORS, .min = DESCRIPTORS_MIN, .max = DESCRIPTORS_MAX },
	{ "tx_descriptors", read_number, MEMBER(struct config_port, tx_descriptors),
	  .def = CONFIG_DESCRIPTORS, .min = DESCRIPTORS_MIN, .max = DESCRIPTORS_MAX },
	{ "symmetric_rss", read_bool, MEMBER(struct config_port, symmetric_rss),
	  .allowed = BOOL_ALLOWED },
	{ "disabled_offloads", read_words, MEMBER(struct config_port, disabled_offloads),
	  .words = config_offload_words },
	{ "urpf", read_word, MEMBER(struct config_port, urpf), .words = urpf_words },
	{ "acl_in", read_name, MEMBER(struct config_port, acl_in),
	  .allowed = "names of access lists" },
	{ "acl_out", read_name, MEMBER(struct config_port, acl_out),
	  .allowed = "names of access lists" },
	{ NULL },
};

/* clang-format off */
#define METER_SETTINGS(class)                                                                      \
	{ "rate", read_number, MEMBER(struct config_meter, rate),                                  \
	  .def = class##_RATE, .min = 1, .max = METER_RATE_MAX },                                  \
	{ "burst", read_number, MEMBER(struct config_meter, burst),                                \
	  .def = class##_BURST, .min = 1, .max = METER_BURST_MAX },                                \
	{ NULL }
/* clang-format on */

static const struct setting bgp_meter[] = { METER_SETTINGS(METER_BGP) };
static const struct setting arp_meter[] = { METER_SETTINGS(METER_ARP) };
static const struct setting nd_meter[] = { METER_SETTINGS(METER_ND) };
static const struct setting local_meter[] = { METER_SETTINGS(METER_LOCAL) };
static const struct setting fragment_meter[] = { METER_SETTINGS(METER_FRAGMENT) };
static const struct setting glean_meter[] = { METER_SETTINGS(METER_GLEAN) };

#define METER_AT(class) (class) * sizeof(struct config_meter), sizeof(struct config_meter)

static const struct setting meters_settings[] = {
	{ "bgp", read_members, METER_AT(METER_BGP), .members = bgp_meter },
	{ "arp", read_members, METER_AT(METER_ARP), .members = arp_meter },
	{ "nd", read_members, METER_AT(METER_ND), .members = nd_meter },
	{ "local", read_members, METER_AT(METER_LOCAL), .members = local_meter },
	{ "fragment", read_members, METER_AT(METER_FRAGMENT), .members = fragment_meter },
	{ "glean", read_members, METER_AT(METER_GLEAN), .members = glean_meter },
	{ NULL },
};

static const struct setting dataplane_settings[] = {
	{ "main_lcore", read_number, MEMBER(struct config_dataplane, main_lcore), .min = 0,
	  .max = CONFIG_LCORES - 1 },
	{ "forwarding_lcores", read_forwarding_lcores, WHOLE(struct config_dataplane),
	  .required = true, .allowed = LCORES_ALLOWED },
	{ "idle", read_word, MEMBER(struct config_dataplane, idle), .words = idle_words },
	{ "memory_mb", read_number, MEMBER(struct config_dataplane, memory_mb), .def = 1024,
	  .min = 64, .max = 1048576 },
	{ "tbl8_groups", read_number, MEMBER(struct config_dataplane, tbl8_groups), .def = 8192,
	  .min = 256, .max = 1 << 20 },
	{ "trie6_groups", read_number, MEMBER(struct config_dataplane, trie6_groups), .def = 131072,
	  .min = 1024, .max = 1 << 22 },
	{ "meters", read_members, MEMBER(struct config_dataplane, meters),
	  .members = meters_settings },
	{ "ports", read_ports, WHOLE(struct config_dataplane), .required = true,
	  .allowed =
		  "lists of groups such as ( { name = ...; device = ...; role = ...; addresses = "
		  "[...]; } )" },
	{ NULL },
};

static const struct setting control_settings[] = {
	{ "lcores", read_control_lcores, WHOLE(struct config_control), .allowed = LCORES_ALLOWED },
	{ "listen_port", read_number, MEMBER(struct config_control, listen_port), .def = 179,
	  .min = 1, .max = UINT16_MAX },
	{ "restart_s", read_number, MEMBER(struct config_control, restart_s), .def = 120, .min = 1,
	  .max = 4095 },
	{ "flap_hold_s", read_number, MEMBER(struct config_control, flap_hold_s), .def = 60,
	  .max = 3600 },
	{ "med", read_word, MEMBER(struct config_control, med), .words = med_words },
	{ "platform_communities", read_bool, MEMBER(struct config_control, platform_communities),
	  .def = true, .allowed = BOOL_ALLOWED },
	{ NULL },
};

static const struct setting limits_settings[] = {
	{ "count", read_word, MEMBER(struct config_limits, count), .words = count_words },
	{ "action", read_word, MEMBER(struct config_limits, action), .words = action_words },
	{ "routes_per_peer", read_number, MEMBER(struct config_limits, routes_per_peer), BOUND },
	{ "total", read_number, MEMBER(struct config_limits, total), BOUND },
	{ "to_expressroute", read_number, MEMBER(struct config_limits, to_expressroute), BOUND },
	{ "over_expressroute", read_word, MEMBER(struct config_limits, over_expressroute),
	  .words = over_words },
	{ "retry_s", read_number, MEMBER(struct config_limits, retry_s), .def = 60, .min = 1,
	  .max = UINT16_MAX },
	{ NULL },
};

static const struct setting vnet_settings[] = {
	{ "prefix", read_prefix, MEMBER(struct file_vnet, vnet.prefix), .required = true,
	  .allowed = PREFIX_ALLOWED },
	{ "port", read_name, MEMBER(struct file_vnet, port), .required = true,
	  .allowed = "names of ports" },
	{ "next_hop", read_next_hop, MEMBER(struct file_vnet, vnet), .allowed = ADDR_ALLOWED },
	{ "peered", read_bool, MEMBER(struct file_vnet, vnet.peered), .allowed = BOOL_ALLOWED },
	{ NULL },
};

static const struct setting attr_settings[] = {
	{ "pass", read_attrs_pass, WHOLE(struct attr_policy), .allowed = ATTRS_ALLOWED },
	{ "strip", read_attrs_strip, WHOLE(struct attr_policy), .allowed = ATTRS_ALLOWED },
	{ "drop", read_attrs_drop, WHOLE(struct attr_policy), .allowed = ATTRS_ALLOWED },
	{ NULL },
};

static const struct setting attributes_settings[] = {
	{ "in", read_members, MEMBER(struct config_attributes, in), .members = attr_settings },
	{ "out", read_members, MEMBER(struct config_attributes, out), .members = attr_settings },
	{ NULL },
};

/* What an NVA's session and a gateway's sessions have in common; `at` finds the struct config_peer
 * in the group's. */
/* clang-format off */
#define SESSION_SETTINGS(type, at)                                                                 \
	{ "password_file", read_password, MEMBER(type, at),                                        \
	  .allowed = "paths of files that hold a key" },                                           \
	{ "hold_s", read_number, MEMBER(type, at.hold_s),                                          \
	  .def = 180, .or_zero = true, .min = 3, .max = UINT16_MAX },                              \
	{ "hold_min_s", read_number, MEMBER(type, at.hold_min_s),                                  \
	  .def = 3, .or_zero = true, .min = 3, .max = UINT16_MAX },                                \
	{ "hold_low", read_word, MEMBER(type, at.hold_low), .words = hold_low_words },             \
	{ "port", read_number, MEMBER(type, at.port), .def = 179, .min = 1, .max = UINT16_MAX },   \
	{ "multihop", read_bool, MEMBER(type, at.multihop), .allowed = BOOL_ALLOWED },             \
	{ "ttl_security", read_number, MEMBER(type, at.ttl_security), .max = 254 },                \
	{ "passive", read_bool, MEMBER(type, at.passive), .allowed = BOOL_ALLOWED },               \
	{ "remove_private_as", read_bool, MEMBER(type, at.remove_private_as),                      \
	  .allowed = BOOL_ALLOWED },                                                               \
	{ "as_override", read_bool, MEMBER(type, at.as_override), .allowed = BOOL_ALLOWED },       \
	{ "allow_as_set", read_bool, MEMBER(type, at.allow_as_set), .allowed = BOOL_ALLOWED },     \
	{ "backup_paths", read_bool, MEMBER(type, at.backup_paths), .allowed = BOOL_ALLOWED },     \
	{ "families", read_words, MEMBER(type, at.families), .words = family_words },              \
	{ "max_routes", read_number, MEMBER(type, at.max_routes), BOUND },                         \
	{ "next_hop", read_word, MEMBER(type, at.next_hop), .words = next_hop_words },             \
	{ "attributes", read_members, MEMBER(type, at.attributes),                                 \
	  .members = attributes_settings },                                                        \
	{ "inbound_map", read_name, MEMBER(type, at.inbound_map),                                  \
	  .allowed = "names of route maps, one a direction" },                                     \
	{ "outbound_map", read_name, MEMBER(type, at.outbound_map),                                \
	  .allowed = "names of route maps, one a direction" }
/* clang-format on */

struct peer_block { /* a struct config_peer as a member, as SESSION_SETTINGS wants it */
	struct config_peer peer;
};

static const struct setting peer_settings[] = {
	{ "name", read_name, MEMBER(struct peer_block, peer.name), .required = true,
	  .allowed = NAME_ALLOWED },
	{ "address", read_peer_address, MEMBER(struct peer_block, peer), .required = true,
	  .allowed = PEER_ALLOWED },
	{ "asn", read_number, MEMBER(struct peer_block, peer.asn), .required = true, ASN_RANGE },
	{ "behind", read_name, MEMBER(struct peer_block, peer.behind),
	  .allowed = "names of ports" },
	{ "enforce_first_as", read_bool, MEMBER(struct peer_block, peer.enforce_first_as),
	  .def = true, .allowed = BOOL_ALLOWED },
	SESSION_SETTINGS(struct peer_block, peer),
	{ NULL },
};

static const struct setting gateway_settings[] = {
	{ "name", read_name, MEMBER(struct file_gateway, gateway.name), .required = true,
	  .allowed = NAME_ALLOWED },
	{ "role", read_word, MEMBER(struct file_gateway, gateway.role), .required = true,
	  .words = gateway_role_words },
	{ "subnet", read_prefix, MEMBER(struct file_gateway, subnet), .allowed = PREFIX_ALLOWED },
	{ "max_instances", read_number, MEMBER(struct file_gateway, max_instances), .def = 4,
	  .min = 1, .max = CONFIG_GATEWAY_ADDRESSES },
	{ "addresses", read_gateway_addresses, WHOLE(struct file_gateway),
	  .allowed = "lists of addresses such as [\"10.0.255.4\", \"10.0.255.5\"]" },
	{ "asn", read_number, MEMBER(struct file_gateway, session.asn), ASN_RANGE },
	{ "allow_single_instance", read_bool,
	  MEMBER(struct file_gateway, gateway.allow_single_instance), .allowed = BOOL_ALLOWED },
	{ "enforce_first_as", read_bool, MEMBER(struct file_gateway, session.enforce_first_as),
	  .allowed = BOOL_ALLOWED },
	{ "announce_vnets", read_bool, MEMBER(struct file_gateway, session.announce_vnets),
	  .def = true, .allowed = BOOL_ALLOWED },
	SESSION_SETTINGS(struct file_gateway, session),
	{ NULL },
};
static_assert(FAMILY_IPV4 == 0 && FAMILY_IPV6 == 1, "words are families");
static_assert(ROLE_EXPRESSROUTE == 0 && ROLE_VPN == 1 && ROLE_NVA == 2 && ROLE_VNET == 3,
	      "words are roles");

static const struct setting file_settings[] = {
	{ "instance", read_members, MEMBER(struct file, config.instance), .required = true,
	  .members = instance_settings, .allowed = "{ name = ...; router_id = ...; }" },
	{ "exchange", read_members, MEMBER(struct file, config.exchange),
	  .members = exchange_settings },
	{ "routing_preference", read_word, MEMBER(struct file, config.routing_preference),
	  .words = preference_words },
	{ "martians", read_word, MEMBER(struct file, config.martians), .words = martians_words },
	{ "limits", read_members, MEMBER(struct file, config.limits), .members = limits_settings },
	{ "dataplane", read_members, MEMBER(struct file, config.dataplane), .required = true,
	  .members = dataplane_settings,
	  .allowed = "{ forwarding_lcores = [...]; ports = (...); }" },
	{ "control", read_members, MEMBER(struct file, config.control),
	  .members = control_settings },
	{ "http", read_members, MEMBER(struct file, config.http), .members = http_settings },
	{ "acls", read_acls, MEMBER(struct file, config),
	  .allowed = "lists of groups such as ( { name = ...; rules = ( { ... } ); default = ...; "
		     "} )" },
	{ "route_maps", read_route_maps, MEMBER(struct file, config),
	  .allowed = "lists of groups such as ( { name = ...; rules = ( { ... } ); } )" },
	{ "vnet", read_vnets, WHOLE(struct file),
	  .allowed = "lists of groups such as ( { prefix = ...; port = ...; } )" },
	{ "neighbours", read_neighbours, WHOLE(struct file),
	  .allowed = "lists of groups such as ( { address = ...; mac = ...; port = ...; } )" },
	{ "gateways", read_gateways, WHOLE(struct file),
	  .allowed = "lists of groups such as ( { name = ...; role = ...; addresses = [...]; } )" },
	{ "peers", read_peers, WHOLE(struct file),
	  .allowed = "lists of groups such as ( { name = ...; address = ...; asn = ...; } )" },
	{ NULL },
};

static bool read_partner(struct complaints *c, const struct setting *spec, config_setting_t *at,
			 void *out)
{
	const char *text = config_setting_get_string(at);

	if (!text)
		return refuse(c, spec, at, "is not a string");
	if (!name_valid(text) && text[0] != '/')
		return refuse(c, spec, at, "is neither a name nor an absolute path");
	if (strlen(text) >= CONFIG_PARTNER)
		return refuse(c, spec, at, "is too long");
	strcpy(out, text);
	return true;
}

static bool read_tag_type(struct complaints *c, const struct setting *spec, config_setting_t *at,
			  void *out)
{
	uint16_t type;

	if (!read_number(c, spec, at, &type))
		return false;
	if (type != 0x8100 && type != 0x88a8 && type != 0x9100)
		return refuse(c, spec, at, "is no tag's EtherType");
	*(uint16_t *)out = type;
	return true;
}

/* --- lists ------------------------------------------------------------------------------------ */

static config_setting_t *element(config_setting_t *list, size_t i)
{
	return config_setting_get_elem(list, (unsigned int)i);
}

static bool read_lcores(struct complaints *c, const struct setting *spec, config_setting_t *at,
			uint32_t *lcores, size_t *nb)
{
	static const struct setting lcore = { .size = sizeof(uint32_t), .max = CONFIG_LCORES - 1 };
	size_t length = read_length(c, spec, at, CONFIG_LCORES);

	for (size_t i = 0; i < length; i++)
		*nb += read_number(c, &lcore, element(at, i), &lcores[*nb]);
	return *nb == length;
}

static bool read_forwarding_lcores(struct complaints *c, const struct setting *spec,
				   config_setting_t *at, void *out)
{
	struct config_dataplane *dataplane = out;

	return read_lcores(c, spec, at, dataplane->forwarding_lcores,
			   &dataplane->nb_forwarding_lcores);
}

static bool read_control_lcores(struct complaints *c, const struct setting *spec,
				config_setting_t *at, void *out)
{
	struct config_control *control = out;

	return read_lcores(c, spec, at, control->lcores, &control->nb_lcores);
}

static bool read_port_addresses(struct complaints *c, const struct setting *spec,
				config_setting_t *at, void *out)
{
	static const struct setting row = { .allowed = "texts such as \"10.0.1.4/26\"" };
	struct config_port *port = out;
	size_t length = read_length(c, spec, at, CONFIG_PORT_ADDRESSES);

	for (size_t i = 0; i < length; i++) {
		const char *text = config_setting_get_string_elem(at, (int)i);
		struct config_address *address = &port->addresses[port->nb_addresses];

		if (text && addr_len_parse(text, &address->addr, &address->len))
			port->nb_addresses++;
		else
			refuse(c, &row, element(at, i), "is not an address with a length");
	}
	return port->nb_addresses == length;
}

/* What the bond is called, for all who speak of the port's device. */
static char *bond_name(const struct config_port *port)
{
	static const char head[] = "bond:";
	size_t len = sizeof(head);
	char *name;

	for (size_t k = 0; k < port->nb_members; k++)
		len += strlen(port->members[k]) + 1;
	name = calloc(1, len);
	for (size_t k = 0; name && k < port->nb_members; k++) {
		strcat(name, k ? "+" : head);
		strcat(name, port->members[k]);
	}
	return name;
}

static bool read_port_members(struct complaints *c, const struct setting *spec,
			      config_setting_t *at, void *out)
{
	static const struct setting member = { .allowed = DEVICE_ALLOWED };
	struct config_port *port = out;
	size_t length = read_length(c, spec, at, CONFIG_MEMBERS);

	if (config_setting_get_member(config_setting_parent(at), "device"))
		complain(c, at, NULL, "stands beside device, allowed is one of them");
	else if (!length && !complained(c, at))
		complain(c, at, NULL, "is empty, allowed are 1..%d devices", CONFIG_MEMBERS);
	if (complained(c, at))
		return false;
	for (size_t i = 0; i < length; i++)
		port->nb_members +=
			read_text(c, &member, element(at, i), &port->members[port->nb_members]);
	if (port->nb_members == length)
		port->device = bond_name(port);
	return port->device != NULL;
}

static bool read_peer_address(struct complaints *c, const struct setting *spec,
			      config_setting_t *at, void *out)
{
	struct config_peer *peer = out;

	return read_link_addr(c, spec, at, &peer->addr, peer->link);
}

static bool read_gateway_addresses(struct complaints *c, const struct setting *spec,
				   config_setting_t *at, void *out)
{
	static const struct setting address = { .allowed = PEER_ALLOWED };
	struct file_gateway *gateway = out;
	bool good = true;

	gateway->nb_addresses = read_length(c, spec, at, CONFIG_GATEWAY_ADDRESSES);
	for (size_t i = 0; i < gateway->nb_addresses; i++)
		good &= read_link_addr(c, &address, element(at, i), &gateway->addresses[i],
				       gateway->links[i]);
	return good && gateway->nb_addresses;
}

static bool read_attrs(struct complaints *c, const struct setting *spec, config_setting_t *at,
		       struct attr_policy *policy, enum attr_action action)
{
	static const struct setting row = { .size = sizeof(uint8_t), .max = UINT8_MAX };
	static const struct setting fixed = {
		.allowed = "codes of attributes that a route can do without"
	};
	size_t length = read_length(c, spec, at, UINT8_MAX + 1);
	bool good = true;

	for (size_t i = 0; i < length; i++) {
		uint8_t code;

		if (!read_number(c, &row, element(at, i), &code))
			good = false;
		else if (!attr_policy_may_set(code))
			good = refuse(c, &fixed, element(at, i), "is one that it is made of");
		else
			attr_policy_set(policy, code, action);
	}
	return good;
}

static bool read_attrs_pass(struct complaints *c, const struct setting *spec, config_setting_t *at,
			    void *out)
{
	return read_attrs(c, spec, at, out, ATTR_PASS);
}

static bool read_attrs_strip(struct complaints *c, const struct setting *spec, config_setting_t *at,
			     void *out)
{
	return read_attrs(c, spec, at, out, ATTR_STRIP);
}

static bool read_attrs_drop(struct complaints *c, const struct setting *spec, config_setting_t *at,
			    void *out)
{
	return read_attrs(c, spec, at, out, ATTR_DROP);
}

static void attributes_default(struct config_peer *session)
{
	attr_policy_default(&session->attributes.in);
	attr_policy_default(&session->attributes.out);
}

static bool read_next_hop(struct complaints *c, const struct setting *spec, config_setting_t *at,
			  void *out)
{
	struct config_vnet *vnet = out;

	vnet->has_next_hop = read_addr(c, spec, at, &vnet->next_hop);
	return vnet->has_next_hop;
}

static bool read_ports(struct complaints *c, const struct setting *spec, config_setting_t *at,
		       void *out)
{
	struct config_dataplane *dataplane = out;
	bool good = true;

	dataplane->nb_ports = read_length(c, spec, at, CONFIG_PORTS);
	for (size_t i = 0; i < dataplane->nb_ports; i++) {
		dataplane->ports[i].line = (int)config_setting_source_line(element(at, i));
		good &= read_group(c, port_settings, element(at, i), &dataplane->ports[i]);
	}
	return good;
}

static bool read_vnets(struct complaints *c, const struct setting *spec, config_setting_t *at,
		       void *out)
{
	struct file *file = out;
	size_t length = read_length(c, spec, at, CONFIG_VNETS);
	bool good = true;

	file->vnets = calloc(length + 1, sizeof(*file->vnets));
	file->nb_vnets = file->vnets ? length : 0;
	for (size_t i = 0; i < file->nb_vnets; i++) {
		file->vnets[i].vnet.line = (int)config_setting_source_line(element(at, i));
		good &= read_group(c, vnet_settings, element(at, i), &file->vnets[i]);
	}
	return good;
}

static bool read_gateways(struct complaints *c, const struct setting *spec, config_setting_t *at,
			  void *out)
{
	struct file *file = out;
	size_t length = read_length(c, spec, at, CONFIG_GATEWAYS);
	bool good = true;

	file->gateways = calloc(length + 1, sizeof(*file->gateways));
	file->nb_gateways = file->gateways ? length : 0;
	for (size_t i = 0; i < file->nb_gateways; i++) {
		file->gateways[i].gateway.line = (int)config_setting_source_line(element(at, i));
		attributes_default(&file->gateways[i].session);
		good &= read_group(c, gateway_settings, element(at, i), &file->gateways[i]);
	}
	return good;
}

static bool read_peers(struct complaints *c, const struct setting *spec, config_setting_t *at,
		       void *out)
{
	struct file *file = out;
	size_t length = read_length(c, spec, at, CONFIG_PEERS);
	bool good = true;

	file->nvas = calloc(length + 1, sizeof(*file->nvas));
	file->nb_nvas = file->nvas ? length : 0;
	for (size_t i = 0; i < file->nb_nvas; i++) {
		file->nvas[i].role = ROLE_NVA;
		file->nvas[i].gateway = -1;
		file->nvas[i].announce_vnets = true;
		attributes_default(&file->nvas[i]);
		file->nvas[i].line = (int)config_setting_source_line(element(at, i));
		good &= read_group(c, peer_settings, element(at, i), &file->nvas[i]);
	}
	return good;
}

/* --- the file --------------------------------------------------------------------------------- */

void file_read(struct complaints *c, struct file *file)
{
	struct config_control *control = &file->config.control;

	read_group(c, file_settings, file->root, file);
	if (!control->nb_lcores)
		control->lcores[control->nb_lcores++] = file->config.dataplane.main_lcore;
}
