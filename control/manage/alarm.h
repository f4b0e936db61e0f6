/* What is wrong at this moment. No alarm is stored: each is a condition that is judged when
 * somebody asks, and ends when the condition does. Thread: the RIB lcore. */
#ifndef BASCULE_ALARM_H
#define BASCULE_ALARM_H

#include "rows.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

/* Write all alarms that stand now into `alarms`, which is zeroed. */
void alarms_list(const struct route_server *rs, struct alarms *alarms);

#ifdef __cplusplus
}
#endif
#endif
