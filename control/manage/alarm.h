/* What is wrong at this moment. Alarms are not kept: each is a condition that is looked at when
 * somebody asks, so it clears itself. Thread: the RIB lcore. */
#ifndef BASCULE_ALARM_H
#define BASCULE_ALARM_H

#include "rows.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

/* All there are into `alarms`, which is zeroed. */
void alarms_list(const struct route_server *rs, struct alarms *alarms);

#ifdef __cplusplus
}
#endif
#endif
