/* The same as lpm_model.h for IPv6. */
#ifndef BASCULE_LPM6_MODEL_H
#define BASCULE_LPM6_MODEL_H

#include <cstdint>
#include <unordered_map>

__extension__ typedef unsigned __int128 ip6;

struct lpm6_model {
	struct hash {
		size_t operator()(ip6 a) const
		{
			return std::hash<uint64_t>()((uint64_t)(a >> 64) * 0x9e3779b97f4a7c15 ^
						     (uint64_t)a);
		}
	};
	std::unordered_map<ip6, uint32_t, hash> of_len[129];

	static ip6 network(ip6 addr, uint8_t len)
	{
		return len ? addr >> (128 - len) << (128 - len) : 0;
	}
	static ip6 last(ip6 addr, uint8_t len)
	{
		return len == 128 ? addr : addr | ~(ip6)0 >> len;
	}
	void set(ip6 addr, uint8_t len, uint32_t value)
	{
		of_len[len][addr] = value;
	}
	bool del(ip6 addr, uint8_t len)
	{
		return of_len[len].erase(addr);
	}
	/* The value, or `miss`. */
	uint32_t lookup(ip6 addr, uint32_t miss) const
	{
		for (int len = 128; len >= 0; len--) {
			if (of_len[len].empty())
				continue;
			auto rule = of_len[len].find(network(addr, (uint8_t)len));

			if (rule != of_len[len].end())
				return rule->second;
		}
		return miss;
	}
};

#endif
