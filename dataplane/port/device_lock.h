/* One dataplane a device: a lock for each thing of the host that ports take, held by whoever uses
 * it and gone with its process however that ends. */
#ifndef BASCULE_DEVICE_LOCK_H
#define BASCULE_DEVICE_LOCK_H

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DEVICE_LOCKS = 4 * CONFIG_PORTS * CONFIG_MEMBERS };

#define DEVICE_LOCKS_DIR "/run/bascule/devices/" /* of this host */

struct device_locks {
	int fd[DEVICE_LOCKS]; /* owned */
	unsigned int n;
};

/* Lock what the ports take, before EAL touches any of it: PCI devices, and interfaces of the
 * kernel's in our network namespace. -EEXIST: another dataplane has one, which is logged with its
 * instance and process; or -errno, logged. Nothing stays locked then. `dir` ends with a '/', and is
 * made if need be. */
int device_locks_take(struct device_locks *locks, const struct config *config, const char *dir);
void device_locks_release(struct device_locks *locks);

#ifdef __cplusplus
}
#endif
#endif
