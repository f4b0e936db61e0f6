/* The names of the roles. */
#include "role.h"

#include <string.h>

static const char *const names[ROLE_COUNT] = {
	[ROLE_EXPRESSROUTE] = "expressroute",
	[ROLE_VPN] = "vpn",
	[ROLE_NVA] = "nva",
	[ROLE_VNET] = "vnet",
};

const char *role_name(enum role role)
{
	return names[role];
}

bool role_parse(const char *name, enum role *role)
{
	for (int i = 0; i < ROLE_COUNT; i++) {
		if (!strcmp(name, names[i])) {
			*role = (enum role)i;
			return true;
		}
	}
	return false;
}
