/* Answers the questions of the management thread on the RIB lcore, page by page (page.h), with rows
 * (rows.h) that the management thread makes into JSON (ctl.h). Commands that change something are
 * handed on: to commands.c, exchange.c and reload.c. Thread: the RIB lcore. */
#ifndef BASCULE_SHOW_H
#define BASCULE_SHOW_H

#include <stdbool.h>

#include "rows.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

/* See rs_params.answer. */
bool show_answer(struct route_server *rs, struct page *page);

#ifdef __cplusplus
}
#endif
#endif
