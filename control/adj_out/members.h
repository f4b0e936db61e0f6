/* Which peer is a member of which update group. A peer joins a group when its session is up, moves
 * when its configuration asks for other announcements, leaves the group's stream while it lags, and
 * goes with its session. announce.h announces to members. Thread: the RIB lcore. */
#ifndef BASCULE_MEMBERS_H
#define BASCULE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct announcer;
struct receiver;

/* The session is up and we are LIVE: everything is announced to the peer, then End-of-RIB. 0 or
 * -ENOMEM. */
int members_join(struct announcer *a, struct receiver *peer);
void members_leave(struct announcer *a, struct receiver *peer);
/* Has everything been announced to it, withdrawals included, so that it may leave for another
 * group? */
bool members_finished(const struct announcer *a, const struct receiver *peer);
/* Announce everything to it again; without a group nothing happens. 0 or -ENOMEM. */
int members_refresh(struct receiver *peer);
/* Move it to the group that the configuration asks for. Everything is announced to it again, and
 * what it may not have any more is withdrawn. 0 or -ENOMEM. */
int members_move(struct announcer *a, struct receiver *peer);
/* The peer leaves its group's stream because it is too slow, or comes back. 0 or -ENOMEM. */
int members_lagging(struct receiver *peer, bool lagging);

#ifdef __cplusplus
}
#endif
#endif
