/* What is refused of a well-formed route before it reaches the RIB, whoever configured what. Judges, changes
 * nothing. */
#ifndef BASCULE_IMPORT_H
#define BASCULE_IMPORT_H

#include "attrs.h"
#include "role.h"

#ifdef __cplusplus
extern "C" {
#endif

enum import_verdict {
	IMPORT_ACCEPT,
	/* 65517:65517 from an ExpressRoute gateway: another route server's export, turned round at the edge */
	IMPORT_BOW_TIE,
	/* exactly the subnet of one of our ports, which the caller knows: import_check() sees no prefix */
	IMPORT_OWN_SUBNET,
	IMPORT_COUNT
};

/* A refused announcement counts as a withdrawal of its prefixes. `role` is the announcing peer's. */
enum import_verdict import_check(enum role role, const struct attr_keys *keys);

/* "accepted", "bow-tie", ...; static storage. */
const char *import_verdict_name(enum import_verdict verdict);

#ifdef __cplusplus
}
#endif
#endif
