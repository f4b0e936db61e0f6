/* The RIB: every path that every peer announced (Adj-RIB-In after import), kept best first for each
 * prefix (Loc-RIB).
 *
 *   rib ── table: prefix → node, 12 octets (IPv6: 24) ── chain of paths, best first (32 octets)
 *    ├─ sources[peer]      what decisions ask about a peer
 *    ├─ changes            prefixes whose chain changed, each once, for the FIB
 *    ├─ hops               next hop → the paths that use it, 4 octets a path
 *    └─ update groups      what peers have learned and must learn (group.h)
 *
 * A viewer of some role uses the first path that its role may use; the order is the same for all.
 * One path a peer and prefix. One thread, the RIB lcore's, calls all of this. Work that may be long
 * (a peer's paths withdrawn, everything sorted anew, the matrix applied to all announcements) is
 * done by rib_turn() in slices. Knows no wire format, no session, no FIB. A rib is of one family;
 * next hops are IPv4. */
#ifndef BASCULE_RIB_H
#define BASCULE_RIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decide.h"
#include "path.h"
#include "prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	RIB_NONE = 0,	  /* no node: ids begin at 1 */
	RIB_ECMP = 16,	  /* most paths that a view uses at once */
	RIB_PEERS = 4096, /* peer indexes are below this */
	RIB_GATEWAYS = 256,
};

struct rib;
struct backups; /* group.h */

struct rib_params {
	enum family family;	  /* of all its prefixes */
	struct attr_table *attrs; /* borrowed: outlives the rib */
	/* peer indexes are below this, the instance's own included; at most RIB_PEERS */
	uint16_t nb_peers;
	struct decide_rule rule;
	uint64_t allow; /* the role matrix as one word: rib_allows() */
	/* Does this next hop (attr_keys.next_hop) resolve for routes from this source? Asked of
	 * each path that is announced, of those that use it after rib_next_hop_changed(), and of
	 * all after rib_reconsider(). Never asked of VNet prefixes, which are always usable. */
	bool (*usable)(void *ctx, uint32_t next_hop, const struct source *source);
	/* Asked of a usable one: is it in the views, but announced to nobody while it flaps? NULL:
	 * none is. */
	bool (*quiet)(void *ctx, uint32_t next_hop, const struct source *source);
	/* Does an ExpressRoute gateway, one of our own AS or another one, learn this path's prefix,
	 * so that it counts (rib_set_expressroute_max())? To those in `backups` it is a backup.
	 * Asked when what they may learn of it changes, and of all after rib_seats_review(),
	 * while there is a bound. NULL: each counts. */
	bool (*counts)(void *ctx, const struct path *path, bool ibgp,
		       const struct backups *backups);
	void *ctx;
	/* May all of these members of one group learn more now? What they are to learn waits
	 * until then. NULL: always. */
	bool (*ready)(void *ctx, const uint16_t *peers, uint32_t n);
	uint32_t asn; /* our own */
	/* a prefix shorter than that, but not the default route, takes the FIB long: see
	 * rib_wide_begin() */
	uint8_t wide_len;
	/* By the matrix a path may be announced to that peer. Is it, by whatever else decides?
	 * Asked before a path of the peer's is found to reflect it, and again after
	 * rib_reconsider(). NULL: it is. */
	bool (*announced)(void *ctx, const struct path *path, uint16_t peer);
	/* A path has become a reflection of `announced`: to be reported, changing nothing. NULL: it
	 * is not reported. */
	void (*reflected)(void *ctx, const struct path *path, const struct path *announced);
};

/* NULL: no memory. */
struct rib *rib_new(const struct rib_params *params);
/* Gives back every attribute reference; frees the update groups too. */
void rib_free(struct rib *rib);
/* Of all its prefixes. */
enum family rib_family(const struct rib *rib);

/* May a viewer of role `to` use routes from sources of role `from`? Bit to * 8 + from: the gate's
 * own layout. */
static inline bool rib_allows(uint64_t allow, enum role from, enum role to)
{
	return allow >> (to * 8 + from) & 1;
}

/* --- peers ------------------------------------------------------------------------------------ */

/* Say who `peer` is: before its first path, and again at each session (router ID). If it still has
 * paths of an earlier session (stale or being swept), they are sorted anew by rib_turn(). Role and
 * gateway must stay while it has paths. A new router ID reaches the ORIGINATOR_ID of what is
 * announced already with the next change of the path. */
void rib_source_set(struct rib *rib, uint16_t peer, const struct source *source);
const struct source *rib_source(const struct rib *rib, uint16_t peer);
/* Keep its paths from everybody but the VNets' view, or let them go. Paths that it has already
 * follow with rib_reconsider(). */
void rib_source_hold(struct rib *rib, uint16_t peer, bool held);

/* The session has gone: all its paths are withdrawn, by rib_turn(). It may come back and announce
 * at once; what it announces then stays. */
void rib_peer_down(struct rib *rib, uint16_t peer);
/* Graceful restart (RFC 4724 4.2): what it announced is stale from now on, which every fresh path
 * beats, and still used where there is no other; it is withdrawn when its next hop does not
 * resolve, for good. Announcing a path again refreshes it. What had been stale before is
 * withdrawn. */
void rib_peer_stale(struct rib *rib, uint16_t peer);
/* End-of-RIB or the restart timer: what is still stale is withdrawn, by rib_turn(). */
void rib_peer_sweep(struct rib *rib, uint16_t peer);

bool rib_is_stale(const struct rib *rib, const struct path *path);
uint32_t rib_peer_paths(const struct rib *rib,
			uint16_t peer); /* now in the table, stale ones too */
uint32_t rib_peer_stale_paths(const struct rib *rib, uint16_t peer); /* 0: the sweep is over */
/* Those of its paths that are what we announce to it, come back; `*last`: the prefix of the last
 * one that was found. */
uint32_t rib_peer_reflections(const struct rib *rib, uint16_t peer, struct prefix *last);
/* The path that this one reflects; NULL: none. Borrowed as rib_first() is. */
const struct path *rib_reflected(const struct rib *rib, const struct path *path);
/* The same of a path that `peer` does not announce, for a prefix that has this node: attributes in
 * canonical form. */
const struct path *rib_would_reflect(const struct rib *rib, uint32_t node, uint16_t peer,
				     const uint8_t *wire, uint16_t len);
/* Equal for equal sets of prefixes and AS paths (attrs_digest()); 0 of none. */
uint64_t rib_peer_digest(const struct rib *rib, uint16_t peer);
uint32_t rib_peer_unusable_paths(const struct rib *rib,
				 uint16_t peer); /* their next hops do not resolve */

/* --- changes ---------------------------------------------------------------------------------- */

/* A prefix that has been looked up: whoever needs its node again takes it from here. Good until the
 * next call that changes the rib. */
struct rib_place {
	struct prefix prefix;
	uint32_t node; /* RIB_NONE: nobody announces it, and nobody still has to learn that */
};
struct rib_place rib_place(const struct rib *rib, struct prefix prefix);
/* What there is to look at for up to RIB_FETCH prefixes comes into the cache, all of it together:
 * whoever has several to announce names them before the first, and waits for memory once. */
enum { RIB_FETCH = 32 };
void rib_fetch(const struct rib *rib, const struct prefix *prefixes, size_t n);

/* `peer` announces the prefix with `attrs` (the rib adds a reference). `local_pref`:
 * LOCAL_PREF_DEFAULT, or what a route map set; LOCAL_PREF as received from our gateways is not used
 * (it is theirs to choose exits, not ours). Returns what that was, -ENOMEM and nothing changed. */
enum rib_announced {
	RIB_SAME,    /* known so already: nothing has changed */
	RIB_NEW,     /* there was no such path, or only a stale one */
	RIB_CHANGED, /* the peer has said otherwise in this session */
	/* the same attributes stand elsewhere now: by `local_pref`, or by their next hop */
	RIB_MOVED,
};
int rib_announce_at(struct rib *rib, const struct rib_place *at, uint16_t peer,
		    const struct attrs *attrs, uint32_t local_pref, uint32_t now_s);

/* Returns 1, 0 if there was no such path, -ENOMEM and nothing changed. */
int rib_withdraw_at(struct rib *rib, const struct rib_place *at, uint16_t peer);

/* The same for a prefix that has not been looked up. */
static inline int rib_announce(struct rib *rib, struct prefix prefix, uint16_t peer,
			       const struct attrs *attrs, uint32_t local_pref, uint32_t now_s)
{
	const struct rib_place at = rib_place(rib, prefix);

	return rib_announce_at(rib, &at, peer, attrs, local_pref, now_s);
}
static inline int rib_withdraw(struct rib *rib, struct prefix prefix, uint16_t peer)
{
	const struct rib_place at = rib_place(rib, prefix);

	return rib_withdraw_at(rib, &at, peer);
}

/* Change the decision's rules: every chain is sorted anew by rib_turn(). */
void rib_set_rule(struct rib *rib, struct decide_rule rule);
/* A next hop, by its id in attr_table_next_hops(), came, went, or is reached otherwise: `usable` is
 * asked again of the paths for each prefix that has one by way of it, which is a change for the FIB
 * in any case, by rib_turn(). */
void rib_next_hop_changed(struct rib *rib, uint32_t next_hop);
/* Any next hop may have changed: `usable` is asked again of every path, by rib_turn(). */
void rib_reconsider(struct rib *rib);
/* The matrix changed: announcements follow, by rib_turn(). Views take the word with each question,
 * so the caller decides when they follow. A change while one is still under way begins when that
 * one is through; the latest wins. */
void rib_set_allow(struct rib *rib, uint64_t allow);

/* For a plan: judge a node's paths as if `allow` were the matrix, and sort them so; nothing is
 * announced. If that makes a difference it returns true, and rib_try_end() makes it undone, before
 * anything else is done with the rib. */
bool rib_try(struct rib *rib, uint32_t node, uint64_t allow);
void rib_try_end(struct rib *rib, uint32_t node);

/* The view of `role` cannot carry this prefix, or now it can: until then the role's peers learn no
 * path, as if none were eligible. The node must have paths; the mark stays until the next call, or
 * goes with the last path. 0, or -ENOMEM and nothing changed. */
int rib_set_refused(struct rib *rib, uint32_t node, enum role role, bool refused);

/* ExpressRoute gateways learn at most `max` prefixes that count, VNets' included (UINT32_MAX:
 * no bound); more are held back, and come when others go, by rib_turn(). */
void rib_set_expressroute_max(struct rib *rib, uint32_t max);
uint32_t rib_expressroute_held(const struct rib *rib); /* prefixes held back now */
/* rib_params.counts would answer otherwise now: rib_turn() asks it of each prefix again. While
 * rib_seats_moving(), nothing may be announced to the gateways: a prefix that did not count may
 * count now and have no seat yet, or more prefixes have a seat than there are. */
void rib_seats_review(struct rib *rib);
bool rib_seats_moving(const struct rib *rib);

/* One slice of what is under way, about `budget` prefixes or paths; one that has many paths, or
 * that many groups learn, counts for more. Returns how many it looked at; 0: nothing is
 * left. */
size_t rib_turn(struct rib *rib, size_t budget);
bool rib_settled(const struct rib *rib); /* nothing is under way */
/* A counter of what changes have cost so far beyond the change of a prefix that has few paths; its
 * unit is such a change. Callers that make many changes in a turn bound them by it. */
uint64_t rib_spent(const struct rib *rib);
/* Differs whenever paths, their order or what groups may learn have changed: as long as
 * it stays, so do borrowed paths, and what was computed from them. */
uint64_t rib_version(const struct rib *rib);

/* The changes for the FIB: prefixes whose paths or their order changed, each once until taken, in
 * no order. Writes the nodes of up to `max` of them and returns how many. They stay, with paths or
 * without, until rib_changes_end() says that the FIB has followed, which is before the next call
 * that changes paths, and leaves `nodes` as scratch. */
size_t rib_changes(struct rib *rib, uint32_t *nodes, size_t max);
void rib_changes_end(struct rib *rib, uint32_t *nodes, size_t n);
size_t rib_changes_waiting(const struct rib *rib);

/* While `sources` is not 0, what rib_announce_at() announces is put off: it is counted, and shown,
 * but decided on later, so that it is no change for the FIB, and nobody learns it, before. It is
 * decided on when so many peers have announced the prefix, by rib_release(), or when something else
 * asks for it: the peer says otherwise while nothing is put off, or all is looked at anew. What is
 * withdrawn is not put off. */
void rib_put_off(struct rib *rib, uint16_t sources);
size_t rib_put_off_count(const struct rib *rib); /* prefixes */
/* Decide on about `max` of these prefixes, those first that have waited for the longest time, as
 * far as that is known. Returns how many that were. */
size_t rib_release(struct rib *rib, size_t max);

/* Wide prefixes (rib_params.wide_len) are not among those: each is taken by itself, and its node
 * stays, with paths or without, until rib_wide_end() says that the FIB has followed it. Till then
 * no member of a group learns it. One that changes meanwhile comes again. RIB_NONE: none has
 * changed. */
uint32_t rib_wide_begin(struct rib *rib);
void rib_wide_end(struct rib *rib);
/* Have the FIB look at a wide prefix again. -ENOMEM: it will not. */
int rib_wide_add(struct rib *rib, uint32_t node);
bool rib_is_wide(const struct rib *rib, uint32_t node);
bool rib_wide_waiting(const struct rib *rib);
/* A counter of rounds: it grows when all wide prefixes that waited when it last grew have been
 * taken, however many have come since. */
uint64_t rib_wide_rounds(const struct rib *rib);

/* --- reading ---------------------------------------------------------------------------------- */

/* The node of a prefix, or RIB_NONE if it has no path. */
uint32_t rib_find(const struct rib *rib, struct prefix prefix);
struct prefix rib_prefix(const struct rib *rib, uint32_t node);

/* The roles whose views cannot carry it: a bit each. */
uint8_t rib_refused(const struct rib *rib, uint32_t node);
uint32_t rib_refused_prefixes(const struct rib *rib); /* that some view cannot carry. O(1) */

/* How many paths it has. O(1). */
uint32_t rib_paths(const struct rib *rib, uint32_t node);
/* The chain of a node, best first; NULL at its end. Borrowed until the next call that changes the
 * rib. */
const struct path *rib_first(const struct rib *rib, uint32_t node);
const struct path *rib_following(const struct rib *rib, const struct path *path);
/* The path of one peer, or NULL; if it is PATH_UNDECIDED, the peer has no other there. */
const struct path *rib_path(const struct rib *rib, uint32_t node, uint16_t peer);
/* What it has said last, be it decided on or not, or NULL. */
const struct path *rib_said(const struct rib *rib, uint32_t node, uint16_t peer);
/* The last of a prefix that has been looked up; and has it any path? */
static inline bool rib_has_paths(const struct rib *rib, const struct rib_place *at)
{
	return at->node != RIB_NONE && rib_first(rib, at->node);
}
static inline const struct path *rib_said_at(const struct rib *rib, const struct rib_place *at,
					     uint16_t peer)
{
	return at->node == RIB_NONE ? NULL : rib_said(rib, at->node, peer);
}
/* Why `path` stands where it does: the rule by which it beats the next one if it is the first, else
 * the rule by which it lost to the first. */
enum decide_reason rib_reason(const struct rib *rib, const struct path *path);
/* By which rule one of two paths of a prefix beats the other. */
enum decide_reason rib_versus(const struct rib *rib, const struct path *a, const struct path *b);

/* Walk the whole table: `*cursor` begins at 0. Looks at up to `max` slots, writes the nodes that
 * have paths to `nodes` (room for `max`) and returns how many; `*cursor` is 0 again at the end.
 * What is announced behind the cursor is not seen; nothing is seen twice unless it went and came
 * again. */
size_t rib_walk(const struct rib *rib, uint32_t *cursor, uint32_t *nodes, size_t max);

/* The ECMP set of a prefix for a viewer of `role` under matrix `allow`: the best path that it may
 * use and those equal to it, one for each next hop, ordered by its address. Returns how many, at
 * most RIB_ECMP; 0: no route. A VNet prefix stands alone. Borrowed as rib_first() is. */
unsigned int rib_best_for_role(const struct rib *rib, uint32_t node, enum role role, uint64_t allow,
			       const struct path *best[RIB_ECMP]);
/* The sets one after the other: `*last` is NULL for the best one, and then the last path that was
 * looked at, so that the next call has the best of what stands behind it. Its next hops may be
 * those of a set before it. */
unsigned int rib_next_for_role(const struct rib *rib, uint32_t node, enum role role, uint64_t allow,
			       const struct path **last, const struct path *best[RIB_ECMP]);

/* Where an address of the rib's family that is on link nowhere is reached (RFC 4271 9.1.2.1): the
 * longest prefix around it for which sources of `role` have paths that may be used, and of these
 * paths the best and those equal to it, one for each next hop, ordered by its address. Returns how
 * many, at most RIB_ECMP; 0: no route leads to it. `*last` is as rib_next_for_role() has it:
 * another call with it has the next best of the same prefix. Borrowed as rib_first() is. Sources
 * that are `behind` are passed over: what resolves an address is on link itself, so that nothing
 * resolves through itself, or through what resolves through it. Held ones are, too: not everybody
 * may follow their routes. So is the default route, which says nothing of an address. As many
 * prefixes are looked up as an address has bits, at most. */
unsigned int rib_resolve(const struct rib *rib, struct addr addr, enum role role,
			 const struct path **last, const struct path *ways[RIB_ECMP]);

/* Prefixes with at least one path. O(1). */
size_t rib_prefixes(const struct rib *rib);

struct rib_counts {
	size_t prefixes; /* with at least one path */
	size_t gone;	 /* without any path, kept until all who knew of them have learned that */
	size_t paths;
	size_t bytes; /* the rib's own memory: slabs, hash, groups; not the attribute table */
};
struct rib_counts rib_counts(const struct rib *rib);

#ifdef __cplusplus
}
#endif
#endif
