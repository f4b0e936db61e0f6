/* Import policy: judges whether a well-formed route may enter the RIB. It changes nothing. */
#ifndef BASCULE_IMPORT_H
#define BASCULE_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "attrs.h"
#include "role.h"

#ifdef __cplusplus
extern "C" {
#endif

enum import_verdict {
	IMPORT_ACCEPT,
	/* 65517:65517 from an ExpressRoute gateway: another route server's export, turned round at
	 * the edge */
	IMPORT_BOW_TIE,
	/* exactly the subnet of one of our ports, which the caller knows: import_check() sees no
	 * prefix */
	IMPORT_OWN_SUBNET,
	IMPORT_AS_SET, /* a path with a set (RFC 9774 3) */
	/* from an external peer, which puts its own AS in front (RFC 4271 5.1.2) */
	IMPORT_EMPTY_PATH,
	IMPORT_FIRST_AS, /* a path that does not begin with the external peer's AS (RFC 4271 6.3) */
	IMPORT_COUNT
};

/* Whose routes are judged, and how strictly. */
struct import_rule {
	enum role role;	   /* the announcing peer's */
	bool ebgp;	   /* it is of another AS than ours */
	uint32_t first_as; /* that its paths must begin with; 0: any */
	bool as_sets;	   /* are taken */
};

/* A refused announcement counts as a withdrawal of its prefixes. */
enum import_verdict import_check(const struct import_rule *rule, const struct attr_keys *keys);

/* The local preference of a route that policy gave `local_pref`: 0 of one that is about to go
 * (GRACEFUL_SHUTDOWN, RFC 8326 4.2), whatever else is said of it. */
static inline uint32_t import_local_pref(const struct attr_keys *keys, uint32_t local_pref)
{
	return keys->flags & ATTRS_GRACEFUL_SHUTDOWN ? 0 : local_pref;
}

/* Why it is refused, for people, with the clause; static storage. */
const char *import_verdict_why(enum import_verdict verdict);

#ifdef __cplusplus
}
#endif
#endif
