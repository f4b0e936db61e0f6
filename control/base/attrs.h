/* A path's attributes, in canonical wire form, interned: routes with the same attributes share one
 * immutable, counted object, and equality is a pointer comparison.
 *
 * Canonical: ascending type code; flags normalised (extended length only where needed; Partial as
 * received on optional transitive ones, and set on those of them that we do not know); 4-octet
 * AS_PATH and AGGREGATOR (AS4_PATH merged, RFC 6793 4.2.3); NEXT_HOP always present as attribute 3,
 * with the octets of an IPv4 address, of an IPv6 address, or of two, the second link-local (RFC
 * 2545 3), whichever family the prefixes have; no MP_REACH/MP_UNREACH; communities of each kind as
 * received, but each once. */
#ifndef BASCULE_ATTRS_H
#define BASCULE_ATTRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr_table.h"
#include "aspath.h"
#include "hash.h"
#include "prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

enum attr_code {
	ATTR_ORIGIN = 1,
	ATTR_AS_PATH = 2,
	ATTR_NEXT_HOP = 3,
	ATTR_MED = 4,
	ATTR_LOCAL_PREF = 5,
	ATTR_ATOMIC_AGGREGATE = 6,
	ATTR_AGGREGATOR = 7,
	ATTR_COMMUNITIES = 8,
	ATTR_ORIGINATOR_ID = 9,
	ATTR_CLUSTER_LIST = 10,
	ATTR_MP_REACH = 14,
	ATTR_MP_UNREACH = 15,
	ATTR_EXT_COMMUNITIES = 16,
	ATTR_AS4_PATH = 17,
	ATTR_AS4_AGGREGATOR = 18,
	ATTR_LARGE_COMMUNITIES = 32,
	ATTR_OTC = 35,
};

enum {
	ATTR_F_OPTIONAL = 0x80,
	ATTR_F_TRANSITIVE = 0x40,
	ATTR_F_PARTIAL = 0x20,
	ATTR_F_EXTENDED = 0x10
};
enum { ORIGIN_IGP, ORIGIN_EGP, ORIGIN_INCOMPLETE };

/* Well-known communities, and the platform's own. */
#define COMMUNITY(high, low)	    ((uint32_t)(high) << 16 | (low))
#define COMMUNITY_GRACEFUL_SHUTDOWN COMMUNITY(65535, 0) /* RFC 8326 */
enum {
	ATTRS_MED = 1 << 0, /* flags: which optional keys are present ... */
	ATTRS_LOCAL_PREF = 1 << 1,
	ATTRS_ORIGINATOR_ID = 1 << 2,
	ATTRS_NO_EXPORT = 1 << 3, /* ... and what RFC 1997 communities and platform ones say */
	ATTRS_NO_ADVERTISE = 1 << 4,
	ATTRS_FROM_BRANCH = 1 << 5, /* 65517:65517 */
	ATTRS_HAS_AS_SET = 1 << 6,
	ATTRS_NO_EXPORT_SUBCONFED = 1 << 7,
	ATTRS_GRACEFUL_SHUTDOWN = 1 << 8, /* RFC 8326 */
};

/* The LOCAL_PREF of a path to which nobody gave one, and the one that we announce to our own
 * gateways. */
enum { LOCAL_PREF_DEFAULT = 100 };

/* What decisions ask of an attribute set, parsed once. All host order. */
struct attr_keys {
	/* id of what attr_next_hop() says, in attr_table_next_hops(); ADDR_NONE: not interned */
	uint32_t next_hop;
	uint32_t med;		/* 0 if absent */
	uint32_t local_pref;	/* LOCAL_PREF_DEFAULT if absent */
	uint32_t originator_id; /* 0 if absent */
	/* leftmost AS of the path; 0 if the path is empty or begins with a set */
	uint32_t neighbour_as;
	uint32_t
		last_as; /* rightmost AS of the path, in whatever segment; 0 if the path is empty */
	uint16_t path_len; /* RFC 4271 9.1.2.2 a: a set counts one, confederation segments none */
	uint16_t cluster_len; /* CLUSTER_LIST entries */
	uint16_t flags;	      /* ATTRS_* */
	uint8_t origin;
	/* of a link-local next hop: where it was said; not in the wire form. Of a set that is
	 * interned it is 0 if the next hop is no such one */
	uint8_t zone;
};

/* Shared and immutable. Freed by the last attrs_put(). All attrs_* calls belong to one thread, the
 * RIB's. */
struct attrs {
	uint32_t refs, hash;
	uint32_t path_hash; /* of the AS path alone */
	struct attr_keys keys;
	uint16_t len; /* octets of wire[] */
	uint8_t wire[];
};

struct attr_table; /* the intern table */

struct attr_table *attr_table_new(void);
void attr_table_free(struct attr_table *table);
size_t attr_table_count(const struct attr_table *table);
size_t attr_table_bytes(const struct attr_table *table);
/* The next hops of all sets; whoever keeps an id longer than a set holds it. Borrowed: as long as
 * the table is there. */
struct addr_table *attr_table_next_hops(struct attr_table *table);

/* The one object with this wire form and, if its next hop is link-local, this `keys->zone`; adds a
 * reference. The other keys must be what the wire form says; keys->next_hop is not looked at. NULL:
 * no memory. */
const struct attrs *attrs_intern(struct attr_table *table, const struct attr_keys *keys,
				 const uint8_t *wire, uint16_t len);
const struct attrs *attrs_get(const struct attrs *attrs);
void attrs_put(struct attr_table *table, const struct attrs *attrs);
/* What attrs_put() looks at if it is the last comes into the cache meanwhile. */
void attrs_fetch_put(const struct attr_table *table, const struct attrs *attrs);

/* Keys of a canonical wire form (which is trusted: it came from the decoder or from attr_writer),
 * without next hop and zone, which it has no ids of. */
void attr_keys_parse(const uint8_t *wire, uint16_t len, struct attr_keys *keys);

/* The next hop that packets follow, of a canonical wire form that a peer in `zone` said (0: one
 * that shares no link with us). Of two it is the link-local one on a shared link, where both are
 * the same router's (RFC 2545 3). Elsewhere it is the global one. Without NEXT_HOP it is
 * 0.0.0.0. */
struct scoped_addr attr_next_hop(const uint8_t *wire, uint16_t len, uint8_t zone);
/* Does NEXT_HOP name this address, be it as the one or the other? */
bool attr_next_hop_names(const uint8_t *wire, uint16_t len, struct addr addr);

/* The part of a route (its prefix and AS path) in the digest of a set of routes, which is the sum
 * of its routes' parts (modulo 2^64): so it does not depend on their order, and a change to the set
 * costs one addition or subtraction. Equal sets have equal digests, in every process of one
 * version. */
static inline uint64_t attrs_digest(const struct attrs *attrs, struct prefix prefix)
{
	uint64_t where = (uint64_t)(prefix.len + 1) << 32;

	if (prefix.addr.family == FAMILY_IPV4)
		where |= prefix.addr.v4;
	else
		where = hash_bytes(prefix.addr.v6, sizeof(prefix.addr.v6), where);
	return hash_u64(hash_u64(where) ^ attrs->path_hash);
}

/* One attribute of a canonical wire form. */
struct attr_view {
	uint8_t flags, code;
	uint16_t len;
	const uint8_t *body; /* borrowed from the wire form */
};
/* Step through: `*at` begins at 0; false at the end. */
bool attr_next(const uint8_t *wire, uint16_t len, uint16_t *at, struct attr_view *view);
/* Find one by code. */
bool attr_find(const uint8_t *wire, uint16_t len, uint8_t code, struct attr_view *view);

/* Writes attributes one behind the other into a caller's buffer. Overflow poisons it: check `full`
 * once at the end. */
struct attr_writer {
	uint8_t *buf;
	size_t size, len;
	bool full;
};
/* Append one attribute; extended length is used only where the body needs it. NULL body: zeros are
 * left to fill in. Returns where the body lies in the buffer, NULL if full. */
uint8_t *attr_put(struct attr_writer *w, uint8_t flags, uint8_t code, const void *body, size_t len);

#ifdef __cplusplus
}
#endif
#endif
