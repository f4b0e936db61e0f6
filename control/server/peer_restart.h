/* Graceful restart (RFC 4724 4): whether peers have announced all that they have, and the end of
 * what they had announced before and do not announce again. */
#ifndef BASCULE_PEER_RESTART_H
#define BASCULE_PEER_RESTART_H

#include "peer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Without an UPDATE for so long, a peer that never promised End-of-RIB has finished ... */
enum {
	PEER_SILENT_MS = 5000,
	/* ... and so long for one that says it restarts itself: FRR says so for minutes after its
	 * start, sends End-of-RIB all the same, and may hold its routes back for 10 s. */
	PEER_RESTARTING_MS = 30000,
	/* one that we call and that does not come up is not waited for any longer */
	PEER_ABSENT_MS = 30000,
};

/* Withdraw the peer's stale paths of a family, if it may have any, in slices. */
void peer_sweep(struct peer *peer, uint8_t family);

/* What peer.stale fires: the restart time is over, and the stale paths are withdrawn. */
void peer_stale_fire(struct timer *timer, uint64_t now_ms);

/* Has the peer finished announcing all it has, as far as it ever will (RFC 4724 4.1)? One that is
 * down for good has. */
bool peer_finished(const struct peer *peer, uint64_t now_ms);

/* Has every configured peer finished, as far as it ever will (RFC 4724 4.1)? */
bool peers_finished(const struct peers *peers, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
