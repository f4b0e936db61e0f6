/* An entry is a number: interface, ADDRESS_BOOK_HOST less the length, address, peer, from its
 * highest bits to its lowest. */
#include "address_book.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PEER_BITS = 16, ADDR_BITS = 32, LEN_BITS = 8 };

static uint64_t entry_make(uint8_t interface, uint8_t len, uint32_t addr, uint16_t peer)
{
	uint8_t bits = len < ADDRESS_BOOK_HOST ? len : 32;
	uint64_t entry = (uint64_t)interface << LEN_BITS | (uint8_t)(ADDRESS_BOOK_HOST - len);

	return entry << (ADDR_BITS + PEER_BITS) |
	       (uint64_t)(addr & prefix4_mask(bits)) << PEER_BITS | peer;
}

int address_book_init(struct address_book *book, size_t nb_peers)
{
	size_t room = 2 * nb_peers;

	*book = (struct address_book){ .entries = calloc(room + 1, sizeof(uint64_t)),
				       .room = room };
	return book->entries ? 0 : -ENOMEM;
}

void address_book_free(struct address_book *book)
{
	free(book->entries);
	*book = (struct address_book){ 0 };
}

/* Where the first entry is that is not below this one. */
static size_t place(const struct address_book *book, uint64_t entry)
{
	size_t at = 0, end = book->nb_entries;

	while (at < end) {
		size_t middle = at + (end - at) / 2;

		if (book->entries[middle] < entry)
			at = middle + 1;
		else
			end = middle;
	}
	return at;
}

static bool is_there(const struct address_book *book, size_t at, uint64_t entry)
{
	return at < book->nb_entries && book->entries[at] == entry;
}

void address_book_add(struct address_book *book, uint8_t interface, uint8_t len, uint32_t addr,
		      uint16_t peer)
{
	uint64_t entry = entry_make(interface, len, addr, peer);
	size_t at = place(book, entry);

	if (is_there(book, at, entry))
		return;
	assert(book->nb_entries < book->room);
	memmove(&book->entries[at + 1], &book->entries[at],
		(book->nb_entries++ - at) * sizeof(entry));
	book->entries[at] = entry;
}

void address_book_remove(struct address_book *book, uint8_t interface, uint8_t len, uint32_t addr,
			 uint16_t peer)
{
	uint64_t entry = entry_make(interface, len, addr, peer);
	size_t at = place(book, entry);

	if (!is_there(book, at, entry))
		return;
	memmove(&book->entries[at], &book->entries[at + 1],
		(--book->nb_entries - at) * sizeof(entry));
}

struct address_book_range address_book_find(const struct address_book *book, uint8_t interface,
					    uint8_t len, uint32_t addr)
{
	uint64_t first = entry_make(interface, len, addr, 0);
	struct address_book_range range = { place(book, first),
					    place(book, first + (UINT64_C(1) << PEER_BITS)) };

	return range;
}

struct address_book_range address_book_of(const struct address_book *book, uint8_t interface)
{
	uint64_t first = entry_make(interface, ADDRESS_BOOK_HOST, 0, 0);
	uint64_t all = UINT64_C(1) << (LEN_BITS + ADDR_BITS + PEER_BITS);
	struct address_book_range range = { place(book, first), place(book, first + all) };

	return range;
}

uint16_t address_book_peer(const struct address_book *book, size_t at)
{
	return (uint16_t)book->entries[at];
}

bool address_book_is_host(const struct address_book *book, size_t at)
{
	return !(uint8_t)(book->entries[at] >> (ADDR_BITS + PEER_BITS));
}
