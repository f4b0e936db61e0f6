/* The functions that the RIB calls to ask other parts: the forward folder, whether packets can
 * follow a path, and adj_out, what is announced to peers. Thread: the RIB lcore. */
#ifndef BASCULE_RIB_ANSWERS_H
#define BASCULE_RIB_ANSWERS_H

#include "decide.h"

#ifdef __cplusplus
extern "C" {
#endif

struct config;
struct route_server;

/* Make the RIB, which calls those functions, and set the sources of our own routes in it. 0 or
 * -ENOMEM. */
int rib_answers_open(struct route_server *rs);

/* The decision's rules as the configuration says. */
struct decide_rule rib_answers_rule(const struct config *config);

#ifdef __cplusplus
}
#endif
#endif
