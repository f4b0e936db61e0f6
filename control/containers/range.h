/* A range of addresses that is reserved once and opened from its beginning as it is needed: what
 * lies in it never moves, growth copies nothing, and what is not open costs nothing. Overcommit
 * rules count only what is open, and a stray pointer past that faults. */
#ifndef BASCULE_RANGE_H
#define BASCULE_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct range {
	uint8_t *base;	       /* owned: begins at a huge page; NULL: there is none */
	size_t reserved, open; /* octets */
};

/* Reserve at least `bytes` octets. -ENOMEM: no address space. */
int range_init(struct range *range, size_t bytes);
/* Give everything back. A range that was never made is fine. */
void range_fini(struct range *range);

int range_open_step(struct range *range, size_t bytes);
/* The first `bytes` octets, which are reserved, may be used; they are zeroed when first touched.
 * -ENOMEM: no more than before may. */
static inline int range_open(struct range *range, size_t bytes)
{
	return bytes <= range->open ? 0 : range_open_step(range, bytes);
}

/* Close it again from the end: what is open above the first `bytes` octets goes back to the system,
 * as far as that is whole steps, about `most` octets of it at a time. What was closed is zero when
 * it is opened again. Returns whether there is more to give back. */
bool range_trim(struct range *range, size_t bytes, size_t most);

#ifdef __cplusplus
}
#endif
#endif
