/* Objects within telemetry's answers. */
#ifndef BASCULE_TEL_DATA_H
#define BASCULE_TEL_DATA_H

#include <stdint.h>

#include <rte_telemetry.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A dict inside a dict; telemetry frees it with its parent. NULL: no memory or no room, the reply
 * lacks it. */
struct rte_tel_data *tel_add_dict(struct rte_tel_data *parent, const char *name);

/* Telemetry has no arrays of dicts, and the keys of a dict hold neither '.' nor '-': elements are
 * called by number. */
struct rte_tel_data *tel_add_element(struct rte_tel_data *parent, const char *what,
				     uint32_t number);

#ifdef __cplusplus
}
#endif
#endif
