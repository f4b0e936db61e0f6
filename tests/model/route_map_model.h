/* Route maps as the documentation tells them, with sets and vectors and no octets: slow, and short
 * enough to be read. */
#ifndef BASCULE_ROUTE_MAP_MODEL_H
#define BASCULE_ROUTE_MAP_MODEL_H

#include <algorithm>
#include <vector>

#include "map_rule.h"

namespace model
{

struct route {
	struct prefix prefix;
	std::vector<uint32_t> path, communities;
	bool dropped, summary, vnet;
};

static inline std::vector<uint32_t> list(const struct map_values &v)
{
	return std::vector<uint32_t>(v.value, v.value + v.n);
}

static inline bool has(const std::vector<uint32_t> &in, uint32_t what)
{
	return std::find(in.begin(), in.end(), what) != in.end();
}

static inline bool bit(struct prefix of, int i)
{
	return (of.addr.family == FAMILY_IPV4 ? of.addr.v4 >> (31 - i)
					      : of.addr.v6[i / 8] >> (7 - i % 8)) &
	       1;
}

static inline bool inside(struct prefix outer, struct prefix inner)
{
	bool is = inner.len >= outer.len && inner.addr.family == outer.addr.family;

	for (int i = 0; is && i < outer.len; i++)
		is = bit(outer, i) == bit(inner, i);
	return is;
}

static inline bool matches(const struct map_rule &r, const route &at)
{
	bool prefix = !r.prefix_equals.n && !r.prefix_contains.n,
	     any = !r.communities_contain.given, as = !r.as_path_contains.given;

	for (int i = 0; i < r.prefix_equals.n; i++)
		prefix |= inside(r.prefix_equals.value[i], at.prefix) &&
			  r.prefix_equals.value[i].len == at.prefix.len;
	for (int i = 0; i < r.prefix_contains.n; i++)
		prefix |= inside(r.prefix_contains.value[i], at.prefix);
	for (uint32_t c : list(r.communities_contain))
		any |= has(at.communities, c);
	for (uint32_t c : list(r.communities_equal))
		if (!has(at.communities, c))
			return false;
	for (uint32_t a : list(r.as_path_contains))
		as |= has(at.path, a);
	if (r.as_path_equals.given && list(r.as_path_equals) != at.path)
		return false;
	if (r.has_prefix_replace && !inside(r.prefix_replace, at.prefix))
		return false;
	if (at.vnet && (r.drop || r.has_prefix_replace))
		return false;
	return prefix && any && as;
}

static inline route run(const std::vector<struct map_rule> &rules, route at, uint32_t own_asn)
{
	for (const struct map_rule &r : rules) {
		std::vector<uint32_t> add = list(r.communities_add),
				      replace = list(r.communities_replace),
				      remove = list(r.communities_remove),
				      front = list(r.as_path_add);

		if (!matches(r, at))
			continue;
		if (r.drop) {
			at.dropped = true;
			return at;
		}
		if (r.has_prefix_replace) {
			at.summary = true;
			at.prefix = r.prefix_replace;
			at.communities.clear();
			at.path.clear();
			if (own_asn)
				at.path.push_back(own_asn);
		}
		if (r.as_path_replace.given) {
			at.path = list(r.as_path_replace);
			if (own_asn)
				at.path.push_back(own_asn);
		} else {
			at.path.insert(at.path.begin(), front.begin(), front.end());
		}
		at.communities.erase(std::remove_if(at.communities.begin(), at.communities.end(),
						    [&](uint32_t c) {
							    return !community_reserved(c) &&
								   (r.communities_replace.given ||
								    has(remove, c));
						    }),
				     at.communities.end());
		for (const auto &more : { replace, add })
			for (uint32_t c : more)
				if (!has(at.communities, c))
					at.communities.push_back(c);
		if (r.terminate)
			break;
	}
	return at;
}

} // namespace model

#endif
