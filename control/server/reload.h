/* A new configuration applied to a running route server: the difference, and nothing but the
 * difference. */
#ifndef BASCULE_RELOAD_H
#define BASCULE_RELOAD_H

#include <stdbool.h>

#include "config.h"
#include "decide.h"
#include "fib.h"
#include "page.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;
struct row_reload;

/* May page->config be applied? Not if it changes what only a restart can apply, nor, without
 * page->force, if more than half of the peers would go: then the page has the error. */
bool reload_check(const struct route_server *rs, struct page *page);

/* A configuration that is being applied. The RIB lcore's turn does nothing else meanwhile: what is
 * half applied, nobody sees. */
struct reload {
	struct page *page; /* borrowed: whose configuration it is; NULL: none is being applied */
	unsigned int step; /* reload.c */
	uint32_t at;	   /* of what the step goes through */
	struct config *running, *wanted; /* one of them the route server's, the other the page's */
	struct row_reload *row;		 /* borrowed: of the page */
	uint64_t gate;			 /* as it was */
	bool switched;			 /* likewise: route exchange */
	bool vnet_added;
	int err;		  /* of VNets for which there was no memory; 0: none */
	bool known[CONFIG_PEERS]; /* peers of `wanted`, by index: there is one of that name */
};

/* Apply page->config: peers added, removed and changed (only those sessions move), VNet prefixes,
 * routing preference, the exchange switch if its configured value changed: if that is on, it has
 * been stored. reload_turn() does it, in slices: it is to be called until rs->reload.page is NULL,
 * and nothing else. Then exchange_wait_reloaded() has been called, and the page has a row of
 * ROW_RELOAD, and in page->config the configuration that is not needed any more; or it has an
 * error, and nothing has changed. */
void reload_begin(struct route_server *rs, struct page *page);
void reload_turn(struct route_server *rs);

/* The decision's rules as the configuration says. */
struct decide_rule reload_decide_rule(const struct config *config);
/* Tell the dataplane whose BGP to let through. 0 or -errno. */
int reload_peers_known(struct fib *fib, const struct config *config);

#ifdef __cplusplus
}
#endif
#endif
