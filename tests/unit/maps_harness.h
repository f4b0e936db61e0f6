/* A route server of which NVA A has route maps, and what it makes of routes. */
#ifndef BASCULE_TEST_MAPS_H
#define BASCULE_TEST_MAPS_H

#include "aspath.h"
#include "server.h"

static const char drop_122[] =
	R"({ name = "d"; match = { prefix_contains = ["10.122.0.0/16"]; }; action = "drop"; })";
static const char prepend[] = R"({ name = "p"; action = { as_path_add = [64511, 64510]; }; })";
static const char summarise[] = R"({ name = "s"; match = { prefix_contains = ["10.2.0.0/16"]; }; )"
				R"(action = { prefix_replace = "10.2.0.0/16"; }; })";

class maps_test : public server_test
{
      protected:
	/* NVA A with a map of these rules in a direction. */
	static std::string with(const std::string &in, const std::string &out = "")
	{
		std::string text = std::string(base_config) + base_vnets;
		std::string peers = base_peers, use;
		size_t at = peers.find("asn = 65001;");

		if (!in.empty()) {
			text += "route_maps = ( { name = \"in-a\"; rules = ( " + in + " ); }";
			use += " inbound_map = \"in-a\";";
		}
		if (!out.empty()) {
			text += (in.empty() ? "route_maps = ( " : ", ") +
				("{ name = \"out-a\"; rules = ( " + out + " ); }");
			use += " outbound_map = \"out-a\";";
		}
		if (!use.empty())
			text += ");\n";
		return text + peers.insert(at, use);
	}
	void start_up(const std::string &text)
	{
		start(text);
		exchange_on(true);
		for (uint16_t peer : { ERGW, NVA_A, NVA_B })
			up(peer);
		turn();
		announce(NVA_A, { "172.31.0.0/16" });
		announce(ERGW, { "10.20.0.0/16" });
		announce(NVA_B, { "172.30.0.0/16" });
		turn();
		arp_all();
		turn();
	}
	void change(const std::string &text)
	{
		EXPECT_STREQ("", reload(text)->error);
		turn();
	}
	/* The attributes that it was told; empty: none. */
	std::vector<uint8_t> wire_of(uint16_t peer, const char *prefix)
	{
		auto at = announced[peer].find(prefix);

		return at == announced[peer].end() ? std::vector<uint8_t>() : at->second;
	}
	std::string path(uint16_t peer, const char *prefix)
	{
		struct attr_view v = {};
		const std::vector<uint8_t> wire = wire_of(peer, prefix);
		char buf[256] = "none";

		if (attr_find(wire.data(), (uint16_t)wire.size(), ATTR_AS_PATH, &v))
			aspath_text(v.body, v.len, buf, sizeof(buf));
		return buf;
	}
	/* {prefix: AS path} of the rows that answer. */
	std::map<std::string, std::string> rows(enum page_command command, const char *peer)
	{
		std::map<std::string, std::string> list;
		auto page = ask(command, peer);
		const struct row_route *row;

		for (;; answer(page.get())) {
			uint32_t at = 0;
			uint16_t type;

			while ((row = (const struct row_route *)page_next(page.get(), &at,
									  &type))) {
				struct attr_view v = {};
				char buf[256] = "";

				attr_find(row->attrs, row->attrs_len, ATTR_AS_PATH, &v);
				list[plain(row->prefix)] =
					aspath_text(v.body, v.len, buf, sizeof(buf));
			}
			if (!page->more)
				return list;
		}
	}
	std::string names(const std::map<std::string, std::string> &of)
	{
		std::string list;

		for (const auto &[prefix, rest] : of)
			list += (list.empty() ? "" : " ") + prefix;
		return list;
	}
	/* What the peer knows of a summary's prefix: "summary PATH", "PATH" or "none". */
	std::string summary(uint16_t peer, const char *prefix)
	{
		const std::vector<uint8_t> wire = wire_of(peer, prefix);
		struct attr_view v;

		return (attr_find(wire.data(), (uint16_t)wire.size(), ATTR_ATOMIC_AGGREGATE, &v)
				? "summary "
				: "") +
		       path(peer, prefix);
	}
	uint64_t hits(const char *map, size_t rule)
	{
		return route_map_hits(maps_find(&rs->maps, map), rule);
	}
};

#endif
