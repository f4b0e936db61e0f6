#include "routes.h"

#include <stdio.h>
#include <stdlib.h>

/* Keep `max` that lie equally far apart. */
static uint32_t thin(struct route *routes, uint32_t n, uint32_t max)
{
	if (n <= max)
		return n;
	for (uint32_t i = 0; i < max; i++)
		routes[i] = routes[(uint64_t)i * n / max];
	return max;
}

struct route *routes_read(const char *path, uint32_t max, uint32_t *n)
{
	struct route *routes = calloc(ROUTES_MAX, sizeof(*routes));
	unsigned int a[4], len;
	char command[4096];
	FILE *in;

	*n = 0;
	snprintf(command, sizeof(command), "gzip -dc '%s'", path);
	in = routes ? popen(command, "r") : NULL;
	while (in && *n < ROUTES_MAX &&
	       fscanf(in, "%u.%u.%u.%u/%u", &a[0], &a[1], &a[2], &a[3], &len) == 5)
		routes[(*n)++] =
			(struct route){ a[0] << 24 | a[1] << 16 | a[2] << 8 | a[3], (uint8_t)len };
	if (in && pclose(in) == 0 && *n) {
		*n = thin(routes, *n, max);
		return routes;
	}
	free(routes);
	return NULL;
}
