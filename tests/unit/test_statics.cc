/* Permanent entries of the kernel's table: an operator's, which stay untouched, and those of the
 * configuration, which we keep there. */
#include <gtest/gtest.h>

#include <linux/neighbour.h>

#include "monitor_rig.h"
#include "solicit.h"

TEST_F(monitor, a_permanent_entry_stays_for_ever)
{
	ip("replace 10.0.2.9 lladdr 02:00:00:00:00:0b nud permanent");
	turn();
	hosts_want(s, 0, fib_addr_ip4(HOST));
	until([&] { return is_at(B); });
	time_passes();
	EXPECT_TRUE(is_at(B));
	EXPECT_EQ("10.0.2.9 lladdr 02:00:00:00:00:0b PERMANENT", ip("show"));
	EXPECT_TRUE(asked.empty());
}

/* One that was there before us is told by the read of the whole table, or when it is asked for. */
TEST_F(monitor, a_permanent_entry_of_before)
{
	s->ports[0].up = false; /* so that its event counts for nothing */
	ip("replace 10.0.2.9 lladdr 02:00:00:00:00:0b nud permanent");
	turn();
	ASSERT_EQ(nullptr, host());
	s->ports[0].up = true;
	hosts_want(s, 0, fib_addr_ip4(HOST));
	until([&] { return is_at(B); });
	time_passes();
	EXPECT_EQ("10.0.2.9 lladdr 02:00:00:00:00:0b PERMANENT", ip("show"));
	EXPECT_TRUE(asked.empty());
}

TEST_F(monitor, made_permanent_later_and_taken_out_again)
{
	auto always = [&] { return forwards(); };

	find(A);
	ip("replace 10.0.2.9 lladdr 02:00:00:00:00:0b nud permanent");
	until([&] { return is_at(B); }, always);
	asked.clear();
	time_passes();
	EXPECT_TRUE(asked.empty());
	EXPECT_EQ("10.0.2.9 lladdr 02:00:00:00:00:0b PERMANENT", ip("show"));
	ip("del 10.0.2.9");
	until([&] { return is_at(A); }, always);
	EXPECT_FALSE(host()->fixed);
	asked.clear();
	later_ms += FOR_A_MINUTE; /* it is looked after as others are */
	until([&] { return !asked.empty(); });
}

TEST_F(monitor, made_permanent_while_it_does_not_answer)
{
	hosts_want(s, 0, fib_addr_ip4(HOST));
	until([&] { return host()->state == HOST_FAILED; });
	ip("replace 10.0.2.9 lladdr 02:00:00:00:00:0b nud permanent");
	until([&] { return is_at(B); });
	time_passes();
	EXPECT_EQ("10.0.2.9 lladdr 02:00:00:00:00:0b PERMANENT", ip("show"));
}

/* The request that takes the entry's permanence away is on its way when somebody makes it
 * permanent. */
TEST_F(monitor, what_we_took_in_the_same_instant_is_given_back)
{
	find(A);
	ip("replace 10.0.2.9 lladdr 02:00:00:00:00:0b nud permanent");
	ASSERT_EQ(0, solicit_probe(s, 0, fib_addr_ip4(HOST)));
	until([&] { return ip("show").find("PERMANENT") != std::string::npos && host()->fixed; });
	EXPECT_TRUE(is_at(B));
}

TEST_F(monitor, given_neighbours_are_permanent_entries_of_the_kernel)
{
	configure({ { HOST, A } });
	until([&] { return kept("a") && is_at(A); });
	time_passes();
	EXPECT_TRUE(kept("a"));
	configure({ { HOST, B }, { HOST + 1, A } });
	until([&] { return kept("b") && is_at(B) && is_at(A, HOST + 1); },
	      [&] { return forwards(); });
	EXPECT_TRUE(asked.empty());
}

TEST_F(monitor, given_neighbours_are_put_back_whatever_is_done_to_them)
{
	configure({ { HOST, A } });
	until([&] { return kept("a") && is_at(A); });
	for (const char *deed :
	     { "del 10.0.2.9", "replace 10.0.2.9 lladdr 02:00:00:00:00:0b nud permanent",
	       "replace 10.0.2.9 lladdr 02:00:00:00:00:0a nud reachable" }) {
		SCOPED_TRACE(deed);
		ip(deed);
		turn();
		until([&] { return kept("a") && is_at(A); }, [&] { return forwards(); });
	}
}

TEST_F(monitor, given_neighbours_are_missed_by_a_read_of_the_table_too)
{
	configure({ { HOST, A } });
	until([&] { return kept("a") && is_at(A); });
	ip("del 10.0.2.9");
	netlink_close(&s->events); /* and with it the events */
	ASSERT_EQ(0, netlink_open(&s->events, 0));
	s->sweep_again = true;
	until([&] { return kept("a"); });
}

TEST_F(monitor, given_neighbours_taken_out_of_the_file_are_hosts_like_others)
{
	hosts[HOST] = B;
	configure({ { HOST, A } });
	until([&] { return kept("a") && is_at(A); });
	configure({});
	until([&] { return is_at(B); }, [&] { return forwards(); });
	EXPECT_EQ(std::string::npos, ip("show").find("PERMANENT"));
}
