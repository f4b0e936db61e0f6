/* One function a row type of rows.h: the JSON object that ctl.h promises. Each returns a new
 * reference. It cannot fail but for memory, and then jansson passes NULL through: the object lacks
 * a field or is NULL itself, which the caller sees. Pure; the management thread's. */
#ifndef BASCULE_FORMAT_ROWS_H
#define BASCULE_FORMAT_ROWS_H

#include <stdint.h>

#include <jansson.h>

#include "rows.h"

#ifdef __cplusplus
extern "C" {
#endif

struct partner_peer;

/* format_summary.c */
json_t *format_summary(const struct row_summary *row);
json_t *format_exchange(const struct row_exchange *row);

/* format_peer.c */
json_t *format_peer(const struct row_peer *row);
json_t *format_peer_detail(const struct row_peer *row);
json_t *format_partner(const struct partner_peer *peer);

/* format_route.c */
json_t *format_route(const struct row_route *row);
json_t *format_fib(const struct row_fib *row);
/* The attributes that are shown, as fields: canonical wire form (attrs.h). */
void format_attrs(json_t *o, const uint8_t *attrs, uint16_t len, uint32_t local_pref);
/* "by_route": what leads to an address off our subnets. Absent if there is nothing to say. */
void format_by_route(json_t *o, const struct row_by_route *row);

/* format_policy.c */
json_t *format_rule(const struct row_rule *row);
json_t *format_policy_test(const struct row_policy_test *row);

/* format_plan.c: rows of plan_rows.h. NULL too if it is no row of a plan. */
json_t *format_plan_row(uint16_t type, const void *row);

#ifdef __cplusplus
}
#endif
#endif
