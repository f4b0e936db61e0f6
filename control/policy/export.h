/* What becomes of a path's attributes on the way out: one canonical wire form in, the one to
 * announce out (RFC 4271 5, RFC 4456 8, RFC 7947 2; platform communities as Azure Route Server
 * sends them). Pure: knows no prefix, no peer table, no session; the caller encodes the result once
 * for all peers that share the rule. 2-octet AS numbers are the encoder's business. */
#ifndef BASCULE_EXPORT_H
#define BASCULE_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "attr_policy.h"
#include "attrs.h"
#include "role.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	/* Below the default, which a gateway gives its own paths: it keeps the backup and never
	 * prefers it. */
	EXPORT_LOCAL_PREF_BACKUP = 50,
	COMMUNITY_BRANCH = 0xffed,	/* 65517: both halves, on routes of branches */
	COMMUNITY_PEERED_VNET = 0xffee, /* 65518: both halves, on peered VNets */
};

/* A NEXT_HOP of ours, in canonical form (attrs.h): octets of an address of IPv4, of one of IPv6, or
 * of two, the second link-local (RFC 2545 3). Those behind `len` are zero. */
struct export_next_hop {
	uint8_t len; /* 4, 16, 32 */
	uint8_t octets[32];
};
struct export_next_hop export_next_hop_make(struct addr addr);
/* `addr` of IPv6, and a link-local one. */
struct export_next_hop export_next_hop_pair(struct addr addr, struct addr link_local);

/* How routes are announced to an update group, whose peers share it. */
struct export_rule {
	uint32_t local_asn;
	uint32_t cluster_id;		 /* host order; our router ID (RFC 4456 7) */
	struct export_next_hop next_hop; /* our own address towards these peers */
	/* they take next hops of IPv6: those of IPv6 routes, or by RFC 8950 */
	bool next_hop6;
	/* keep the announced NEXT_HOP (RFC 7947 2.2.1), where there is one that they can take; of
	 * two the global one, as the other is good on its own link alone; else `next_hop` */
	bool unchanged;
	bool ibgp; /* gateways of our own AS: path kept, LOCAL_PREF sent, reflection attributes */
	/* mark branch routes 65517:65517 and peered VNets 65518:65518, as the platform does */
	bool communities;
	/* AS numbers for private use (RFC 6996) taken out of the path as it came */
	bool remove_private;
	/* the peers' own AS number, replaced by ours in the path as it came; 0: it stays */
	uint32_t replace_asn;
	struct attr_policy
		attributes; /* what of them goes out; all zeros: each as the rules below say */
};

/* Whom the path came from, and whether it is announced as a backup. */
struct export_source {
	enum role role;	    /* a branch's or ROLE_VNET */
	bool ibgp;	    /* learned by iBGP: towards iBGP peers it is reflected */
	bool peered;	    /* a peered VNet's prefix rather than our own VNet's */
	uint32_t router_id; /* host order: ORIGINATOR_ID of a reflected path that has none yet */
	bool backup; /* the peers have a path of their own that is as good, or better (group.h) */
};

/* Write the attributes to announce for a path with canonical `wire` (`len` octets) into `out`, in
 * canonical form:
 *   both  AS_PATH: the peers' AS replaced, then private ones taken out, if the rule says so
 *   eBGP  own AS prepended; MED, LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST left out
 *   iBGP  nothing prepended, LOCAL_PREF 100, or 50 for a backup, MED left out; a path learned by
 *         iBGP gets ORIGINATOR_ID and our CLUSTER_ID
 *   both  NEXT_HOP by the rule; communities as received plus the platform's, sorted, each once;
 *         unknown optional attributes only if transitive, marked partial
 *   both  attributes that the rule strips are left out
 * Returns 0; -EPERM if the rule drops routes with one of its attributes; or -ENOSPC if it does not
 * fit `out` (then the path cannot be announced: 4,096-octet messages). No other error: `wire` is
 * trusted, it came from the decoder. */
int export_attrs(const struct export_rule *rule, const struct export_source *source,
		 const uint8_t *wire, uint16_t len, struct attr_writer *out);

/* The same attributes as somebody announces them who is about to go, so that the peers use other
 * paths first (RFC 8326 4.1): the community GRACEFUL_SHUTDOWN is added, and towards gateways of our
 * own AS (`ibgp`), which may not look at it, LOCAL_PREF is 0. `wire` is what would be announced
 * otherwise, in canonical form, and so is what is written to `out`; to what is so already nothing
 * is done. 0, or -ENOSPC. */
int export_graceful_shutdown(bool ibgp, const uint8_t *wire, uint16_t len, struct attr_writer *out);

/* The attributes of a VNet prefix of our own: ORIGIN IGP, an empty AS_PATH, NEXT_HOP `next_hop`
 * (0.0.0.0: on link). For attrs_intern(), under a peer whose role is ROLE_VNET. Writes at
 * most EXPORT_VNET_MAX octets. */
enum { EXPORT_VNET_MAX = 44 }; /* 4 + 3 + 35 octets, rounded up */
void export_vnet_attrs(const struct export_next_hop *next_hop, struct attr_writer *out);

/* The attributes of a summary that a route map makes: the same and ATOMIC_AGGREGATE. At most
 * EXPORT_SUMMARY_MAX octets. */
enum { EXPORT_SUMMARY_MAX = 48 };
void export_summary_attrs(const struct export_next_hop *next_hop, struct attr_writer *out);

#ifdef __cplusplus
}
#endif
#endif
