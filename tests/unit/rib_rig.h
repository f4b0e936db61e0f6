/* A RIB for tests, with its peers' sources and next hops that the test kills. */
#ifndef BASCULE_TEST_RIB_RIG_H
#define BASCULE_TEST_RIB_RIG_H

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "families.h"
#include "rib.h"
#include "routes.h"

struct rib_rig {
	struct attr_table *table = attr_table_new();
	struct rib *rib;
	std::set<uint32_t> dead, quiet; /* next hops */
	unsigned asked = 0;		/* how often whether one is usable */
	bool mixed = false;		/* next hops are as mixed_family() has them */

	rib_rig(const std::vector<struct source> &sources, struct decide_rule rule,
		enum family family = FAMILY_IPV4)
	{
		struct rib_params params = {};

		params.family = family;
		params.attrs = table;
		params.nb_peers = (uint16_t)sources.size();
		params.rule = rule;
		params.allow = ALLOW_ALL;
		params.usable = is_usable;
		params.quiet = is_quiet;
		params.ctx = this;
		rib = rib_new(&params);
		for (uint16_t i = 0; i < sources.size(); i++)
			rib_source_set(rib, i, &sources[i]);
	}
	rib_rig(const rib_rig &) = delete;
	~rib_rig()
	{
		rib_free(rib);
		EXPECT_EQ(0u, attr_table_count(table)) << "references were lost";
		attr_table_free(table);
	}
	static bool is_usable(void *ctx, uint32_t next_hop, const struct source *)
	{
		rib_rig *rig = (rib_rig *)ctx;

		rig->asked++;
		return !rig->dead.count(hop_number(rig->table, next_hop));
	}
	static bool is_quiet(void *ctx, uint32_t next_hop, const struct source *)
	{
		rib_rig *rig = (rib_rig *)ctx;

		return rig->quiet.count(hop_number(rig->table, next_hop));
	}
	enum family hop_family(uint32_t next_hop) const
	{
		return mixed ? mixed_family(next_hop) : FAMILY_IPV4;
	}
	/* A next hop has come or gone. */
	void changed(uint32_t next_hop)
	{
		rib_next_hop_changed(rib, hop_id(table, next_hop, hop_family(next_hop)));
	}
	/* Whether that changed anything. */
	int announce(struct prefix prefix, uint16_t peer, attrs_spec spec,
		     uint32_t local_pref = LOCAL_PREF_DEFAULT)
	{
		spec.hop_family = hop_family(spec.next_hop);

		const struct attrs *attrs = attrs_make(table, spec);
		int changed = rib_announce(rib, prefix, peer, attrs, local_pref, 0);

		attrs_put(table, attrs);
		return changed > 0 ? 1 : changed;
	}
	/* Everything that is under way. Returns how much was looked at. */
	size_t settle(size_t slice = 256)
	{
		size_t seen = 0;

		for (size_t n; (n = rib_turn(rib, slice)); seen += n)
			;
		EXPECT_TRUE(rib_settled(rib));
		return seen;
	}
};

#endif
