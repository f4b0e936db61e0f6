/* Which paths of a prefix are reflections, the slow way: whole paths compared as vectors, whoever
 * is told what searched for anew each time. Oracle for control/rib/reflection.c. */
#ifndef BASCULE_REFLECTION_MODEL_H
#define BASCULE_REFLECTION_MODEL_H

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "aspath.h"
#include "rib.h"

struct reflection_model {
	struct decide_rule rule;
	const struct source *sources;
	uint32_t asn; /* ours */
	uint64_t allow;
	/* what else keeps a path from a peer that the matrix lets it have; none: nothing does */
	std::function<bool(const struct path &path, uint16_t peer)> told = {};

	typedef std::map<uint16_t, struct path> paths; /* by peer */

	static std::vector<uint32_t> as_numbers(const struct path &path)
	{
		std::vector<uint32_t> out;
		struct attr_view view;
		struct aspath_iter it;
		uint32_t as;

		if (!attr_find(path.attrs->wire, path.attrs->len, ATTR_AS_PATH, &view))
			return out;
		it = aspath_walk(view.body, view.len);
		while (aspath_next(&it, &as))
			out.push_back(as);
		return out;
	}

	/* Is it what its peer would send back of `told`? */
	bool comes_back(const struct path &path, const struct path &told) const
	{
		const struct source &peer = sources[path.peer];
		std::vector<uint32_t> a = as_numbers(path), b = as_numbers(told);
		auto ignored = [&](uint32_t as) { return as == asn || as == peer.asn; };

		if (!peer.ibgp && sources[told.peer].role != ROLE_EXPRESSROUTE &&
		    std::count(b.begin(), b.end(), peer.asn))
			return false;
		a.erase(std::remove_if(a.begin(), a.end(), ignored), a.end());
		b.erase(std::remove_if(b.begin(), b.end(), ignored), b.end());
		if (peer.remove_private)
			b.erase(std::remove_if(b.begin(), b.end(), asn_private), b.end());
		return !b.empty() && a.size() >= b.size() + peer.ibgp &&
		       std::equal(b.rbegin(), b.rend(), a.rbegin());
	}

	bool better(const struct path &a, const struct path &b) const
	{
		return decide_compare(&rule, sources, &a, &b, nullptr) < 0;
	}

	bool may_hear(const struct source &peer, uint8_t len, const struct path &path) const
	{
		if (path.flags & (PATH_UNUSABLE | PATH_NO_ADVERTISE | PATH_HELD | PATH_QUIET))
			return false;
		if ((path.flags & PATH_NO_EXPORT && !peer.ibgp) || (peer.role == ROLE_VPN && !len))
			return false;
		return rib_allows(allow, sources[path.peer].role, peer.role);
	}

	/* The peers whose paths are. */
	std::set<uint16_t> find(uint8_t len, paths all) const
	{
		std::set<uint16_t> found, waiting, real;

		for (auto &entry : all) {
			struct path &path = entry.second;
			const struct source &peer = sources[entry.first];

			path.flags &= (uint8_t)~PATH_REFLECTION;
			if (peer.asn && !(path.flags & (PATH_UNUSABLE | PATH_HELD)) &&
			    (peer.role == ROLE_VPN || peer.role == ROLE_NVA))
				waiting.insert(entry.first);
			else
				real.insert(entry.first);
		}
		while (!waiting.empty()) {
			auto rank = [&](uint16_t i) {
				const struct attr_keys &keys = all[i].attrs->keys;

				return std::make_pair(keys.path_len,
						      !sources[i].ibgp &&
							      keys.neighbour_as != sources[i].asn);
			};
			uint16_t next = *std::min_element(
				waiting.begin(), waiting.end(), [&](uint16_t a, uint16_t b) {
					return rank(a) != rank(b) ? rank(a) < rank(b)
								  : better(all[a], all[b]);
				});
			const struct path *best = nullptr;

			for (uint16_t i : real) {
				if (may_hear(sources[next], len, all[i]) &&
				    (!best || better(all[i], *best)))
					best = &all[i];
			}
			waiting.erase(next);
			if (best && comes_back(all[next], *best) && (!told || told(*best, next)))
				found.insert(next);
			else
				real.insert(next);
		}
		return found;
	}
};

#endif
