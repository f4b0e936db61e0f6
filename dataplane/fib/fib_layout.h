/* The shared memory of the FIB: what lies where, who writes it, and which words are atomic. */
#ifndef BASCULE_FIB_LAYOUT_H
#define BASCULE_FIB_LAYOUT_H

#include <stdint.h>

#include <rte_common.h>
#include <rte_lpm.h>
#include <rte_rcu_qsbr.h>

#include "fib_prefix.h"

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

static_assert(!(FIB_PATH_LISTS & (FIB_PATH_LISTS - 1)) &&
		      !(FIB_ADJACENCIES & (FIB_ADJACENCIES - 1)) &&
		      !(PATH_LIST_MEMBERS & (PATH_LIST_MEMBERS - 1)),
	      "a remainder is an AND");

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

enum {
	ADJACENCY_MACS = 12, /* octets of `rewrite` that a frame gets */
	ADJACENCY_TAIL = 14, /* where the last 2 of the destination lie once more */
};

/* All that a worker needs to send to one neighbour: one line, one miss. Workers only read it.
 * `rewrite` is written with one aligned 16-octet store and `action` after it, so that a reader sees
 * an old MAC address or a new one, never half of each. Control writes the key when it claims the
 * slot; the dataplane's main lcore writes the rest. */
struct __rte_cache_aligned adjacency {
	/* destination MAC, source MAC, as on the wire; nothing, for packets of either family go
	 * this way, each with its own EtherType; the destination's last 2 octets */
	uint8_t rewrite[16];
	uint16_t port;	     /* port id */
	uint16_t mtu;	     /* octets of IP packet, header included */
	uint8_t action;	     /* enum adjacency_action; atomic */
	uint8_t egress_role; /* what the gate asks for */
	uint8_t claimed;     /* 1: by control; atomic: stored last by a claim, first by a release */
	uint8_t reserved;
	struct fib_addr gateway; /* the neighbour to resolve on `port` */
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

struct trie6_shared;

struct fib_view {
	struct rte_lpm *lpm;	    /* NULL: this role has no port */
	struct trie6_shared *trie6; /* NULL: nor one with IPv6 */
	/* by family: depth 0 lives here, not in the table; atomic */
	uint32_t default_path_list[FIB_FAMILIES];
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
	struct fib_prefix prefix;
	uint8_t action; /* ADJACENCY_LOCAL, _GLEAN or _BROADCAST */
	uint8_t egress_role;
	uint16_t port; /* port id */
	uint16_t mtu;
};

/* What control needs to know of a port. Written by the dataplane before fib_ready(), but for
 * `up`. */
struct fib_port {
	char name[FIB_PORT_NAME]; /* as configured */
	uint16_t port;		  /* port id */
	uint16_t mtu;
	uint8_t role;
	uint8_t up;		  /* link state; atomic */
	uint8_t disputed;	  /* somebody keeps changing its LCP interface; atomic */
	uint8_t device_lost;	  /* the kernel device under it was deleted; atomic */
	uint16_t mtu_now;	  /* mtu, or less: what the device takes; 0: as mtu; atomic */
	uint8_t members;	  /* of its bond, or 0, and */
	uint8_t members_carrying; /* how many of them carry traffic; atomic */
	/* one of its addresses that another host on the link has too; nobody's: none; words are
	 * atomic, one by one */
	uint64_t duplicate[2];
};

static inline void fib_port_duplicate_set(struct fib_port *port, const struct fib_addr *addr)
{
	uint64_t word[2];

	memcpy(word, addr, sizeof(word));
	for (int i = 0; i < 2; i++)
		__atomic_store_n(&port->duplicate[i], word[i], __ATOMIC_RELAXED);
}

static inline struct fib_addr fib_port_duplicate(const struct fib_port *port)
{
	struct fib_addr addr;
	uint64_t word[2];

	for (int i = 0; i < 2; i++)
		word[i] = __atomic_load_n(&port->duplicate[i], __ATOMIC_RELAXED);
	memcpy(&addr, word, sizeof(addr));
	return addr;
}

/* Who may send packets of the BGP punt class, and by which port: written by control, read by
 * workers for TCP/179 to us alone. */
enum { FIB_PEERS = 4096 }; /* slots: a power of two, at least twice what the configuration allows */

struct fib_peer {
	struct fib_addr addr; /* not nobody's */
	uint16_t port;	      /* port id */
};

/* A place for one: its address, and its port plus 1. All 0: it is empty. Words are atomic, one by
 * one. */
struct fib_peer_slot {
	uint64_t addr[2], port;
};

enum { FIB_HANDOVER = 64 }; /* words */

struct fib {
	uint64_t magic; /* of this layout; stored last by fib_ready() */
	char name[FIB_NAME];
	uint32_t dataplane_pid;
	uint32_t tbl8_groups, trie6_groups; /* of each table of IPv4, and of IPv6 */
	uint32_t nb_ports, nb_seeds;
	struct fib_port ports[FIB_PORTS];
	struct fib_seed seeds[FIB_SEEDS];
	struct fib_generation generation[2];
	struct fib_peer_slot peers[2][FIB_PEERS]; /* open addressing by address */
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

#ifdef __cplusplus
}
#endif
#endif
