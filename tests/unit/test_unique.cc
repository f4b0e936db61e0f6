/* Members each once, against a slow search. */
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "unique.h"
#include "wire.h"

namespace
{

std::vector<bytes> members(const bytes &octets, size_t size)
{
	std::vector<bytes> out;

	for (size_t at = 0; at < octets.size(); at += size)
		out.emplace_back(octets.begin() + (long)at, octets.begin() + (long)(at + size));
	return out;
}

/* The oracle: the first of each, in order. */
bytes each_once(const bytes &octets, size_t size)
{
	std::set<bytes> seen;
	bytes out;

	for (const bytes &member : members(octets, size))
		if (seen.insert(member).second)
			out.insert(out.end(), member.begin(), member.end());
	return out;
}

bytes unique(const bytes &octets, size_t size)
{
	bytes out(octets.size() + 1);

	out.resize(size * unique_copy(out.data(), octets.data(), octets.size() / size, size));
	return out;
}

} // namespace

TEST(unique, the_first_of_each_stays_where_it_was)
{
	std::mt19937 rng(1);

	for (size_t size : { 4, 8, 12 })
		for (size_t n : { 0, 1, 2, 3, 8, 9, 10, 40, 341, 1024 })
			for (uint32_t kinds : { 1, 2, 7, 500, 100000 }) {
				bytes octets;

				for (size_t i = 0; i < n; i++) {
					bytes member = bytes(size - 4, (uint8_t)size) +
						       be32((uint32_t)(rng() % kinds));

					octets.insert(octets.end(), member.begin(), member.end());
				}
				EXPECT_EQ(each_once(octets, size), unique(octets, size))
					<< n << " of " << size << ", kinds " << kinds;
			}
}
