/* Who is in which update group: peers come, move when they are to be told otherwise, lag, and go.
 * Thread: the RIB lcore. */
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

/* The session is up and we are LIVE: it is told everything, then End-of-RIB. 0 or -ENOMEM. */
int members_join(struct announcer *a, struct receiver *peer);
void members_leave(struct announcer *a, struct receiver *peer);
/* Has it been told everything, withdrawals included, so that it may leave for another group? */
bool members_finished(const struct announcer *a, const struct receiver *peer);
/* Tell it everything again. 0 or -ENOMEM; nothing if it is told nothing. */
int members_refresh(struct receiver *peer);
/* Into the group that the configuration wants it in: it is told everything again, and what it is
 * not to hear of any more is withdrawn. 0 or -ENOMEM. */
int members_move(struct announcer *a, struct receiver *peer);
/* Its queue at the speaker is too long, or empty again. 0 or -ENOMEM. */
int members_lagging(struct receiver *peer, bool lagging);

#ifdef __cplusplus
}
#endif
#endif
