#include "routes.h"

#include <stdio.h>
#include <stdlib.h>

struct route *routes_read(const char *path, uint32_t *n)
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
	if (in && pclose(in) == 0 && *n)
		return routes;
	free(routes);
	return NULL;
}
