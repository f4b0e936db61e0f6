/* What moving the route exchange switch would change, found out before it is moved: for each peer
 * the prefixes that it would learn, learn otherwise or not learn any more; for each view those that
 * it would gain, lose or reach another way; bounds that would be met; and prefixes that two
 * branches would come to share. The functions that decide all this when the switch does move decide
 * it here (matrix_plan.h, view_plan.h, announcement.h), outbound route maps and their summaries
 * included (peer_plan.h). Nothing is moved.
 *
 *   weigh ─► count ─► summaries ─► rows of counts ─► conflicts
 *     └─► routes, then summaries, if asked for ─► warnings
 *
 * Each step is a walk over all prefixes of a family and then of the other, or over all peers, of
 * which a page does a bounded part.
 * Nothing is kept by prefix, but for those of summaries. If routes change meanwhile, the plan goes
 * on, and says so at its end. Thread: the RIB lcore. */
#ifndef BASCULE_PLAN_H
#define BASCULE_PLAN_H

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;
struct page;
struct plan;

enum { PLAN_CONFLICTS = 20 }; /* shown if prefixes are not asked for */

/* One page of a plan, which begins with the first (page->plan is NULL) and stays with the page. */
void plan_page(struct route_server *rs, struct page *page);
/* NULL is fine. Any thread. */
void plan_free(struct plan *plan);

#ifdef __cplusplus
}
#endif
#endif
