/* Summaries of outbound route maps (a rule's prefix_replace): which prefixes contribute to each
 * summary of an update group's map, and which member has been announced which summary. Prefixes
 * that a map drops are counted in the same way, so that it is known how many prefixes are announced
 * to a member.
 *
 *   RIB ─ group_watch ─► summaries_turn: every change counted
 *                          └─► summaries_next: which member gets what ─► announce.c
 *
 * A member gets a summary while at least one prefix that it would be announced contributes to it.
 * So nobody gets a summary of its own routes alone. Of a prefix, most members would get the best
 * path; the peer that announced that gets the second best; a gateway that has a better path itself
 * may get none (group.h). Therefore three numbers are kept for each rule: the prefixes whose best
 * path contributes; for each peer, the difference that the second best paths make; for each
 * gateway, the prefixes that are hidden from it. A prefix that contributes or is dropped costs 16
 * octets a group, and 8 for each gateway that it is hidden from.
 *
 * The prefix of a summary is announced from here alone, as the summary or as the route that it is
 * without one. A member has a bit for each rule whose summary it was announced (struct
 * summaries_announced). Thread: the RIB lcore. */
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
	/* owned, by peer: of `total`, prefixes whose best path is the peer's, less its prefixes
	 * whose second best path meets that fate; NULL: there is no such fate */
	int32_t *own[SUMMARIES_FATES];
	/* owned, by gateway (rib_gateway()): of `total`, prefixes that are hidden from it, but for
	 * those that its own peers announce */
	int32_t *hidden[SUMMARIES_FATES];
	struct slab hiding; /* whom a prefix is hidden from */
};

/* What is to be announced to some members for a summary's prefix. */
struct summaries_news {
	struct prefix prefix;
	int rule; /* makes the summary; below 0: for them the summary has ended ... */
	const struct path *path; /* ... and this is announced in its place; NULL: nothing is */
	bool backup;		 /* of `path` */
	uint32_t nb_to;
	uint16_t to[CONFIG_PEERS];
};

/* For a group that has been made: its map's summaries, if it has any. 0 or -ENOMEM. */
int summaries_open(struct adj_out *adj_out, struct update_group *group);
void summaries_close(struct adj_out *adj_out, struct update_group *group);

/* Count about `budget` changed prefixes. Returns how many it looked at. */
size_t summaries_turn(struct adj_out *adj_out, struct update_group *group, size_t budget);
/* Have all prefixes been counted once? Until then nothing may be announced to the group. */
bool summaries_counted(const struct update_group *group);
/* Are all counted as they are now? */
bool summaries_current(const struct update_group *group);
/* Is nothing left to count or to announce? (Lagging members do not count.) */
bool summaries_idle(const struct update_group *group);

/* The batch would announce its prefixes to its members: note those that are the prefix of a
 * summary. */
void summaries_note(struct adj_out *adj_out, struct update_group *group,
		    const struct group_batch *batch);
/* The next news, noted as announced; false: there is none. `over`: summaries that have ended, too,
 * which come after everything else that is announced to the group. */
bool summaries_next(struct adj_out *adj_out, struct update_group *group, bool over,
		    struct summaries_news *news);

/* The summaries that the peer has been announced, or is about to be: a bit a rule. */
uint64_t summaries_of(const struct receiver *peer);
/* The same for a member if, by each rule, so many more prefixes contributed of those that it would
 * be announced. */
uint64_t summaries_with(const struct receiver *peer, const int32_t more[MAP_RULES]);
/* Is a summary announced to the peer under this prefix, rather than a route? */
bool summaries_stand(const struct receiver *peer, struct prefix prefix);
/* How many prefixes are announced to the peer, after its map and without those that are withheld
 * (withheld.h). If the map drops and replaces nothing, routes that are too long for a message count
 * too. Exact if summaries_current(). */
uint32_t summaries_advertised(const struct adj_out *adj_out, const struct receiver *peer);

/* Everything is to be announced to the peer again. */
void summaries_refresh(struct receiver *peer);
/* The peer moves to another group, and still has what it was announced. To be called before it
 * leaves. */
void summaries_move(struct receiver *peer);
/* The session has gone. */
void summaries_forget(struct receiver *peer);

#ifdef __cplusplus
}
#endif
#endif
