/* One role's table of one family, written: prefixes go to the table, the default route to the
 * view's header, and a prefix that is also a seed shows the seed again once its route is gone. One
 * thread. */
#ifndef BASCULE_VIEW_H
#define BASCULE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "fib_layout.h"
#include "fib_table.h"
#include "seeds.h"

#ifdef __cplusplus
extern "C" {
#endif

struct view {
	struct fib_table table; /* without `ops`: the view has no such table */
	uint32_t *default_list; /* borrowed: in the view's header; atomic */
	struct seeds seeds;
	uint32_t seeds_shown; /* how many no route hides */
	bool has_default;
};

/* Reset the view to the seeds. No reader may be inside. -ENOMEM, -ENOSPC: more seeds than groups of
 * the table. */
int view_init(struct view *view, struct fib_view *shared, enum fib_family family,
	      const struct fib *fib);
void view_fini(struct view *view);

/* See fib_set_begin(), fib_del_begin(), fib_step(), fib_get(); the prefix has been checked. */
int view_set(struct view *view, const struct fib_prefix *prefix, uint32_t list);
int view_del(struct view *view, const struct fib_prefix *prefix);
bool view_step(struct view *view, uint32_t max);
int view_get(const struct view *view, const struct fib_prefix *prefix, uint32_t *list);

/* See fib_fetch(). */
void view_fetch(const struct view *view, const struct fib_prefix *prefix);

/* Seeds that show are not counted. */
uint32_t view_routes(const struct view *view);

#ifdef __cplusplus
}
#endif
#endif
