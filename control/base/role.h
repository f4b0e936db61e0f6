/* Roles: what a port or a peer faces. Azure Route Server has no word for it, because there the
 * platform knows; here the operator says it once for each port and peer, and views, announcements
 * and the gate follow from it. */
#ifndef BASCULE_ROLE_H
#define BASCULE_ROLE_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The numbers are shared memory format: view index and gate bit (dataplane/fib/fib.h). */
enum role {
	ROLE_EXPRESSROUTE, /* an ExpressRoute gateway: a branch */
	ROLE_VPN,	   /* a VPN gateway: a branch */
	ROLE_NVA,	   /* a network virtual appliance: a branch */
	ROLE_VNET,	   /* hosts of the virtual network and its peered networks */
	ROLE_COUNT
};

/* "expressroute", "vpn", "nva", "vnet"; static storage. */
const char *role_name(enum role role);

/* The role called `name`. Returns false, `*role` untouched, if there is none. */
bool role_parse(const char *name, enum role *role);

#ifdef __cplusplus
}
#endif
#endif
