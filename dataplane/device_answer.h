/* What is answered about one device: its driver, queues, speed, flow control. */
#ifndef BASCULE_DEVICE_ANSWER_H
#define BASCULE_DEVICE_ANSWER_H

#include <rte_telemetry.h>

#include "dataplane.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The answer of /bascule/device,ID (telemetry.h), ID being a port's. What a driver does not tell is
 * left out. -EINVAL: there is no such port. */
int device_answer(struct dataplane *dp, const char *params, struct rte_tel_data *d);

#ifdef __cplusplus
}
#endif
#endif
