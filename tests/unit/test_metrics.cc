/* Metrics of rows and of answers that the test makes up: their form, and what they say. */
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <sstream>
#include <string>

#include "metrics.h"

class metrics_test : public testing::Test
{
      protected:
	void TearDown() override
	{
		metrics_release(&metrics);
	}
	void add_peer(const char *name, const char *reason = "")
	{
		struct row_peer row = {};

		snprintf(row.name, sizeof(row.name), "%s", name);
		snprintf(row.addr, sizeof(row.addr), "10.0.2.4");
		snprintf(row.reason, sizeof(row.reason), "%s", reason);
		row.role = ROLE_NVA;
		row.asn = 4200000000;
		row.state = SESSION_ESTABLISHED;
		row.families = family_bit(FAMILY_IPV4) | family_bit(FAMILY_IPV6);
		row.routes[FAMILY_IPV4].learned = 7;
		row.routes[FAMILY_IPV6].learned = 6;
		row.routes[FAMILY_IPV6].advertised = 5;
		row.stats.rx_messages = UINT64_MAX;
		ASSERT_TRUE(metrics_take(&metrics, ROW_PEER, &row));
	}
	std::string text(bool openmetrics)
	{
		struct body body = {};
		struct exposition to = {};
		unsigned int step = 0;
		std::string all;

		to.body = &body;
		to.openmetrics = openmetrics;
		steps = 0;
		longest = 0;
		for (bool more = true; more; steps++) {
			char piece[65536];
			size_t n;

			more = metrics_put(&to, &metrics, &step);
			longest = std::max(longest, body_left(&body));
			while ((n = body_take(&body, piece, sizeof(piece))))
				all.append(piece, n);
		}
		return all;
	}
	static bool has(const std::string &text, const std::string &line)
	{
		return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
	}
	struct metrics metrics = {};
	size_t longest = 0;
	unsigned int steps = 0;
};

#define NVA R"(peer="nva-a",address="10.0.2.4",peer_as="4200000000",role="nva")"

TEST_F(metrics_test, of_a_peer)
{
	add_peer("nva-a", "a \"quoted\\\" reason\nof two lines");
	std::string all = text(true);

	EXPECT_TRUE(has(all, "bascule_peer_established{" NVA "} 1"));
	EXPECT_TRUE(has(all, "bascule_peer_state{" NVA "} 6"));
	EXPECT_TRUE(
		has(all, "bascule_peer_prefixes_learned{" NVA R"(,afi="ipv4",safi="unicast"} 7)"));
	EXPECT_TRUE(
		has(all, "bascule_peer_prefixes_learned{" NVA R"(,afi="ipv6",safi="unicast"} 6)"));
	EXPECT_TRUE(has(all, "bascule_peer_prefixes_advertised{" NVA
			     R"(,afi="ipv6",safi="unicast"} 5)"));
	EXPECT_TRUE(has(all, "bascule_peer_messages_total{" NVA
			     R"(,direction="received"} 18446744073709551615)"));
	EXPECT_TRUE(has(all, "bascule_peer_last_error_info{" NVA
			     R"(,error="a \"quoted\\\" reason\nof two lines"} 1)"));
}

/* The two formats differ in where "_total" and "_info" stand, and in what one of them lacks. */
TEST_F(metrics_test, of_either_format)
{
	std::string open = text(true), plain = text(false);

	EXPECT_TRUE(has(open, "# TYPE bascule_peer_messages counter"));
	EXPECT_TRUE(has(plain, "# TYPE bascule_peer_messages_total counter"));
	EXPECT_TRUE(has(open, "# TYPE bascule info"));
	EXPECT_TRUE(has(plain, "# TYPE bascule_info gauge"));
	EXPECT_TRUE(has(open, "# UNIT bascule_uptime_seconds seconds"));
	EXPECT_EQ(std::string::npos, plain.find("# UNIT"));
	EXPECT_EQ(open.size() - 6, open.find("# EOF\n"));
	EXPECT_EQ(std::string::npos, plain.find("# EOF"));
	EXPECT_TRUE(
		has(open, "process_cpu_seconds_total " +
				  open.substr(open.find("\nprocess_cpu_seconds_total ") + 27, 11)));
}

TEST_F(metrics_test, every_family_is_there_once_with_type_and_help_and_its_unit)
{
	metrics.dataplane = json_loads(
		R"({"ports": {"port_0": {"name": "er0", "role": "expressroute", "link": "up"}},
		    "counters": {"er0": {"drops": {"no_route": 3}}}, "heap": {}})",
		0, nullptr);
	ASSERT_NE(nullptr, metrics.dataplane);
	add_peer("nva-a", "why");
	for (bool openmetrics : { true, false }) {
		std::istringstream lines(text(openmetrics));
		std::set<std::string> families;
		std::string line, family, sharp, what, name, rest;

		while (std::getline(lines, line)) {
			std::istringstream words(line);

			words >> sharp >> what >> name >> rest;
			if (what == "EOF")
				continue;
			if (sharp != "#") {
				EXPECT_EQ(0u, line.find(family)) << line;
				continue;
			}
			if (what == "TYPE") {
				EXPECT_TRUE(families.insert(family = name).second) << line;
			}
			EXPECT_EQ(family, name) << line;
			EXPECT_FALSE(rest.empty()) << line;
			if (what == "UNIT") {
				EXPECT_EQ(name.size() - rest.size(), name.rfind(rest)) << line;
			}
		}
		EXPECT_LT(60u, families.size());
	}
}

TEST_F(metrics_test, of_the_dataplane)
{
	EXPECT_TRUE(has(text(true), "bascule_dataplane_up 0"));
	metrics.dataplane = json_loads(
		R"({"ports": {"port_0": {"name": "er0", "role": "expressroute", "link": "down",
		               "rx_packets": 12}},
		    "counters": {"er0": {"drops": {"no_route": 3, "urpf": 0}, "transit": 9}},
		    "heap": {"Heap_size": 1073741824}})",
		0, nullptr);
	std::string all = text(true);

	EXPECT_TRUE(has(all, "bascule_dataplane_up 1"));
	EXPECT_TRUE(has(all, R"(bascule_port_up{port="er0",role="expressroute"} 0)"));
	EXPECT_TRUE(has(
		all, R"(bascule_port_received_packets_total{port="er0",role="expressroute"} 12)"));
	EXPECT_TRUE(has(all, R"(bascule_packets_dropped_total{port="er0",reason="no_route"} 3)"));
	EXPECT_TRUE(has(all, R"(bascule_packets_dropped_total{port="er0",reason="urpf"} 0)"));
	EXPECT_TRUE(has(all, R"(bascule_packets_transit_total{port="er0"} 9)"));
	EXPECT_TRUE(has(all, "bascule_hugepages_bytes 1073741824"));
}

TEST_F(metrics_test, alarms_are_counted_by_kind)
{
	const char *kinds[] = { "max_routes", "fib_full", "max_routes" };
	struct row_summary row = {};

	for (const char *kind : kinds)
		strcpy(row.alarms.alarm[row.alarms.n++].kind, kind);
	row.alarms.left = 4;
	ASSERT_TRUE(metrics_take(&metrics, ROW_SUMMARY, &row));
	std::string all = text(true);

	EXPECT_TRUE(has(all, R"(bascule_alarms{kind="max_routes"} 2)"));
	EXPECT_TRUE(has(all, R"(bascule_alarms{kind="fib_full"} 1)"));
	EXPECT_TRUE(has(all, R"(bascule_alarms{kind="more"} 4)"));
}

/* What is made at once is a family, however many peers there are. */
TEST_F(metrics_test, of_many_peers_a_family_at_a_time)
{
	for (int i = 0; i < CONFIG_PEERS; i++)
		add_peer(("peer-" + std::to_string(i)).c_str());
	EXPECT_LT(1u << 20, text(true).size());
	EXPECT_GT(1u << 19, longest);
	EXPECT_LT(60u, steps);
}
