/* From the update groups to the speakers: peers that are told the same in the same words share a
 * group, a group's batches are put through export policy and encoded once, and the octets go to
 * every member as one counted buffer.
 *
 *   summaries_turn (summaries.h), then:
 *   group_flush ─► batch ─► export_attrs ─► update_encode_announce ─► out (64 KiB)
 *     └─► wire_buf ─► SPEAKER_SEND each
 *
 * If a speaker's mailbox is full, or the time is over, the flush stops where it is and goes on in
 * the next turn; until it is through, the RIB must not change, which announcer_flush() tells its
 * caller. Thread: the RIB lcore. */
#ifndef BASCULE_ANNOUNCE_H
#define BASCULE_ANNOUNCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "export.h"
#include "group.h"
#include "message.h"
#include "outbound.h"
#include "summaries.h"
#include "hearers.h"
#include "withheld.h"
#include "turn.h"

#ifdef __cplusplus
extern "C" {
#endif

struct adj_out;
struct receiver;
struct wire_buf;

enum {
	ANNOUNCE_BYTES = 64 << 10,
	ANNOUNCE_SUMMARY = 64,
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
	struct told_last told;
	/* what a summary of the map is announced with, before rules change it */
	uint16_t summary_len;
	uint8_t summary[ANNOUNCE_SUMMARY];
	struct summaries *summaries; /* owned; NULL: the map makes none */
	bool owing;		     /* of summaries: some member may have to be told something */
};

struct announcer {
	struct adj_out *adj_out;     /* borrowed */
	struct update_group *groups; /* owned */
	struct update_group *turn;   /* which is flushed next; NULL: the first */
	/* The flush under way. */
	struct update_group *flushing; /* NULL: none */
	bool blocked;		       /* a full mailbox has stopped it, and not the clock */
	uint32_t batches;	       /* since the last look at the clock */
	struct group_batch batch;
	struct telling telling;		   /* of which `batch` is a part */
	bool itself;			   /* its only member is the next hop */
	bool in_batch;			   /* `batch` is not through yet */
	uint32_t at;			   /* prefixes of the part that are encoded */
	struct outbound_part part;	   /* of the batch: what is being encoded */
	struct hearers hearers;		   /* of the part */
	size_t attrs_len;		   /* of the part; 0: its prefixes are withdrawn */
	uint8_t attrs[BGP_MESSAGE_MAX];	   /* as they go on the wire */
	uint8_t exported[BGP_MESSAGE_MAX]; /* the batch's, before the route map */
	struct outbound outbound;
	bool began;		/* which summaries there are has been told, before all else */
	bool ending;		/* `end` is still to come, after all else */
	struct group_batch end; /* End-of-RIB */
	struct summaries_news news;
	/* Encoded and not handed over yet: out[0..out_len) is for to[0..nb_to). */
	/* owned: `out` as the speakers get it; NULL: still being filled */
	struct wire_buf *sending;
	uint32_t nb_sent; /* members that have it */
	uint32_t nb_to;
	uint16_t to[CONFIG_PEERS];
	size_t out_len;
	uint8_t out[ANNOUNCE_BYTES];
	uint64_t updates; /* UPDATEs encoded: one for all members that share it */
	uint64_t version; /* differs whenever a peer has joined or left */
};

void announcer_init(struct announcer *a, struct adj_out *adj_out);
void announcer_fini(struct announcer *a);

/* The session is up and we are LIVE: it is told everything, then End-of-RIB. 0 or -ENOMEM. */
int announcer_join(struct announcer *a, struct receiver *peer);
void announcer_leave(struct announcer *a, struct receiver *peer);
/* Of a peer that has a group: is that still the one that the configuration wants it in? */
bool announcer_suits(const struct adj_out *adj_out, const struct receiver *peer);
/* Has it been told everything, withdrawals included, so that it may leave for another group? */
bool announcer_told(const struct announcer *a, const struct receiver *peer);
/* Tell it everything again. 0 or -ENOMEM; nothing if it is told nothing. */
int announcer_refresh(struct receiver *peer);
/* Into the group that the configuration wants it in: it is told everything again, and what it is
 * not to hear of any more is withdrawn. 0 or -ENOMEM. */
int announcer_move(struct announcer *a, struct receiver *peer);
/* Its queue at the speaker is too long, or empty again. 0 or -ENOMEM. */
int announcer_lagging(struct receiver *peer, bool lagging);

/* Encode and send, of one group after the other, until all is told or the budget is over; at least
 * a slice. Returns how many prefixes were taken. While `flushing` is set after it, nothing but this
 * may touch the RIB. */
size_t announcer_flush(struct announcer *a, const struct budget *budget);
/* Has every member that keeps up been told everything? */
bool announcer_idle(const struct announcer *a);

/* What kind of group the peer belongs in; of one that is not up: as far as can be told. Its members
 * `next` and `group` are empty, its map is borrowed. */
struct update_group announcer_group(const struct adj_out *adj_out, const struct receiver *peer);
/* The same of any peer that is configured so, but for what only its session tells: our address, the
 * size of AS numbers. */
struct update_group announcer_kind(const struct adj_out *adj_out, const struct config_peer *config);
/* Does a group of this kind suit who wants that one? */
bool announcer_fits(const struct update_group *group, const struct update_group *wanted);
/* How the group's route map sees what is announced. Borrowed from the group. */
struct route_map_side announcer_side(const struct update_group *group);

/* What a summary of the group's map is announced with. The result's wire lies in the group or in
 * `result`. False: it fits no message. */
bool announcer_summary(const struct update_group *group, int rule, struct route_map_result *result);
/* What a path becomes for a group's members, told as best or as a backup, before their route map,
 * in canonical form, into `out` of BGP_MESSAGE_MAX octets. Returns the length, 0 if it fits no
 * message. */
size_t announcer_export(const struct update_group *group, const struct rib *rib,
			const struct attrs *attrs, uint16_t source, bool backup, uint8_t *out);
/* Then put it through the group's map, counting nothing. The result's wire lies in `wire` or in
 * `result`. False: the map does not let it pass, or it fits no message. */
bool announcer_announces(const struct update_group *group, const struct rib *rib,
			 const struct path *path, bool backup, uint8_t *wire,
			 struct route_map_result *result);
/* The same for one member of its group: it may be told otherwise than the rest, or nothing
 * (hearers.h). */
bool announcer_tells(const struct receiver *peer, const struct path *path, bool backup,
		     uint8_t *wire, struct route_map_result *result);
/* Is that, or a summary, withheld from the peer, which has a group? */
bool announcer_withholds(const struct receiver *peer, const struct route_map_result *result);
/* Is this path, told as it is told its group, be it as a backup, withheld from the peer? False if
 * it is told nothing now, or is to change its group. */
bool announcer_withholds_path(const struct receiver *peer, const struct path *path, bool backup);
/* What a member is sent of a prefix, route or summary, unless it is withheld: its attributes on the
 * wire, into `out` of BGP_MESSAGE_MAX octets. `*attrs_hash`: of the path's own, 0 of a summary.
 * Returns the length, 0: nothing is sent. */
size_t announcer_octets(const struct receiver *peer, struct prefix prefix, uint8_t *out,
			uint32_t *attrs_hash);

#ifdef __cplusplus
}
#endif
#endif
