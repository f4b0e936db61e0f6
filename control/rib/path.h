/* A path: what one peer says about one prefix; and a source: what decisions ask about that peer.
 * Vocabulary of the RIB, shared by the decision (decide.h), the table (rib.h) and the update groups
 * (group.h). */
#ifndef BASCULE_PATH_H
#define BASCULE_PATH_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "attrs.h"
#include "role.h"

#ifdef __cplusplus
extern "C" {
#endif

enum path_flags {
	/* its next hop does not resolve: sorted last, never used, still shown */
	PATH_UNUSABLE = 1 << 0,
	PATH_NO_ADVERTISE = 1 << 1, /* RFC 1997: in the views, announced to nobody */
	PATH_NO_EXPORT = 1 << 2,    /* RFC 1997: not announced by eBGP */
	PATH_HELD = 1 << 3, /* its source is held: in the VNets' view, announced to nobody */
	/* its next hop was lost too often of late: in the views, announced to nobody */
	PATH_QUIET = 1 << 4,
	/* of a session that has gone (RFC 4724 4.2): used if there is no fresh one */
	PATH_STALE = 1 << 5,
	/* it is what we announce to its peer, come back: never used, still shown (reflection.c) */
	PATH_REFLECTION = 1 << 6,
	/* announced, and not decided on yet: what its peer had said before still stands
	 * (undecided.c) */
	PATH_UNDECIDED = 1 << 7,
	/* sorted behind all that may be used */
	PATH_UNUSED = PATH_UNUSABLE | PATH_REFLECTION | PATH_UNDECIDED,
};

/* Kept in the prefix's chain, best first. Owned by the rib: made by rib_announce(), freed by
 * rib_withdraw(). 32 octets. */
struct path {
	const struct attrs *attrs; /* shared: one reference */
	uint32_t next;		   /* path id of the next best, 0 at the end */
	uint32_t node;		   /* its prefix */
	uint32_t learned_s;	   /* monotonic seconds, of the last change */
	uint32_t local_pref;	   /* higher wins; see rib_announce() */
	uint16_t peer;		   /* index into the rib's sources */
	uint16_t epoch;		   /* of the peer when it announced this; an older one is stale */
	uint8_t flags;		   /* enum path_flags */
	/* paths of the same neighbour AS with a lower MED (decide.h), at most 255 */
	uint8_t med_rank;
	bool tie; /* equal for forwarding to the one before it in the chain */
	/* bit a role: loses to whatever a source of that role may say (decide_yields()) */
	uint8_t yields;
};
static_assert(sizeof(struct path) == 32, "two paths a cache line");

/* A peer, or the instance itself for VNet prefixes (role ROLE_VNET, nothing beats it). */
struct source {
	enum role role;
	bool ibgp;
	bool peered;	    /* ROLE_VNET only: prefixes of a peered VNet */
	uint32_t router_id; /* host order, from OPEN */
	struct addr addr;   /* unique among peers */
	uint32_t asn;	    /* 0: the instance itself, or none of what it says comes back from us */
	bool remove_private; /* learns AS paths without AS numbers for private use */
	bool held;	     /* takes no part in route exchange; see rib_source_hold() */
	/* below RIB_GATEWAYS, not 0: one of the instances of that gateway, of one role and AS; 0: a
	 * peer on its own */
	uint16_t gateway;
	/* an operator has it left: its paths have local preference 0 (RFC 8326 4.2) */
	bool drained;
	bool behind; /* a learned route leads to it, and may lead to its next hops: rib_resolve() */
};

/* The local preference by which a path of this source is judged. */
static inline uint32_t path_local_pref(const struct source *source, const struct path *path)
{
	return source->drained ? 0 : path->local_pref;
}

#ifdef __cplusplus
}
#endif
#endif
