// Who may be meant by an address, against a plain list.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>
#include <vector>

#include "address_book.h"

namespace
{

// interface, ADDRESS_BOOK_HOST less the length, address, peer: in this order
using plain = std::vector<std::tuple<uint8_t, int, uint32_t, uint16_t>>;

uint32_t masked(uint32_t addr, uint8_t len)
{
	return addr & prefix4_mask(len < ADDRESS_BOOK_HOST ? len : 32);
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
	static const uint8_t lens[] = { 1, 24, 31, 32, ADDRESS_BOOK_HOST };
	std::mt19937 random(1);
	struct address_book book;
	plain list;

	ASSERT_EQ(0, address_book_init(&book, 2000));
	for (int i = 0; i < 1500; i++) {
		uint8_t interface = random() % 2 ? 31 : 0, len = lens[random() % 5];
		uint32_t addr = random() % 2 ? ~(random() % 6) : random() % 6;
		uint16_t peer = random() % 2 ? UINT16_MAX - random() % 3 : random() % 3;
		auto what = std::make_tuple(interface, ADDRESS_BOOK_HOST - len, masked(addr, len),
					    peer);
		auto at = std::find(list.begin(), list.end(), what);

		if (random() % 3) {
			address_book_add(&book, interface, len, addr, peer);
			if (at == list.end())
				list.push_back(what);
		} else {
			address_book_remove(&book, interface, len, addr, peer);
			if (at != list.end())
				list.erase(at);
		}
		std::sort(list.begin(), list.end());

		std::vector<uint16_t> here, of;
		std::vector<bool> hosts;

		for (const auto &[on, code, from, who] : list) {
			if (on != interface)
				continue;
			of.push_back(who);
			hosts.push_back(code == 0);
			if (code == ADDRESS_BOOK_HOST - len && from == masked(addr, len))
				here.push_back(who);
		}
		struct address_book_range all = address_book_of(&book, interface);

		ASSERT_EQ(here, peers(book, address_book_find(&book, interface, len, addr))) << i;
		ASSERT_EQ(of, peers(book, all)) << i;
		for (size_t n = 0; n < hosts.size(); n++)
			ASSERT_EQ(hosts[n], address_book_is_host(&book, all.at + n));
	}
	address_book_free(&book);
}

TEST(address_book, has_room_for_an_address_and_a_subnet_of_each)
{
	struct address_book book;

	ASSERT_EQ(0, address_book_init(&book, 1024));
	for (uint16_t peer = 0; peer < 1024; peer++) {
		address_book_add(&book, 0, 24, 0x0a000000, peer);
		address_book_add(&book, 0, ADDRESS_BOOK_HOST, 0x0a000000u + peer, peer);
	}
	EXPECT_EQ(2048u, peers(book, address_book_of(&book, 0)).size());
	EXPECT_EQ(1024u, peers(book, address_book_find(&book, 0, 24, 0x0a000001)).size());
	EXPECT_EQ(0u, peers(book, address_book_of(&book, 1)).size());
	address_book_free(&book);
}

} // namespace
