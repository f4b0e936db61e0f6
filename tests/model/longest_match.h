/* Longest-prefix match as the words say it: of all rules that cover the address, the longest. One
 * exact-match map a length, asked from the longest to the shortest. Slow and plain: what the tables
 * are measured against. */
#ifndef BASCULE_LONGEST_MATCH_H
#define BASCULE_LONGEST_MATCH_H

#include <cstdint>
#include <unordered_map>

/* `Addr` is an unsigned number of `BITS` bits. */
template <typename Addr, int BITS, typename Hash = std::hash<Addr>> struct longest_match {
	std::unordered_map<Addr, uint32_t, Hash> of_len[BITS + 1];

	static Addr network(Addr addr, uint8_t len)
	{
		return len ? addr >> (BITS - len) << (BITS - len) : 0;
	}
	static Addr last(Addr addr, uint8_t len)
	{
		return len == BITS ? addr : addr | ~(Addr)0 >> len;
	}
	void set(Addr addr, uint8_t len, uint32_t value)
	{
		of_len[len][addr] = value;
	}
	bool del(Addr addr, uint8_t len)
	{
		return of_len[len].erase(addr);
	}
	/* Of exactly this rule. */
	bool get(Addr addr, uint8_t len, uint32_t *value) const
	{
		auto rule = of_len[len].find(addr);

		if (rule == of_len[len].end())
			return false;
		*value = rule->second;
		return true;
	}
	/* The length of the rule that an address finds; 0 also of none. */
	uint8_t length(Addr addr) const
	{
		uint8_t len = BITS;

		while (len && !of_len[len].count(network(addr, len)))
			len--;
		return len;
	}
	/* The value, or `miss`. */
	uint32_t lookup(Addr addr, uint32_t miss) const
	{
		for (int len = BITS; len >= 0; len--) {
			if (of_len[len].empty())
				continue;
			auto rule = of_len[len].find(network(addr, (uint8_t)len));

			if (rule != of_len[len].end())
				return rule->second;
		}
		return miss;
	}
};

using lpm_model = longest_match<uint32_t, 32>;

__extension__ typedef unsigned __int128 ip6;

struct ip6_hash {
	size_t operator()(ip6 a) const
	{
		return std::hash<uint64_t>()((uint64_t)(a >> 64) * 0x9e3779b97f4a7c15 ^
					     (uint64_t)a);
	}
};

using lpm6_model = longest_match<ip6, 128, ip6_hash>;

#endif
