/* IPv6 prefixes for the tests of its table, and a table in memory of its own. */
#ifndef BASCULE_TEST_TRIE6_RIG_H
#define BASCULE_TEST_TRIE6_RIG_H

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <vector>

#include "longest_match.h"
#include "trie6_lookup.h"

struct route6 {
	ip6 addr;
	uint8_t len;
};

static inline ip6 addr6(const char *text)
{
	uint8_t octets[16];
	ip6 addr = 0;

	EXPECT_EQ(1, inet_pton(AF_INET6, text, octets)) << text;
	for (uint8_t octet : octets)
		addr = addr << 8 | octet;
	return addr;
}

static inline struct fib_addr words(ip6 addr)
{
	return { { (uint32_t)(addr >> 96), (uint32_t)(addr >> 64), (uint32_t)(addr >> 32),
		   (uint32_t)addr } };
}

static inline void octets6(ip6 addr, uint8_t out[16])
{
	for (int i = 0; i < 16; i++)
		out[i] = (uint8_t)(addr >> (120 - 8 * i));
}

static inline std::string text(const route6 &r)
{
	char out[INET6_ADDRSTRLEN];
	uint8_t octets[16];

	octets6(r.addr, octets);
	inet_ntop(AF_INET6, octets, out, sizeof(out));
	return out + ("/" + std::to_string(r.len));
}

static inline const std::vector<route6> &real_routes6()
{
	static std::vector<route6> routes;

	if (routes.empty()) {
		FILE *in = popen("gzip -dc '" TEST_DATA "/dfz-2024-01.v6.txt.gz'", "r");
		char addr[64];
		unsigned len;

		while (in && fscanf(in, "%63[^/]/%u ", addr, &len) == 2)
			routes.push_back({ addr6(addr), (uint8_t)len });
		if (in)
			pclose(in);
	}
	return routes;
}

static inline std::vector<const struct trie6_lookup *> usable_lookups()
{
	std::vector<const struct trie6_lookup *> all;

	for (const struct trie6_lookup *const *l = trie6_lookups; *l; l++)
		if ((*l)->usable())
			all.push_back(*l);
	return all;
}

/* What forwarding lcores find, which is the same for all of them. */
static inline std::vector<uint32_t> look_up(const struct trie6_reader &in,
					    const std::vector<ip6> &addrs)
{
	std::vector<uint32_t> found;

	for (size_t at = 0; at < addrs.size(); at += FIB_BURST) {
		uint16_t n = (uint16_t)std::min<size_t>(FIB_BURST, addrs.size() - at);
		uint32_t list[FIB_BURST], again[FIB_BURST];
		struct fib_addr dst[FIB_BURST];

		for (uint16_t i = 0; i < n; i++)
			dst[i] = words(addrs[at + i]);
		EXPECT_EQ(0u, trie6_plain.burst(&in, dst, list, n));
		for (const struct trie6_lookup *l : usable_lookups()) {
			EXPECT_EQ(0u, l->burst(&in, dst, again, n)) << l->name;
			EXPECT_EQ(0, memcmp(list, again, n * sizeof(*list))) << l->name;
		}
		found.insert(found.end(), list, list + n);
	}
	return found;
}

/* The shared memory of one table, which a forked process has in common with us. */
struct table6 {
	uint32_t groups;
	size_t size;
	struct trie6_shared *shared;

	explicit table6(uint32_t n)
	    : groups(n), size(trie6_shared_size(n)),
	      shared((struct trie6_shared *)mmap(nullptr, size, PROT_READ | PROT_WRITE,
						 MAP_SHARED | MAP_ANONYMOUS, -1, 0))
	{
		EXPECT_NE(MAP_FAILED, (void *)shared);
	}
	table6(const table6 &) = delete;
	~table6()
	{
		munmap(shared, size);
	}
	struct trie6_reader reader(uint32_t miss = 0) const
	{
		return { shared, groups, miss };
	}
	uint32_t lookup(ip6 addr) const
	{
		return look_up(reader(), { addr })[0];
	}
};

/* Addresses at both sides of each prefix's ends: between two such borders all addresses are
 * answered alike, so that these stand for all there are. */
static inline std::vector<ip6> borders(const std::vector<route6> &routes)
{
	std::vector<ip6> addrs;

	for (const route6 &r : routes)
		addrs.insert(addrs.end(), { r.addr, r.addr - 1, lpm6_model::last(r.addr, r.len),
					    lpm6_model::last(r.addr, r.len) + 1 });
	return addrs;
}

#endif
