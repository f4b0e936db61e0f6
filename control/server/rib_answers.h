/* What the RIB asks of the others, answered by the conductor: of those who know what packets
 * follow, and of those who know what peers are told. Thread: the RIB lcore. */
#ifndef BASCULE_RIB_ANSWERS_H
#define BASCULE_RIB_ANSWERS_H

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

/* Make the RIB, which asks here from now on, with the sources of our own routes. 0 or -ENOMEM. */
int rib_answers_open(struct route_server *rs);

#ifdef __cplusplus
}
#endif
#endif
