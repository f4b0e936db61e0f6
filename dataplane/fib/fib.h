/* The FIB: what both processes share. The dataplane (EAL primary) creates it in hugepage memory,
 * control (secondary) finds it there and is its one writer; forwarding lcores only read. It knows
 * roles only as numbers (`view`), prefixes only as address and length, and nothing of BGP.
 *
 *   fib ── generation[2] ── view[ingress role] ── rte_lpm: prefix → path-list index (24 bits)
 *    │          │                └─ miss: what the default route means, index 0 if there is none
 *    │          ├─ path_list[index] ── up to 16 adjacency indexes, flow hash → one; a backup
 *    │          └─ adjacency[index] ── one cache line: rewrite, port, MTU, egress role, action
 *    ├─ active   which generation the readers use
 *    ├─ gate     bit (ingress role, egress role): may packets pass
 *    └─ qsbr     one grace period for all of it
 *
 * A reader takes the active generation once a burst, holds nothing past its quiescent state, and
 * takes no lock. Writers' calls return 0 or -errno and change nothing when they fail. */
#ifndef BASCULE_FIB_H
#define BASCULE_FIB_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_lpm.h>
#include <rte_rcu_qsbr.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	FIB_VIEWS = 8, /* roles that the gate's 64 bits have room for */
	FIB_PORTS = 32,
	FIB_PORT_NAME = 32,
	FIB_NAME = 24,		  /* of the memory zone, with its NUL */
	FIB_SEEDS = 1024,	  /* local and connected entries of all ports */
	FIB_PATH_LISTS = 65536,	  /* per generation */
	FIB_ADJACENCIES = 16384,  /* per generation */
	PATH_LIST_MEMBERS = 16,	  /* ECMP width */
	PATH_LIST_BUCKETS = 64,	  /* flow hash slots, spread over the members */
	FIB_BURST = 64,		  /* most addresses to one fib_lookup_burst(): a bit each */
	FIB_LPM_VALUE = 0xffffff, /* of an entry: a path-list, or a tbl8 group */
};

/* The memory zone's name, under the instance's file prefix: fib_create() and fib_attach() are given
 * it. */
#define FIB_ZONE "bascule_fib"

/* --- adjacency -------------------------------------------------------------------------------- */

/* What a worker does with a packet that resolves here. 0 drops, so a zeroed entry is safe. */
enum adjacency_action {
	ADJACENCY_DROP,	 /* no route, or retired */
	ADJACENCY_LOCAL, /* ours: punt */
	/* on link behind `port`: look the host up in the neighbour table, or have it resolved */
	ADJACENCY_GLEAN,
	ADJACENCY_FORWARD,    /* `rewrite` is good */
	ADJACENCY_UNRESOLVED, /* claimed; no MAC address yet or any more: drop and count */
	ADJACENCY_BROADCAST,  /* a subnet's broadcast address: drop and count (RFC 2644) */
};

/* All that a worker needs to send to one neighbour: one line, one miss. Workers only read it.
 * `rewrite` is written with one aligned 16-octet store and `action` after it, so that a reader sees
 * an old MAC address or a new one, never half of each. Control writes the key when it claims the
 * slot; the dataplane's main lcore writes the rest. */
struct __rte_cache_aligned adjacency {
	uint8_t rewrite[16]; /* destination MAC, source MAC, EtherType, as on the wire; 2 unused */
	uint16_t port;	     /* DPDK port id */
	uint16_t mtu;	     /* octets of IP packet, header included */
	uint8_t action;	     /* enum adjacency_action; atomic */
	uint8_t egress_role; /* what the gate asks for */
	uint8_t claimed;     /* 1: by control; atomic: stored last by a claim, first by a release */
	uint8_t reserved;
	uint32_t gateway; /* host order: the neighbour to resolve on `port` */
};
static_assert(sizeof(struct adjacency) == RTE_CACHE_LINE_SIZE, "one adjacency, one line");

/* --- path-list -------------------------------------------------------------------------------- */

/* A set of equal paths. Immutable once a prefix points at it. Single-path lists, nearly all, need
 * only the first line. Bucket b holds the member that flows with hash % 64 == b take; taking a
 * member out moves only its own buckets, and its return gives them back. */
struct __rte_cache_aligned path_list {
	uint16_t nb_members;		    /* 0: drop */
	uint16_t member[PATH_LIST_MEMBERS]; /* adjacency indexes; of one alone, member[0] is read */
	uint16_t
		/* not for readers: it is in its writer's table, for the writer's successor to
		 * see */
		held;
	/* the path-list to follow while no member forwards; it has no backup itself */
	uint32_t backup;
	uint16_t reserved[12];
	uint8_t bucket[PATH_LIST_BUCKETS]; /* index into member[] */
};
static_assert(sizeof(struct path_list) == 2 * RTE_CACHE_LINE_SIZE, "one or two lines");

/* Indexes that every generation has. Path-list and adjacency 0 drop: a zeroed table forwards
 * nothing. */
enum { PATH_LIST_NONE = 0, ADJACENCY_NONE = 0 };

/* --- the shared memory ------------------------------------------------------------------------ */

struct fib_view {
	struct rte_lpm *lpm;	    /* NULL: this role has no port */
	uint32_t default_path_list; /* depth 0 lives here, not in the table; atomic */
};

struct fib_generation {
	struct fib_view view[FIB_VIEWS];
	struct path_list *path_lists;  /* FIB_PATH_LISTS of them */
	struct adjacency *adjacencies; /* FIB_ADJACENCIES of them */
	uint32_t adjacencies_end;      /* none from here up was claimed since the reset; atomic */
};

/* An entry that is there before and without control: our own addresses and the connected subnets.
 * Each seed i has adjacency and path-list i + 1 in both generations. */
struct fib_seed {
	uint32_t addr; /* host order */
	uint8_t len;
	uint8_t action; /* ADJACENCY_LOCAL, _GLEAN or _BROADCAST */
	uint8_t egress_role;
	uint16_t port; /* DPDK port id */
	uint16_t mtu;
};

/* What control needs to know of a port. Written by the dataplane before fib_ready(), but for
 * `up`. */
struct fib_port {
	char name[FIB_PORT_NAME]; /* as configured */
	uint16_t port;		  /* DPDK port id */
	uint16_t mtu;
	uint8_t role;
	uint8_t up;	     /* link state; atomic */
	uint8_t disputed;    /* somebody keeps changing its LCP interface; atomic */
	uint8_t device_lost; /* the kernel device under it was deleted; atomic */
	uint16_t mtu_now;    /* mtu, or less: what the device takes; 0: as mtu; atomic */
};

/* Who may send packets of the BGP punt class, and by which port: written by control, read by
 * workers for TCP/179 to us alone. */
enum { FIB_PEERS = 4096 }; /* slots: a power of two, at least twice what the configuration allows */

struct fib_peer {
	uint32_t addr; /* host order, not 0 */
	uint16_t port; /* DPDK port id */
};

enum { FIB_HANDOVER = 64 }; /* words */

struct fib {
	uint64_t magic; /* of this layout; stored last by fib_ready() */
	char name[FIB_NAME];
	uint32_t dataplane_pid;
	uint32_t tbl8_groups; /* of each table */
	uint32_t nb_ports, nb_seeds;
	struct fib_port ports[FIB_PORTS];
	struct fib_seed seeds[FIB_SEEDS];
	struct fib_generation generation[2];
	/* address (host order) and port in one atomic word; open addressing by address, 0: empty */
	uint64_t peers[2][FIB_PEERS];
	/* From control to the control that comes after it, as long as there is what it has
	 * programmed. */
	uint32_t handover[FIB_HANDOVER];

	/* Bit ingress * 8 + egress; all closed until control says otherwise; atomic. */
	uint64_t gate __rte_cache_aligned;
	uint32_t peers_version; /* peers[peers_version % 2] is in force; atomic */

	uint32_t active __rte_cache_aligned; /* 0 or 1; atomic */
	uint32_t published; /* how often fib_publish() ran: 0 = control was never here; atomic */
	struct rte_rcu_qsbr *qsbr; /* thread ids are lcore ids */
};

struct fib_params {
	const char *name;     /* of the memory zone; table names begin with it */
	uint8_t views;	      /* bit mask of the roles that have a port */
	uint32_t tbl8_groups; /* per view and generation; at least 8 */
	uint32_t max_threads; /* QSBR thread ids: RTE_MAX_LCORE */
	int socket_id;
};

/* --- primary: once, before forwarding --------------------------------------------------------- */

/* Create the FIB, closed, empty and invisible to control: 64 MB a view and generation, and 19 MB.
 * -EEXIST, -ENOMEM (hugepages), -EINVAL, -ENAMETOOLONG (FIB_NAME), or what librte_lpm says;
 * -ENOTSUP if the self-test finds that this librte_lpm is not laid out as our writer assumes. */
int fib_create(const struct fib_params *params, struct fib **fib);
/* Add an entry that is there without control, in every view. Before fib_ready() only. -ENOSPC;
 * -EINVAL: action, role, length (1..32) or host bits; -EEXIST: that prefix is seeded already. */
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
/* The port with this DPDK port id, or as configured with this name; NULL: there is none. */
const struct fib_port *fib_port_find(const struct fib *fib, uint16_t port);
const struct fib_port *fib_port_named(const struct fib *fib, const char *name);

/* --- reader: lockless, any registered forwarding lcore
 * --------------------------------------------------------- Control maps the memory too, and could
 * spoil it: whatever index comes from there is bounded by one AND or compare, so that a reader may
 * send a packet astray or drop it, but never looks outside the tables. */

static_assert(!(FIB_PATH_LISTS & (FIB_PATH_LISTS - 1)) &&
		      !(FIB_ADJACENCIES & (FIB_ADJACENCIES - 1)) &&
		      !(PATH_LIST_MEMBERS & (PATH_LIST_MEMBERS - 1)),
	      "a remainder is an AND");

static inline const struct fib_generation *fib_active(const struct fib *fib)
{
	return &fib->generation[__atomic_load_n(&fib->active, __ATOMIC_ACQUIRE) % 2];
}

/* Longest-prefix match of `n` <= FIB_BURST host-order addresses; path_list[i] is an index that is
 * always valid. It is rte_lpm_lookup_bulk() but for one compare where an entry names a tbl8 group:
 * `groups` is how many the table has, as the reader was told at its start and keeps for itself
 * (fib->tbl8_groups lies where a stray store could reach it, too). Returns a bit for each address
 * whose entry names a group past the end; its path-list is PATH_LIST_NONE. */
static inline uint64_t fib_lookup_burst(const struct fib_view *view, uint32_t groups,
					const uint32_t *dst, uint32_t *path_list, uint16_t n)
{
	uint32_t miss = __atomic_load_n(&view->default_path_list, __ATOMIC_RELAXED);
	const uint32_t *tbl24 = (const uint32_t *)view->lpm->tbl24;
	const uint32_t *tbl8 = (const uint32_t *)view->lpm->tbl8;
	uint64_t spoilt = 0;

	for (uint16_t i = 0; i < n; i++) {
		uint32_t entry = __atomic_load_n(&tbl24[dst[i] >> 8], __ATOMIC_RELAXED);

		if (unlikely((entry & RTE_LPM_VALID_EXT_ENTRY_BITMASK) ==
			     RTE_LPM_VALID_EXT_ENTRY_BITMASK)) {
			uint32_t group = entry & FIB_LPM_VALUE;

			if (likely(group < groups)) {
				entry = __atomic_load_n(
					&tbl8[group * RTE_LPM_TBL8_GROUP_NUM_ENTRIES +
					      (uint8_t)dst[i]],
					__ATOMIC_RELAXED);
			} else {
				entry = RTE_LPM_LOOKUP_SUCCESS | PATH_LIST_NONE;
				spoilt |= UINT64_C(1) << i;
			}
		}
		path_list[i] = (entry & RTE_LPM_LOOKUP_SUCCESS ? entry : miss) % FIB_PATH_LISTS;
	}
	return spoilt;
}

static inline const struct adjacency *fib_adjacency(const struct fib_generation *generation,
						    uint16_t index)
{
	return &generation->adjacencies[index % FIB_ADJACENCIES];
}

/* The adjacency index that a flow takes. `hash` matters only if the list has several members. */
static inline uint16_t path_list_member(const struct path_list *list, uint32_t hash)
{
	return list->member[list->bucket[hash % PATH_LIST_BUCKETS] % PATH_LIST_MEMBERS];
}

/* The buckets that flows of `bucket` look at, the own one first (`i` 0), all in 64 steps. How far a
 * step goes depends on the bucket, so that those of one member, which often lie at equal distances,
 * come to different ones. */
static inline uint32_t path_list_step(uint32_t bucket, uint32_t i)
{
	return (bucket + i * (bucket * 215 >> 3 | 1)) % PATH_LIST_BUCKETS;
}

/* The next hop that a flow takes has been lost: the adjacency that it takes instead, for as long as
 * need be. It is the member of the first bucket (path_list_step()) whose member forwards, or if
 * none does, the same of the backup; so the flows of the lost member are spread over those that are
 * left, and each stays where it went. NULL: nothing forwards. At most two times 64 buckets,
 * whatever the number of prefixes, and without control. */
const struct adjacency *fib_repair(const struct fib_generation *generation,
				   const struct path_list *list, uint32_t hash);

static inline bool fib_gate_open(uint64_t gate, uint8_t ingress, uint8_t egress)
{
	return gate >> (ingress % FIB_VIEWS * FIB_VIEWS + egress % FIB_VIEWS) & 1;
}

/* The DPDK port that the configured BGP peer `addr` (host order) is behind; -1: it is none. Bounded
 * probe. */
int fib_peer_port(const struct fib *fib, uint32_t addr);

/* --- writer: one thread of control ------------------------------------------------------------ */

/* The writer's side of one generation: rule stores, free lists, hash-consed path-lists. Heap memory
 * of the writer; a writer that dies leaves a generation that its successor resets, never one that
 * it edits. */
struct fib_writer;

struct fib_stats {
	uint32_t routes[FIB_VIEWS]; /* seeds not counted */
	uint32_t tbl8_used[FIB_VIEWS], tbl8_groups;
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

/* Route `addr`/`len` of `view` to path-list `list` (a reference that the caller holds for as long
 * as the route points there). Replaces what was there. -ENOSPC: no tbl8 group free (some may return
 * after a grace period) or no memory for the rule; -EINVAL: no such view, length or host bits. A
 * seed of the same prefix is hidden, not lost. */
int fib_set(struct fib_writer *writer, uint8_t view, uint32_t addr, uint8_t len, uint32_t list);
/* Take the route out; what it hid (a shorter route, a seed) shows again. -ENOENT. */
int fib_del(struct fib_writer *writer, uint8_t view, uint32_t addr, uint8_t len);
/* The same in slices, for a prefix shorter than FIB_WIDE, but not the default route: it covers too
 * much of the table to be written at once. Until fib_step() says so, readers find the new path-list
 * or what they found before, so the caller keeps its reference to what the prefix pointed to; no
 * other such prefix of the view may be changed meanwhile, longer ones may. A longer prefix is
 * through at once. */
enum { FIB_WIDE = 16 };
int fib_set_begin(struct fib_writer *writer, uint8_t view, uint32_t addr, uint8_t len,
		  uint32_t list);
int fib_del_begin(struct fib_writer *writer, uint8_t view, uint32_t addr, uint8_t len);
/* Write about `max` entries of it. True: it is through, or there was nothing to write. */
bool fib_step(struct fib_writer *writer, uint8_t view, uint32_t max);
/* What fib_set() last stored for exactly this prefix. -ENOENT. */
int fib_get(const struct fib_writer *writer, uint8_t view, uint32_t addr, uint8_t len,
	    uint32_t *list);

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

/* The adjacency of neighbour `gateway` (host order) on DPDK port `port` for routes of role
 * `egress_role`: one for each such triple, counted. The dataplane resolves it in its own time.
 * -ENOSPC, -ENODEV: no such port, -EINVAL: no such role. Gateway 0 claims a glean adjacency: the
 * hosts behind `port` are on link, and the dataplane leaves it as it is. */
int fib_adjacency_claim(struct fib_writer *writer, uint32_t gateway, uint16_t port,
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
