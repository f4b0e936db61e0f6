/* Commands of the management thread that change something at a peer. Thread: the RIB lcore. */
#ifndef BASCULE_COMMANDS_H
#define BASCULE_COMMANDS_H

#include "page.h"

#ifdef __cplusplus
extern "C" {
#endif

struct peer;
struct route_server;

/* Carry out the command of the page: PAGE_RESET, PAGE_SOFT_IN or PAGE_SOFT_OUT. */
void command_peer(struct route_server *rs, struct page *page, struct peer *peer);

#ifdef __cplusplus
}
#endif
#endif
