/* The decision list. Steps 1 to 9 say which path is better, 10 and 11 only which of equal ones is
 * announced. The source is Azure Route Server's documented order, completed by RFC 4271 9.1.2.2 and
 * RFC 4456 9. */
#include "decide.h"

const char *decide_reason_name(enum decide_reason reason)
{
	static const char *const names[DECIDE_REASONS] = {
		[DECIDE_ONLY] = "only path",
		[DECIDE_USABLE] = "usable next hop",
		[DECIDE_ORIGINAL] = "not a reflection",
		[DECIDE_FRESH] = "not stale",
		[DECIDE_LOCAL] = "VNet prefix",
		[DECIDE_LOCAL_PREF] = "local preference",
		[DECIDE_SOURCE] = "routing preference",
		[DECIDE_AS_PATH] = "AS path length",
		[DECIDE_ORIGIN] = "origin",
		[DECIDE_MED] = "MED",
		[DECIDE_EXPRESSROUTE] = "ExpressRoute at a tie",
		[DECIDE_ROUTER_ID] = "lowest router ID",
		[DECIDE_PEER_ADDRESS] = "lowest peer address",
	};

	return names[reason];
}

/* Lower is better in all of these. */
static int compare_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

/* VPN and NVA are one class. */
static int compare_class(enum decide_preference preference, const struct source *a,
			 const struct source *b)
{
	int expressroute_first =
		compare_u32(a->role != ROLE_EXPRESSROUTE, b->role != ROLE_EXPRESSROUTE);

	switch (preference) {
	case DECIDE_PREFER_EXPRESSROUTE: return expressroute_first;
	case DECIDE_PREFER_VPN: return -expressroute_first;
	default: return 0;
	}
}

/* RFC 4456 9: a reflected path stands for whom it came from. */
static uint32_t router_id(const struct source *source, const struct path *path)
{
	const struct attr_keys *keys = &path->attrs->keys;

	return keys->flags & ATTRS_ORIGINATOR_ID ? keys->originator_id : source->router_id;
}

int decide_compare(const struct decide_rule *rule, const struct source *sources,
		   const struct path *a, const struct path *b, enum decide_reason *reason)
{
	const struct attr_keys *ka = &a->attrs->keys, *kb = &b->attrs->keys;
	const struct source *sa = &sources[a->peer], *sb = &sources[b->peer];
	enum decide_reason ignored, *why = reason ? reason : &ignored;
	int c;

	/* 1. A next hop that resolves (RFC 4271 9.1.2.1). */
	*why = DECIDE_USABLE;
	if ((c = compare_u32(a->flags & PATH_UNUSABLE, b->flags & PATH_UNUSABLE)))
		return c;
	/* What we announced to a peer is no path of its own, if it comes back. */
	*why = DECIDE_ORIGINAL;
	if ((c = compare_u32(a->flags & PATH_REFLECTION, b->flags & PATH_REFLECTION)))
		return c;
	/* 2. One of a session that is there: what a peer that restarts (RFC 4724) has kept is
	 *   better than nothing. */
	*why = DECIDE_FRESH;
	if ((c = compare_u32(a->flags & PATH_STALE, b->flags & PATH_STALE)))
		return c;
	/* 3. Prefixes of our own VNets: nothing that is learned replaces them. */
	*why = DECIDE_LOCAL;
	if ((c = compare_u32(sa->role != ROLE_VNET, sb->role != ROLE_VNET)))
		return c;
	/* 4. The higher local preference. */
	*why = DECIDE_LOCAL_PREF;
	if ((c = compare_u32(path_local_pref(sb, b), path_local_pref(sa, a))))
		return c;
	/* 5. The source class, by routing preference. */
	*why = DECIDE_SOURCE;
	if ((c = compare_class(rule->preference, sa, sb)))
		return c;
	/* 6. The shorter AS path (RFC 4271 9.1.2.2 a). */
	*why = DECIDE_AS_PATH;
	if ((c = compare_u32(ka->path_len, kb->path_len)))
		return c;
	/* 7. The lower origin: IGP, EGP, incomplete (RFC 4271 9.1.2.2 b). */
	*why = DECIDE_ORIGIN;
	if ((c = compare_u32(ka->origin, kb->origin)))
		return c;
	/* 8. The lower MED of the same neighbour AS (RFC 4271 9.1.2.2 c), as decide_sort() ranked
	 *   them. */
	*why = DECIDE_MED;
	if (rule->med && (c = compare_u32(a->med_rank, b->med_rank)))
		return c;
	/* 9. As-path mode: ExpressRoute, when paths are equally long. */
	*why = DECIDE_EXPRESSROUTE;
	if (rule->preference == DECIDE_PREFER_AS_PATH &&
	    (c = compare_class(DECIDE_PREFER_EXPRESSROUTE, sa, sb)))
		return c;
	/* 10. Equal for forwarding. The lower router ID is announced (RFC 4271 9.1.2.2 f). */
	*why = DECIDE_ROUTER_ID;
	if ((c = compare_u32(router_id(sa, a), router_id(sb, b))))
		return c;
	/* 11. The lower peer address (RFC 4271 9.1.2.2 g); the instance's own prefixes have none,
	 *   but an index. */
	*why = DECIDE_PEER_ADDRESS;
	if ((c = addr_compare(sa->addr, sb->addr)))
		return c;
	return compare_u32(a->peer, b->peer);
}

bool decide_multipath(const struct decide_rule *rule, const struct source *sources,
		      const struct path *a, const struct path *b)
{
	enum decide_reason reason;

	return decide_compare(rule, sources, a, b, &reason) == 0 || reason >= DECIDE_ROUTER_ID;
}

uint8_t decide_yields(const struct decide_rule *rule, const struct source *sources,
		      const struct path *path)
{
	const struct source *source = &sources[path->peer];
	const uint32_t local_pref = path_local_pref(source, path);
	uint8_t roles = 0;

	if (source->role == ROLE_VNET || local_pref > LOCAL_PREF_DEFAULT)
		return 0;
	for (int role = 0; role < ROLE_VNET; role++) {
		const struct source other = { .role = (enum role)role };

		if (local_pref < LOCAL_PREF_DEFAULT ||
		    compare_class(rule->preference, source, &other) > 0)
			roles |= (uint8_t)(1 << role);
	}
	return roles;
}

/* Insertion sort: chains are short, and nearly sorted when one path has changed. */
static void sort(const struct decide_rule *rule, const struct source *sources, struct path **paths,
		 size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct path *path = paths[i];
		size_t at = i;

		while (at > 0 && decide_compare(rule, sources, path, paths[at - 1], NULL) < 0) {
			paths[at] = paths[at - 1];
			at--;
		}
		paths[at] = path;
	}
}

/* Does `a` beat `b` by its MED, the two being equal in every earlier step? */
static bool med_beats(const struct attr_keys *a, const struct attr_keys *b)
{
	return a->neighbour_as && a->neighbour_as == b->neighbour_as && a->med < b->med;
}

/* Rank the `n` paths, which are equal in steps 1 to 7, among each other. */
static void rank_run(struct path **run, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned int rank = 0;

		for (size_t j = 0; j < n && rank < UINT8_MAX; j++)
			rank += med_beats(&run[j]->attrs->keys, &run[i]->attrs->keys);
		run[i]->med_rank = (uint8_t)rank;
	}
}

void decide_sort(const struct decide_rule *rule, const struct source *sources, struct path **paths,
		 size_t n)
{
	const struct decide_rule without_med = { rule->preference, false };
	enum decide_reason reason;
	size_t begin = 0;

	sort(&without_med, sources, paths, n);
	for (size_t i = 0; i < n; i++)
		paths[i]->med_rank = 0;
	if (!rule->med)
		return;
	for (size_t end = 1; end <= n; end++) {
		if (end < n &&
		    (decide_compare(&without_med, sources, paths[begin], paths[end], &reason),
		     reason > DECIDE_MED))
			continue;
		rank_run(paths + begin, end - begin);
		begin = end;
	}
	sort(rule, sources, paths, n);
}
