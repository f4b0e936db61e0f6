/* Import checks: what no route map can let pass. */
#include "import.h"

static bool path_is_empty(const struct attr_keys *keys)
{
	return !keys->path_len && !(keys->flags & ATTRS_HAS_AS_SET);
}

enum import_verdict import_check(const struct import_rule *rule, const struct attr_keys *keys)
{
	if (rule->role == ROLE_EXPRESSROUTE && (keys->flags & ATTRS_FROM_BRANCH))
		return IMPORT_BOW_TIE;
	if (keys->flags & ATTRS_HAS_AS_SET && !rule->as_sets)
		return IMPORT_AS_SET;
	if (rule->ebgp && path_is_empty(keys))
		return IMPORT_EMPTY_PATH;
	if (rule->ebgp && rule->first_as && keys->neighbour_as != rule->first_as)
		return IMPORT_FIRST_AS;
	return IMPORT_ACCEPT;
}

const char *import_verdict_why(enum import_verdict verdict)
{
	static const char *const why[IMPORT_COUNT] = {
		[IMPORT_ACCEPT] = "",
		[IMPORT_BOW_TIE] = "65517:65517 from an ExpressRoute gateway",
		[IMPORT_OWN_SUBNET] = "it is the subnet of one of our ports",
		[IMPORT_AS_SET] = "AS_SET in its AS path (RFC 9774 3)",
		[IMPORT_EMPTY_PATH] = "an empty AS path from an external peer (RFC 4271 5.1.2)",
		[IMPORT_FIRST_AS] = "its AS path does not begin with the peer's AS (RFC 4271 6.3)",
	};

	return why[verdict];
}
