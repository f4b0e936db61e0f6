/* Update groups: peers that are announced the same, so that each UPDATE is encoded once. Exact Adj-RIB-Out semantics
 * without any state a peer and prefix:
 *
 *   For a group and a prefix, `top` is the best path that the group may be told of (role matrix, NO_ADVERTISE,
 *   NO_EXPORT; no default route for VPN gateways), and `alt` the best such path from any other peer than top's. Every
 *   member is to have `top`; but the peer that announced top gets `alt`, or nothing: no path hiding (RFC 7947 2.3), and
 *   nobody hears its own route back.
 *
 * When (top, alt) changes, the prefix joins the group's queue once, together with what had been there before. The peers
 * that caused changes take turns in it, so that what one says does not wait behind another's full table. A flush takes a
 * slice of the queue, compares before with now, and yields batches for the encoder: withdrawn prefixes, then
 * prefixes by attribute set, each with the members to send it to. What has not changed for a member is not sent.
 *
 * A member that has just joined, or asks for a refresh, is told the whole table by a walk over it; of what changes behind
 * the walk it is told by a bit a prefix. Members that join together share both. They are worked off when the queue is
 * empty, so live changes go first; when nothing is left the member is in the stream. A lagging member leaves it and is
 * told nothing until it has drained, then only what changed: it costs a bit a prefix, and holds up nobody.
 *
 * Groups know no wire format; what becomes of the attributes on the way out is the caller's. Thread: the RIB lcore. */
#ifndef BASCULE_GROUP_H
#define BASCULE_GROUP_H

#include "rib.h"

#ifdef __cplusplus
extern "C" {
#endif

struct group;

/* `role` is the members', or ROLE_VNET: they are told of VNet prefixes alone, whatever the matrix says. Without `vnets` they
 * are told nothing of a prefix that is a VNet's, nor of another path for it.
 * Which paths its members may be told of depends on these three alone; the caller keeps peers apart that it encodes
 * differently (own address, next hop mode, AS size). Owned by the rib. NULL: no memory. */
struct group *group_new(struct rib *rib, enum role role, bool ibgp, bool vnets);
/* Only without members. Takes as long as what is still queued for those who left. */
void group_free(struct group *group);

/* --- members. A peer is in one group at a time. ----------------------------------------------------------------- */

/* The session is up: tell it everything, then End-of-RIB. -ENOMEM: it is no member. */
int group_join(struct group *group, uint16_t peer);
/* The session has gone. */
void group_leave(struct group *group, uint16_t peer);
/* Tell it everything again (ROUTE-REFRESH from it, RFC 2918, or soft reset out). -ENOMEM: nothing done. */
int group_refresh(struct group *group, uint16_t peer);
/* It may have been told of this prefix before, in another group: after group_refresh(), it is told anew what there is, be
 * it that there is none. */
void group_owe(struct group *group, uint16_t peer, uint32_t node);
/* Its send queue is too long: no batch names it until group_drained(). -ENOMEM: nothing done (reset the session). */
int group_lagging(struct group *group, uint16_t peer);
/* Its send queue is empty again: tell it what it missed. */
void group_drained(struct group *group, uint16_t peer);

size_t group_members(const struct group *group);

/* --- flush ------------------------------------------------------------------------------------------------------ */

enum group_batch_kind { GROUP_WITHDRAW, GROUP_ANNOUNCE, GROUP_END_OF_RIB };

enum { GROUP_FLUSH_MAX = 4096 }; /* prefixes taken by one flush at most */

/* Send this to each of `to`. All pointers are borrowed until the next call on this rib or its groups. */
struct group_batch {
	enum group_batch_kind kind;
	const struct attrs *attrs; /* GROUP_ANNOUNCE: as the source announced them, before export */
	uint16_t source;	   /* GROUP_ANNOUNCE: the peer that they came from */
	const struct prefix *prefixes; /* not GROUP_END_OF_RIB */
	uint32_t nb_prefixes;
	const uint16_t *to; /* peers, at least one */
	uint32_t nb_to;
};

/* Take up to `max` prefixes (at most GROUP_FLUSH_MAX) that members must be told of. Returns how many it took; 0: all
 * members have been told everything, or may not be told more now (rib_params.ready). Then call group_flush_next() until it says false, and send each batch, in that
 * order; the rib must not be changed in between. A batch may be empty-handed even if something was taken. */
size_t group_flush(struct group *group, size_t max);
bool group_flush_next(struct group *group, struct group_batch *batch);

/* Has group_flush() nothing to do? (Lagging members do not count.) */
bool group_idle(const struct group *group);

/* --- watching ---------------------------------------------------------------------------------------------------- */

/* What there is to tell members of one prefix: `top`, and `alt` in its place for the peer that announced top. NULL: none;
 * borrowed for the call. False: not now, ask again. Must not change the rib. */
typedef bool group_watch_fn(void *ctx, struct prefix prefix, const struct path *top,
			    const struct path *alt);

/* From now on group_watch_turn() shows every prefix once, and again whenever what there is to tell of it has changed, be
 * it that there is nothing any more. Until the group is freed; costs a bit a prefix. -ENOMEM: it does not. */
int group_watch(struct group *group);
/* Show up to `max` prefixes that have not been shown as they are. Returns how many it looked at; 0: none is left, or none
 * can be shown now. */
size_t group_watch_turn(struct group *group, size_t max, group_watch_fn *fn, void *ctx);
/* Has every prefix been shown since group_watch()? */
bool group_watch_round(const struct group *group);
/* And since they changed? */
bool group_watch_idle(const struct group *group);
/* Prefixes that have changed since they were shown. */
uint32_t group_watch_waiting(const struct group *group);

/* --- reading ---------------------------------------------------------------------------------------------------- */

/* The path that member `peer` has been told of, or is about to be told of, for a node; NULL: none. This is its
 * Adj-RIB-Out, computed. Borrowed as rib_first() is. */
const struct path *group_advertised(const struct group *group, uint16_t peer, uint32_t node);
/* How many prefixes that are. O(1). */
uint32_t group_advertised_count(const struct group *group, uint16_t peer);

#ifdef __cplusplus
}
#endif
#endif
