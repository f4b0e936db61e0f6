/* Which of our addresses a peer is told, by what its session is over and what its port has. */
#include "own_next_hop.h"

#include <gtest/gtest.h>

#include <string>

#include "adj_out.h"

namespace
{

struct addr parsed(const char *text)
{
	struct addr addr = {};

	EXPECT_TRUE(addr_parse(text, &addr)) << text;
	return addr;
}

/* "2001:db8::1 fe80::1", "none". */
std::string text(const struct export_next_hop &hop)
{
	char buf[ADDR_TEXT];
	std::string out;

	if (own_next_hop_is_none(&hop))
		return hop.len == 4 ? "no IPv4" : "no IPv6";
	if (hop.len == 4)
		return addr4_text((uint32_t)hop.octets[0] << 24 | hop.octets[1] << 16 |
					  hop.octets[2] << 8 | hop.octets[3],
				  buf);
	for (uint8_t at = 0; at < hop.len; at = (uint8_t)(at + 16))
		out += (at ? " " : "") + std::string(addr_text(addr_make6(hop.octets + at), buf));
	return out;
}

const struct row {
	const char *name;
	const char *local;
	bool extended;
	std::vector<const char *> port; /* its addresses */
	const char *ipv4, *ipv6;
	bool on_link = false; /* and we have fe80::2 there */
} rows[] = {
	{ "over IPv4",
	  "10.0.2.1",
	  false,
	  { "10.0.2.1", "2001:db8::1" },
	  "10.0.2.1",
	  "2001:db8::1" },
	{ "over IPv4 by another address of the port",
	  "10.0.3.1",
	  false,
	  { "10.0.2.1", "10.0.3.1", "2001:db8::1", "2001:db8:1::1" },
	  "10.0.3.1",
	  "2001:db8::1" },
	{ "over IPv4, and the port has no IPv6",
	  "10.0.2.1",
	  false,
	  { "10.0.2.1" },
	  "10.0.2.1",
	  "no IPv6" },
	{ "over IPv4, where RFC 8950 changes nothing",
	  "10.0.2.1",
	  true,
	  { "10.0.2.1", "2001:db8::1" },
	  "10.0.2.1",
	  "2001:db8::1" },
	{ "over IPv6",
	  "2001:db8::2",
	  false,
	  { "10.0.2.1", "2001:db8::1" },
	  "10.0.2.1",
	  "2001:db8::2" },
	{ "over IPv6, with RFC 8950",
	  "2001:db8::2",
	  true,
	  { "10.0.2.1", "2001:db8::1" },
	  "2001:db8::2",
	  "2001:db8::2" },
	{ "over IPv6, without IPv4 and RFC 8950",
	  "2001:db8::2",
	  false,
	  { "2001:db8::1" },
	  "no IPv4",
	  "2001:db8::2" },
	{ "over a link-local address",
	  "fe80::1",
	  true,
	  { "10.0.2.1", "2001:db8::1" },
	  "2001:db8::1 fe80::1",
	  "2001:db8::1 fe80::1" },
	{ "of which the port has no other",
	  "fe80::1",
	  false,
	  { "10.0.2.1" },
	  "10.0.2.1",
	  "fe80::1" },
	{ "over IPv6, on link",
	  "2001:db8::2",
	  false,
	  { "10.0.2.1", "2001:db8::1" },
	  "10.0.2.1",
	  "2001:db8::2 fe80::2",
	  true },
	{ "over IPv6, on link, with RFC 8950",
	  "2001:db8::2",
	  true,
	  { "10.0.2.1", "2001:db8::1" },
	  "2001:db8::2 fe80::2",
	  "2001:db8::2 fe80::2",
	  true },
	{ "over IPv4, on link",
	  "10.0.2.1",
	  false,
	  { "10.0.2.1", "2001:db8::1" },
	  "10.0.2.1",
	  "2001:db8::1 fe80::2",
	  true },
	{ "over IPv4, on link, and the port has no IPv6",
	  "10.0.2.1",
	  false,
	  { "10.0.2.1" },
	  "10.0.2.1",
	  "no IPv6",
	  true },
};

} // namespace

TEST(own_next_hop, rows)
{
	for (const row &row : rows) {
		static struct config config;
		struct config_peer peer = {};
		struct out_session session = {};
		struct config_port *port = &config.dataplane.ports[1];

		peer.egress_port = 1;
		session.config = &peer;
		session.local_addr = parsed(row.local);
		session.link_local = parsed(row.on_link ? "fe80::2" : "0.0.0.0");
		session.extended = row.extended;
		port->nb_addresses = 0;
		for (const char *addr : row.port)
			port->addresses[port->nb_addresses++] = { parsed(addr), 64 };
		EXPECT_EQ(row.ipv4, text(own_next_hop(&config, &session, FAMILY_IPV4))) << row.name;
		EXPECT_EQ(row.ipv6, text(own_next_hop(&config, &session, FAMILY_IPV6))) << row.name;
	}
}
