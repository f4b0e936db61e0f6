/* The prefixes that belong to the system, of one family: VNets and connected subnets. A route of a
 * peer for one of them, or for a part of one, is never programmed. */
#ifndef BASCULE_SYSTEM_PREFIXES_H
#define BASCULE_SYSTEM_PREFIXES_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

struct system_prefixes {
	struct prefix *of; /* owned: sorted, none inside another */
	size_t nb;
};

/* 0 or -ENOMEM, and then there are none. */
int system_prefixes_init(struct system_prefixes *system, enum family family,
			 const struct config *config);
void system_prefixes_fini(struct system_prefixes *system);

/* Does a prefix of the family belong to them? By bisection. */
bool system_prefixes_cover(const struct system_prefixes *system, struct prefix prefix);

#ifdef __cplusplus
}
#endif
#endif
