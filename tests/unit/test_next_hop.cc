/* Next hops of both families: where each is, what is claimed for it, and when it is given back. */
#include <memory>

#include "next_hop.h"
#include "server.h"
#include "to_fib.h"

namespace
{

enum { NVA_PORT = 1, VNET_PORT = 2 }; /* of the FIB that all server tests share, and of the file */

struct next_hop_test : server_test {
	std::unique_ptr<struct config> file{ new struct config() };
	struct addr_table addrs;
	struct fib_writer *writer;
	struct next_hops hops;
	std::vector<uint32_t> changes; /* reported by poll() */

	void SetUp() override
	{
		static const struct {
			const char *name, *v4, *v6;
		} ports[] = { { "er0", "10.0.255.33", nullptr },
			      { "nva0", "10.0.2.1", "2001:db8:2::1" },
			      { "vnet0", "10.0.1.4", "2001:db8:1::4" } };

		server_test::SetUp();
		for (const auto &p : ports) {
			struct config_port *port =
				&file->dataplane.ports[file->dataplane.nb_ports++];

			strcpy(port->name, p.name);
			port->addresses[port->nb_addresses++] = { addr(p.v4), 24 };
			if (p.v6)
				port->addresses[port->nb_addresses++] = { addr(p.v6), 64 };
		}
		ASSERT_EQ(0, addr_table_init(&addrs, 1000));
		ASSERT_EQ(0, fib_writer_open(fib, &writer));
		ASSERT_EQ(0, next_hops_init(&hops, fib, writer, file.get(), &addrs));
	}
	void TearDown() override
	{
		next_hops_fini(&hops);
		fib_writer_close(writer);
		EXPECT_EQ(0u, addr_table_count(&addrs)) << "ids are held for nobody";
		addr_table_fini(&addrs);
		server_test::TearDown();
	}
	static struct addr addr(const char *text)
	{
		struct addr a = {};

		EXPECT_TRUE(addr_parse(text, &a)) << text;
		return a;
	}
	/* With a reference. */
	uint32_t get(const char *text, uint8_t zone = 0)
	{
		const struct scoped_addr scoped = scoped_addr_make(addr(text), zone);

		return addr_table_get(&addrs, &scoped);
	}
	struct adjacency *adjacency(uint32_t hop, enum role role = ROLE_NVA)
	{
		struct fib_generation *g = &fib->generation[fib->active ^ !fib_published(writer)];
		uint16_t index = next_hop_adjacency(&hops, hop, role);

		return index == ADJACENCY_NONE ? nullptr : &g->adjacencies[index];
	}
	void answers(uint32_t hop, bool does, enum role role = ROLE_NVA)
	{
		static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

		if (does)
			adjacency_resolve(adjacency(hop, role), mac, mac);
		else
			adjacency_unresolve(adjacency(hop, role));
		changes.clear();
		next_hops_poll(
			&hops, 1000,
			[](void *ctx, uint32_t id) {
				((next_hop_test *)ctx)->changes.push_back(id);
			},
			this);
	}
	/* A walk over paths that name these. */
	void round(const std::vector<uint32_t> &used)
	{
		next_hops_round_begin(&hops);
		for (uint32_t hop : used)
			next_hop_mark(&hops, hop);
		next_hops_round_end(&hops);
	}
};

/* Each is asked for on its port, by the family's own address. */
TEST_F(next_hop_test, where_each_is)
{
	const uint8_t on_nva = next_hop_zone(NVA_PORT), on_vnet = next_hop_zone(VNET_PORT);
	struct {
		const char *addr;
		uint8_t zone;
		enum next_hop_state state;
		uint16_t port;
		const char *text;
	} rows[] = {
		{ "10.0.2.4", 0, NEXT_HOP_UNRESOLVED, NVA_PORT, "10.0.2.4" },
		{ "10.0.1.9", 0, NEXT_HOP_UNRESOLVED, VNET_PORT, "10.0.1.9" },
		{ "2001:db8:2::4", 0, NEXT_HOP_UNRESOLVED, NVA_PORT, "2001:db8:2::4" },
		{ "2001:db8:1::9", 0, NEXT_HOP_UNRESOLVED, VNET_PORT, "2001:db8:1::9" },
		{ "fe80::4", on_nva, NEXT_HOP_UNRESOLVED, NVA_PORT, "fe80::4%nva0" },
		{ "fe80::4", on_vnet, NEXT_HOP_UNRESOLVED, VNET_PORT, "fe80::4%vnet0" },
		{ "fe80::4", 0, NEXT_HOP_OUTSIDE, 0, "fe80::4" },
		{ "fe80::4", 30, NEXT_HOP_OUTSIDE, 0, "fe80::4" },
		{ "10.0.2.1", 0, NEXT_HOP_OURS, 0, "10.0.2.1" },
		{ "2001:db8:2::1", 0, NEXT_HOP_OURS, 0, "2001:db8:2::1" },
		{ "2001:db8:3::1", 0, NEXT_HOP_OUTSIDE, 0, "2001:db8:3::1" },
		{ "8.8.8.8", 0, NEXT_HOP_OUTSIDE, 0, "8.8.8.8" },
	};
	std::vector<uint32_t> used;
	char text[NEXT_HOP_TEXT];

	for (const auto &t : rows) {
		const uint32_t hop = get(t.addr, t.zone);
		const struct adjacency *a;

		used.push_back(hop);
		EXPECT_STREQ(t.text, next_hop_text(file.get(), addr_table_at(&addrs, hop), text));
		EXPECT_FALSE(next_hop_usable(&hops, hop, ROLE_NVA)) << t.text;
		EXPECT_EQ(t.state, next_hop_look(&hops, hop, ROLE_NVA)) << t.text;
		EXPECT_EQ(t.state == NEXT_HOP_UNRESOLVED, next_hop_sought(&hops, hop, ROLE_NVA))
			<< t.text;
		a = adjacency(hop);
		ASSERT_EQ(t.state == NEXT_HOP_UNRESOLVED, a != nullptr) << t.text;
		if (!a)
			continue;
		EXPECT_EQ(t.port, a->port) << t.text;
		EXPECT_TRUE(addr_equal(addr(t.addr), from_fib_addr(&a->gateway))) << t.text;
		answers(hop, true);
		EXPECT_EQ((std::vector<uint32_t>{ hop }), changes) << t.text;
		EXPECT_TRUE(next_hop_usable(&hops, hop, ROLE_NVA)) << t.text;
		answers(hop, false);
		EXPECT_EQ((std::vector<uint32_t>{ hop }), changes) << t.text;
		EXPECT_FALSE(next_hop_usable(&hops, hop, ROLE_NVA)) << t.text;
	}
	EXPECT_STREQ("does not answer ARP", next_hop_state_name(NEXT_HOP_UNRESOLVED, FAMILY_IPV4));
	EXPECT_STREQ("does not answer ND", next_hop_state_name(NEXT_HOP_UNRESOLVED, FAMILY_IPV6));
	for (uint32_t hop : used)
		addr_table_put(&addrs, hop);
}

/* An entry holds its id while it is in use, and not longer; the id is then another address's, of
 * which nothing is known. */
TEST_F(next_hop_test, an_id_that_is_used_again)
{
	const uint32_t first = get("2001:db8:2::4");

	next_hop_usable(&hops, first, ROLE_NVA);
	answers(first, true);
	addr_table_put(&addrs, first);
	EXPECT_EQ(1u, addr_table_count(&addrs))
		<< "its paths have gone, the walk has not found out";
	round({ first });
	EXPECT_EQ(1u, addr_table_count(&addrs));
	round({});
	EXPECT_EQ(0u, addr_table_count(&addrs));
	ASSERT_EQ(first, get("10.0.2.5"));
	EXPECT_EQ(ADJACENCY_NONE, next_hop_adjacency(&hops, first, ROLE_NVA));
	EXPECT_FALSE(next_hop_usable(&hops, first, ROLE_NVA));
	EXPECT_EQ(0x0a000205u, fib_addr_to_ip4(&adjacency(first)->gateway));
	addr_table_put(&addrs, first);
}

/* After a reload; what was claimed is given back when a walk has ended. */
TEST_F(next_hop_test, what_is_reached_otherwise_is_forgotten)
{
	struct config_port *nva = &file->dataplane.ports[NVA_PORT];
	const uint32_t v4 = get("10.0.2.4"), v6 = get("2001:db8:2::4"),
		       local = get("fe80::4", next_hop_zone(NVA_PORT));

	for (uint32_t hop : { v4, v6, local }) {
		next_hop_usable(&hops, hop, ROLE_NVA);
		answers(hop, true);
	}
	nva->nb_addresses = 1; /* that of IPv4 */
	next_hops_configure(&hops, file.get());
	for (uint32_t id = 1; id <= hops.slab.top; id++)
		next_hop_review(&hops, id);
	EXPECT_TRUE(next_hop_usable(&hops, v4, ROLE_NVA));
	EXPECT_FALSE(next_hop_usable(&hops, v6, ROLE_NVA));
	EXPECT_EQ(NEXT_HOP_OUTSIDE, next_hop_look(&hops, v6, ROLE_NVA));
	EXPECT_TRUE(next_hop_usable(&hops, local, ROLE_NVA)) << "the port is there";
	round({ v4, v6, local });
	EXPECT_EQ(2u, hops.slab.used);
	for (uint32_t hop : { v4, v6, local })
		addr_table_put(&addrs, hop);
}

} // namespace
