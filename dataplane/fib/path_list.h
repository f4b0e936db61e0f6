/* Path-lists, written: the one list for each set of adjacencies and backup, counted. Its readers
 * see struct path_list of fib_layout.h.
 *
 * A list is complete before anything points at it and immutable until a grace period after nothing
 * does. Which flows take which member is said by 64 buckets, evenly dealt; a list made in another's
 * place leaves with each member that stays as many of its buckets as are its share. Lists of
 * several members that nothing points at any more are remembered for as long as there is room, so
 * that a member that went and returns has the very flows back that it had; and so are those of the
 * control before us (predecessor.h). Working memory is the writer's heap. One thread.
 *
 * A list with a backup is made of two without one, the list that it deals flows by and its backup,
 * and holds a reference to each: so what is remembered of a set is the same whatever its backups
 * were. */
#ifndef BASCULE_PATH_LIST_H
#define BASCULE_PATH_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "fib_layout.h"
#include "predecessor.h"
#include "rcu.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PATH_LISTS_IDLE = 1024 }; /* remembered at most; a power of two */

struct path_lists {
	struct path_list *list;		       /* borrowed: the generation's, in shared memory */
	const struct predecessor *predecessor; /* borrowed; NULL: none */
	struct rcu_pool indexes;
	uint32_t *refs;	 /* owned; [index] */
	uint32_t *next;	 /* owned; [index]: chains of equal hash, ended by PATH_LIST_NONE */
	uint32_t *chain; /* owned; [hash] → first index */
	uint32_t idle[PATH_LISTS_IDLE]; /* without references when they came here: oldest first */
	uint32_t idle_head, idle_tail;	/* run freely and are masked on use */
	uint32_t *
		plain; /* owned; [index]: of a list with a backup, the one that it deals flows by */
	bool *queued;  /* owned; [index]: it is in idle[] */
	uint32_t nb_idle; /* of those there, still without references */
};

/* Lists 0..nb_fixed-1 exist already, for ever, and are found by their members. No reader may be
 * inside. Without predecessor, which the caller may set. -ENOMEM. */
int path_lists_init(struct path_lists *lists, struct path_list *shared, uint32_t nb_fixed,
		    struct rte_rcu_qsbr *qsbr);
void path_lists_fini(struct path_lists *lists);

/* See fib_path_list_get(), fib_path_list_protect(), fib_path_list_put(). */
int path_list_get(struct path_lists *lists, const uint16_t *members, uint16_t n, uint32_t like,
		  uint32_t *index);
int path_list_protect(struct path_lists *lists, uint32_t plain, uint32_t backup, uint32_t *index);
void path_list_put(struct path_lists *lists, uint32_t index);
/* How many are held, fixed ones not counted. */
uint32_t path_lists_used(const struct path_lists *lists);

/* Fill `list` for the sorted set `members`; `like` may be NULL. Flows of a member that has gone
 * from it stay where fib_repair() sent them, as far as shares allow. */
void path_list_fill(struct path_list *list, const uint16_t *members, uint16_t n,
		    const struct path_list *like);

#ifdef __cplusplus
}
#endif
#endif
