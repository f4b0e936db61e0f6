/* Applies a new configuration to a running route server. Only what differs from the present one
 * moves. */
#ifndef BASCULE_RELOAD_H
#define BASCULE_RELOAD_H

#include <stdbool.h>

#include "config.h"
#include "page.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

/* May page->config be applied? Not if it changes what only a restart can apply, nor, without
 * page->force, if more than half of the peers would go: then the page has the error. */
bool reload_check(const struct route_server *rs, struct page *page);

/* Apply page->config: peers added, removed and changed (only those sessions move), VNet prefixes,
 * routing preference, the exchange switch if its configured value changed: if that is on, it has
 * been stored. reload_turn() does it, in slices: nothing else is to be done until it returns the
 * page (NULL: there is more to do). The page has a row of ROW_RELOAD then, and in page->config the
 * configuration that is not needed any more; or it has an error, and nothing has changed. What the
 * gate was before is rs->reload.gate. */
void reload_begin(struct route_server *rs, struct page *page);
struct page *reload_turn(struct route_server *rs);

#ifdef __cplusplus
}
#endif
#endif
