// Who may be meant by an address, against a plain list.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>
#include <vector>

#include "address_book.h"
#include "cursor.h"

namespace
{

// interface, family, host bits, address, peer: in this order
using plain = std::vector<std::tuple<uint8_t, uint8_t, int, std::vector<uint8_t>, uint16_t>>;

// The subnet around one of a few addresses of either family, all its octets alike but the last.
struct prefix subnet(uint8_t family, uint8_t octet, uint8_t last, int host_bits)
{
	uint8_t octets[16];

	std::fill(octets, octets + 15, octet);
	octets[family == FAMILY_IPV4 ? 3 : 15] = last;
	return prefix_make(family == FAMILY_IPV4 ? addr_make4(load_be32(octets))
						 : addr_make6(octets),
			   (uint8_t)(family_bits(family) - host_bits));
}

std::vector<uint8_t> octets_of(struct prefix p)
{
	uint8_t v4[4];

	store_be32(v4, p.addr.v4);
	return p.addr.family == FAMILY_IPV4 ? std::vector<uint8_t>(v4, v4 + 4)
					    : std::vector<uint8_t>(p.addr.v6, p.addr.v6 + 16);
}

std::vector<uint16_t> peers(const struct address_book &book, struct address_book_range range)
{
	std::vector<uint16_t> all;

	for (size_t at = range.at; at < range.end; at++)
		all.push_back(address_book_peer(&book, at));
	return all;
}

TEST(address_book, finds_what_a_list_holds)
{
	static const int host_bits[] = { 0, 1, 7, 8, 31 };
	std::mt19937 random(1);
	struct address_book book;
	plain list;

	ASSERT_EQ(0, address_book_init(&book, 2000));
	for (int i = 0; i < 3000; i++) {
		uint8_t interface = random() % 2 ? 31 : 0, family = random() % 2;
		int host = host_bits[random() % 5];
		uint8_t last = (uint8_t)(random() % 2 ? ~(random() % 6) : random() % 6);
		struct prefix from = subnet(family, random() % 2 ? 255 : 1, last, host);
		uint16_t peer = random() % 2 ? UINT16_MAX - random() % 3 : random() % 3;
		auto what = std::make_tuple(interface, family, host, octets_of(from), peer);
		auto at = std::find(list.begin(), list.end(), what);

		if (random() % 3) {
			address_book_add(&book, interface, from, peer);
			if (at == list.end())
				list.push_back(what);
		} else {
			address_book_remove(&book, interface, from, peer);
			if (at != list.end())
				list.erase(at);
		}
		std::sort(list.begin(), list.end());

		std::vector<uint16_t> here, of;
		std::vector<bool> hosts;

		for (const auto &[on, by, bits, octets, who] : list) {
			if (on != interface || by != family)
				continue;
			of.push_back(who);
			hosts.push_back(bits == 0);
			if (bits == host && octets == octets_of(from))
				here.push_back(who);
		}
		struct address_book_range all = address_book_of(&book, interface, family);

		ASSERT_EQ(here, peers(book, address_book_find(&book, interface, from))) << i;
		ASSERT_EQ(of, peers(book, all)) << i;
		for (size_t n = 0; n < hosts.size(); n++)
			ASSERT_EQ(hosts[n], address_book_is_host(&book, all.at + n));
	}
	address_book_free(&book);
}

TEST(address_book, has_room_for_an_address_and_a_subnet_of_each)
{
	const struct prefix around = prefix4_make(0x0a000000, 24);
	struct address_book book;

	ASSERT_EQ(0, address_book_init(&book, 1024));
	for (uint16_t peer = 0; peer < 1024; peer++) {
		address_book_add(&book, 0, around, peer);
		address_book_add(&book, 0, prefix4_make(0x0a000000u + peer, 32), peer);
	}
	EXPECT_EQ(2048u, peers(book, address_book_of(&book, 0, FAMILY_IPV4)).size());
	EXPECT_EQ(1024u, peers(book, address_book_find(&book, 0, around)).size());
	EXPECT_EQ(0u, peers(book, address_book_of(&book, 0, FAMILY_IPV6)).size());
	EXPECT_EQ(0u, peers(book, address_book_of(&book, 1, FAMILY_IPV4)).size());
	address_book_free(&book);
}

} // namespace
