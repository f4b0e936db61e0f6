/* The instances that are configured on the host, and which of them run. */
#ifndef BASCULE_CONFIGURED_H
#define BASCULE_CONFIGURED_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "host.h"
#include "nic.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CONFIGURED = 16 };

struct configured_instance {
	char file[PATH_MAX];   /* as people know it */
	struct config *config; /* owned; NULL: the file is refused */
	char refused[256];     /* the first thing that is wrong with it */
	bool running;	       /* its dataplane does */
};

struct configured {
	struct configured_instance *instance; /* owned */
	size_t n;
};

/* Of the file `path` alone; or, if that is NULL, of each /etc/bascule/NAME.conf that is an
 * instance's: it says that it is NAME, or a unit bascule-dataplane@NAME is enabled. (The package's
 * samples are neither.) At most CONFIGURED. Release with configured_free(). */
struct configured configured_load(const struct host_root *host, const char *path);
void configured_free(struct configured *configured);

/* The port on this PCI device: "rs0/er0" into `name`. False: none. */
bool configured_port_of(const struct configured *configured, const char *address, char *name,
			size_t size);

/* The running dataplane that holds this PCI device: its process, and its instance in `name`; or
 * 0. */
int configured_holder(const struct host_root *host, const char *address, char *name, size_t size);

#ifdef __cplusplus
}
#endif
#endif
