/* What is answered about filters and meters of ports. */
#ifndef BASCULE_FILTERS_ANSWER_H
#define BASCULE_FILTERS_ANSWER_H

#include <rte_telemetry.h>

#include "dataplane.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The answer of /bascule/acl,OFFSET (telemetry.h): rules of the lists that ports have, in order,
 * each with its hits, and what no rule fits at the end of each list. */
int acl_answer(struct dataplane *dp, const char *params, struct rte_tel_data *d);

/* Add what a port has of filters to its answer. */
void port_filters_answer(struct dataplane *dp, uint16_t port, struct rte_tel_data *d);

/* The answer of /bascule/meters: for each class its rate and burst, and what became of it. */
int meters_answer(struct dataplane *dp, const char *params, struct rte_tel_data *d);

#ifdef __cplusplus
}
#endif
#endif
