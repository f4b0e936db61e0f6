/* Update groups: peers that get the same routes in the same octets. What makes octets differ is
 * taken from the configuration and from a peer's session. Peers join and leave in members.h, and
 * announce.h announces to them. Thread: the RIB lcore. */
#ifndef BASCULE_UPDATE_GROUP_H
#define BASCULE_UPDATE_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "export.h"
#include "group.h"
#include "prefix.h"
#include "route_map.h"

#ifdef __cplusplus
extern "C" {
#endif

struct adj_out;
struct receiver;

enum {
	UPDATE_GROUP_SUMMARY = 96,   /* octets of a summary's attributes */
	UPDATE_GROUP_ANNOUNCED = 16, /* parts of batches that are kept, the last ones announced */
};

/* A part of a batch that was announced to a group. */
struct announced_part {
	uint64_t ms;
	struct prefix prefix; /* its first */
	uint32_t attrs_hash;  /* of the path before export; 0: of a summary */
};
struct announced_last {
	struct announced_part part[UPDATE_GROUP_ANNOUNCED];
	uint32_t nb; /* ever */
};

/* Everything that makes the octets differ. */
struct update_group {
	struct update_group *next;
	struct group *group; /* owned by the rib; freed with the last member */
	enum role role;	     /* ROLE_VNET: VNet prefixes alone are announced */
	bool vnets;	     /* VNet prefixes are announced */
	bool backups;	     /* eBGP: backups are announced too (group.h) */
	struct export_rule rule;
	/* iBGP: summaries are backups, since any path of the members' own comes before other
	 * branches' */
	bool yields;
	bool drained;	       /* what is announced says that we are about to go (RFC 8326) */
	bool as4;	       /* false: for peers without 4-octet AS numbers (RFC 6793) */
	struct route_map *map; /* one reference; NULL: none */
	struct announced_last announced;
	/* what a summary of the map is announced with, before rules change it */
	uint16_t summary_len;
	uint8_t summary[UPDATE_GROUP_SUMMARY];
	struct summaries *summaries; /* owned; NULL: the map makes none */
	/* a summary may have to be announced to a member, or withdrawn */
	bool owing;
};

/* The kind of group that the peer belongs in; while its session is down, as far as that can be
 * known. In the result `next` and `group` are empty, and the map is borrowed. */
struct update_group update_group_of(const struct adj_out *adj_out, const struct receiver *peer);
/* The same for any peer with this configuration, without what only a session says: our address, and
 * the size of AS numbers. */
struct update_group update_group_kind(const struct adj_out *adj_out,
				      const struct config_peer *config);
/* Can a peer for which update_group_of() says `wanted` be a member of this group? */
bool update_group_fits(const struct update_group *group, const struct update_group *wanted);
/* The peer has a group: is that still the one that the configuration asks for? */
bool update_group_suits(const struct adj_out *adj_out, const struct receiver *peer);
/* How the group's route map sees what is announced. Borrowed from the group. */
struct route_map_side update_group_side(const struct update_group *group);
/* Must the group wait, since whatever is announced now may be more than a circuit takes? */
bool update_group_waits(const struct adj_out *adj_out, const struct update_group *group);

#ifdef __cplusplus
}
#endif
#endif
