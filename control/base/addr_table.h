/* Next hops, interned: whoever holds one has a number of 32 bits, its id, whatever its family is.
 * Equal addresses have one id as long as somebody has a reference to it; afterwards the id may be
 * another address's. Ids are small: they may index arrays. Finding, adding and removing one is
 * O(1), also while the table grows (linear_hash.h). One thread. */
#ifndef BASCULE_ADDR_TABLE_H
#define BASCULE_ADDR_TABLE_H

#include "addr.h"
#include "linear_hash.h"
#include "slab.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { ADDR_NONE = SLAB_NONE, ADDR_TABLE_MAX = 1 << 24 };

/* An address and, of a link-local one, where it is one (RFC 4007): the same address on two
 * interfaces is two neighbours. */
struct scoped_addr {
	struct addr addr;
	uint8_t zone; /* 0: none; else whose meaning is the owner's */
};

static inline struct scoped_addr scoped_addr_make(struct addr addr, uint8_t zone)
{
	struct scoped_addr scoped;

	scoped.addr = addr;
	scoped.zone = zone;
	return scoped;
}

struct addr_table {
	struct slab items;	/* struct addr_item */
	struct linear_hash ids; /* slots hold ids */
	uint64_t seed;		/* of the hash (hash.h) */
};

struct addr_item {
	uint32_t refs;
	struct scoped_addr addr;
};

/* A table of at most `max` addresses. 0 or -ENOMEM. */
int addr_table_init(struct addr_table *table, uint32_t max);
void addr_table_fini(struct addr_table *table);

/* The id of an address, with one more reference, which is given back by addr_table_put().
 * ADDR_NONE: full or no memory. */
uint32_t addr_table_get(struct addr_table *table, const struct scoped_addr *addr);
/* The same without a reference. ADDR_NONE: nobody has one. */
uint32_t addr_table_find(const struct addr_table *table, const struct scoped_addr *addr);
/* One more reference to an id that somebody has one to. */
void addr_table_hold(struct addr_table *table, uint32_t id);
void addr_table_put(struct addr_table *table, uint32_t id);

/* The address of an id that somebody has a reference to; borrowed until the last one is given
 * back. */
static inline const struct scoped_addr *addr_table_at(const struct addr_table *table, uint32_t id)
{
	return &((const struct addr_item *)slab_at(&table->items, id))->addr;
}

/* The order of two ids' addresses, not of the ids: as addr_compare(), then by zone. */
int addr_table_compare(const struct addr_table *table, uint32_t a, uint32_t b);

static inline uint32_t addr_table_count(const struct addr_table *table)
{
	return table->items.used;
}

/* Octets of memory taken from the system. */
size_t addr_table_bytes(const struct addr_table *table);

#ifdef __cplusplus
}
#endif
#endif
