/* Update groups: peers that are announced the same, so that each UPDATE is encoded once. Exact
 * Adj-RIB-Out semantics without any state a peer and prefix:
 *
 *   For a group and a prefix, `top` is the best path that the group may learn (role matrix,
 *   NO_ADVERTISE,
 *   NO_EXPORT; no default route for VPN gateways), and `alt` the best such path from any other peer
 *   than top's. Every
 *   member is to have `top`; but the peer that announced top gets `alt`, or nothing: nobody hears
 *   its own route back.
 *
 * What a member learns is a *backup* if its gateway has a path of its own beside it, itself or by
 * another instance, that is as good by our decision, or better: a gateway that decides for itself
 * must not find ours the better one, lest it takes its own back. Paths that are equal for
 * forwarding are backups to each other: the router ID, by which one of them is announced, says
 * nothing of which is better, and two peers that each prefer the other's path would both take back
 * their own. To a gateway of our AS it is a backup too if it would lose to any path of the
 * gateway's role, by routing preference: announced as best while the gateway has no path of its
 * own, it would keep the gateway from taking its circuit's when that returns. Gateways of our AS
 * learn which paths are backups (the caller's LOCAL_PREF); other peers do not learn backups, unless
 * they are to learn them as any path (RFC 7947 2.3: that hides no path from them). Nothing is kept
 * for a peer and prefix: whose own path it is that stands before top, follows from the chain.
 *
 * When top, alt or those to whom top is a backup change, the prefix joins the group's queue once,
 * together with what had been there before. The peers that caused changes take turns in it, so that
 * what one says does not wait behind another's full table. A flush takes a slice of the queue,
 * compares before with now, and yields batches for the encoder: withdrawn prefixes, then prefixes
 * by attribute set, each with the members to send it to. What has not changed for a member is not
 * sent.
 *
 * A member that has just joined, or asks for a refresh, learns the whole table by a walk over it; a
 * bit a prefix says what has changed behind the walk. Members that join together share both. They
 * are worked off when the queue is empty, so live changes go first; when nothing is left the member
 * is in the stream. A lagging member leaves it and learns nothing until it has drained, then only
 * what changed: it costs a bit a prefix, and holds up nobody.
 *
 * Groups know no wire format; what becomes of the attributes on the way out is the caller's.
 * Thread: the RIB lcore. */
#ifndef BASCULE_GROUP_H
#define BASCULE_GROUP_H

#include "rib.h"

#ifdef __cplusplus
extern "C" {
#endif

struct group;

/* What becomes of backups: members learn them, with a mark that they are; do not learn them; or
 * learn them as any path. */
enum group_backups { GROUP_BACKUPS_MARKED, GROUP_BACKUPS_HIDDEN, GROUP_BACKUPS_AS_BEST };

/* Each peer is of a gateway, be it the only one of its own: a number below RIB_GATEWAY_IDS. */
enum { RIB_GATEWAY_IDS = RIB_PEERS + RIB_GATEWAYS };
uint16_t rib_gateway(const struct rib *rib, uint16_t peer);

/* Gateways to which a prefix's top is a backup. */
struct backups {
	uint32_t n;
	uint16_t gateway[RIB_PEERS];
};

/* Is the peer's gateway one of them? */
bool backups_include(const struct rib *rib, const struct backups *backups, uint16_t peer);

/* `role` is the members', or ROLE_VNET: they learn VNet prefixes alone, whatever the matrix says.
 * Without `vnets` they learn nothing of a prefix that is a VNet's, nor of another path for it.
 * Backups are marked for iBGP members, hidden from others, or with `backups` announced as any path.
 * Which paths its members may learn depends on these four alone; the caller keeps peers apart that
 * it encodes differently (own address, next hop mode, AS size). Owned by the rib. NULL: no
 * memory. */
struct group *group_new(struct rib *rib, enum role role, bool ibgp, bool vnets, bool backups);
/* Only without members. What is still queued for those who left is let go of by rib_turn(). */
void group_free(struct group *group);

/* --- members. A peer is in one group at a time. ----------------------------------------------- */

/* The session is up: announce everything to it, then End-of-RIB. -ENOMEM: it is no member. */
int group_join(struct group *group, uint16_t peer);
/* The session has gone. */
void group_leave(struct group *group, uint16_t peer);
/* Announce everything to it again (ROUTE-REFRESH from it, RFC 2918, or soft reset out). -ENOMEM:
 * nothing done. */
int group_refresh(struct group *group, uint16_t peer);
/* It may have learned this prefix before, in another group: after group_refresh(), what there is,
 * be it that there is none, is announced to it anew. */
void group_owe(struct group *group, uint16_t peer, uint32_t node);
/* Its send queue is too long: no batch names it until group_drained(). -ENOMEM: nothing done (reset
 * the session). */
int group_lagging(struct group *group, uint16_t peer);
/* Its send queue is empty again: announce what it missed. */
void group_drained(struct group *group, uint16_t peer);

size_t group_members(const struct group *group);

/* --- flush ------------------------------------------------------------------------------------ */

enum group_batch_kind { GROUP_WITHDRAW, GROUP_ANNOUNCE, GROUP_END_OF_RIB };

enum { GROUP_FLUSH_MAX = 4096 }; /* prefixes taken by one flush at most */

/* Send this to each of `to`. All pointers are borrowed until the next call on this rib or its
 * groups. */
struct group_batch {
	enum group_batch_kind kind;
	const struct attrs *attrs; /* GROUP_ANNOUNCE: as the source announced them, before export */
	uint16_t source;	   /* GROUP_ANNOUNCE: the peer that they came from */
	bool backup;		   /* GROUP_ANNOUNCE: to be marked as one */
	const struct prefix *prefixes; /* not GROUP_END_OF_RIB */
	uint32_t nb_prefixes;
	const uint16_t *to; /* peers, at least one */
	uint32_t nb_to;
};

/* Take up to `max` prefixes (at most GROUP_FLUSH_MAX) that are to be announced to members or
 * withdrawn from them. Returns how many it took; 0: all members have everything, or may not be sent
 * more now (rib_params.ready), or what had been put off gathers, for eight flushes at most. Then
 * call group_flush_next() until it says false, and send each batch, in that order; the rib must not
 * be changed in between. A batch may be empty-handed even if something was taken. */
size_t group_flush(struct group *group, size_t max);
bool group_flush_next(struct group *group, struct group_batch *batch);

/* Has group_flush() nothing to do? (Lagging members do not count.) */
bool group_idle(const struct group *group);

/* Nodes that are still to be announced to the member, or withdrawn from it, as far as that is
 * known. Writes up to `max` of them and returns how many there are; UINT32_MAX: the whole table has
 * not been announced to it yet. */
uint32_t group_waiting(const struct group *group, uint16_t peer, uint32_t *nodes, uint32_t max);

/* --- watching --------------------------------------------------------------------------------- */

/* What there is to announce to members for one prefix. All borrowed for the call. */
struct group_sight {
	struct prefix prefix;
	const struct path *top; /* NULL: nothing */
	const struct path *alt; /* in its place for the peer that announced top; NULL: nothing */
	/* of the members, those that learn nothing, as it would be a backup; top's own peer does
	 * not learn alt then either */
	const struct backups *hidden;
};

/* False: not now, ask again. Must not change the rib. */
typedef bool group_watch_fn(void *ctx, const struct group_sight *sight);

/* From now on group_watch_turn() shows every prefix once, and again whenever what there is to
 * announce for it has changed, be it that there is nothing any more. Until the group is freed;
 * costs a bit a prefix. -ENOMEM: it does not. */
int group_watch(struct group *group);
/* Show up to `max` prefixes that have not been shown as they are. Returns how many it looked at; 0:
 * none is left, or none can be shown now. */
size_t group_watch_turn(struct group *group, size_t max, group_watch_fn *fn, void *ctx);
/* Has every prefix been shown since group_watch()? */
bool group_watch_round(const struct group *group);
/* And since they changed? */
bool group_watch_idle(const struct group *group);
/* Prefixes that have changed since they were shown. */
uint32_t group_watch_waiting(const struct group *group);

/* --- reading ---------------------------------------------------------------------------------- */

/* The path that member `peer` has learned, or is about to learn, for a node; NULL: none.
 * This is its Adj-RIB-Out, computed. `*backup`: it is one to this peer; may be NULL. Borrowed as
 * rib_first() is. */
const struct path *group_advertised(const struct group *group, uint16_t peer, uint32_t node,
				    bool *backup);
/* The path that is kept from it because it would be a backup; NULL: none. */
const struct path *group_hidden(const struct group *group, uint16_t peer, uint32_t node);
/* The members to whom this path is a backup, be it announced or hidden. Writes up to `max` and
 * returns how many there are. */
uint32_t group_backup_to(const struct group *group, const struct path *path, uint16_t *peers,
			 uint32_t max);
/* For how many prefixes group_advertised() has a path. O(1). */
uint32_t group_advertised_count(const struct group *group, uint16_t peer);

#ifdef __cplusplus
}
#endif
#endif
