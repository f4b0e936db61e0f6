/* The list "neighbours": read, and checked beside ports and VNet prefixes. */
#include "neighbours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

static read_fn read_mac;

static const struct setting neighbour_settings[] = {
	{ "address", read_addr, MEMBER(struct file_neighbour, neighbour.addr), .required = true,
	  .allowed = "addresses in quotes such as \"10.0.1.4\"" },
	{ "mac", read_mac, MEMBER(struct file_neighbour, neighbour.mac), .required = true,
	  .allowed = "a host's MAC addresses in quotes such as \"02:00:5e:10:00:04\"" },
	{ "port", read_name, MEMBER(struct file_neighbour, port), .required = true,
	  .allowed = "names of ports" },
	{ NULL },
};

/* Six pairs of hexadecimal digits and nothing else. */
static bool mac_parse(const char *text, uint8_t mac[6])
{
	char again[18];

	if (strlen(text) != sizeof(again) - 1)
		return false;
	for (int i = 0; i < 6; i++) {
		char *end;

		mac[i] = (uint8_t)strtoul(text + 3 * i, &end, 16);
		if (end != text + 3 * i + 2)
			return false;
	}
	snprintf(again, sizeof(again), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return !strcasecmp(again, text);
}

static bool read_mac(struct complaints *c, const struct setting *spec, config_setting_t *at,
		     void *out)
{
	static const uint8_t none[6];
	const char *text = config_setting_get_string(at);
	uint8_t mac[6];

	if (!text || !mac_parse(text, mac))
		return refuse(c, spec, at, "is not a MAC address");
	if ((mac[0] & 1) || !memcmp(mac, none, sizeof(mac)))
		return refuse(c, spec, at, "is no single host's");
	memcpy(out, mac, sizeof(mac));
	return true;
}

bool read_neighbours(struct complaints *c, const struct setting *spec, config_setting_t *at,
		     void *out)
{
	struct file *file = out;
	size_t length = read_length(c, spec, at, CONFIG_NEIGHBOURS);
	bool good = true;

	file->neighbours = calloc(length + 1, sizeof(*file->neighbours));
	file->nb_neighbours = file->neighbours ? length : 0;
	for (size_t i = 0; i < file->nb_neighbours; i++) {
		config_setting_t *group = config_setting_get_elem(at, (unsigned int)i);

		file->neighbours[i].neighbour.line = (int)config_setting_source_line(group);
		good &= read_group(c, neighbour_settings, group, &file->neighbours[i]);
	}
	return good;
}

/* On link there, a host, and the first to say so. */
static void check_address(struct complaints *c, const struct file *file, size_t i,
			  const config_setting_t *at)
{
	const struct config *config = &file->config;
	const struct config_neighbour *neighbour = &config->neighbours[i];
	const struct config_port *port = &config->dataplane.ports[neighbour->port];
	struct addr gateway;
	size_t found;
	char text[ADDR_TEXT];

	addr_text(neighbour->addr, text);
	for (size_t j = 0; j < i; j++) {
		if (addr_equal(config->neighbours[j].addr, neighbour->addr))
			complain(c, at, "address",
				 "%s is the neighbour on line %d already, allowed are addresses "
				 "used once",
				 text, config->neighbours[j].line);
	}
	if (address_own(config, neighbour->addr))
		complain(c, at, "address",
			 "%s is an address of one of our own ports, allowed are a neighbour's",
			 text);
	else if (!config_resolve(config, neighbour->addr, &found, &gateway) ||
		 found != neighbour->port || !addr_equal(gateway, neighbour->addr))
		complain(c, at, "address",
			 "%s is not on link behind port %s, allowed are hosts on its subnets, and "
			 "in vnet prefixes of it without next_hop",
			 text, port->name);
	else if (port_reserves(port, neighbour->addr))
		complain(c, at, "address", "%s is %s, allowed are hosts", text,
			 reserved_title(neighbour->addr.family));
}

void file_check_neighbours(struct complaints *c, struct file *file)
{
	for (size_t i = 0; i < file->nb_neighbours; i++) {
		const config_setting_t *at = file_element(file, "neighbours", i);

		if (complained(c, at))
			continue;
		if (file_find_port(c, file, at, "port", file->neighbours[i].port,
				   &file->config.neighbours[i].port))
			check_address(c, file, i, at);
	}
}
