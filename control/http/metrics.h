/* What is measured, as metrics (exposition.h): a family a step, so that as much is made as its
 * reader takes. README.md of control lists them. Pure: everything is made of a snapshot. */
#ifndef BASCULE_METRICS_H
#define BASCULE_METRICS_H

#include <jansson.h>

#include "exposition.h"
#include "rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What was known at one time. */
struct metrics {
	struct row_summary summary;
	struct row_exchange exchange;
	struct row_peer *peers; /* owned: nb_peers */
	size_t nb_peers, room;
	/* of dataplane_query.h, owned; NULL: it did not answer */
	json_t *dataplane;
};

/* Keep a row of an answer, if it is one that metrics are made of. False: no memory. */
bool metrics_take(struct metrics *metrics, uint16_t type, const void *row);
void metrics_release(struct metrics *metrics);

/* Put the next family out, or several; `*step` begins at 0. False: there is none left, and the end
 * has been put out. */
bool metrics_put(struct exposition *to, const struct metrics *metrics, unsigned int *step);

/* The parts. Each likewise: family `i` of it; false: it has no more. */
bool metrics_put_instance(struct exposition *to, const struct metrics *metrics, unsigned int i);
bool metrics_put_peers(struct exposition *to, const struct metrics *metrics, unsigned int i);
bool metrics_put_dataplane(struct exposition *to, const struct metrics *metrics, unsigned int i);

#ifdef __cplusplus
}
#endif
#endif
