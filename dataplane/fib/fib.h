/* The FIB: what both processes share. The dataplane (EAL primary) creates it in hugepage memory,
 * control (secondary) finds it there and is its one writer; forwarding lcores only read. It knows
 * roles only as numbers (`view`), prefixes only as address and length, and nothing of BGP.
 *
 *   fib ── generation[2] ── view[ingress role] ── rte_lpm, trie6: prefix → path-list index
 *    │          │                └─ miss: what the default route means, index 0 if there is none
 *    │          ├─ path_list[index] ── up to 16 adjacency indexes, flow hash → one; a backup
 *    │          └─ adjacency[index] ── one cache line: rewrite, port, MTU, egress role, action
 *    ├─ active   which generation the readers use
 *    ├─ gate     bit (ingress role, egress role): may packets pass
 *    └─ qsbr     one grace period for all of it
 *
 * How it lies there is fib_layout.h's, what readers do fib_lookup.h's. Writers' calls return 0 or
 * -errno and change nothing when they fail. */
#ifndef BASCULE_FIB_H
#define BASCULE_FIB_H

#include <stdbool.h>
#include <stdint.h>

#include "fib_layout.h"
#include "fib_lookup.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The memory zone's name, under the instance's file prefix: fib_create() and fib_attach() are given
 * it. */
#define FIB_ZONE "bascule_fib"

struct fib_params {
	const char *name;     /* of the memory zone; table names begin with it */
	uint8_t views;	      /* bit mask of the roles that have a port */
	uint32_t tbl8_groups; /* per view and generation; at least 8 */
	uint32_t max_threads; /* QSBR thread ids: RTE_MAX_LCORE */
	int socket_id;
	uint8_t views6; /* those of `views` that have a port with IPv6 */
	/* per view and generation of IPv6, if there is any: a power of two, at most
	 * TRIE6_GROUPS_MAX */
	uint32_t trie6_groups;
};

/* --- primary: once, before forwarding --------------------------------------------------------- */

/* Create the FIB, closed, empty and invisible to control: 19 MB; a view and generation 64 MB and 1
 * KB a group, and one of `views6` 256 KB and 64 octets a group more. (A writer takes 128 octets a
 * group and 512 KB of its own heap for each of these.)
 * -EEXIST, -ENOMEM (hugepages), -EINVAL, -ENAMETOOLONG (FIB_NAME), or what librte_lpm says;
 * -ENOTSUP if the self-test finds that this librte_lpm is not laid out as our writer assumes. */
int fib_create(const struct fib_params *params, struct fib **fib);
/* Add an entry that is there without control, in every view. Before fib_ready() only. -ENOSPC;
 * -EINVAL: action, role, length (1 or more) or host bits; -EEXIST: that prefix is seeded
 * already. */
int fib_seed(struct fib *fib, const struct fib_seed *seed);
/* Tell control of a port. Before fib_ready() only. -ENOSPC; -EINVAL: role; -EEXIST: that port was
 * added already. */
int fib_port_add(struct fib *fib, const struct fib_port *port);
/* Write the seeds into both generations and let control attach. -ENOMEM; -ENOSPC: more tbl8 groups
 * are needed. */
int fib_ready(struct fib *fib);
/* Give all memory back. Nobody may be reading or writing. */
void fib_destroy(struct fib *fib);

/* --- secondary -------------------------------------------------------------------------------- */

/* -ENOENT: no such dataplane; -EAGAIN: not ready yet; -EPROTO: built with another layout. */
int fib_attach(const char *name, struct fib **fib);
/* Does this role have a table of the family? */
static inline bool fib_view_has(const struct fib_view *view, enum fib_family family)
{
	return family == FIB_IP4 ? view->lpm != NULL : view->trie6 != NULL;
}
/* Two programs with the same number may share a FIB. */
uint64_t fib_layout(void);
/* The port with this id, or as configured with this name; NULL: there is none. */
const struct fib_port *fib_port_find(const struct fib *fib, uint16_t port);
const struct fib_port *fib_port_named(const struct fib *fib, const char *name);

/* --- writer: one thread of control ------------------------------------------------------------ */

/* The writer's side of one generation: rule stores, free lists, hash-consed path-lists. Heap memory
 * of the writer; a writer that dies leaves a generation that its successor resets, never one that
 * it edits. */
struct fib_writer;

struct fib_stats {
	uint32_t routes[FIB_FAMILIES][FIB_VIEWS]; /* seeds not counted */
	/* of the table: tbl8 groups, or those of trie6 */
	uint32_t groups_used[FIB_FAMILIES][FIB_VIEWS], groups[FIB_FAMILIES];
	uint32_t path_lists, adjacencies;
	uint64_t changes, refused; /* fib_set()/fib_del() done; refused for want of room */
};

/* Begin on the spare generation: reset it to the seed. Takes some 10 ms a view, and before it at
 * most 2 s for those readers to leave that still hold it. -EAGAIN: they did not (a forwarding lcore
 * hangs); -ENOMEM. */
int fib_writer_open(struct fib *fib, struct fib_writer **writer);
void fib_writer_close(struct fib_writer *writer); /* the generation stays as it is */

/* Make this writer's generation the active one, with one store. Later changes go to it live. */
void fib_publish(struct fib_writer *writer);
bool fib_published(const struct fib_writer *writer);

/* Route `prefix` of `view` to path-list `list` (a reference that the caller holds for as long as
 * the route points there). Replaces what was there. -ENOSPC: too few groups free (some may return
 * after a grace period) or no memory for the rule; -EINVAL: no such view of that family, length or
 * host bits. A seed of the same prefix is hidden, not lost.
 *
 * Here and below, a prefix is a value to the caller, and goes on by its address: a copy of it would
 * be read in wider words than it was written in, which the CPU waits for. */
int fib_prefix_set(struct fib_writer *writer, uint8_t view, const struct fib_prefix *prefix,
		   uint32_t list);
static inline int fib_set(struct fib_writer *writer, uint8_t view, struct fib_prefix prefix,
			  uint32_t list)
{
	return fib_prefix_set(writer, view, &prefix, list);
}
/* Take the route out; what it hid (a shorter route, a seed) shows again. -ENOENT. */
int fib_prefix_del(struct fib_writer *writer, uint8_t view, const struct fib_prefix *prefix);
static inline int fib_del(struct fib_writer *writer, uint8_t view, struct fib_prefix prefix)
{
	return fib_prefix_del(writer, view, &prefix);
}
/* The same in slices, for a wide prefix, which may cover too much of the table to be written at
 * once: one shorter than FIB_WIDE4 or FIB_WIDE6, but not the default route. Until fib_step() says
 * so, readers find the new path-list or what they found before, so the caller keeps its reference
 * to what the prefix pointed to. No other wide prefix of the table may be changed meanwhile; longer
 * ones may, and are through at once. */
enum { FIB_WIDE4 = 16, FIB_WIDE6 = 24 };
static inline bool fib_is_wide(const struct fib_prefix *prefix)
{
	return prefix->len && prefix->len < (prefix->family == FIB_IP4 ? FIB_WIDE4 : FIB_WIDE6);
}
int fib_prefix_set_begin(struct fib_writer *writer, uint8_t view, const struct fib_prefix *prefix,
			 uint32_t list);
static inline int fib_set_begin(struct fib_writer *writer, uint8_t view, struct fib_prefix prefix,
				uint32_t list)
{
	return fib_prefix_set_begin(writer, view, &prefix, list);
}
int fib_prefix_del_begin(struct fib_writer *writer, uint8_t view, const struct fib_prefix *prefix);
static inline int fib_del_begin(struct fib_writer *writer, uint8_t view, struct fib_prefix prefix)
{
	return fib_prefix_del_begin(writer, view, &prefix);
}
/* Write about `max` entries of it. True: it is through, or there was nothing to write. */
bool fib_step(struct fib_writer *writer, uint8_t view, enum fib_family family, uint32_t max);
/* What fib_set() last stored for exactly this prefix. -ENOENT. */
int fib_prefix_get(const struct fib_writer *writer, uint8_t view, const struct fib_prefix *prefix,
		   uint32_t *list);
static inline int fib_get(const struct fib_writer *writer, uint8_t view, struct fib_prefix prefix,
			  uint32_t *list)
{
	return fib_prefix_get(writer, view, &prefix, list);
}

/* What the calls above look at first for this prefix comes into the cache meanwhile: whoever has
 * several to change names them all before the first, and waits for memory once. */
void fib_prefix_fetch(const struct fib_writer *writer, uint8_t view,
		      const struct fib_prefix *prefix);
static inline void fib_fetch(const struct fib_writer *writer, uint8_t view,
			     struct fib_prefix prefix)
{
	fib_prefix_fetch(writer, view, &prefix);
}

/* The one path-list with exactly these members, a set of 1..16 adjacency indexes in any order; made
 * if need be. Adds a reference. `like`, or PATH_LIST_NONE, names the list that flows use now: if
 * one has to be made, shared members keep their buckets; a set that was in use of late, by the
 * control before us too, is dealt as it was then. -ENOSPC; -EINVAL: not such a set, or nobody holds
 * `like`. */
int fib_path_list_get(struct fib_writer *writer, const uint16_t *members, uint16_t n, uint32_t like,
		      uint32_t *list);
/* The one path-list that deals flows as `list` does and has `backup` for the time when none of its
 * members forwards: both without a backup of their own, and held by the caller for the call. Adds a
 * reference. -ENOSPC: half of all path-lists are in use, and the other half is for routes, which
 * come before their protection; -EINVAL. */
int fib_path_list_protect(struct fib_writer *writer, uint32_t list, uint32_t backup,
			  uint32_t *protected_list);
/* Give a reference back; the index is reused after the last one and a grace period. */
void fib_path_list_put(struct fib_writer *writer, uint32_t list);

/* The adjacency of neighbour `gateway` on DPDK port `port` for routes of role `egress_role`, of
 * either family whatever the neighbour's (RFC 8950): one for each such triple, counted. The
 * dataplane resolves it in its own time. -ENOSPC, -ENODEV: no such port, -EINVAL: no such role.
 * Nobody's address claims a glean adjacency: the hosts behind `port` are on link, and the dataplane
 * leaves it as it is. */
int fib_adjacency_claim(struct fib_writer *writer, struct fib_addr gateway, uint16_t port,
			uint8_t egress_role, uint16_t *index);
void fib_adjacency_release(struct fib_writer *writer, uint16_t index);
/* Is there one to claim for a neighbour that has none? */
bool fib_adjacency_free(const struct fib_writer *writer);
/* Does it forward now? */
bool fib_adjacency_resolved(const struct fib_writer *writer, uint16_t index);

/* Are two claimed adjacencies of one neighbour, for routes of different roles: resolved and lost
 * together? */
bool fib_adjacency_same(const struct fib_writer *writer, uint16_t a, uint16_t b);

/* Return what has seen its grace period to the free lists. Bounded, never waits; call once a
 * turn. */
void fib_reclaim(struct fib_writer *writer);

void fib_gate_set(struct fib *fib, uint64_t gate);
/* Has every reader been quiescent since? Then what was stored before the begin, the gate for one,
 * holds for every packet that is sent from now on. Never waits. A token is not 0. */
uint64_t fib_grace_begin(struct fib *fib);
bool fib_grace_over(struct fib *fib, uint64_t token);
/* Replace the set of configured peers; an address is behind one port. Readers meet the old set or
 * the new one. -ENOSPC; -EINVAL: address 0. */
int fib_peers_set(struct fib *fib, const struct fib_peer *peers, uint32_t n);

void fib_stats_get(const struct fib_writer *writer, struct fib_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
