/* What ports mean together: names, devices with their tags, addresses and subnets that are used
 * once. */
#include <net/if.h>
#include <string.h>
#include <strings.h>

#include "file.h"

enum {
	SLOT_MIN = 672, /* framesz of net_af_packet, with which the least MTU fits */
	SLOT_MAX = 60000,
	SLOT_MTU_MIN = 576,
	IPV6_MTU_MIN = 1280,
};

static const config_setting_t *port_at(const struct file *file, size_t i)
{
	return file_element(file, "dataplane.ports", i);
}

/* A device without its bus, its arguments and a PCI address's default domain: what may be used
 * once. */
static size_t device_key(const char *device, const char **key)
{
	static const char *const not_part_of_it[] = { "pci:", "vdev:", "0000:" };

	for (int i = 0; i < 3; i++)
		if (!strncasecmp(device, not_part_of_it[i], strlen(not_part_of_it[i])))
			device += strlen(not_part_of_it[i]);
	*key = device;
	return strcspn(device, ",");
}

/* The one thing of the host that both devices take. Its length; 0: there is none. */
static size_t taken_by_both(const char *a, const char *b, const char **what)
{
	const char *of_a, *of_b;
	size_t len_a, len_b;

	while ((len_a = config_device_takes(&a, &of_a))) {
		for (const char *at = b; (len_b = config_device_takes(&at, &of_b));) {
			*what = of_a;
			if (len_a == len_b && !strncmp(of_a, of_b, len_a))
				return len_a;
		}
	}
	return 0;
}

static bool same_device(const char *a, const char *b)
{
	const char *key_a, *key_b;
	size_t len_a = device_key(a, &key_a), len_b = device_key(b, &key_b);

	return len_a == len_b && !strncasecmp(key_a, key_b, len_a);
}

/* What says of a port which devices it is on. */
static const char *device_setting(const struct config_port *port)
{
	return port->nb_members ? "members" : "device";
}

/* Two ports on one device, which tells them apart by the VLAN IDs of their frames. The EtherType of
 * a tag does not: where the device takes tags off nobody sees it. */
static void check_tags_pair(struct complaints *c, const config_setting_t *at,
			    const struct config_port *port, const struct config_port *other)
{
	bool same = port->vlan == other->vlan && port->outer_vlan == other->outer_vlan;

	if (same && port->vlan)
		complain(c, at, "vlan",
			 "%u is port %s's already, with the same outer_vlan or none; allowed are "
			 "tags used once on a device",
			 port->vlan, other->name);
	else if (same)
		complain(c, at, device_setting(port),
			 "\"%s\" is port %s's already, allowed are devices used once, or by ports "
			 "that differ in vlan and outer_vlan",
			 port->device, other->name);
	else if (strcmp(port->device, other->device))
		complain(c, at, device_setting(port),
			 "\"%s\" is the device of port %s otherwise written, allowed is \"%s\"",
			 port->device, other->name, other->device);
}

/* A device, or a member, of one port and one of another's. */
static bool check_part_pair(struct complaints *c, const config_setting_t *at,
			    const struct config_port *port, const char *part,
			    const struct config_port *other, const char *others)
{
	const char *what;
	size_t len;

	if (same_device(part, others))
		complain(c, at, device_setting(port),
			 "\"%s\" is port %s's already, allowed are devices used once", part,
			 other->name);
	else if ((len = taken_by_both(part, others, &what)))
		complain(c, at, device_setting(port),
			 "\"%s\" takes %.*s, which is port %s's already, allowed are interfaces "
			 "used once",
			 part, (int)len, what, other->name);
	else
		return false;
	return true;
}

static void check_device_pair(struct complaints *c, const config_setting_t *at,
			      const struct config_port *port, const struct config_port *other)
{
	const char *part, *others;

	if (port->nb_members || other->nb_members ? !strcmp(port->device, other->device)
						  : same_device(port->device, other->device)) {
		check_tags_pair(c, at, port, other);
		return;
	}
	for (size_t k = 0; (part = config_port_part(port, k)); k++) {
		for (size_t m = 0; (others = config_port_part(other, m)); m++) {
			if (check_part_pair(c, at, port, part, other, others))
				return;
		}
	}
}

static bool is_af_packet(const char *device)
{
	return config_device_slot(device, 0) != 0;
}

/* The kernel has the say about the MTU of a member of net_af_packet, and DPDK about that of any
 * other: they have none in common. */
static void check_members(struct complaints *c, const config_setting_t *at,
			  const struct config_port *port)
{
	const char *what;
	size_t len;

	for (size_t k = 1; k < port->nb_members; k++) {
		const char *member = port->members[k];

		if (is_af_packet(member) != is_af_packet(port->members[0]))
			complain(c, at, "members",
				 "\"%s\" is of another kind than \"%s\", allowed are "
				 "net_af_packet devices, or others",
				 member, port->members[0]);
		for (size_t m = 0; m < k; m++) {
			if (same_device(member, port->members[m]))
				complain(c, at, "members",
					 "\"%s\" is there twice, allowed is each once", member);
			else if ((len = taken_by_both(member, port->members[m], &what)))
				complain(c, at, "members",
					 "\"%s\" takes %.*s, as another member does, allowed are "
					 "interfaces used once",
					 member, (int)len, what);
		}
	}
}

static void check_port_unique(struct complaints *c, const struct file *file, size_t i)
{
	const struct config_port *ports = file->config.dataplane.ports, *port = &ports[i];

	for (size_t j = 0; j < i; j++) {
		if (port->name[0] && !strcmp(port->name, ports[j].name))
			complain(c, port_at(file, i), "name",
				 "\"%s\" is the port on line %d already, allowed are "
				 "names used once",
				 port->name, ports[j].line);
		if (port->device && ports[j].device)
			check_device_pair(c, port_at(file, i), port, &ports[j]);
	}
}

/* Complain if two addresses, on one port or on two, cannot both be. */
static bool check_port_pair(struct complaints *c, const config_setting_t *at,
			    struct config_address mine, struct config_address other,
			    const char *other_port, bool same_port)
{
	char text[PREFIX_TEXT], theirs[PREFIX_TEXT];

	addr_len_text(mine.addr, mine.len, text);
	addr_len_text(other.addr, other.len, theirs);
	if (addr_equal(mine.addr, other.addr))
		complain(c, at, NULL,
			 "%s is an address of port %s already, allowed are addresses used once",
			 text, other_port);
	else if (!same_port && prefix_overlap(config_subnet(mine), config_subnet(other)))
		complain(c, at, NULL,
			 "the subnet of %s overlaps with %s of port %s, allowed are subnets apart",
			 text, theirs, other_port);
	else
		return false;
	return true;
}

/* Compare an address with all that stand before it: those of ports up to i, and this port's up to
 * a. */
static void check_port_overlap(struct complaints *c, const struct file *file, size_t i, size_t a)
{
	const struct config_port *ports = file->config.dataplane.ports;
	const config_setting_t *list = config_setting_get_member(port_at(file, i), "addresses");
	const config_setting_t *at = config_setting_get_elem(list, (unsigned int)a);

	for (size_t j = 0; j <= i; j++) {
		size_t nb = j == i ? a : ports[j].nb_addresses;

		for (size_t b = 0; b < nb; b++) {
			if (check_port_pair(c, at, ports[i].addresses[a], ports[j].addresses[b],
					    ports[j].name, j == i))
				return;
		}
	}
}

static void check_port_addresses(struct complaints *c, const struct file *file, size_t i)
{
	static const uint8_t len_min[] = { [FAMILY_IPV4] = 8, [FAMILY_IPV6] = 16 };
	const struct config_port *port = &file->config.dataplane.ports[i];
	const config_setting_t *list = config_setting_get_member(port_at(file, i), "addresses");

	if (complained(c, list))
		return;
	if (!port->nb_addresses)
		complain(c, list, NULL, "is empty, allowed are 1..%d addresses",
			 CONFIG_PORT_ADDRESSES);
	for (size_t a = 0; a < port->nb_addresses; a++) {
		const config_setting_t *at = config_setting_get_elem(list, (unsigned int)a);
		struct config_address mine = port->addresses[a];
		char text[PREFIX_TEXT];

		addr_len_text(mine.addr, mine.len, text);
		if (!address_usable(&file->config, mine.addr) ||
		    mine.len < len_min[mine.addr.family])
			complain(c, at, NULL,
				 "%s is not a host's, allowed are unicast addresses with "
				 "lengths %u..%u",
				 text, len_min[mine.addr.family], family_bits(mine.addr.family));
		else if (subnet_reserves(mine, mine.addr))
			complain(c, at, NULL, "%s is %s, allowed are its hosts' addresses", text,
				 reserved_title(mine.addr.family));
		else
			check_port_overlap(c, file, i, a);
	}
}

/* RFC 8200 5: the least MTU of a link with IPv6. */
static void check_port_mtu(struct complaints *c, const struct file *file, size_t i)
{
	const struct config_port *port = &file->config.dataplane.ports[i];

	if (config_port_has(port, FAMILY_IPV6) && port->mtu < IPV6_MTU_MIN)
		complain(c, port_at(file, i), "mtu",
			 "%u is too little for IPv6, allowed are %d..9600, or no address of IPv6",
			 port->mtu, IPV6_MTU_MIN);
}

static void check_port_tags(struct complaints *c, const struct file *file, size_t i)
{
	const struct config_port *port = &file->config.dataplane.ports[i];
	const config_setting_t *at = port_at(file, i);

	if (port->outer_vlan && !config_setting_get_member(at, "vlan"))
		complain(c, at, "outer_vlan",
			 "%u stands without vlan, allowed is the outer tag of two, or vlan alone",
			 port->outer_vlan);
	if (!config_setting_get_member(at, "outer_vlan") &&
	    config_setting_get_member(at, "outer_type"))
		complain(c, at, "outer_type",
			 "stands without outer_vlan, allowed is the EtherType of an outer tag");
}

/* What is the device's stands at its first port. */
static void check_port_queues(struct complaints *c, const struct file *file, size_t i)
{
	static const char *const settings[] = { "rx_queues", "rx_descriptors", "tx_descriptors",
						"symmetric_rss", "disabled_offloads" };
	const struct config_dataplane *dataplane = &file->config.dataplane;
	const struct config_port *port = &dataplane->ports[i];
	const config_setting_t *at = port_at(file, i);
	size_t nb_lcores = dataplane->nb_forwarding_lcores, first = 0;

	while (first < i && (!port->device || !dataplane->ports[first].device ||
			     strcmp(port->device, dataplane->ports[first].device)))
		first++;
	for (size_t k = 0; k < sizeof(settings) / sizeof(settings[0]) && first < i; k++) {
		if (config_setting_get_member(at, settings[k]))
			complain(c, at, settings[k],
				 "is of the device, which port %s is on too, allowed is it there",
				 dataplane->ports[first].name);
	}
	if (nb_lcores && port->rx_queues > nb_lcores)
		complain(c, at, "rx_queues",
			 "%u are more than there are forwarding lcores, allowed are 1..%zu",
			 port->rx_queues, nb_lcores);
}

/* The arguments of net_af_packet. What another device takes shows when it is opened. */
static void check_part(struct complaints *c, const struct file *file, size_t i, const char *part)
{
	const struct config_port *port = &file->config.dataplane.ports[i];
	size_t nb_lcores = file->config.dataplane.nb_forwarding_lcores;
	uint16_t tags = config_port_tags(port), payload = (uint16_t)(port->mtu + tags);
	uint32_t slot = config_device_slot(part, payload), most = config_device_most(part, payload);

	if (nb_lcores && config_device_queues(part) > nb_lcores)
		complain(
			c, port_at(file, i), device_setting(port),
			"qpairs = %u are more than there are forwarding lcores (%zu): nobody would "
			"read the others, allowed are 1..%zu",
			config_device_queues(part), nb_lcores, nb_lcores);
	if (most < SLOT_MTU_MIN || slot > SLOT_MAX)
		complain(c, port_at(file, i), device_setting(port),
			 "framesz = %u is out of range, allowed are %d..%d, or no framesz and "
			 "blocksz: then the MTU says",
			 slot, SLOT_MIN, SLOT_MAX);
	else if (payload > most)
		complain(c, port_at(file, i), "mtu",
			 "%u does not fit its device's slots of %u octets, allowed are %d..%u, or "
			 "a device without framesz and blocksz: then the MTU says",
			 port->mtu, slot, SLOT_MTU_MIN, most - tags);
}

static void check_port_device(struct complaints *c, const struct file *file, size_t i)
{
	const struct config_port *port = &file->config.dataplane.ports[i];
	const config_setting_t *at = port_at(file, i);
	const char *part;

	if (!config_setting_get_member(at, "device") && !config_setting_get_member(at, "members"))
		complain(c, at, "device", "is missing, allowed are a device, or members of a bond");
	if (!port->device || !port->mtu)
		return;
	check_members(c, at, port);
	for (size_t k = 0; (part = config_port_part(port, k)); k++)
		check_part(c, file, i, part);
}

void file_check_ports(struct complaints *c, const struct file *file)
{
	const struct config *config = &file->config;
	const config_setting_t *list = config_setting_lookup(file->root, "dataplane.ports");

	if (list && !config->dataplane.nb_ports && !complained(c, list))
		complain(c, list, NULL, "is empty, allowed are 1..%d ports", CONFIG_PORTS);
	for (size_t i = 0; i < config->dataplane.nb_ports; i++) {
		const struct config_port *port = &config->dataplane.ports[i];
		size_t len = strlen(config->instance.name) + 1 + strlen(port->name);

		if (!config_setting_is_group(port_at(file, i)))
			continue;
		if (len >= IFNAMSIZ)
			complain(c, port_at(file, i), "name",
				 "\"%s-%s\" is too long for a Linux interface, allowed are "
				 "instance and port names of %d octets together",
				 config->instance.name, port->name, IFNAMSIZ - 2);
		check_port_tags(c, file, i);
		check_port_unique(c, file, i);
		check_port_device(c, file, i);
		check_port_queues(c, file, i);
		if (config_setting_get_member(port_at(file, i), "addresses"))
			check_port_addresses(c, file, i);
		check_port_mtu(c, file, i);
	}
}
