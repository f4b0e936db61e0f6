/* A route server with NVAs on link, and others behind learned routes. */
#ifndef BASCULE_TEST_FAR_ROUTES_H
#define BASCULE_TEST_FAR_ROUTES_H

#include <fstream>
#include <sys/stat.h>

#include "behind.h"
#include "server.h"

class far_test : public of_families<server_test>
{
      protected:
	static constexpr uint16_t FAR_A = NVA_B + 1, FAR_B = FAR_A + 1;

	void SetUp() override
	{
		server_test::SetUp();
		std::ofstream(dir + "/far.key") << "secret\n";
		chmod((dir + "/far.key").c_str(), 0600);
	}
	void TearDown() override
	{
		server_test::TearDown();
		unlink((dir + "/far.key").c_str());
		rmdir(dir.c_str());
	}
	static std::string peer_text(const char *name, const char *address, const char *more = "")
	{
		return std::string(", { name = \"") + name + "\"; address = \"" + address +
		       "\"; asn = 65009; enforce_first_as = false; " + more + " }";
	}
	static std::string far_text(const char *name, const char *address)
	{
		return peer_text(
			name, address,
			"behind = \"nva0\"; multihop = true; password_file = \"far.key\";");
	}
	/* `peers` stand behind NVA-A and NVA-B. */
	static std::string config_with(const std::string &peers,
				       const std::string &vnets = base_vnets)
	{
		std::string text = base_config + vnets + base_peers;

		text.replace(text.find("restart_s"), 0, "flap_hold_s = 0; ");
		return text.insert(text.rfind(" );"), peers);
	}
	static std::string far_config()
	{
		return config_with(far_text("far-a", "10.9.0.5") + far_text("far-b", "10.9.0.6"));
	}
	/* `peer` announces or, with `len` 0, withdraws. */
	void says(uint16_t peer, const std::string &prefix, size_t len,
		  const char *next_hop = nullptr)
	{
		attrs_spec spec;

		spec.path = std::vector<uint32_t>(len, 65000u + peer);
		if (len)
			spec.next_hop = next_hop ? ip(next_hop) : address(peer);
		if (len)
			update(peer, { prefix }, spec);
		else
			update(peer, {}, {}, { prefix });
	}
	/* Everybody is up, who is on link answers ARP, and nothing is announced. */
	void start_far(const std::string &text = far_config())
	{
		start(text);
		for (uint16_t peer = ERGW; peer <= FAR_B; peer++)
			up(peer);
		for (uint16_t peer : { NVA_A, NVA_B })
			says(peer, "172.29.0.0/16", 1);
		turn();
		arp_all();
		turn();
	}
	std::string to(const char *dst, enum role view = ROLE_VNET)
	{
		return fib_to(view, dst);
	}
	std::string via(const char *dst)
	{
		return to(dst) + " | " + backup_to(ROLE_VNET, dst);
	}
};

#endif
