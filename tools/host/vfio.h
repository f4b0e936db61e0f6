/* What stands between a NIC and vfio-pci: the driver, the IOMMU, a kernel that is locked down. */
#ifndef BASCULE_VFIO_H
#define BASCULE_VFIO_H

#include <stdbool.h>
#include <stddef.h>

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { VFIO_TEXT = 320 };

struct vfio {
	bool driver;	  /* vfio-pci is there to be bound to */
	bool module;	  /* it can be loaded */
	bool iommu;	  /* on: devices have groups */
	bool noiommu;	  /* enable_unsafe_noiommu_mode is set */
	bool secure_boot; /* UEFI's */
	bool locked_down; /* the kernel's lockdown, integrity or confidentiality */
	/* why there is no IOMMU, and what to do; "" with one */
	char why[VFIO_TEXT], next[VFIO_TEXT];
};

void vfio_look(const struct host_root *host, struct vfio *vfio);

/* Have vfio-pci loaded if it is not. True: it is there; else *why says what modprobe said, or why
 * there is nothing to load. */
bool vfio_load(const struct host_root *host, struct vfio *vfio, char why[VFIO_TEXT],
	       char next[VFIO_TEXT]);

/* The process that has the device of IOMMU group `group` open, 0: none; its name in `name`. */
int vfio_user(const struct host_root *host, int group, char *name, size_t size);

#ifdef __cplusplus
}
#endif
#endif
