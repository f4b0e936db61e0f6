/* Questions of the management thread, answered on the RIB lcore; see page.h for how they travel,
 * rows.h for what they are answered with, and ctl.h for what becomes of it. Thread: the RIB
 * lcore. */
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
