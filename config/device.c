/* Devices of ports, and what the arguments of a net_af_packet device mean for frames. Its driver
 * and the kernel share a ring of slots, one frame each; what is longer than its slot is cut. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

enum {
	TAG = 4,	     /* octets */
	SLOT_DEFAULT = 2048, /* the driver's */
	SLOT_STEP = 1024,
	/* before the IP packet: struct tpacket2_hdr, its address, alignment, 802.3 and 802.1Q
	 * headers */
	SLOT_HEAD = 66 + 14 + 4,
	/* The driver's 512 are full when a forwarding lcore that shares its core has not had it for
	 * some milliseconds, and the window of one TCP flow fills them at once. */
	SLOTS = 2048,
};

uint16_t config_port_tags(const struct config_port *port)
{
	return (uint16_t)(TAG * ((port->vlan != 0) + (port->outer_vlan != 0)));
}

size_t config_device_first(const struct config_dataplane *dataplane, size_t i)
{
	size_t first = 0;

	while (first < i && strcmp(dataplane->ports[first].device, dataplane->ports[i].device))
		first++;
	return first;
}

uint16_t config_device_payload(const struct config_dataplane *dataplane, size_t i)
{
	uint16_t most = 0;

	for (size_t j = 0; j < dataplane->nb_ports; j++) {
		const struct config_port *port = &dataplane->ports[j];
		uint16_t payload = (uint16_t)(port->mtu + config_port_tags(port));

		if (!strcmp(port->device, dataplane->ports[i].device) && payload > most)
			most = payload;
	}
	return most;
}

static bool is_af_packet(const char *device)
{
	return !strncmp(device, "net_af_packet", 13) || !strncmp(device, "eth_af_packet", 13);
}

/* The number behind ",NAME="; 0: there is none. */
static uint32_t argument(const char *device, const char *name)
{
	char key[16];
	const char *at;

	snprintf(key, sizeof(key), ",%s=", name);
	at = strstr(device, key);
	return at ? (uint32_t)strtoul(at + strlen(key), NULL, 10) : 0;
}

/* An operator who gives sizes chooses them all. */
static bool chosen(const char *device)
{
	return strstr(device, ",framesz=") || strstr(device, ",blocksz=");
}

uint32_t config_device_slot(const char *device, uint16_t payload)
{
	uint32_t slot = SLOT_DEFAULT;

	if (!is_af_packet(device))
		return 0;
	if (strstr(device, ",framesz="))
		return argument(device, "framesz");
	if (!chosen(device) && payload + SLOT_HEAD > SLOT_DEFAULT)
		slot = (payload + SLOT_HEAD + SLOT_STEP - 1) / SLOT_STEP * SLOT_STEP;
	return slot;
}

uint32_t config_device_queues(const char *device)
{
	if (!is_af_packet(device))
		return 0;
	return strstr(device, ",qpairs=") ? argument(device, "qpairs") : 1;
}

uint32_t config_device_most(const char *device, uint16_t payload)
{
	uint32_t slot = config_device_slot(device, payload);

	if (!slot && !is_af_packet(device))
		return UINT16_MAX;
	return slot > SLOT_HEAD ? slot - SLOT_HEAD : 0;
}

/* Slots lie one behind the other over all blocks, and a block is pages: four slots of a multiple of
 * 1,024 are. */
char *config_device_string(const char *device, uint16_t payload)
{
	bool counted = strstr(device, ",framecnt=");
	uint32_t slot = config_device_slot(device, payload);
	char sizes[64] = "", count[32] = "", *text = NULL;

	if (!slot || chosen(device))
		return strdup(device);
	if (slot != SLOT_DEFAULT)
		snprintf(sizes, sizeof(sizes), ",framesz=%u,blocksz=%u", slot, 4 * slot);
	if (!counted)
		snprintf(count, sizeof(count), ",framecnt=%u", SLOTS);
	return asprintf(&text, "%s%s%s", device, sizes, count) < 0 ? NULL : text;
}
