/* Two VPN gateways beside an ExpressRoute gateway and an NVA, whose sessions the test moves: who is
 * held, and who hears of whose routes. */
#ifndef BASCULE_TEST_ADMISSION_HARNESS_H
#define BASCULE_TEST_ADMISSION_HARNESS_H

#include "server.h"

enum { ER = ERGW, VPN0, VPN1, FAR0, FAR1, NVA, PEERS };

/* Each announces one prefix. */
static const struct {
	const char *name, *addr, *prefix;
} of[PEERS] = {
	{ "ergw/0", "10.0.255.36", "10.20.0.0/16" }, { "vpngw/0", "10.0.255.4", "10.10.0.0/16" },
	{ "vpngw/1", "10.0.255.5", "10.11.0.0/16" }, { "far/0", "10.0.255.6", "10.12.0.0/16" },
	{ "far/1", "10.0.255.7", "10.13.0.0/16" },   { "nva", "10.0.2.4", "172.16.0.0/16" },
};

class admission_test : public of_families<server_test>
{
      protected:
	/* `vpngw`: more settings of that gateway; `first`: a gateway before the others. */
	static std::string config(const std::string &vpngw = "", const std::string &first = "")
	{
		std::string text = std::string(base_config) + base_vnets;

		text.insert(text.find("{ name = \"nva0\""), R"({ name = "vpn0"; role = "vpn";
	device = "net_null3"; addresses = ["10.0.255.1/28"]; }, )");
		return text + "gateways = ( " + first + R"(
	{ name = "ergw"; role = "expressroute"; addresses = ["10.0.255.36"]; },
	{ name = "vpngw"; role = "vpn"; addresses = ["10.0.255.4", "10.0.255.5"]; asn = 65010; )" +
		       vpngw + R"( },
	{ name = "far"; role = "vpn"; addresses = ["10.0.255.6", "10.0.255.7"]; asn = 65011; } );
peers = ( { name = "nva"; address = "10.0.2.4"; asn = 65001; enforce_first_as = false; } );)";
	}
	/* Its session comes up. */
	void rise(uint16_t peer,
		  uint16_t caps = SPEAKER_CAP_AS4 | SPEAKER_CAP_REFRESH | SPEAKER_CAP_MP_IPV4)
	{
		struct speaker_up e = {};

		e.head = { SPEAKER_UP, peer, ++epoch[peer] };
		e.remote_id = 100u + peer;
		e.local_addr = here(ip("10.0.1.4"));
		e.caps = caps_here(caps);
		e.restart_s = 20;
		e.ibgp = peer == ER;
		post(&e, sizeof(e));
	}
	/* It does, and it announces its prefix. */
	void come(uint16_t peer,
		  uint16_t caps = SPEAKER_CAP_AS4 | SPEAKER_CAP_REFRESH | SPEAKER_CAP_MP_IPV4)
	{
		attrs_spec spec;

		rise(peer, caps);
		spec.path = { 65000u + peer };
		spec.next_hop = ip(of[peer].addr);
		update(peer, { of[peer].prefix }, spec);
		settle();
	}
	void go(uint16_t peer)
	{
		down(peer);
		settle();
	}
	void settle()
	{
		turn();
		for (const auto &peer : of)
			arp(peer.addr);
		pass(1000);
		pass(1000);
	}
	/* Route exchange is on, and the others are there. */
	void begin(const std::string &text = config())
	{
		start(text);
		exchange_on(true);
		come(ER);
		come(NVA);
	}
	template <typename row> row first_row(enum page_command command, const char *peer = "")
	{
		auto page = ask(command, peer);
		uint32_t at = 0;
		uint16_t type;

		return *(const row *)page_next(page.get(), &at, &type);
	}
	/* As "show peer" has it, and why. */
	bool held(uint16_t peer)
	{
		auto row = first_row<struct row_peer>(PAGE_PEER, of[peer].name);

		reason = row.reason;
		return row.held;
	}
	/* Who has been told of its prefix, "ergw/0 nva". */
	std::string hearers(uint16_t peer)
	{
		std::string all;

		for (uint16_t other = 0; other < PEERS; other++)
			if (announced[other].count(of[peer].prefix))
				all += std::string(all.empty() ? "" : " ") + of[other].name;
		return all;
	}
	/* Who is not supported, as "show summary" has it. */
	std::string alarms()
	{
		auto row = first_row<struct row_summary>(PAGE_SUMMARY);
		std::string all;

		for (uint16_t i = 0; i < row.alarms.n; i++) {
			const struct alarm *alarm = &row.alarms.alarm[i];

			if (!strcmp(alarm->kind, "unsupported"))
				all += std::string(alarm->peer) + ": " + alarm->text + "\n";
		}
		return all;
	}
	/* The alarms among the events since the last call. */
	std::string events()
	{
		std::string all;

		while (const struct event *event = events_after(&rs->events, seen)) {
			seen = event->number;
			if (event->kind == EVENT_ALARM)
				all += std::string(event->peer) + ": " + event->text + "\n";
		}
		return all;
	}

	std::string reason;
	uint64_t seen = 0;
};

#endif
