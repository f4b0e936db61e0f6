/* Adj-RIB-Out the slow way: every path in a map, every peer's announcements computed from all of
 * them, by the book and with nothing kept. Oracle for control/rib/group.c and flush.c. */
#ifndef BASCULE_GROUP_MODEL_H
#define BASCULE_GROUP_MODEL_H

#include <map>
#include <tuple>
#include <utility>

#include "reflection_model.h"
#include "rib.h"

struct group_model {
	typedef std::pair<uint32_t, uint8_t> key; /* prefix */
	/* what, whom from, and whether it is marked as a backup */
	typedef std::tuple<const struct attrs *, uint16_t, bool> announcement;

	struct decide_rule rule;
	const struct source *sources;
	uint32_t asn = 0; /* ours */
	std::map<key, std::map<uint16_t, struct path>> paths;
	std::map<key, uint8_t> refused; /* bit a role: its view has no room */

	/* ROLE_VNET stands for those who are told of VNets alone. */
	static bool may_learn(enum role from, enum role to, uint64_t allow)
	{
		return to == ROLE_VNET ? from == ROLE_VNET : rib_allows(allow, from, to);
	}

	/* What becomes of a path that loses to the receiver's own, or is only as good. */
	enum backups { MARKED, HIDDEN, AS_BEST };

	bool same_gateway(uint16_t a, uint16_t b) const
	{
		return a == b || (sources[a].gateway && sources[a].gateway == sources[b].gateway);
	}

	/* The paths for a prefix, without those that we told their peers. */
	std::map<uint16_t, struct path> originals(const key &prefix, uint64_t allow) const
	{
		const reflection_model model = { rule, sources, asn, allow };
		std::map<uint16_t, struct path> all = paths.at(prefix);

		for (auto &entry : all)
			entry.second.flags &= (uint8_t)~PATH_REFLECTION;
		for (uint16_t peer : model.find(prefix.second, all))
			all.erase(peer);
		return all;
	}

	/* Has the receiver's gateway a path of its own beside `told` that is as good, or better? */
	bool is_backup(const std::map<uint16_t, struct path> &all, uint16_t peer,
		       const struct path *told) const
	{
		for (const auto &entry : all) {
			const struct path *own = &entry.second;

			if (own == told || !same_gateway(entry.first, peer) ||
			    (own->flags & PATH_UNUSABLE))
				continue;
			if (decide_compare(&rule, sources, own, told, nullptr) < 0 ||
			    decide_multipath(&rule, sources, own, told))
				return true;
		}
		return false;
	}

	/* Would it lose to any path of usual local preference that a gateway of that role may get,
	 * ahead of AS-path length? */
	bool yields(const struct path *told, enum role role) const
	{
		const bool er = role == ROLE_EXPRESSROUTE;
		const enum role from = sources[told->peer].role;

		if (from == ROLE_VNET || told->local_pref != LOCAL_PREF_DEFAULT)
			return from != ROLE_VNET && told->local_pref < LOCAL_PREF_DEFAULT;
		switch (rule.preference) {
		case DECIDE_PREFER_EXPRESSROUTE: return er && from != ROLE_EXPRESSROUTE;
		case DECIDE_PREFER_VPN: return !er && from == ROLE_EXPRESSROUTE;
		default: return false;
		}
	}

	/* What a peer of `role` must have, of everything that others announced. Without `vnets`:
	 * nothing of a VNet's. */
	std::map<key, announcement> adj_rib_out(uint16_t peer, enum role role, bool ibgp,
						uint64_t allow, bool vnets,
						enum backups backups) const
	{
		std::map<key, announcement> out;

		for (const auto &prefix : paths) {
			const struct path *best = nullptr;
			const auto all = originals(prefix.first, allow);
			bool backup;

			if (role == ROLE_VPN && prefix.first.second == 0)
				continue;
			if (refused.count(prefix.first) && refused.at(prefix.first) >> role & 1)
				continue;
			for (const auto &entry : all) {
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
			if (!best || (!vnets && sources[best->peer].role == ROLE_VNET))
				continue;
			backup = role != ROLE_VNET && is_backup(all, peer, best);
			if (backups == MARKED && role != ROLE_VNET && yields(best, role))
				backup = true;
			if (!backup || backups != HIDDEN)
				out[prefix.first] = announcement(best->attrs, best->peer,
								 backup && backups == MARKED);
		}
		return out;
	}
};

#endif
