/* Update groups: peers that are told the same in the same words. What makes the words differ is
 * taken from the configuration and from a peer's session. Thread: the RIB lcore. */
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
	UPDATE_GROUP_SUMMARY = 64,   /* octets of a summary's attributes */
	UPDATE_GROUP_ANNOUNCED = 16, /* parts of batches that it was told last */
};

/* A part of a batch that a group was told. */
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
	enum role role;	     /* ROLE_VNET: told of VNet prefixes alone */
	bool vnets;	     /* told of VNet prefixes */
	bool backups;	     /* by eBGP: told of backups too (group.h) */
	struct export_rule rule;
	/* iBGP: summaries are backups, as any path of theirs comes before other branches' */
	bool yields;
	bool as4;	       /* false: for peers without 4-octet AS numbers (RFC 6793) */
	struct route_map *map; /* one reference; NULL: none */
	struct announced_last announced;
	/* what a summary of the map is announced with, before rules change it */
	uint16_t summary_len;
	uint8_t summary[UPDATE_GROUP_SUMMARY];
	struct summaries *summaries; /* owned; NULL: the map makes none */
	bool owing;		     /* of summaries: some member may have to be told something */
};

/* What kind of group the peer belongs in; of one that is not up: as far as can be told. Its members
 * `next` and `group` are empty, its map is borrowed. */
struct update_group update_group_of(const struct adj_out *adj_out, const struct receiver *peer);
/* The same of any peer that is configured so, but for what only its session tells: our address, the
 * size of AS numbers. */
struct update_group update_group_kind(const struct adj_out *adj_out,
				      const struct config_peer *config);
/* Does a group of this kind suit who wants that one? */
bool update_group_fits(const struct update_group *group, const struct update_group *wanted);
/* Of a peer that has a group: is that still the one that the configuration wants it in? */
bool update_group_suits(const struct adj_out *adj_out, const struct receiver *peer);
/* How the group's route map sees what is announced. Borrowed from the group. */
struct route_map_side update_group_side(const struct update_group *group);
/* Must it wait, as whatever it is told now may be more than a circuit takes? */
bool update_group_waits(const struct adj_out *adj_out, const struct update_group *group);

#ifdef __cplusplus
}
#endif
#endif
