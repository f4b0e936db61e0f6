/* Cells: what a field of a row looks like. */
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "cell.h"
#include "cli_harness.h"

namespace
{

struct cell_case {
	cell_fn *cell;
	const char *row, *text; /* the field is "f" */
};

const cell_case cell_cases[] = {
	{ cell_text, R"({"f":"x"})", "x" },
	{ cell_text, R"({"f":""})", "-" },
	{ cell_text, R"({"f":7})", "7" },
	{ cell_text, R"({"f":true})", "yes" },
	{ cell_text, R"({"f":null})", "-" },
	{ cell_text, R"({"f":{}})", "-" },
	{ cell_text, R"({})", "-" },
	{ cell_text, R"({"f":"a\u001b[2Jb\n"})", "a?[2Jb?" },
	{ cell_duration, R"({"f":59})", "59s" },
	{ cell_duration, R"({"f":60})", "1m00s" },
	{ cell_duration, R"({"f":3599})", "59m59s" },
	{ cell_duration, R"({"f":3600})", "1h00m" },
	{ cell_duration, R"({"f":90000})", "1d01h" },
	{ cell_duration, R"({"f":-1})", "-" },
	{ cell_duration, R"({"f":"1"})", "-" },
	{ cell_bytes, R"({"f":1023})", "1023 B" },
	{ cell_bytes, R"({"f":1536})", "1.5 KiB" },
	{ cell_bytes, R"({"f":9223372036854775807})", "8.0 EiB" },
	{ cell_bytes, R"({"f":"x"})", "-" },
	{ cell_list, R"({"f":["a","b"]})", "a b" },
	{ cell_list, R"({"f":[]})", "-" },
	{ cell_list, R"({"f":"a"})", "-" },
	{ cell_members,
	  R"({"f":[{"device":"net_af_packet1,iface=eth1","state":"distributing"},)"
	  R"({"device":"0000:3b:00.1,a=b","state":"no link"}]})",
	  "eth1 distributing, 0000:3b:00.1 no link" },
	{ cell_members, R"({"f":[{},{"device":7,"state":"x"}]})", "- -, - x" },
	{ cell_members, R"({"f":[]})", "-" },
	{ cell_members, R"({})", "-" },
	{ cell_on_off, R"({"f":true})", "on" },
	{ cell_on_off, R"({"f":1})", "-" },
	{ cell_path_mark, R"({"best":true,"usable":true})", ">" },
	{ cell_path_mark, R"({"best":false,"ecmp":true,"usable":true})", "=" },
	{ cell_path_mark, R"({"best":false,"usable":false})", "!" },
	{ cell_by_route,
	  R"({"f":{"prefix":"10.9.0.0/24","peer":"a","next_hops":["10.0.2.4","10.0.2.5"]}})",
	  "10.9.0.0/24 of a, via 10.0.2.4 10.0.2.5" },
	{ cell_by_route,
	  R"({"f":{"prefix":"2001:db8:9::/48","peer":"a","next_hops":["fe80::1%nva0"]}})",
	  "2001:db8:9::/48 of a, via fe80::1%nva0" },
	{ cell_by_route, R"({})", "-" },
	{ cell_path_next_hop,
	  R"({"f":"10.9.0.5","by_route":{"prefix":"10.9.0.0/24","peer":"a",)"
	  R"("next_hops":["10.0.2.4"]}})",
	  "10.9.0.5 by 10.9.0.0/24 of a, via 10.0.2.4" },
	{ cell_path_next_hop, R"({"f":"0.0.0.0"})", "on link" },
	{ cell_gateway, R"({"f":"0.0.0.0"})", "on link" },
	{ cell_gateway, R"({"f":"10.0.0.1"})", "10.0.0.1" },
	{ cell_restarting, R"({"f":false})", "no" },
	{ cell_restarting, R"({"f":true,"restart_left_s":90})", "for 1m30s more at most" },
	{ cell_partner, R"({"f":{"instance":"rs1","error":""}})", "rs1" },
	{ cell_partner, R"({"f":{"instance":"","error":"refused"}})", "not heard yet: refused" },
	{ cell_partner, R"({})", "-" },
	{ cell_turns, R"({"turns":{"rib":{"f_us":310.0,"f_part":"fib","f_part_us":200.5}}})",
	  "rib 0.31 ms (fib 0.20)" },
	{ cell_turns,
	  R"({"turns":{"rib":{"f_us":1.0,"f_part":"rib","f_part_us":0.0},)"
	  R"("sessions":{"f_us":2000.0,"f_part":"accept","f_part_us":1000.0}}})",
	  "rib 0.00 ms (rib 0.00), sessions 2.00 ms (accept 1.00)" },
	{ cell_turns, R"({"turns":{"rib":{"f_us":"x"}}})", "-" },
	{ cell_turns, R"({})", "-" },
	{ cell_path_reason, R"({"usable":false,"unusable_reason":"no ARP"})", "no ARP" },
	{ cell_path_reason, R"({"usable":true,"reason":"only","refused":["nva","vnet"]})",
	  "no room in the view of nva vnet" },
	{ cell_next_hops,
	  R"({"f":[{"gateway":"1.1.1.1","port":"er0","state":"resolved"},)"
	  R"({"gateway":"1.1.1.2","port":"er0","state":"unresolved"}]})",
	  "1.1.1.1 via er0, 1.1.1.2 via er0 (unresolved)" },
	{ cell_next_hops, R"({"f":[{"gateway":"","port":"vnet0","state":"on link"}]})",
	  "on link via vnet0" },
	{ cell_next_hops, R"({"f":[3]})", "- via -" },
};

} // namespace

TEST(cli_cell, text)
{
	for (const cell_case &t : cell_cases) {
		json row(t.row);
		char buf[CELL_TEXT];

		EXPECT_STREQ(t.text, t.cell(row.value, "f", buf)) << t.row;
	}
}

TEST(cli_cell, long_text_is_cut)
{
	json row("{\"f\":\"" + std::string(5000, 'x') + "\"}");
	char buf[CELL_TEXT];

	EXPECT_EQ((size_t)CELL_TEXT - 1, strlen(cell_text(row.value, "f", buf)));
}
