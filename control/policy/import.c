/* Import checks that no configuration changes. */
#include "import.h"

enum import_verdict import_check(enum role role, const struct attr_keys *keys)
{
	if (role == ROLE_EXPRESSROUTE && (keys->flags & ATTRS_FROM_BRANCH))
		return IMPORT_BOW_TIE;
	return IMPORT_ACCEPT;
}

const char *import_verdict_name(enum import_verdict verdict)
{
	static const char *const names[IMPORT_COUNT] = {
		[IMPORT_ACCEPT] = "accepted",
		[IMPORT_BOW_TIE] = "bow-tie",
		[IMPORT_OWN_SUBNET] = "own subnet",
	};

	return names[verdict];
}
