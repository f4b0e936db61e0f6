/* Pages about the instance. Thread: the RIB lcore. */
#ifndef BASCULE_SHOW_SUMMARY_H
#define BASCULE_SHOW_SUMMARY_H

#include "rows.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

void show_summary(struct route_server *rs, struct page *page);
void show_exchange(struct route_server *rs, struct page *page);

#ifdef __cplusplus
}
#endif
#endif
