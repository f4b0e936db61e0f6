/* The rows of a plan: how plan.c puts them into a page and format.c reads them. */
#ifndef BASCULE_PLAN_ROWS_H
#define BASCULE_PLAN_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "page.h"
#include "peer_plan.h"
#include "view_plan.h"

#ifdef __cplusplus
extern "C" {
#endif

struct peer;
struct routes;

enum { PLAN_TEXT = 160 };

struct row_plan {
	bool enable, enabled; /* planned; now */
	uint32_t conflicts;
};

struct row_plan_peer {
	char name[CONFIG_NAME];
	uint8_t role, family;
	bool up, held;
	uint32_t changes[PLAN_CHANGES];
	uint32_t backups; /* of those announced and replaced */
};

struct row_plan_view {
	uint8_t role, family;
	uint32_t change[VIEW_CHANGES];
};

/* A bound that would be met. */
struct row_plan_limit {
	char kind[24];		/* as of the alarm that would be raised */
	char peer[CONFIG_NAME]; /* empty: of none */
	uint8_t view;		/* ROLE_COUNT: of none */
	uint8_t family;
	uint32_t count, bound;
	char text[PLAN_TEXT];
};

struct row_plan_conflict {
	struct prefix prefix;
	uint8_t views; /* a bit a role */
	uint8_t winner_role, loser_role;
	uint8_t reason; /* enum decide_reason */
	char winner[CONFIG_NAME], loser[CONFIG_NAME];
};

struct row_plan_route {
	struct prefix prefix;
	char peer[CONFIG_NAME]; /* empty: of a view */
	uint8_t view;
	uint8_t change; /* enum plan_change, or enum view_change */
	bool backup;	/* announced, or replaced, as one */
};

struct row_plan_warning {
	char text[PLAN_TEXT];
};

/* Each puts one row into the page. False: it is full. Routes that stay as they are need none. */
bool plan_add_switch(struct page *page, bool enable, bool enabled, uint32_t conflicts);
bool plan_add_peer(struct page *page, const struct peer *peer, uint8_t family,
		   const struct peer_plan_tally *tally);
bool plan_add_view(struct page *page, enum role view, uint8_t family,
		   const uint32_t change[VIEW_CHANGES]);
bool plan_add_full(struct page *page, enum role view, uint8_t family, uint32_t needed,
		   uint32_t groups);
bool plan_add_circuit(struct page *page, const struct peer *peer, uint8_t family, uint32_t routes,
		      uint32_t bound);
bool plan_add_held(struct page *page, uint8_t family, uint32_t routes, uint32_t bound);
bool plan_add_conflict(const struct routes *routes, struct page *page, const struct path *winner,
		       const struct path *loser, uint8_t views);
bool plan_add_view_route(struct page *page, struct prefix prefix, enum role view,
			 enum view_change change);
bool plan_add_peer_route(struct page *page, struct prefix prefix, const struct peer *peer,
			 struct peer_plan_fate fate);
bool plan_add_warning(struct page *page, const char *text);

/* "gained", "lost", "next hops"; static storage. */
const char *plan_view_name(enum view_change change);

#ifdef __cplusplus
}
#endif
#endif
