/* Rows of rows.h as the JSON objects that ctl.h promises. Pure; the management thread's. */
#ifndef BASCULE_FORMAT_H
#define BASCULE_FORMAT_H

#include <stdint.h>

#include <jansson.h>

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The object for one row; `warnings` are those of a reload, else NULL. A new reference; NULL: no
 * memory. */
json_t *format_row(uint16_t type, const void *row, const struct config_report *warnings);

#ifdef __cplusplus
}
#endif
#endif
