/* The switch of route exchange, turn by turn: announcements, views and gate move in the order in
 * which nothing is promised that is not carried. */
#include <set>

#include <unistd.h>

#include "server.h"
#include "transit.h"

/* The switch is moved over so many routes that every step takes several turns, and what there is
 * after each is looked at. */
class switch_test : public of_families<server_test>
{
      protected:
	struct branch {
		enum role role;
		const char *gateway;
		std::vector<std::string> prefixes;
	};
	const std::vector<branch> branches = {
		{ ROLE_EXPRESSROUTE, "10.0.255.36", { "10.20.0.0/16" } },
		{ ROLE_NVA, "10.0.2.4", many(10000) },
		{ ROLE_NVA, "10.0.2.5", { "192.168.1.0/24" } },
	};
	const std::vector<uint16_t> everybody = { ERGW, NVA_A, NVA_B };
	std::unique_ptr<struct page> page;

	/* As exchange_on(), but it is in the next turns that the server sees it. */
	void command(bool enable)
	{
		struct page **slot = (struct page **)mailbox_reserve(pages, sizeof(*slot));

		page.reset(new struct page());
		page->command = PAGE_EXCHANGE_SET;
		page->enable = enable;
		*slot = page.get();
		mailbox_post(pages, sizeof(*slot));
	}
	/* The disk may take a while. */
	void answered_well(const std::function<void()> &each = [] {})
	{
		size_t len;

		while (!mailbox_peek(answers, &len)) {
			usleep(500);
			turn(each);
		}
		mailbox_done(answers);
		EXPECT_STREQ("", page->error);
	}
	void move(bool enable, const std::function<void()> &each)
	{
		command(enable);
		turn(each);
		answered_well(each);
	}
	void start_with_many()
	{
		start();
		for (uint16_t peer : everybody) {
			up(peer);
			for (size_t at = 0; at < branches[peer].prefixes.size(); at += 500) {
				auto first = branches[peer].prefixes.begin() + (ptrdiff_t)at;
				auto end = branches[peer].prefixes.end();

				announce(peer, { first, end - first > 500 ? first + 500 : end });
			}
		}
		turn();
		arp_all();
		turn();
		check_end(false);
	}
	std::string carried(enum role view, const std::string &prefix)
	{
		return fib_to(view, prefix.substr(0, prefix.find('/')).c_str());
	}
	/* A peer told of a prefix ⇒ the view of its role carries it. `but`: a peer that is
	 * excepted. */
	void check_told(int but = -1)
	{
		for (uint16_t peer : everybody) {
			if (peer == but)
				continue;
			for (const auto &[prefix, attrs] : announced[peer]) {
				ASSERT_NE("nowhere", carried(branches[peer].role, prefix))
					<< "peer " << peer << " believes in " << prefix;
			}
		}
	}
	/* The gate open for a pair of roles ⇒ the first one's view has all routes of the second. */
	void check_gate()
	{
		for (enum role view : { ROLE_EXPRESSROUTE, ROLE_NVA, ROLE_VNET }) {
			for (const branch &to : branches) {
				if (!gate(view, to.role))
					continue;
				for (const std::string &prefix : to.prefixes) {
					ASSERT_EQ(to.gateway, carried(view, prefix))
						<< role_name(view) << " to " << prefix;
				}
			}
		}
	}
	bool gates_open()
	{
		return gate(ROLE_EXPRESSROUTE, ROLE_NVA) && gate(ROLE_NVA, ROLE_EXPRESSROUTE) &&
		       gate(ROLE_NVA, ROLE_NVA);
	}
	bool gates_closed()
	{
		return !gate(ROLE_EXPRESSROUTE, ROLE_NVA) && !gate(ROLE_NVA, ROLE_EXPRESSROUTE) &&
		       !gate(ROLE_NVA, ROLE_NVA);
	}
	/* Is any peer told of another branch's routes? */
	bool promised()
	{
		size_t sum = 0;

		for (uint16_t peer : everybody)
			sum += announced[peer].size() - announced[peer].count("10.0.0.0/16");
		return sum > 0;
	}
	void check_turn()
	{
		check_told();
		check_gate();
	}
	void check_end(bool enabled)
	{
		for (uint16_t peer : everybody) {
			size_t expected = 1; /* the VNet */

			for (const branch &other : branches)
				expected += enabled && &other != &branches[peer]
						    ? other.prefixes.size()
						    : 0;
			EXPECT_EQ(expected, announced[peer].size()) << "peer " << peer;
		}
		for (const branch &to : branches) {
			for (const std::string &prefix : to.prefixes) {
				const char *there = enabled ? to.gateway : "nowhere";
				bool er = to.role == ROLE_EXPRESSROUTE;

				ASSERT_EQ(to.gateway, carried(ROLE_VNET, prefix));
				ASSERT_EQ(there, carried(ROLE_NVA, prefix));
				ASSERT_EQ(er ? "nowhere" : there,
					  carried(ROLE_EXPRESSROUTE, prefix));
			}
		}
		EXPECT_TRUE(enabled ? gates_open() : gates_closed());
		EXPECT_FALSE(gate(ROLE_EXPRESSROUTE, ROLE_EXPRESSROUTE));
		EXPECT_TRUE(gate(ROLE_EXPRESSROUTE, ROLE_VNET));
		EXPECT_TRUE(resets.empty());
	}
};

TEST_P(switch_test, what_is_promised_is_carried_at_every_moment)
{
	start_with_many();
	for (int round = 0; round < 2; round++) {
		for (bool enable : { true, false }) {
			std::set<int> steps;

			move(enable, [&] {
				check_turn();
				steps.insert(rs->transit.step);
				if (enable && promised()) {
					EXPECT_TRUE(gates_open()) << "announced before";
				}
				if (!enable) {
					EXPECT_TRUE(gates_closed()) << "not with the command";
				}
				if (!enable && rs->transit.step != TRANSIT_WITHDRAWING) {
					EXPECT_FALSE(promised());
				}
			});
			EXPECT_EQ(!enable, !!steps.count(TRANSIT_WITHDRAWING));
			EXPECT_TRUE(steps.count(TRANSIT_PROGRAMMING))
				<< "it was too quick to be seen";
			check_end(enable);
		}
	}
}

/* The packets of a role need not wait for the tables of the others; peers are told when no view
 * that gains is missing, and wait for none that does not. */
TEST_P(switch_test, the_gate_opens_for_a_role_when_its_view_is_filled)
{
	size_t open = 0, half_open = 0, still_looking = 0;

	start_with_many();
	move(true, [&] {
		bool er = gate(ROLE_EXPRESSROUTE, ROLE_NVA), nva = gate(ROLE_NVA, ROLE_NVA);

		EXPECT_EQ(nva, gate(ROLE_NVA, ROLE_EXPRESSROUTE)) << "one view, one moment";
		check_gate();
		if (er && !nva) {
			half_open++;
			EXPECT_FALSE(promised());
		}
		open += er;
		still_looking += er && nva && promised() && rs->fib_walk.walking;
	});
	EXPECT_LT(0u, half_open);
	EXPECT_LT(half_open, open);
	EXPECT_LT(0u, still_looking) << "at the view of the VNets, which gains nothing";
	check_end(true);
}

TEST_P(switch_test, toggled_in_between_it_ends_where_it_was_last_put)
{
	start_with_many();
	for (int moves : { 11, 12 }) {
		for (int i = 0; i < moves; i++) {
			command(i % 2 == 0);
			rs_turn(rs, now_ms);
			while (exchange_stored(&exchange, page->ticket) == -EINPROGRESS)
				usleep(100);
			for (int k = 0; k <= i % 5; k++) {
				rs_turn(rs, now_ms);
				collect();
				check_turn();
			}
			answered_well();
		}
		turn([&] { check_turn(); });
		check_end(moves % 2 == 1);
	}
}

/* Two exceptions, and the gate has long closed then. One that does not read is not waited for at
 * all. */
TEST_P(switch_test, a_peer_that_does_not_read_is_not_waited_for)
{
	start_with_many();
	move(true, [] {});
	event(ERGW, SPEAKER_LAGGING);
	turn();
	move(false, [&] {
		EXPECT_TRUE(gates_closed());
		check_told(ERGW);
		check_gate();
	});
	EXPECT_EQ(10002u, announced[ERGW].size()) << "the VNet and both NVAs' still";
	EXPECT_EQ("nowhere", fib_to(ROLE_EXPRESSROUTE, "172.16.1.1"));
	event(ERGW, SPEAKER_DRAINED);
	turn();
	check_end(false);
}

/* And announcements that never come to rest, as to one that asks for all of them again and again,
 * are waited for so long. */
TEST_P(switch_test, announcements_without_end_are_waited_for_no_longer)
{
	uint64_t since;

	start_with_many();
	move(true, [] {});
	command(false);
	rs_turn(rs, since = now_ms);
	auto ask_again = [&](int turns) {
		for (int i = 0; i < turns; i++) {
			event(NVA_A, SPEAKER_REFRESH);
			rs_turn(rs, now_ms);
			collect();
			check_gate();
			EXPECT_TRUE(gates_closed());
		}
	};
	ask_again(50);
	EXPECT_EQ(1u, announced[ERGW].size()) << "the others are told";
	EXPECT_EQ(1u, announced[NVA_B].size());
	now_ms = since + TRANSIT_WITHDRAW_MS - 1;
	ask_again(50);
	EXPECT_EQ(TRANSIT_WITHDRAWING, rs->transit.step);
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_EXPRESSROUTE, "172.16.1.1"));
	now_ms = since + TRANSIT_WITHDRAW_MS;
	ask_again(50);
	EXPECT_EQ(TRANSIT_SETTLED, rs->transit.step);
	EXPECT_EQ("nowhere", fib_to(ROLE_EXPRESSROUTE, "172.16.1.1"));
	answered_well();
	turn();
	check_end(false);
}

OF_BOTH_FAMILIES(switch_test);
