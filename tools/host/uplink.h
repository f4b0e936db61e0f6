/* The interfaces that the host is reached by, which nobody may take away: those of default routes,
 * and those of the session that somebody is logged in by. */
#ifndef BASCULE_UPLINK_H
#define BASCULE_UPLINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { UPLINKS = 32, UPLINK_WHY = 128 };

struct uplink {
	char interface[IFNAMSIZ];
	char why[UPLINK_WHY]; /* "it carries the default route" */
};

/* Default routes of both families in the main table; how SSH_CONNECTION of this process or of one
 * that it descends from (sudo takes it away), and every established TCP connection to our port 22,
 * come and go; and what these interfaces are made of: members of a bond or a bridge, the device
 * under a VLAN. Returns how many, at most UPLINKS. */
size_t uplinks_find(const struct host_root *host, struct uplink uplinks[UPLINKS]);

#ifdef __cplusplus
}
#endif
#endif
