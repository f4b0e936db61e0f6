/* The intern table: a hash of pointers to the objects, which live by their counts. The 16 bits of a
 * slot that no address has hold bits of the hash: a search looks at an object that is not the one
 * sought, which is a cache miss, only where these are the same by chance. */
#include "attrs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "aspath.h"
#include "cursor.h"
#include "hash.h"
#include "linear_hash.h"

enum { ATTRS_MAX = 1 << 28, TAG_SHIFT = 48 };

struct attr_table {
	struct linear_hash sets; /* slots hold addresses with tags */
	size_t bytes;		 /* of the objects */
	struct addr_table next_hops;
};

static const void *attrs_of(const void *owner, uint64_t slot)
{
	return (const void *)(uintptr_t)(slot & ((UINT64_C(1) << TAG_SHIFT) - 1));
}

static uint32_t hash_of(const void *owner, uint64_t slot)
{
	return ((const struct attrs *)attrs_of(owner, slot))->hash;
}

/* From the bits below those that name the home, which are the same or nearly so all along a
 * search. */
static uint64_t tag_of(uint32_t hash)
{
	return (uint64_t)(hash << LINEAR_HASH_BITS >> 16) << TAG_SHIFT;
}

static uint64_t slot_for(const struct attrs *attrs)
{
	assert(!((uintptr_t)attrs >> TAG_SHIFT));
	return (uintptr_t)attrs | tag_of(attrs->hash);
}

static const struct linear_hash_kind by_wire = { hash_of, attrs_of, sizeof(uint64_t) };

struct attr_table *attr_table_new(void)
{
	struct attr_table *table = calloc(1, sizeof(*table));

	if (!table || addr_table_init(&table->next_hops, ADDR_TABLE_MAX)) {
		free(table);
		return NULL;
	}
	if (!linear_hash_init(&table->sets, &by_wire, ATTRS_MAX))
		return table;
	addr_table_fini(&table->next_hops);
	free(table);
	return NULL;
}

void attr_table_free(struct attr_table *table)
{
	if (!table)
		return;

	const uint64_t *slots = (const uint64_t *)table->sets.range.base;
	size_t nb_slots = (size_t)table->sets.nb * LINEAR_HASH_SEGMENT;

	for (size_t i = 0; table->sets.count && i < nb_slots; i++)
		free((void *)attrs_of(table, slots[i]));
	linear_hash_fini(&table->sets);
	addr_table_fini(&table->next_hops);
	free(table);
}

size_t attr_table_count(const struct attr_table *table)
{
	return table->sets.count;
}

size_t attr_table_bytes(const struct attr_table *table)
{
	return sizeof(*table) + linear_hash_bytes(&table->sets, &by_wire) + table->bytes +
	       addr_table_bytes(&table->next_hops);
}

struct addr_table *attr_table_next_hops(struct attr_table *table)
{
	return &table->next_hops;
}

static size_t attrs_bytes(uint16_t len)
{
	return sizeof(struct attrs) + len;
}

/* The slot that holds this wire form of this zone; NULL: none does. */
static uint64_t *slot_of(const struct attr_table *table, uint32_t hash, const uint8_t *wire,
			 uint16_t len, uint8_t zone)
{
	uint64_t *segment = linear_hash_segment(&table->sets, hash, by_wire.octets);
	uint32_t slot = linear_hash_home(hash);
	uint64_t tag = tag_of(hash);

	for (uint32_t n = 0; n < LINEAR_HASH_SEGMENT && segment[slot]; n++) {
		const struct attrs *a = attrs_of(table, segment[slot]);

		if (!((segment[slot] ^ tag) >> TAG_SHIFT) && a->hash == hash && a->len == len &&
		    a->keys.zone == zone && !memcmp(a->wire, wire, len))
			return &segment[slot];
		slot = linear_hash_after(slot);
	}
	return NULL;
}

/* Without the seed: it is part of digests, which processes compare. */
static uint32_t path_hash(const uint8_t *wire, uint16_t len)
{
	struct attr_view path;

	return attr_find(wire, len, ATTR_AS_PATH, &path)
		       ? (uint32_t)hash_bytes(path.body, path.len, 0)
		       : 0;
}

const struct attrs *attrs_get(const struct attrs *attrs)
{
	((struct attrs *)attrs)->refs++;
	return attrs;
}

static struct attrs *make(struct attr_table *table, const struct attr_keys *keys,
			  const uint8_t *wire, uint16_t len, uint32_t hash)
{
	const struct scoped_addr hop = attr_next_hop(wire, len, keys->zone);
	uint32_t next_hop = addr_table_get(&table->next_hops, &hop);
	struct attrs *a = next_hop ? malloc(attrs_bytes(len)) : NULL;

	if (!a) {
		if (next_hop)
			addr_table_put(&table->next_hops, next_hop);
		return NULL;
	}
	*a = (struct attrs){
		.refs = 1,
		.hash = hash,
		.path_hash = path_hash(wire, len),
		.keys = *keys,
		.len = len,
	};
	a->keys.next_hop = next_hop;
	a->keys.zone = hop.zone;
	memcpy(a->wire, wire, len);
	return a;
}

const struct attrs *attrs_intern(struct attr_table *table, const struct attr_keys *keys,
				 const uint8_t *wire, uint16_t len)
{
	uint8_t zone = keys->zone ? attr_next_hop(wire, len, keys->zone).zone : 0;
	uint32_t hash = (uint32_t)hash_bytes(wire, len, hash_seed() + zone);
	const uint64_t *known = slot_of(table, hash, wire, len, zone);

	if (known)
		return attrs_get(attrs_of(table, *known));

	void *reserved = linear_hash_reserve(&table->sets, &by_wire, table, hash);
	struct attrs *a = reserved ? make(table, keys, wire, len, hash) : NULL;

	if (!a)
		return NULL;
	linear_hash_put(&table->sets, &by_wire, reserved, slot_for(a));
	table->bytes += attrs_bytes(len);
	return a;
}

void attrs_put(struct attr_table *table, const struct attrs *attrs)
{
	struct attrs *a = (struct attrs *)attrs;
	uint64_t *segment;
	uint32_t slot;

	assert(a->refs);
	if (--a->refs)
		return;
	segment = linear_hash_segment(&table->sets, a->hash, by_wire.octets);
	slot = linear_hash_home(a->hash);
	while (attrs_of(table, segment[slot]) != a)
		slot = linear_hash_after(slot);
	linear_hash_remove(&table->sets, &by_wire, table, segment, slot);
	table->bytes -= attrs_bytes(a->len);
	addr_table_put(&table->next_hops, a->keys.next_hop);
	free(a);
}

void attrs_fetch_put(const struct attr_table *table, const struct attrs *attrs)
{
	linear_hash_fetch(&table->sets, attrs->hash, by_wire.octets);
}

bool attr_next(const uint8_t *wire, uint16_t len, uint16_t *at, struct attr_view *view)
{
	const uint8_t *p;

	if (*at >= len)
		return false;
	p = wire + *at; /* not before: an empty list may have no address */
	view->flags = p[0];
	view->code = p[1];
	if (p[0] & ATTR_F_EXTENDED) {
		view->len = load_be16(p + 2);
		view->body = p + 4;
	} else {
		view->len = p[2];
		view->body = p + 3;
	}
	*at = (uint16_t)(view->body + view->len - wire);
	return true;
}

bool attr_find(const uint8_t *wire, uint16_t len, uint8_t code, struct attr_view *view)
{
	for (uint16_t at = 0; attr_next(wire, len, &at, view);) {
		if (view->code == code)
			return true;
		if (view->code > code) /* canonical: ascending */
			return false;
	}
	return false;
}

uint8_t *attr_put(struct attr_writer *w, uint8_t flags, uint8_t code, const void *body, size_t len)
{
	size_t head = len > UINT8_MAX ? 4 : 3;

	if (w->full || len > UINT16_MAX || head + len > w->size - w->len) {
		w->full = true;
		return NULL;
	}

	uint8_t *at = w->buf + w->len;

	at[1] = code;
	if (head == 4) {
		at[0] = flags | ATTR_F_EXTENDED;
		store_be16(at + 2, (uint16_t)len);
	} else {
		at[0] = flags & (uint8_t)~ATTR_F_EXTENDED;
		at[2] = (uint8_t)len;
	}
	w->len += head + len;
	at += head;
	if (body)
		memcpy(at, body, len);
	else
		memset(at, 0, len);
	return at;
}

static void path_keys(const struct attr_view *v, struct attr_keys *keys)
{
	keys->path_len = aspath_length(v->body, v->len);
	keys->neighbour_as = aspath_first(v->body, v->len);
	keys->last_as = v->len ? load_be32(v->body + v->len - 4) : 0;
	for (const uint8_t *at = v->body, *end = at + v->len; at < end; at += 2 + 4 * at[1]) {
		if (at[0] == AS_SET || at[0] == AS_CONFED_SET)
			keys->flags |= ATTRS_HAS_AS_SET;
	}
}

static void community_keys(const struct attr_view *v, struct attr_keys *keys)
{
	static const struct {
		uint32_t community;
		uint16_t flag;
	} known[] = {
		{ COMMUNITY(65535, 65281), ATTRS_NO_EXPORT },
		{ COMMUNITY(65535, 65282), ATTRS_NO_ADVERTISE },
		{ COMMUNITY(65535, 65283), ATTRS_NO_EXPORT_SUBCONFED },
		{ COMMUNITY(65517, 65517), ATTRS_FROM_BRANCH },
		{ COMMUNITY_GRACEFUL_SHUTDOWN, ATTRS_GRACEFUL_SHUTDOWN },
	};

	for (uint16_t at = 0; at < v->len; at += 4) {
		uint32_t community = load_be32(v->body + at);

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
			if (community == known[i].community)
				keys->flags |= known[i].flag;
		}
	}
}

void attr_keys_parse(const uint8_t *wire, uint16_t len, struct attr_keys *keys)
{
	struct attr_view v;

	*keys = (struct attr_keys){ .local_pref = LOCAL_PREF_DEFAULT, .origin = ORIGIN_INCOMPLETE };
	for (uint16_t at = 0; attr_next(wire, len, &at, &v);) {
		switch (v.code) {
		case ATTR_ORIGIN: keys->origin = v.body[0]; break;
		case ATTR_AS_PATH: path_keys(&v, keys); break;
		case ATTR_MED:
			keys->med = load_be32(v.body);
			keys->flags |= ATTRS_MED;
			break;
		case ATTR_LOCAL_PREF:
			keys->local_pref = load_be32(v.body);
			keys->flags |= ATTRS_LOCAL_PREF;
			break;
		case ATTR_COMMUNITIES: community_keys(&v, keys); break;
		case ATTR_ORIGINATOR_ID:
			keys->originator_id = load_be32(v.body);
			keys->flags |= ATTRS_ORIGINATOR_ID;
			break;
		case ATTR_CLUSTER_LIST: keys->cluster_len = v.len / 4; break;
		}
	}
}

struct scoped_addr attr_next_hop(const uint8_t *wire, uint16_t len, uint8_t zone)
{
	struct attr_view v;
	struct addr addr;
	bool there = attr_find(wire, len, ATTR_NEXT_HOP, &v);

	if (!there || v.len == 4)
		return scoped_addr_make(addr_make4(there ? load_be32(v.body) : 0), 0);
	addr = addr_make6(v.len == 32 && zone ? v.body + 16 : v.body);
	return scoped_addr_make(addr, addr_link_local(addr) ? zone : 0);
}

bool attr_next_hop_names(const uint8_t *wire, uint16_t len, struct addr addr)
{
	struct attr_view v;

	if (!attr_find(wire, len, ATTR_NEXT_HOP, &v))
		return false;
	if (v.len == 4)
		return addr_equal(addr, addr_make4(load_be32(v.body)));
	for (uint16_t at = 0; at < v.len; at += 16)
		if (addr_equal(addr, addr_make6(v.body + at)))
			return true;
	return false;
}
