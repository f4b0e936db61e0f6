/* A route server for tests: a real RIB and a real FIB (EAL without hugepages), one speaker (or two,
 * with `nb_speakers`) whose mailboxes the test holds, and a clock that it turns. What the server
 * sends is decoded again and kept as each peer's table.
 *
 * A test that is of both families (of_families) says everything in IPv4: in one of IPv6, what
 * stands for that (families.h) is in the configuration, in what peers say and in the FIB, and what
 * the server says is read back. */
#ifndef BASCULE_TEST_SERVER_H
#define BASCULE_TEST_SERVER_H

#include <gtest/gtest.h>

#include <csignal>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adjacency.h"
#include "conductor.h"
#include "family_texts.h"
#include "fib.h"
#include "log.h"
#include "maintenance.h"
#include "page.h"
#include "peers.h"
#include "routes.h"
#include "show.h"
#include "to_fib.h"
#include "update.h"

static const char base_config[] = R"(
instance = { name = "test"; asn = 65515; router_id = "10.0.1.4"; };
exchange = { enabled = false; };
dataplane = { forwarding_lcores = [1]; ports = (
	{ name = "er0"; device = "net_null0"; role = "expressroute";
		addresses = ["10.0.255.33/28"]; },
	{ name = "nva0"; device = "net_null1"; role = "nva"; addresses = ["10.0.2.1/24"]; },
	{ name = "vnet0"; device = "net_null2"; role = "vnet"; addresses = ["10.0.1.4/24"]; } ); };
control = { lcores = [1]; restart_s = 60; };
)";
static const char base_vnets[] = R"(vnet = ( { prefix = "10.0.0.0/16"; port = "vnet0"; } );)";
static const char base_peers[] = R"(
gateways = ( { name = "ergw"; role = "expressroute"; addresses = ["10.0.255.36"]; } );
peers = ( { name = "nva-a"; address = "10.0.2.4"; asn = 65001; enforce_first_as = false; },
	  { name = "nva-b"; address = "10.0.2.5"; asn = 65002; enforce_first_as = false; } );
)";
enum { ERGW, NVA_A, NVA_B };

/* The clock by which the server bounds its turns goes on by this much whenever it is looked at, and
 * not by itself: how much fits a turn does not hang on the machine. start() sets it to LOOK_NS. */
extern uint64_t look_ns;
enum { LOOK_NS = 10 * 1000 };

/* n distinct /24s from 172.16.0.0 on. */
std::vector<std::string> many(unsigned int n);

/* What a peer was told: prefix to canonical attributes. */
using table = std::map<std::string, std::vector<uint8_t>>;

class server_test : public testing::Test
{
      protected:
	void SetUp() override;
	void TearDown() override;
	struct config *configure(const std::string &text);
	static std::string plain_config()
	{
		return std::string(base_config) + base_vnets + base_peers;
	}
	void start(const std::string &text = plain_config(), size_t from_rib_size = 1 << 20);
	void stop_server();
	/* The server dies without a word, as by kill -9: what it shared stays as it is. */
	void kill_server()
	{
		stop_server();
	}

	/* --- the family that the test is of ------------------------------------------------- */

	struct addr here(uint32_t v4) const
	{
		return addr_of(family, v4);
	}
	/* What is of IPv6 already stays. */
	struct prefix here(const std::string &text) const
	{
		struct prefix prefix = net(text.c_str());

		return prefix.addr.family == FAMILY_IPV4
			       ? prefix_of(family, prefix.addr.v4, prefix.len)
			       : prefix;
	}
	struct fib_addr fib_here(uint32_t v4) const
	{
		return to_fib_addr(here(v4));
	}
	/* SPEAKER_CAP_*, as of IPv4. */
	uint16_t caps_here(uint16_t caps) const;
	/* Back again, as the test says it; "IPv6 routes" are routes. */
	std::string plain(struct prefix prefix) const
	{
		return text_of(family == FAMILY_IPV4 ? prefix : prefix4_of(prefix));
	}
	std::string plain(std::string text) const;

	struct routes &routes()
	{
		return rs->routes[family];
	}
	struct rib *rib()
	{
		return routes().rib;
	}
	struct peer_routes &said_by(uint16_t peer)
	{
		return rs->peers.table[peer].routes[family];
	}
	struct receiver &told_to(uint16_t peer)
	{
		return rs->peers.table[peer].out.to[family];
	}

	/* --- time ----------------------------------------------------------------------------- */

	/* Turn until nothing is left to do; `each` looks after every turn. */
	void turn(const std::function<void()> &each = [] {});
	void pass(uint64_t ms)
	{
		now_ms += ms;
		turn();
	}

	/* --- what speakers say ---------------------------------------------------------------- */

	void post(const void *record, size_t len, unsigned int speaker = 0);
	void event(uint16_t peer, enum speaker_event_type type, unsigned int speaker = 0)
	{
		event_of(family, peer, type, speaker);
	}
	void event_of(enum family of, uint16_t peer, enum speaker_event_type type,
		      unsigned int speaker = 0)
	{
		struct speaker_event e = { (uint16_t)type, peer, epoch[peer], (uint8_t)of };

		post(&e, sizeof(e), speaker);
	}
	/* `caps` as of IPv4 ... */
	void up(uint16_t peer,
		uint16_t caps = SPEAKER_CAP_AS4 | SPEAKER_CAP_REFRESH | SPEAKER_CAP_MP_IPV4)
	{
		up_with(peer, caps_here(caps));
	}
	/* ... and as they are. */
	void up_with(uint16_t peer, uint16_t caps);
	void down(uint16_t peer, bool keep = false);
	/* It ends its session for what it was told: a NOTIFICATION 3/5 with this data, or a
	 * connection that is reset. */
	void complain(uint16_t peer, const std::vector<uint8_t> &data, bool notification = true,
		      bool keep = false);
	/* An attribute as it has been told it, whole. */
	std::vector<uint8_t> heard(uint16_t peer, const char *prefix, uint8_t code);
	/* All prefixes are of one family, and so is the next hop, if it is not said to be of
	 * IPv6. */
	void update(uint16_t peer, const std::vector<std::string> &announced,
		    const attrs_spec &spec = {}, const std::vector<std::string> &withdrawn = {});
	/* As update(), from an NVA with its own AS and address. */
	void announce(uint16_t peer, const std::vector<std::string> &prefixes);
	static uint32_t address(uint16_t peer)
	{
		static const char *const addrs[] = { "10.0.255.36", "10.0.2.4", "10.0.2.5" };

		return ip(addrs[peer]);
	}

	/* --- what the server says ------------------------------------------------------------- */

	void collect_send(const struct speaker_send *send);
	void collect()
	{
		for (unsigned int i = 0; i < nb_speakers; i++)
			collect_from(speakers[i].from_rib, &commands[i]);
	}
	/* `all`: "add 1", "add 1 elsewhere", "remove 1", "connection 1", one by one. */
	void collect_from(struct mailbox *from_rib, std::vector<std::string> *all);
	/* The prefixes that a peer knows from us, "a b c". */
	std::string knows(uint16_t peer);
	struct attr_keys keys(uint16_t peer, const char *prefix);
	uint32_t next_hop(uint16_t peer, const char *prefix);

	/* --- the management thread ------------------------------------------------------------ */

	std::unique_ptr<struct page> ask(
		enum page_command command, const char *peer = "",
		const std::function<void(struct page *)> &more = [](struct page *) {});
	/* What makes a page one of this prefix, as it is in the family of the test. */
	std::function<void(struct page *)> of_prefix(const std::string &text,
						     enum page_match match = MATCH_EXACT) const
	{
		return [prefix = here(text), match](struct page *p) {
			p->prefix = prefix;
			p->match = match;
		};
	}
	/* A page goes to the server and comes back. */
	void answer(struct page *page);
	void exchange_on(bool enable);
	std::unique_ptr<struct page> reload(const std::string &text, bool force = true);
	/* The switch as the next control finds it, once what is to be stored is. */
	void reopen_exchange(bool configured = false);

	/* --- the data plane ------------------------------------------------------------------- */

	struct fib_generation *writing()
	{
		return &fib->generation[fib->active ^ !fib_published(rs->writer)];
	}
	/* Its main lcore: ARP is answered, or not any more; `roles`: whose adjacencies know. */
	void arp(const char *gateway, bool answers_arp = true, unsigned int roles = ~0u);
	void arp_all()
	{
		for (const char *gateway : { "10.0.255.36", "10.0.2.4", "10.0.2.5" })
			arp(gateway);
	}
	/* Prefixes that take more than half of the room that a view has: a tbl8 group each, or
	 * some 19 groups. No two of `which` are the same. */
	std::vector<std::string> half_full(unsigned int which) const;
	/* Where a packet from a port of `view` to `dst` goes, by the table alone: "10.0.2.4
	 * 10.0.2.5", "on link", "local" or "nowhere". */
	std::string forwards(const struct fib_generation *g, enum role view, const char *dst);
	std::string fib_to(enum role view, const char *dst)
	{
		return forwards(writing(), view, dst);
	}
	/* And where it goes while all of those are lost. */
	std::string backup_to(enum role view, const char *dst);
	bool gate(enum role ingress, enum role egress)
	{
		return fib_gate_open(fib->gate, ingress, egress);
	}
	/* Everybody up, having announced one prefix each, and ARP answered. */
	void start_with_routes(bool exchange_enabled);

	uint32_t path_list_of(const struct fib_generation *g, enum role view, const char *dst);
	std::string next_hops(const struct fib_generation *g, uint32_t path_list);

	static inline volatile sig_atomic_t hangups;
	std::string dir;
	enum family family = FAMILY_IPV4;
	struct fib *fib = nullptr;
	struct route_server *rs = nullptr;
	struct exchange exchange = {};
	struct maintenance maintenance = {};
	struct addr link_local = {}; /* ours, on every port */
	unsigned int nb_speakers = 1;
	struct rs_speaker speakers[2] = {};
	std::vector<std::string> commands[2]; /* for each speaker: see collect_from() */
	struct mailbox *pages = nullptr, *answers = nullptr;
	int answered = -1;
	uint64_t now_ms = 0;
	uint32_t epoch[8] = {};
	uint64_t messages = 0;
	std::map<uint16_t, table> announced;
	std::map<uint16_t, size_t> told;    /* prefixes in all announcements to it */
	std::map<uint16_t, size_t> most;    /* prefixes that it had at once, after each message */
	std::map<uint16_t, int> eors, late; /* late: UPDATEs that came after the first End-of-RIB */
	std::map<uint16_t, int> eors_of[FAMILY_COUNT];
	std::vector<struct speaker_peer_add> adds;
	std::vector<struct speaker_peer_reset> resets;
	std::vector<uint16_t> others;
	std::vector<struct speaker_command> refreshes; /* of those, SPEAKER_SEND_REFRESH */
};

#endif
