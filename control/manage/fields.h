/* Fields of the JSON objects that rows become. Without memory a field is left out: jansson passes
 * NULL through. Pure; the management thread's. */
#ifndef BASCULE_FIELDS_H
#define BASCULE_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

void field_text(json_t *o, const char *key, const char *text);
void field_bool(json_t *o, const char *key, bool value);
void field_number(json_t *o, const char *key, uint64_t value);
void field_addr(json_t *o, const char *key, struct addr addr);
/* Host order. */
void field_router_id(json_t *o, const char *key, uint32_t id);
/* As "prefix". */
void field_prefix(json_t *o, struct prefix prefix);

/* The names of the roles in `bits`, an array. A new reference; NULL: no memory. */
json_t *role_names(uint8_t bits);

#ifdef __cplusplus
}
#endif
#endif
