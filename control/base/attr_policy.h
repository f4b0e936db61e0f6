/* What becomes of a path attribute that comes in or goes out, by its code: one const table of
 * defaults, which a peer's configuration may change for each direction. Pure. */
#ifndef BASCULE_ATTR_POLICY_H
#define BASCULE_ATTR_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum attr_action {
	ATTR_PASS,
	ATTR_STRIP, /* the attribute goes, its route stays */
	ATTR_DROP,  /* the route goes */
};

/* A bit a code, in one of the two at most; neither: it passes. */
struct attr_policy {
	uint64_t strip[4], drop[4];
};

/* As the table has it (IANA's registry of path attributes). */
void attr_policy_default(struct attr_policy *policy);
/* May it be set? Not of those that a route is made of, or that are between neighbours alone:
 * ORIGIN, AS_PATH, NEXT_HOP, LOCAL_PREF, ORIGINATOR_ID, CLUSTER_LIST, MP_REACH, MP_UNREACH,
 * AS4_PATH, AS4_AGGREGATOR. */
bool attr_policy_may_set(uint8_t code);
void attr_policy_set(struct attr_policy *policy, uint8_t code, enum attr_action action);

static inline enum attr_action attr_policy_action(const struct attr_policy *policy, uint8_t code)
{
	if (policy->strip[code / 64] >> (code % 64) & 1)
		return ATTR_STRIP;
	return policy->drop[code / 64] >> (code % 64) & 1 ? ATTR_DROP : ATTR_PASS;
}

/* Of canonical attributes (attrs.h): those that `policy` strips, a bit a code, into `stripped`.
 * Returns the first for which it drops the route; 0: it does not. */
uint8_t attr_policy_look(const struct attr_policy *policy, const uint8_t *wire, uint16_t len,
			 uint64_t stripped[4]);

/* "Prefix-SID"; "unassigned" if IANA has no name for it. Static storage. */
const char *attr_name(uint8_t code);
/* Some of the codes of a set for people: "attributes 40 (Prefix-SID) and 128 (ATTR_SET)". Returns
 * buf. */
char *attr_set_text(const uint64_t codes[4], char *buf, unsigned int size);

#ifdef __cplusplus
}
#endif
#endif
