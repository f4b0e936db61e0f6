/* The network devices on the host's PCI buses: which kernel driver and which DPDK driver is theirs,
 * which interfaces they are to the kernel. */
#ifndef BASCULE_NIC_H
#define BASCULE_NIC_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NIC_INTERFACES = 4, NIC_ADDRESS = 16, NIC_DRIVER = 32 };

struct nic_interface {
	char name[IFNAMSIZ];
	bool up, carrier;
	int speed_mbps; /* -1: not known */
	int mtu;
};

struct nic {
	char address[NIC_ADDRESS]; /* "0000:3b:00.0" */
	uint16_t vendor, device, subvendor, subdevice;
	char driver[NIC_DRIVER]; /* the kernel's that has it now, vfio-pci too; "": none */
	int node;		 /* NUMA node; -1: the host has none, or does not say */
	int group;		 /* IOMMU group; -1: none */
	struct nic_interface interfaces[NIC_INTERFACES];
	size_t nb_interfaces;
	char pmd[NIC_DRIVER]; /* the installed DPDK driver that knows it; "": none */
	bool pmd_by_kernel;   /* that works through the kernel's driver: not one for vfio-pci */
};

struct nics {
	struct nic *nic; /* owned; by address */
	size_t n;
	size_t nb_pmds; /* DPDK's drivers of NICs that are installed; 0: none at all */
};

/* Release with nics_free(). Fewer if there is no memory. */
struct nics nics_list(const struct host_root *host);
void nics_free(struct nics *nics);

/* Find one by its PCI address, with or without domain, or by an interface of its. Or NULL. */
const struct nic *nics_find(const struct nics *nics, const char *name);

/* The PCI address that `text` begins with, up to a comma, in full: "3b:00.0" is "0000:3b:00.0".
 * False: it is none. */
bool nic_address(const char *text, char address[NIC_ADDRESS]);

/* Is it on vfio-pci? */
bool nic_on_vfio(const struct nic *nic);

/* Fill in what DPDK's installed drivers say of themselves in their files: pmd.c. Returns how many
 * drivers there are. */
size_t pmds_match(const struct host_root *host, struct nic *nics, size_t n);

#ifdef __cplusplus
}
#endif
#endif
