/* One role's table, written: prefixes go to lpm4, the default route to the view's header, and a
 * prefix that is also a seed shows the seed again once its route is gone. One thread. */
#ifndef BASCULE_VIEW_H
#define BASCULE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "fib_layout.h"
#include "lpm4.h"

#ifdef __cplusplus
extern "C" {
#endif

struct view {
	struct fib_view *shared; /* borrowed */
	struct lpm4 lpm;
	struct rules seeds;  /* seeded prefix → its path-list */
	struct rules hidden; /* those of them that a route hides */
	bool has_default;
};

/* Reset the view to the seeds. No reader may be inside. -ENOMEM, -ENOSPC: more seeds than tbl8
 * groups. */
int view_init(struct view *view, struct fib_view *shared, const struct fib *fib);
void view_fini(struct view *view);

/* See fib_set_begin(), fib_del_begin(), fib_step(), fib_get(); the prefix has been checked. */
int view_set(struct view *view, uint32_t addr, uint8_t len, uint32_t list);
int view_del(struct view *view, uint32_t addr, uint8_t len);
bool view_step(struct view *view, uint32_t max);
int view_get(const struct view *view, uint32_t addr, uint8_t len, uint32_t *list);

/* See fib_fetch(). */
void view_fetch(const struct view *view, uint32_t addr, uint8_t len);

/* Seeds that show are not counted. */
uint32_t view_routes(const struct view *view);

#ifdef __cplusplus
}
#endif
#endif
