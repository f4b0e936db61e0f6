/* Members of a set, each once. */
#ifndef BASCULE_UNIQUE_H
#define BASCULE_UNIQUE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { UNIQUE_MAX = 1024 }; /* members: as many communities as a message has room for */

/* Copy `n` members of `size` octets from `in` to `out`, in their order, without those that are
 * there already. Returns how many are left. `n` is at most UNIQUE_MAX. Costs as much as there are
 * members, whatever they are. */
size_t unique_copy(uint8_t *out, const uint8_t *in, size_t n, size_t size);

#ifdef __cplusplus
}
#endif
#endif
