/* Work in slices over tables that change meanwhile: nothing that was there is missed. */
#include "server.h"

namespace
{

class walks_test : public of_families<server_test>
{
      protected:
	/* The i-th /24 from `first`.0.0.0 on. */
	static std::string nth(unsigned int first, unsigned int i)
	{
		return text_of(prefix4_make((first << 24) + (i << 8), 24));
	}
	/* The `from`th and n - 1 more, a thousand an UPDATE. */
	void load(uint16_t peer, unsigned int first, unsigned int from, unsigned int n)
	{
		std::vector<std::string> list;

		for (unsigned int i = from; i < from + n; i++) {
			list.push_back(nth(first, i));
			if (list.size() < 1000 && i + 1 < from + n)
				continue;
			announce(peer, list);
			list.clear();
		}
	}
	/* NVA_A flaps once with few routes, has many, and is lost while NVA_B loads: what is left
	 * of it? */
	void lose_while_another_loads(unsigned int few)
	{
		unsigned int loaded = 0;

		for (uint16_t peer : { ERGW, NVA_A, NVA_B })
			up(peer);
		load(NVA_A, 20, 0, few);
		turn();
		down(NVA_A);
		turn();
		up(NVA_A);
		load(NVA_A, 20, 0, 9000);
		load(NVA_B, 40, loaded++, 1);
		turn();
		arp_all();
		turn();
		ASSERT_EQ("10.0.2.4", fib_to(ROLE_VNET, "20.0.7.1"));
		down(NVA_A);
		for (int i = 0; i < 4; i++, loaded += 3000) {
			load(NVA_B, 40, loaded, 3000);
			rs_turn(rs, now_ms);
			collect();
		}
		down(ERGW);
		turn();
		up(ERGW); /* one who comes new */
		turn();
		EXPECT_EQ(0u, rib_peer_paths(rib(), NVA_A)) << "after " << few;
		EXPECT_EQ(loaded, rib_peer_paths(rib(), NVA_B));
		EXPECT_EQ(loaded + 1, rib_prefixes(rib()));
		EXPECT_EQ(loaded + 1, announced[ERGW].size()) << "and the VNet";
		EXPECT_EQ(0u, announced[ERGW].count("20.0.7.0/24"));
		for (unsigned int i = 0; i < 9000; i++) {
			char host[ADDR_TEXT];

			ASSERT_EQ("nowhere",
				  fib_to(ROLE_VNET,
					 addr4_text(net(nth(20, i).c_str()).addr.v4, host)));
		}
	}
	struct told_rows {
		std::map<std::string, int> rows;
		int pages = 0;
	};
	/* Every page of a walk; `between` them something happens. */
	told_rows pages(enum page_command command, const char *peer,
			const std::function<void(int)> &between)
	{
		std::unique_ptr<struct page> page(new struct page());
		told_rows out;

		page->command = command;
		page->view = ROLE_VNET;
		strcpy(page->peer, peer);
		do {
			uint32_t at = 0;
			uint16_t type;
			const void *row;

			answer(page.get());
			EXPECT_STREQ("", page->error);
			while ((row = page_next(page.get(), &at, &type)))
				out.rows[plain(type == ROW_ROUTE
						       ? ((const struct row_route *)row)->prefix
						       : ((const struct row_fib *)row)->prefix)]++;
			between(out.pages);
		} while (page->more && ++out.pages < 1000);
		return out;
	}
};

TEST_P(walks_test, a_peer_that_is_lost_while_another_loads_leaves_nothing)
{
	start();
	exchange_on(true);
	lose_while_another_loads(10);
}

TEST_P(walks_test, nor_does_one_whose_session_before_was_larger)
{
	start();
	exchange_on(true);
	lose_while_another_loads(11000);
}

TEST_P(walks_test, nor_does_one_with_an_inbound_map)
{
	start(R"(route_maps = ( { name = "in"; rules = (
		{ name = "r"; match = { prefix_contains = ["20.0.0.0/8"]; };
		  action = { as_path_add = [64511]; }; } ); } );)" +
	      std::string(base_config) + base_vnets + R"(
gateways = ( { name = "ergw"; role = "expressroute"; addresses = ["10.0.255.36"]; } );
peers = ( { name = "nva-a"; address = "10.0.2.4"; asn = 65001; inbound_map = "in"; },
	  { name = "nva-b"; address = "10.0.2.5"; asn = 65002; } );
)");
	exchange_on(true);
	lose_while_another_loads(10);
}

/* Two thirds of the table go while it is shown, a part at a time, and others come; the third that
 * stays is told whole, and once. */
TEST_P(walks_test, what_stays_is_shown_once_while_others_come_and_go)
{
	for (enum page_command command : { PAGE_ROUTES, PAGE_LEARNED, PAGE_ADVERTISED, PAGE_FIB }) {
		unsigned int gone = 0, fresh = 0;

		start();
		exchange_on(true);
		for (uint16_t peer : { ERGW, NVA_A, NVA_B })
			up(peer);
		load(NVA_A, 20, 0, 3000);
		for (uint16_t peer : { ERGW, NVA_A, NVA_B })
			event(peer, SPEAKER_EOR); /* it takes the last round's dataplane over */
		turn();
		arp_all();
		turn();
		auto shown = pages(command, command == PAGE_LEARNED ? "nva-a" : "ergw/0", [&](int) {
			std::vector<std::string> list;

			for (unsigned int i = 0; i < 250 && gone < 3000; i++, gone++)
				if (gone % 3)
					list.push_back(nth(20, gone));
			update(NVA_A, {}, {}, list);
			load(NVA_B, 40, fresh, 50);
			fresh += 50;
			turn();
		});
		EXPECT_LT(2, shown.pages);
		for (unsigned int i = 0; i < 3000; i += 3)
			ASSERT_EQ(1, shown.rows[nth(20, i)]) << i << ", command " << command;
		stop_server();
	}
}

/* A prefix of two paths, one of which goes between the pages. */
TEST_P(walks_test, the_paths_of_a_prefix_stand_on_one_page)
{
	start();
	for (uint16_t peer : { NVA_A, NVA_B })
		up(peer);
	load(NVA_A, 20, 0, 1000);
	load(NVA_B, 20, 0, 1000);
	turn();
	arp_all();
	turn();
	auto shown = pages(PAGE_ROUTES, "", [&](int) {
		down(NVA_A);
		turn();
	});
	for (unsigned int i = 0; i < 1000; i++)
		ASSERT_LE(1, shown.rows[nth(20, i)]) << i;
}

OF_BOTH_FAMILIES(walks_test);

} /* namespace */
