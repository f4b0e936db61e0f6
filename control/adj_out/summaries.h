/* Summaries of outbound route maps: what an update group's contributors come to, and who has been
 * told of which summary. What a map drops is counted alike, so that it is known how many prefixes a
 * member is told.
 *
 *   RIB ─ group_watch ─► summaries_turn: every change counted
 *                          └─► summaries_next: who must hear what ─► announce.c
 *
 * A member hears of a summary while at least one prefix that it would be told of contributes to it:
 * nobody hears a summary of its own routes alone. As the members of a group differ in that only,
 * what is counted is, for each rule, the prefixes whose best path contributes, and by peer the
 * difference that it makes to hear the second best for those that are its own, and by gateway, how
 * many are not told to it as it has a better path itself (group.h). A prefix that contributes or is
 * dropped costs 16 octets a group, and 8 for each gateway that it is hidden from. A member knows by
 * a bit a rule what it has been told; the prefix of a summary is announced from here alone, as
 * summary or as the route that it is without one. Thread: the RIB lcore. */
#ifndef BASCULE_SUMMARIES_H
#define BASCULE_SUMMARIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "map_rule.h"
#include "path.h"
#include "prefix_table.h"
#include "slab.h"

#ifdef __cplusplus
extern "C" {
#endif

struct group_batch;
struct receiver;
struct adj_out;
struct update_group;

/* What becomes of a prefix, beside the rule that makes it a contributor. */
enum { SUMMARIES_DROPPED = MAP_RULES, SUMMARIES_FATES };

/* Of a group whose map replaces or drops prefixes. */
struct summaries {
	struct prefix_table contributions; /* of those prefixes that contribute or are dropped */
	uint32_t total[SUMMARIES_FATES];   /* prefixes whose best path meets that fate */
	/* owned, by peer: of those it announced them, less those whose second best does; NULL:
	 * there is no such fate */
	int32_t *own[SUMMARIES_FATES];
	/* owned, by gateway (rib_gateway()): of those it is told nothing of, but for its own
	 * peers' */
	int32_t *hidden[SUMMARIES_FATES];
	struct slab hiding; /* whom a prefix is hidden from */
};

/* What some members are to hear of a summary's prefix. */
struct summaries_news {
	struct prefix prefix;
	int rule; /* that makes the summary; below 0: it is none for them any more ... */
	const struct path *path; /* ... but this, or NULL: nothing */
	bool backup;		 /* of `path` */
	uint32_t nb_to;
	uint16_t to[CONFIG_PEERS];
};

/* For a group that has been made: its map's summaries, if it has any. 0 or -ENOMEM. */
int summaries_open(struct adj_out *adj_out, struct update_group *group);
void summaries_close(struct adj_out *adj_out, struct update_group *group);

/* Count about `budget` changed prefixes. Returns how many it looked at. */
size_t summaries_turn(struct adj_out *adj_out, struct update_group *group, size_t budget);
/* Have all prefixes been counted once? Until then nothing of the group may be told. */
bool summaries_counted(const struct update_group *group);
/* Are all counted as they are now? */
bool summaries_current(const struct update_group *group);
/* Is nothing left to count or to tell? (Lagging members do not count.) */
bool summaries_idle(const struct update_group *group);

/* These members would be told of these prefixes: note those that are a summary's. */
void summaries_note(struct adj_out *adj_out, struct update_group *group,
		    const struct group_batch *batch);
/* The next news, taken as told; false: there is none. `over`: of what is no summary any more too,
 * which is to come after everything else that the group is told. */
bool summaries_next(struct adj_out *adj_out, struct update_group *group, bool over,
		    struct summaries_news *news);

/* The summaries that the peer is told of, or is about to be: a bit a rule. */
uint64_t summaries_of(const struct receiver *peer);
/* The same of a member if by each rule so many more prefixes contributed, of those that it would be
 * told of. */
uint64_t summaries_with(const struct receiver *peer, const int32_t more[MAP_RULES]);
/* Is the peer told of a summary under this prefix, rather than of a route? */
bool summaries_stand(const struct receiver *peer, struct prefix prefix);
/* How many prefixes the peer is told, after its map and without what is withheld from it
 * (withheld.h); of a map that drops and replaces nothing, but makes routes too long for a message,
 * those too. As far as they are counted: exact if summaries_current(). */
uint32_t summaries_advertised(const struct adj_out *adj_out, const struct receiver *peer);

/* It asks to be told everything again. */
void summaries_refresh(struct receiver *peer);
/* It moves to another group: what it has been told it still has. To be called before it leaves. */
void summaries_move(struct receiver *peer);
/* The session has gone. */
void summaries_forget(struct receiver *peer);

#ifdef __cplusplus
}
#endif
#endif
