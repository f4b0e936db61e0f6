/* Rows of plan_rows.h as the JSON objects that ctl.h promises. Pure; the management thread's. */
#ifndef BASCULE_FORMAT_PLAN_H
#define BASCULE_FORMAT_PLAN_H

#include <stdint.h>

#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As format_row(); NULL too if it is no row of a plan. */
json_t *format_plan_row(uint16_t type, const void *row);

#ifdef __cplusplus
}
#endif
#endif
