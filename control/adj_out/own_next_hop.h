/* What we announce to a peer as next hop where that is ourselves: an address of the port that the
 * peer is on, of the family that its packets are to be sent to. Pure. */
#ifndef BASCULE_OWN_NEXT_HOP_H
#define BASCULE_OWN_NEXT_HOP_H

#include "addr.h"
#include "export.h"

#ifdef __cplusplus
extern "C" {
#endif

struct config;
struct out_session;

/* For routes of this family, by the peer's last session. Our end of the session, if it can be; else
 * the port's first address:
 *   IPv4  over IPv6: of IPv4, or, if the peer takes that (RFC 8950), of IPv6
 *   IPv6  over IPv4: of IPv6
 * Behind one of IPv6 our link-local address follows if the peer is on link (RFC 2545 3).
 * The unspecified address of the family: there is none, and nothing can be announced. */
struct export_next_hop own_next_hop(const struct config *config, const struct out_session *session,
				    enum family family);
bool own_next_hop_is_none(const struct export_next_hop *hop);

#ifdef __cplusplus
}
#endif
#endif
