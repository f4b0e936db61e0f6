/* What follows when a peer passes a bound that the configuration sets on routes; policy/limit.h
 * counts and judges. The peer is sent Cease/1 with the bound (RFC 4486 4) and let in again after
 * limits.retry_s; or, by configuration, its excess is refused, and asked for again (RFC 2918) when
 * there is room. A peer's routes are counted before its inbound map, what a gateway learns after
 * its outbound one (expressroute_bound.h). Warnings are alarms (alarm.h) and events. Thread: the
 * RIB lcore. */
#ifndef BASCULE_BOUNDS_H
#define BASCULE_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

struct budget;
struct inbound_place;
struct peer;
struct route_server;
struct routes;

/* May `peer`, whose session is up, announce this? False: it was refused and counted; the session
 * may be closing, and then nothing that it still says counts (peer->closing). */
bool bounds_admit(struct route_server *rs, struct peer *peer, const struct inbound_place *at);

/* The session has gone: its alarms are cleared. */
void bounds_down(struct route_server *rs, struct peer *peer);

/* Routes of a family that the peer announces, before its route map; what an earlier session left
 * does not count. */
uint32_t bounds_learned(const struct routes *routes, const struct peer *peer);
/* Distinct prefixes of a family that peers have announced: what limits.total bounds. VNet prefixes
 * do not count. */
uint32_t bounds_total(const struct routes *routes);

/* "routes", "IPv6 routes"; "prefixes", "IPv6 prefixes": what events and alarms call them. */
const char *bounds_routes(uint8_t family);
const char *bounds_prefixes(uint8_t family);

/* Take limits.to_expressroute from the configuration: at the start and after a reload. */
void bounds_configure(struct route_server *rs);

/* Go on with a round over all peers: raise and clear alarms, ask again for routes that were refused
 * and have room now, and apply bounds that a reload has lowered. A round is due about once a
 * second, and takes as many calls as its budget needs. True: the round is over. */
bool bounds_turn(struct route_server *rs, const struct budget *budget);

#ifdef __cplusplus
}
#endif
#endif
