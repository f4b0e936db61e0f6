/* Peers behind learned routes: what becomes of their sessions. */
#include <gtest/gtest.h>

#include <algorithm>

#include "far_routes.h"
#include "peer_session.h"

namespace
{

class behind_test : public far_test
{
      protected:
	std::string why(const char *name)
	{
		char buf[SPEAKER_REASON];

		return plain(std::string(peer_why(peer_find(&rs->peers, name), buf)));
	}
	/* How often a session lcore was told to call. */
	size_t calls()
	{
		return (size_t)std::count(others.begin(), others.end(), SPEAKER_PEER_CALL);
	}
};

TEST_P(behind_test, without_a_route_it_says_so_and_with_one_it_is_called)
{
	start(far_config());
	up(NVA_A);
	turn();
	EXPECT_EQ("no route to 10.9.0.5", why("far-a"));
	EXPECT_EQ("", why("nva-b"));
	says(NVA_A, "10.9.0.5/32", 1);
	turn();
	EXPECT_EQ("no route to 10.9.0.5", why("far-a")) << "its next hop answers no ARP";
	EXPECT_EQ(0u, calls());
	arp("10.0.2.4");
	turn([this] {
		if (calls()) {
			ASSERT_EQ("10.0.2.4", to("10.9.0.5")) << "called before the FIB knew";
		}
	});
	EXPECT_EQ(1u, calls());
	EXPECT_EQ("", why("far-a"));
	EXPECT_EQ("no route to 10.9.0.6", why("far-b"));
	up(FAR_A);
	says(NVA_A, "10.9.0.5/32", 0);
	turn();
	EXPECT_EQ("", why("far-a")) << "it is up";
	EXPECT_TRUE(behind_lost(peer_find(&rs->peers, "far-a")));
	says(NVA_A, "10.9.0.0/24", 1);
	turn();
	EXPECT_EQ(2u, calls()) << "the other one is; this one is up";
}

TEST_P(behind_test, reloads)
{
	const std::string far_a = far_text("far-a", "10.9.0.5"),
			  far_b = far_text("far-b", "10.9.0.6");
	const char vnets[] =
		R"(vnet = ( { prefix = "10.9.0.0/24"; port = "nva0"; next_hop = "10.0.2.5"; } );)";

	start_far(config_with(far_a + far_b, base_vnets));
	says(NVA_A, "10.9.0.0/24", 1);
	says(FAR_A, "172.30.0.0/16", 1, "10.9.0.5");
	turn();
	EXPECT_EQ(2u, rs->far_hops.slab.used);
	resets.clear();
	reload(config_with(far_a)); /* one goes, the other one does not notice */
	turn();
	EXPECT_EQ(1u, resets.size());
	EXPECT_EQ("10.0.2.4", to("172.30.1.1"));
	/* In a VNet it is not behind a route any more, in the same session. */
	reload(config_with(
		peer_text("far-a", "10.9.0.5", "multihop = true; password_file = \"far.key\";"),
		vnets));
	turn();
	arp_all();
	turn();
	EXPECT_EQ(1u, resets.size());
	EXPECT_EQ("10.0.2.5", to("172.30.1.1"));
	says(NVA_A, "10.9.0.0/16", 1);
	reload(config_with(far_a));
	turn();
	EXPECT_EQ(1u, resets.size());
	EXPECT_EQ("10.0.2.4", to("172.30.1.1"));
}

TEST_P(behind_test, it_is_shown_what_leads_to_it)
{
	uint32_t at = 0;
	uint16_t type;

	start_far();
	says(NVA_A, "10.9.0.0/24", 1);
	says(FAR_A, "172.30.0.0/16", 1, "10.9.0.5");
	turn();
	auto peer = ask(PAGE_PEER, "far-a");
	auto *row = (const struct row_peer *)page_next(peer.get(), &at, &type);

	ASSERT_NE(nullptr, row);
	EXPECT_TRUE(row->behind);
	EXPECT_EQ("10.9.0.0/24", plain(row->by_route.prefix));
	EXPECT_STREQ("nva-a", row->by_route.peer);
	ASSERT_EQ(1, row->by_route.n);
	EXPECT_EQ("10.0.2.4", plain(std::string(row->by_route.next_hop[0])));
}

OF_BOTH_FAMILIES(behind_test);

} // namespace
