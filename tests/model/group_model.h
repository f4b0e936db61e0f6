/* Adj-RIB-Out the slow way: every path in a map, every peer's announcements computed from all of them, by the book and
 * with nothing kept. Oracle for control/rib/group.c and flush.c. */
#ifndef BASCULE_GROUP_MODEL_H
#define BASCULE_GROUP_MODEL_H

#include <map>
#include <utility>

#include "rib.h"

struct group_model {
	typedef std::pair<uint32_t, uint8_t> key;			/* prefix */
	typedef std::pair<const struct attrs *, uint16_t> announcement; /* what, and whom from */

	struct decide_rule rule;
	const struct source *sources;
	std::map<key, std::map<uint16_t, struct path>> paths;
	std::map<key, uint8_t> refused; /* bit a role: its view has no room */

	/* ROLE_VNET stands for those who are told of VNets alone. */
	static bool may_learn(enum role from, enum role to, uint64_t allow)
	{
		return to == ROLE_VNET ? from == ROLE_VNET : rib_allows(allow, from, to);
	}

	/* What a peer of `role` must have, of everything that others announced. Without `vnets`: nothing of a VNet's. */
	std::map<key, announcement> adj_rib_out(uint16_t peer, enum role role, bool ibgp,
						uint64_t allow, bool vnets) const
	{
		std::map<key, announcement> out;

		for (const auto &prefix : paths) {
			const struct path *best = nullptr;

			if (role == ROLE_VPN && prefix.first.second == 0)
				continue;
			if (refused.count(prefix.first) && refused.at(prefix.first) >> role & 1)
				continue;
			for (const auto &entry : prefix.second) {
				const struct path *path = &entry.second;

				if (entry.first == peer || (path->flags & PATH_UNUSABLE) ||
				    (path->flags & PATH_NO_ADVERTISE) ||
				    sources[entry.first].held ||
				    (!ibgp && (path->flags & PATH_NO_EXPORT)) ||
				    !may_learn(sources[entry.first].role, role, allow))
					continue;
				if (!best ||
				    decide_compare(&rule, sources, path, best, nullptr) < 0)
					best = path;
			}
			if (best && (vnets || sources[best->peer].role != ROLE_VNET))
				out[prefix.first] = announcement(best->attrs, best->peer);
		}
		return out;
	}
};

#endif
