/* Reads names of devices. */
#include "device_name.h"

#include <stdio.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_pci.h>

bool device_is_pci(const char *device)
{
	struct rte_pci_addr addr;
	char text[32];
	size_t len = strcspn(device, ",");

	if (len >= sizeof(text))
		return false;
	memcpy(text, device, len);
	text[len] = '\0';
	return !rte_pci_addr_parse(text, &addr);
}

void device_netdev(const char *device, char netdev[IFNAMSIZ])
{
	const char *at = strstr(device, ",iface=");
	size_t len;

	netdev[0] = '\0';
	if (strncmp(device, "net_af_packet", strlen("net_af_packet")) &&
	    strncmp(device, "eth_af_packet", 13))
		return;
	if (!at)
		return;
	at += strlen(",iface=");
	len = strcspn(at, ",");
	if (len >= IFNAMSIZ)
		return;
	memcpy(netdev, at, len);
	netdev[len] = '\0';
}

void device_name(const char *device, char name[RTE_DEV_NAME_MAX_LEN])
{
	struct rte_pci_addr addr;

	snprintf(name, RTE_DEV_NAME_MAX_LEN, "%.*s", (int)strcspn(device, ","), device);
	if (device_is_pci(device)) {
		rte_pci_addr_parse(name, &addr);
		rte_pci_device_name(&addr, name, RTE_DEV_NAME_MAX_LEN);
	}
}
