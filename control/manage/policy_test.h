/* The command "policy test": what a peer's route map of one direction makes of a route, rule by
 * rule. The route is one of the RIB's, or one that the question describes. Counts nothing, changes
 * nothing. Thread: the RIB lcore. */
#ifndef BASCULE_POLICY_TEST_H
#define BASCULE_POLICY_TEST_H

#include "page.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

/* Answer PAGE_POLICY_TEST with a struct row_policy_test. */
void policy_test(struct route_server *rs, struct page *page);

#ifdef __cplusplus
}
#endif
#endif
