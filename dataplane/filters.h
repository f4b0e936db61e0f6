/* The filters of all ports as the configuration has them (fast/filter.h has what they do): made,
 * put in force, freed.
 *
 *   filters_begin   makes a set of what is wanted; lists that are as before stay, with their
 *                   hits; a thread compiles the others
 *   filters_turn    hands it to the lcores once it is through, one store for each; frees the one
 *                   before after a grace period */
#ifndef BASCULE_FILTERS_H
#define BASCULE_FILTERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "filter.h"
#include "slowpath_state.h"
#include "worker.h"

#ifdef __cplusplus
extern "C" {
#endif

struct filter_set {
	struct filter_table table;    /* its lists are borrowed from `acl` */
	struct acl *acl[CONFIG_ACLS]; /* one reference each: those that ports have */
	size_t nb_acls;
	bool fresh[CONFIG_ACLS]; /* to be compiled */
	/* the thread's, until `done` */
	const struct acl *refused;
	int err;
	bool done; /* atomic */
};

/* Whom filters are for; all borrowed. */
struct filter_users {
	struct worker *workers;
	uint16_t nb_workers;
	struct slowpath *slowpath;
	const uint16_t *port_ids; /* by index among the configuration's ports */
	struct rte_rcu_qsbr *qsbr;
};

struct filters {
	struct filter_users users;
	struct filter_set *now;	    /* owned, as the following: in force; NULL before the first */
	struct filter_set *next;    /* being compiled; NULL: none */
	struct filter_set *retired; /* not in force any more; NULL: none */
	uint64_t token;		    /* of its grace period */
	pthread_t thread;	    /* of `next` */
	/* nothing is freed while somebody who is no lcore looks at `now` */
	pthread_mutex_t lock;
};

/* Before the lcores begin; waits for the compiler. Logs what is wrong; -errno. */
int filters_open(struct filters *filters, const struct filter_users *users,
		 const struct config *config);
/* No lcore runs any more. Nothing, if they were never opened. */
void filters_close(struct filters *filters);

/* Main lcore: none may be under way. False: logged, and all is as before. */
bool filters_begin(struct filters *filters, const struct config *wanted);
/* Is a set under way, or one before it still to be freed? */
static inline bool filters_under_way(const struct filters *filters)
{
	return filters->next || filters->retired;
}
/* Main lcore, while it is: true once, when what was begun is through (or was refused, which is
 * logged). */
bool filters_turn(struct filters *filters);

#ifdef __cplusplus
}
#endif
#endif
