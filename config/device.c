/* What the arguments of a net_af_packet device mean for frames. Its driver and the kernel share a
 * ring of slots, one frame each; what is longer than its slot is cut. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

enum {
	SLOT_DEFAULT = 2048, /* the driver's */
	SLOT_STEP = 1024,
	/* before the IP packet: struct tpacket2_hdr, its address, alignment, 802.3 and 802.1Q
	 * headers */
	SLOT_HEAD = 66 + 14 + 4,
	/* The driver's 512 are full when a forwarding lcore that shares its core has not had it for
	 * some milliseconds, and the window of one TCP flow fills them at once. */
	SLOTS = 2048,
};

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

uint32_t config_device_slot(const struct config_port *port)
{
	uint32_t slot = SLOT_DEFAULT;

	if (!is_af_packet(port->device))
		return 0;
	if (strstr(port->device, ",framesz="))
		return argument(port->device, "framesz");
	if (!chosen(port->device) && port->mtu + SLOT_HEAD > SLOT_DEFAULT)
		slot = (port->mtu + SLOT_HEAD + SLOT_STEP - 1) / SLOT_STEP * SLOT_STEP;
	return slot;
}

uint32_t config_device_queues(const struct config_port *port)
{
	if (!is_af_packet(port->device))
		return 0;
	return strstr(port->device, ",qpairs=") ? argument(port->device, "qpairs") : 1;
}

uint32_t config_device_mtu(const struct config_port *port)
{
	uint32_t slot = config_device_slot(port);

	if (!slot && !is_af_packet(port->device))
		return UINT16_MAX;
	return slot > SLOT_HEAD ? slot - SLOT_HEAD : 0;
}

/* Slots lie one behind the other over all blocks, and a block is pages: four slots of a multiple of
 * 1,024 are. */
char *config_device_string(const struct config_port *port)
{
	bool counted = strstr(port->device, ",framecnt=");
	uint32_t slot = config_device_slot(port);
	char sizes[64] = "", count[32] = "", *text = NULL;

	if (!slot || chosen(port->device))
		return strdup(port->device);
	if (slot != SLOT_DEFAULT)
		snprintf(sizes, sizeof(sizes), ",framesz=%u,blocksz=%u", slot, 4 * slot);
	if (!counted)
		snprintf(count, sizeof(count), ",framecnt=%u", SLOTS);
	return asprintf(&text, "%s%s%s", port->device, sizes, count) < 0 ? NULL : text;
}
