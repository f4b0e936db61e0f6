/* Real prefixes for the benchmarks: a gzipped list, one "a.b.c.d/len" or IPv6 prefix a line. */
#ifndef BASCULE_PERF_ROUTES_H
#define BASCULE_PERF_ROUTES_H

#include <stddef.h>
#include <stdint.h>

enum { ROUTES_MAX = 1 << 20 };

struct route {
	uint32_t addr; /* host order */
	uint8_t len;
};

/* `max` <= ROUTES_MAX of them at most, from all over the list; `*n` is how many, in the list's
 * order. The caller frees the array. NULL: the file cannot be read, or has none. */
struct route *routes_read(const char *path, uint32_t max, uint32_t *n);

struct route6 {
	uint8_t addr[16]; /* as on the wire */
	uint8_t len;
};

/* The same of a list of IPv6 prefixes. */
struct route6 *routes6_read(const char *path, uint32_t max, uint32_t *n);

/* The next of a sequence that is the same in each run; `*state` is anything but 0 at its start. */
uint32_t routes_random(uint64_t *state);

/* Brings `n` elements of `size` octets each, at most 32, into the order that `*state` says. */
void routes_shuffle(void *routes, size_t size, uint32_t n, uint64_t *state);

#endif
