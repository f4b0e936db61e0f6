/* Metrics as text: OpenMetrics 1.0, or the older text format of Prometheus (0.0.4) for readers that
 * do not ask for the former. The two differ in where a counter's "_total" stands and in what only
 * the former has: units, the type "info", the end mark.
 *
 *   exposition_family ─► (exposition_sample ─► exposition_label... ─► exposition_value)...
 *
 * All samples of a family stand together. Pure. */
#ifndef BASCULE_EXPOSITION_H
#define BASCULE_EXPOSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "body.h"

#ifdef __cplusplus
extern "C" {
#endif

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_INFO };

struct metric_family {
	const char *name; /* without "_total" and "_info"; with a unit it ends with that */
	enum metric_type type;
	const char *unit; /* "seconds", "bytes"; NULL: none */
	const char *help; /* a sentence */
};

struct exposition {
	struct body *body; /* borrowed */
	bool openmetrics;
	const struct metric_family *family;
	bool labelled; /* the sample at hand has a label */
};

void exposition_family(struct exposition *to, const struct metric_family *family);
void exposition_sample(struct exposition *to);
void exposition_label(struct exposition *to, const char *name, const char *value);
void exposition_value(struct exposition *to, uint64_t value);
/* The same of so many thousand millionths. */
void exposition_nanos(struct exposition *to, uint64_t nanos);
/* Nothing follows. */
void exposition_end(struct exposition *to);

#ifdef __cplusplus
}
#endif
#endif
