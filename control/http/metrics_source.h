/* GET /metrics: a snapshot (collector.h) as text. Thread: HTTP's. */
#ifndef BASCULE_METRICS_SOURCE_H
#define BASCULE_METRICS_SOURCE_H

#include "reply.h"

#ifdef __cplusplus
extern "C" {
#endif

#define METRICS_PATH "/metrics"

reply_router metrics_route;

#ifdef __cplusplus
}
#endif
#endif
