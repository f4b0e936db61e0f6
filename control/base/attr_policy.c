/* The table of path attributes: BGP Path Attributes, IANA. What a route server and its peers have
 * to say to each other by IPv4 unicast passes; so does what has no name yet, as RFC 4271 5 wants
 * it. What belongs to other families, to networks of one operator, or to drafts of the past has no
 * business here, and has ended sessions where it was parsed: it is stripped. */
#include "attr_policy.h"

#include <stdio.h>
#include <string.h>

#include "attrs.h"

static const struct {
	const char *name;
	uint8_t action; /* enum attr_action */
	bool fixed;	/* not to be set */
} attributes[256] = {
	[0] = { "reserved", ATTR_STRIP },
	[ATTR_ORIGIN] = { "ORIGIN", ATTR_PASS, true },
	[ATTR_AS_PATH] = { "AS_PATH", ATTR_PASS, true },
	[ATTR_NEXT_HOP] = { "NEXT_HOP", ATTR_PASS, true },
	[ATTR_MED] = { "MULTI_EXIT_DISC", ATTR_PASS },
	[ATTR_LOCAL_PREF] = { "LOCAL_PREF", ATTR_PASS, true },
	[ATTR_ATOMIC_AGGREGATE] = { "ATOMIC_AGGREGATE", ATTR_PASS },
	[ATTR_AGGREGATOR] = { "AGGREGATOR", ATTR_PASS },
	[ATTR_COMMUNITIES] = { "COMMUNITIES", ATTR_PASS },
	[ATTR_ORIGINATOR_ID] = { "ORIGINATOR_ID", ATTR_PASS, true },
	[ATTR_CLUSTER_LIST] = { "CLUSTER_LIST", ATTR_PASS, true },
	[11] = { "DPA, deprecated", ATTR_STRIP },
	[12] = { "ADVERTISER, deprecated", ATTR_STRIP },
	[13] = { "RCID_PATH, deprecated", ATTR_STRIP },
	[ATTR_MP_REACH] = { "MP_REACH_NLRI", ATTR_PASS, true },
	[ATTR_MP_UNREACH] = { "MP_UNREACH_NLRI", ATTR_PASS, true },
	[ATTR_EXT_COMMUNITIES] = { "EXTENDED COMMUNITIES", ATTR_PASS },
	[ATTR_AS4_PATH] = { "AS4_PATH", ATTR_PASS, true },
	[ATTR_AS4_AGGREGATOR] = { "AS4_AGGREGATOR", ATTR_PASS, true },
	[19] = { "SAFI Specific Attribute, deprecated", ATTR_STRIP },
	[20] = { "Connector, deprecated", ATTR_STRIP },
	[21] = { "AS_PATHLIMIT, deprecated", ATTR_STRIP },
	[22] = { "PMSI_TUNNEL", ATTR_STRIP },
	[23] = { "Tunnel Encapsulation", ATTR_STRIP },
	[24] = { "Traffic Engineering", ATTR_STRIP },
	[25] = { "IPv6 Address Specific Extended Community", ATTR_STRIP },
	[26] = { "AIGP", ATTR_STRIP },
	[27] = { "PE Distinguisher Labels", ATTR_STRIP },
	[28] = { "Entropy Label Capability, deprecated", ATTR_STRIP },
	[29] = { "BGP-LS", ATTR_STRIP },
	[30] = { "deprecated", ATTR_STRIP },
	[31] = { "deprecated", ATTR_STRIP },
	[ATTR_LARGE_COMMUNITIES] = { "LARGE_COMMUNITY", ATTR_PASS },
	[33] = { "BGPsec_Path", ATTR_STRIP },
	[34] = { "Community Container", ATTR_PASS },
	[ATTR_OTC] = { "Only to Customer", ATTR_PASS },
	[36] = { "D-PATH", ATTR_STRIP },
	[37] = { "SFP", ATTR_STRIP },
	[38] = { "BFD Discriminator", ATTR_STRIP },
	[39] = { "Next Hop Dependent Characteristics", ATTR_STRIP },
	[40] = { "Prefix-SID", ATTR_STRIP },
	[41] = { "BIER", ATTR_STRIP },
	[42] = { "Edge Metadata Path", ATTR_STRIP },
	[128] = { "ATTR_SET", ATTR_STRIP },
	[129] = { "deprecated", ATTR_STRIP },
	[241] = { "deprecated", ATTR_STRIP },
	[242] = { "deprecated", ATTR_STRIP },
	[243] = { "deprecated", ATTR_STRIP },
	[255] = { "development", ATTR_STRIP },
};

void attr_policy_default(struct attr_policy *policy)
{
	memset(policy, 0, sizeof(*policy));
	for (unsigned int code = 0; code < 256; code++)
		attr_policy_set(policy, (uint8_t)code, (enum attr_action)attributes[code].action);
}

bool attr_policy_may_set(uint8_t code)
{
	return !attributes[code].fixed;
}

void attr_policy_set(struct attr_policy *policy, uint8_t code, enum attr_action action)
{
	const uint64_t bit = UINT64_C(1) << (code % 64);

	policy->strip[code / 64] &= ~bit;
	policy->drop[code / 64] &= ~bit;
	if (action == ATTR_STRIP)
		policy->strip[code / 64] |= bit;
	else if (action == ATTR_DROP)
		policy->drop[code / 64] |= bit;
}

uint8_t attr_policy_look(const struct attr_policy *policy, const uint8_t *wire, uint16_t len,
			 uint64_t stripped[4])
{
	struct attr_view v;
	uint8_t drop = 0;

	memset(stripped, 0, 4 * sizeof(*stripped));
	for (uint16_t at = 0; attr_next(wire, len, &at, &v);) {
		enum attr_action action = attr_policy_action(policy, v.code);

		if (action == ATTR_STRIP)
			stripped[v.code / 64] |= UINT64_C(1) << (v.code % 64);
		else if (action == ATTR_DROP && !drop)
			drop = v.code;
	}
	return drop;
}

const char *attr_name(uint8_t code)
{
	return attributes[code].name ? attributes[code].name : "unassigned";
}

char *attr_set_text(const uint64_t codes[4], char *buf, unsigned int size)
{
	unsigned int n = 0, len = 0, named = 0;

	for (unsigned int word = 0; word < 4; word++)
		n += (unsigned int)__builtin_popcountll(codes[word]);
	len = (unsigned int)snprintf(buf, size, "attribute%s", n > 1 ? "s" : "");
	for (unsigned int code = 0; code < 256 && named < 3 && len < size; code++) {
		if (!(codes[code / 64] >> (code % 64) & 1))
			continue;
		len += (unsigned int)snprintf(buf + len, size - len, "%s %u (%s)",
					      !named	       ? ""
					      : named + 1 == n ? " and"
							       : ",",
					      code, attr_name((uint8_t)code));
		named++;
	}
	if (n > named && len < size)
		snprintf(buf + len, size - len, " and %u more", n - named);
	return buf;
}
