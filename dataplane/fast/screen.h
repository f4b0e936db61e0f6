/* Screening: which packets of a burst are odd. All others are packets of everyday, for which every
 * check has been made at once, several packets wide; the odd ones, one by one, are looked at again
 * by whoever can say what is odd about them.
 *
 *   headers  everyday: a frame to our MAC address that carries IPv4 without options; the header
 *            lies in the frame, with a right checksum; addresses are no martians, and the source is
 *            none of ours (sources.h). Of IPv6: no address of the link either, nor of ::/8
 *   (paths)  longest-prefix match of the destination in the view of the ingress port's role; its
 *            path-list; by flow hash where there are several next hops, an adjacency
 *   ways     everyday: the next hop is resolved, the gate is open, the TTL lasts, the packet is no
 *            larger than the MTU, and it is not suspected to go back to the neighbour that it came
 *            from
 *
 * The table is far larger than any cache, and so is what the CPU knows of where its pages lie. So
 * entries are asked for as soon as headers have been read, and looked up a few packets later.
 *
 * There is a variant for each width of vectors, and a plain one by which the others are tested, bit
 * for bit. */
#ifndef BASCULE_SCREEN_H
#define BASCULE_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_ether.h>

#include "burst.h"
#include "sources.h"
#include "trie6_lookup.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a burst is screened by. */
struct screening {
	const struct rte_ether_addr *mac; /* of the port that it came by */
	const struct sources *sources;
	const struct fib_generation *generation;
	const struct fib_view *view; /* of that generation: of the port's role */
	uint32_t tbl8_groups;	     /* see fib_lookup_burst() */
	uint16_t port;		     /* port id */
	uint8_t gates;		     /* a bit for each egress role, open to packets of that port */
	/* of IPv6 alone */
	const struct trie6_lookup *lookup6;
	uint32_t trie6_groups; /* see struct trie6_reader */
};

/* A bit for each packet. */
struct screened {
	uint64_t odd_headers; /* and its path is not there */
	uint64_t padded;      /* no odd header, and the frame is longer than its packet */
	uint64_t odd_ways;    /* no odd header */
	uint64_t spoilt;      /* of these: the table's entry names what the table does not have */
	uint64_t apart;	      /* leave by another port than the first, if nothing is odd */
	/* by which all leave, if nothing is odd; NULL: by several, or nobody has looked */
	const struct adjacency *way;
};

/* Packets of a burst. */
struct screen_picked {
	struct rte_mbuf *pkt[FORWARD_BURST + 8]; /* room for a vector behind the last */
};

struct screen {
	const char *name;
	bool (*usable)(void); /* by this CPU */
	/* Of IPv4: all else is odd. Reads 38 octets of each frame, whatever its length: they lie
	 * in its buffer. */
	struct screened (*burst)(const struct screening *by, struct burst *b);
	/* Of IPv6, likewise 58 octets. The view has a table of it. */
	struct screened (*burst6)(const struct screening *by, struct burst *b);
	/* Every packet gets the frame header of `way`, or of its own adjacency if that is NULL; and
	 * its `hop`. */
	void (*rewrite)(const struct burst *b, const struct adjacency *way);
	/* Those that leave by `port`, whoever filled that in. */
	uint64_t (*leaving)(const struct burst *b, uint16_t port);
	/* Copy those of `some` together, in order; returns how many. */
	uint16_t (*pick)(const struct burst *b, uint64_t some, struct screen_picked *picked);
};

/* One packet after the other: by it the others are tested. */
extern const struct screen screen_plain;

/* Picks one packet after the other. */
uint16_t screen_pick(const struct burst *b, uint64_t some, struct screen_picked *picked);

/* Rewrites by vectors of 16 octets; and one packet. */
void screen_rewrite(const struct burst *b, const struct adjacency *way);
void screen_rewrite_one(const struct burst *b, uint16_t i);

/* What a screen fills in of one packet, whose frame and the length of that are there: that of its
 * header, and then its path. True: as `spoilt`. */
void screen_read(struct burst *b, uint16_t i);
bool screen_path(const struct screening *by, struct burst *b, uint16_t i);
void screen6_read(struct burst *b, uint16_t i);
bool screen6_path(const struct screening *by, struct burst *b, uint16_t i);

/* Does the packet not meet its adjacency, with this TTL or hop limit as it came? */
bool screen_way_odd(const struct screening *by, const struct burst *b, uint16_t i, uint8_t ttl);

/* The plain variant of IPv6. */
struct screened screen6_plain(const struct screening *by, struct burst *b);

/* What the table of IPv6 is read by. */
static inline struct trie6_reader screen6_reader(const struct screening *by)
{
	struct trie6_reader in;

	in.shared = by->view->trie6;
	in.groups = by->trie6_groups;
	in.miss = __atomic_load_n(&by->view->default_path_list[FIB_IP6], __ATOMIC_RELAXED);
	return in;
}

#ifdef __cplusplus
}
#endif
#endif
