/* Longest-prefix match as the words say it: of all rules that cover the address, the longest. One
 * exact-match map a length, asked from the longest to the shortest. Slow and plain: what the tables
 * are measured against. */
#ifndef BASCULE_LPM_MODEL_H
#define BASCULE_LPM_MODEL_H

#include <cstdint>
#include <unordered_map>

struct lpm_model {
	std::unordered_map<uint32_t, uint32_t> of_len[33];

	static uint32_t network(uint32_t addr, uint8_t len)
	{
		return len ? addr & ~UINT32_C(0) << (32 - len) : 0;
	}
	void set(uint32_t addr, uint8_t len, uint32_t value)
	{
		of_len[len][addr] = value;
	}
	bool del(uint32_t addr, uint8_t len)
	{
		return of_len[len].erase(addr);
	}
	/* Of exactly this rule. */
	bool get(uint32_t addr, uint8_t len, uint32_t *value) const
	{
		auto rule = of_len[len].find(addr);

		if (rule == of_len[len].end())
			return false;
		*value = rule->second;
		return true;
	}
	/* The length of the rule that an address finds; 0 also of none. */
	uint8_t length(uint32_t addr) const
	{
		uint8_t len = 32;

		while (len && !of_len[len].count(network(addr, len)))
			len--;
		return len;
	}
	/* The value, or `miss`. */
	uint32_t lookup(uint32_t addr, uint32_t miss) const
	{
		for (int len = 32; len >= 0; len--) {
			auto rule = of_len[len].find(network(addr, (uint8_t)len));

			if (rule != of_len[len].end())
				return rule->second;
		}
		return miss;
	}
};

#endif
