/* Give a NIC to vfio-pci, or back to the kernel, now and at every boot. */
#ifndef BASCULE_NIC_BIND_H
#define BASCULE_NIC_BIND_H

#include <stdbool.h>

#include "configured.h"
#include "host.h"
#include "nic.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { BIND_TEXT = 384, BIND_NOTES = 8 };

/* What became of it, for people. */
struct bind_result {
	bool done;    /* it is as was asked for, whether it was so before or not */
	bool changed; /* it was not so before */
	char why[BIND_TEXT], next[BIND_TEXT]; /* why not, and what to do; `next` may be "" */
	char note[BIND_NOTES][BIND_TEXT];     /* what else to know */
	size_t nb_notes;
};

/* Why this NIC may not be taken from the kernel, whatever is forced: it, or a port of it, is the
 * way by which the host is reached. False: it may, and `why` is "". */
bool nic_guarded(const struct host_root *host, const struct nic *nic, char *why, size_t size);

/* Bind `nic` to vfio-pci. Refused: a NIC that is guarded, or in an IOMMU group with one; one whose
 * DPDK driver works through the kernel's; without an IOMMU, unless noiommu mode is set; and, unless
 * `force`, one that no installed DPDK driver knows, or with an interface that is up. On a failure
 * half-way it goes back to the driver that it had. */
void nic_bind(const struct host_root *host, const struct nics *nics, const struct nic *nic,
	      bool force, struct bind_result *result);
/* Give it back to the driver of the kernel's that knows it. Refused while a process has it open:
 * the kernel would wait for that process. */
void nic_unbind(const struct host_root *host, const struct nic *nic, struct bind_result *result);
/* Have it at every boot on vfio-pci if it is now, or on the kernel's own driver if it is not: by
 * driverctl if that is installed, else by a udev rule of ours that runs `program` nic bind. What it
 * is on now stays as it is. */
void nic_persist(const struct host_root *host, const struct nic *nic, const char *program,
		 struct bind_result *result);
/* Is it persistent that it goes to vfio-pci at boot? */
bool nic_persists(const struct host_root *host, const struct nic *nic);

#ifdef __cplusplus
}
#endif
#endif
