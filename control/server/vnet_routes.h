/* VNet prefixes as routes of our own. Thread: the RIB lcore. */
#ifndef BASCULE_VNET_ROUTES_H
#define BASCULE_VNET_ROUTES_H

#ifdef __cplusplus
extern "C" {
#endif

struct config_vnet;
struct route_server;

/* Announce and withdraw the prefix of a VNet in the RIB. 0 or -ENOMEM. */
int rs_vnet_announce(struct route_server *rs, const struct config_vnet *vnet);
int rs_vnet_withdraw(struct route_server *rs, const struct config_vnet *vnet);

#ifdef __cplusplus
}
#endif
#endif
