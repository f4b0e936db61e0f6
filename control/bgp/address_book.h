/* Which peers an address may belong to, by interface: peers with that address, and peers that are
 * to come from a subnet around it. A sorted array, searched by bisection; the entries of an
 * interface and family lie together. Knows no session. */
#ifndef BASCULE_ADDRESS_BOOK_H
#define BASCULE_ADDRESS_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

struct address_book_entry;

struct address_book {
	struct address_book_entry *entries; /* owned; sorted, 0..nb_entries */
	size_t nb_entries, room;
};

/* The entries from `at`, up to `end`; until the book is changed. */
struct address_book_range {
	size_t at, end;
};

/* Room for an address and a subnet of each peer. 0 or -ENOMEM. */
int address_book_init(struct address_book *book, size_t nb_peers);
void address_book_free(struct address_book *book);

/* `from` is a subnet, or, by its length, one address. One that is there already is
 * not added again, and one that is not there is not missed. */
void address_book_add(struct address_book *book, uint8_t interface, struct prefix from,
		      uint16_t peer);
void address_book_remove(struct address_book *book, uint8_t interface, struct prefix from,
			 uint16_t peer);

/* The peers of exactly that address or subnet, lowest index first. */
struct address_book_range address_book_find(const struct address_book *book, uint8_t interface,
					    struct prefix from);
/* All of a family on an interface: addresses, then subnets, the longer ones first; each in the
 * order of their numbers, and peers of one subnet follow one another. */
struct address_book_range address_book_of(const struct address_book *book, uint8_t interface,
					  uint8_t family);

uint16_t address_book_peer(const struct address_book *book, size_t at);
bool address_book_is_host(const struct address_book *book, size_t at);

#ifdef __cplusplus
}
#endif
#endif
