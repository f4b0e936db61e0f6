/* An entry is a number of many octets, its highest first: interface, family, the host bits of what
 * peers come from, its address, peer. */
#include "address_book.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"

enum {
	AT_INTERFACE,
	AT_FAMILY,
	AT_HOST_BITS,
	AT_ADDR,
	AT_PEER = AT_ADDR + 16,
	AT_END = AT_PEER + 2
};

struct address_book_entry {
	uint8_t at[AT_END];
};

static struct address_book_entry entry_make(uint8_t interface, struct prefix from, uint16_t peer)
{
	struct address_book_entry entry = { 0 };

	entry.at[AT_INTERFACE] = interface;
	entry.at[AT_FAMILY] = from.addr.family;
	entry.at[AT_HOST_BITS] = (uint8_t)(family_bits(from.addr.family) - from.len);
	if (from.addr.family == FAMILY_IPV4)
		store_be32(&entry.at[AT_ADDR], from.addr.v4);
	else
		memcpy(&entry.at[AT_ADDR], from.addr.v6, sizeof(from.addr.v6));
	store_be16(&entry.at[AT_PEER], peer);
	return entry;
}

int address_book_init(struct address_book *book, size_t nb_peers)
{
	size_t room = 2 * nb_peers;

	*book = (struct address_book){ .entries = calloc(room + 1, sizeof(*book->entries)),
				       .room = room };
	return book->entries ? 0 : -ENOMEM;
}

void address_book_free(struct address_book *book)
{
	free(book->entries);
	*book = (struct address_book){ 0 };
}

/* Where the first entry is that is not below this one by the first `n` octets of both; `behind`:
 * nor equal to it. */
static size_t place(const struct address_book *book, const struct address_book_entry *entry,
		    size_t n, bool behind)
{
	size_t at = 0, end = book->nb_entries;

	while (at < end) {
		size_t middle = at + (end - at) / 2;

		if (memcmp(book->entries[middle].at, entry->at, n) < behind)
			at = middle + 1;
		else
			end = middle;
	}
	return at;
}

static bool is_there(const struct address_book *book, size_t at,
		     const struct address_book_entry *entry)
{
	return at < book->nb_entries && !memcmp(&book->entries[at], entry, sizeof(*entry));
}

void address_book_add(struct address_book *book, uint8_t interface, struct prefix from,
		      uint16_t peer)
{
	struct address_book_entry entry = entry_make(interface, from, peer);
	size_t at = place(book, &entry, sizeof(entry), false);

	if (is_there(book, at, &entry))
		return;
	assert(book->nb_entries < book->room);
	memmove(&book->entries[at + 1], &book->entries[at],
		(book->nb_entries++ - at) * sizeof(entry));
	book->entries[at] = entry;
}

void address_book_remove(struct address_book *book, uint8_t interface, struct prefix from,
			 uint16_t peer)
{
	struct address_book_entry entry = entry_make(interface, from, peer);
	size_t at = place(book, &entry, sizeof(entry), false);

	if (!is_there(book, at, &entry))
		return;
	memmove(&book->entries[at], &book->entries[at + 1],
		(--book->nb_entries - at) * sizeof(entry));
}

/* The entries of which the first `n` octets are those of this one. */
static struct address_book_range range(const struct address_book *book,
				       const struct address_book_entry *like, size_t n)
{
	struct address_book_range range = { place(book, like, n, false),
					    place(book, like, n, true) };

	return range;
}

struct address_book_range address_book_find(const struct address_book *book, uint8_t interface,
					    struct prefix from)
{
	struct address_book_entry like = entry_make(interface, from, 0);

	return range(book, &like, AT_PEER);
}

struct address_book_range address_book_of(const struct address_book *book, uint8_t interface,
					  uint8_t family)
{
	const struct address_book_entry like = { .at = { interface, family } };

	return range(book, &like, AT_FAMILY + 1);
}

uint16_t address_book_peer(const struct address_book *book, size_t at)
{
	return load_be16(&book->entries[at].at[AT_PEER]);
}

bool address_book_is_host(const struct address_book *book, size_t at)
{
	return !book->entries[at].at[AT_HOST_BITS];
}
