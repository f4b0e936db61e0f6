/* Short ways to make addresses, attributes and routes for the tests of the RIB, and to read
 * them. */
#ifndef BASCULE_TEST_ROUTES_H
#define BASCULE_TEST_ROUTES_H

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "attrs.h"
#include "families.h"
#include "rib.h"

static inline uint32_t ip(const char *text)
{
	uint32_t addr = 0;

	EXPECT_TRUE(addr4_parse(text, &addr)) << text;
	return addr;
}

static inline struct prefix net(const char *text)
{
	struct prefix p = {};

	EXPECT_TRUE(prefix_parse(text, &p)) << text;
	return p;
}

static inline std::string text_of(struct prefix p)
{
	char text[PREFIX_TEXT];

	return prefix_text(p, text);
}

struct attrs_spec {
	std::vector<uint32_t> path;
	uint32_t next_hop = 0x0a000204; /* or the IPv6 address that stands for it (addr_of()): */
	uint8_t origin = ORIGIN_IGP;
	int64_t med = -1;
	std::vector<uint32_t> communities = {};
	uint32_t originator = 0;
	int64_t local_pref = -1;
	std::vector<uint8_t> last = {}; /* attributes of higher codes than those, as on the wire */
	enum family hop_family = FAMILY_IPV4;
};

static inline void put_be32(std::vector<uint8_t> *out, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		out->push_back((uint8_t)(v >> shift));
}

static inline std::vector<uint8_t> attrs_wire(const attrs_spec &spec)
{
	std::vector<uint8_t> wire(4096), path, hop, med, pref, communities, originator;
	struct attr_writer w = { wire.data(), wire.size(), 0, false };

	if (!spec.path.empty())
		path = { AS_SEQUENCE, (uint8_t)spec.path.size() };
	for (uint32_t asn : spec.path)
		put_be32(&path, asn);
	if (spec.hop_family == FAMILY_IPV4) {
		put_be32(&hop, spec.next_hop);
	} else {
		const struct addr addr = addr_of(FAMILY_IPV6, spec.next_hop);

		hop.assign(addr.v6, addr.v6 + sizeof(addr.v6));
	}
	attr_put(&w, ATTR_F_TRANSITIVE, ATTR_ORIGIN, &spec.origin, 1);
	attr_put(&w, ATTR_F_TRANSITIVE, ATTR_AS_PATH, path.data(), path.size());
	attr_put(&w, ATTR_F_TRANSITIVE, ATTR_NEXT_HOP, hop.data(), hop.size());
	if (spec.med >= 0) {
		put_be32(&med, (uint32_t)spec.med);
		attr_put(&w, ATTR_F_OPTIONAL, ATTR_MED, med.data(), 4);
	}
	if (spec.local_pref >= 0) {
		put_be32(&pref, (uint32_t)spec.local_pref);
		attr_put(&w, ATTR_F_TRANSITIVE, ATTR_LOCAL_PREF, pref.data(), 4);
	}
	for (uint32_t c : spec.communities)
		put_be32(&communities, c);
	if (!communities.empty())
		attr_put(&w, ATTR_F_OPTIONAL | ATTR_F_TRANSITIVE, ATTR_COMMUNITIES,
			 communities.data(), communities.size());
	if (spec.originator) {
		put_be32(&originator, spec.originator);
		attr_put(&w, ATTR_F_OPTIONAL, ATTR_ORIGINATOR_ID, originator.data(), 4);
	}
	wire.resize(w.len);
	wire.insert(wire.end(), spec.last.begin(), spec.last.end());
	return wire;
}

/* One reference, the caller's. */
static inline const struct attrs *attrs_make(struct attr_table *table, const attrs_spec &spec)
{
	std::vector<uint8_t> wire = attrs_wire(spec);
	struct attr_keys keys;

	attr_keys_parse(wire.data(), (uint16_t)wire.size(), &keys);
	return attrs_intern(table, &keys, wire.data(), (uint16_t)wire.size());
}

/* Of next hops of both families, by their numbers; by address, the even ones come first. */
static inline enum family mixed_family(uint32_t next_hop)
{
	return next_hop % 2 ? FAMILY_IPV6 : FAMILY_IPV4;
}

/* The id of a next hop, as attrs_spec has it; ADDR_NONE: no attributes name it. */
static inline uint32_t hop_id(struct attr_table *table, uint32_t next_hop,
			      enum family family = FAMILY_IPV4)
{
	const struct scoped_addr addr = scoped_addr_make(addr_of(family, next_hop), 0);

	return addr_table_find(attr_table_next_hops(table), &addr);
}

/* Back again, of either family. */
static inline uint32_t hop_number(struct attr_table *table, uint32_t id)
{
	const struct addr addr = addr_table_at(attr_table_next_hops(table), id)->addr;

	return prefix4_of(prefix_make(addr, prefix_of((enum family)addr.family, 0, 32).len))
		.addr.v4;
}
static inline uint32_t hop_number(struct attr_table *table, const struct path *path)
{
	return hop_number(table, path->attrs->keys.next_hop);
}

/* As the FIB does: returns how many have changed, `max` at most. */
static inline size_t changes_take(struct rib *rib, size_t max)
{
	std::vector<uint32_t> nodes(max);
	size_t n = rib_changes(rib, nodes.data(), max);

	rib_changes_end(rib, nodes.data(), n);
	return n;
}

static inline bool usable_always(void *, uint32_t, const struct source *)
{
	return true;
}

enum : uint64_t { ALLOW_ALL = ~UINT64_C(0) };
/* The role matrix while routes are exchanged: circuit to circuit never, VPN to VPN never. */
enum : uint64_t { ALLOW_EXCHANGE = 0x0f0f0d0e };

#endif
