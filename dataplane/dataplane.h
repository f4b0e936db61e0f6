/* The forwarding process as a whole: what it is made of, in the order in which it is put together,
 * and its threads. */
#ifndef BASCULE_DATAPLANE_H
#define BASCULE_DATAPLANE_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "counters.h"
#include "fib.h"
#include "filters.h"
#include "idle.h"
#include "keeper.h"
#include "lcp.h"
#include "neighbour.h"
#include "placement.h"
#include "pools.h"
#include "port.h"
#include "punt.h"
#include "slowpath.h"
#include "sources.h"
#include "worker.h"

#ifdef __cplusplus
extern "C" {
#endif

struct dataplane {
	const struct config *config; /* the one that it started with; borrowed from main */
	uint64_t started_ms;
	struct placement placement;
	struct pools pools;
	uint16_t port_ids[CONFIG_PORTS]; /* by index among the configuration's ports */
	struct device devices[FIB_PORTS];
	struct port ports[FIB_PORTS]; /* by id, as everything else that is kept by port */
	struct lcp lcp[FIB_PORTS];    /* likewise */
	uint16_t nb_devices, nb_ports;
	struct fib *fib;
	struct neighbours *neighbours;
	struct sources sources;
	struct punt punt;
	struct filters filters;
	struct worker *workers;		 /* owned; one for each forwarding lcore */
	struct lcore_counters *counters; /* owned; the workers', then the main lcore's */
	uint16_t nb_workers;
	struct slowpath slowpath;
	struct keeper keeper;
	struct idle idle; /* the main lcore's */
};

/* Put it together and start forwarding: EAL must be up. Logs what is wrong and takes down what it
 * had built; -errno. */
int dataplane_open(struct dataplane *dp, const struct config *config);
/* Stop the workers, flush, give everything back. */
void dataplane_close(struct dataplane *dp);

/* One turn of the main lcore's loop. Returns whether there was anything to do. */
bool dataplane_turn(struct dataplane *dp);

/* Bring the kernel's routes to the VNet prefixes, its permanent neighbours, meters and filters in
 * line with `wanted`, which needs no restart. The filters are in force once the log says that the
 * reload is done; until then another one may not begin. */
void dataplane_reload(struct dataplane *dp, const struct config *wanted);
static inline bool dataplane_reloading(const struct dataplane *dp)
{
	return filters_under_way(&dp->filters);
}

/* Monotonic milliseconds. */
uint64_t dataplane_now_ms(void);

#ifdef __cplusplus
}
#endif
#endif
