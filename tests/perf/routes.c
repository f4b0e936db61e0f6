#include "routes.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which is the i-th of `max` that lie equally far apart among n? */
static uint32_t thinned(uint32_t i, uint32_t n, uint32_t max)
{
	return n <= max ? i : (uint32_t)((uint64_t)i * n / max);
}

static FILE *list_open(const char *path)
{
	char command[4096];

	snprintf(command, sizeof(command), "gzip -dc '%s'", path);
	return popen(command, "r");
}

struct route *routes_read(const char *path, uint32_t max, uint32_t *n)
{
	struct route *routes = calloc(ROUTES_MAX, sizeof(*routes));
	unsigned int a[4], len;
	FILE *in = routes ? list_open(path) : NULL;
	uint32_t all;

	*n = 0;
	while (in && *n < ROUTES_MAX &&
	       fscanf(in, "%u.%u.%u.%u/%u", &a[0], &a[1], &a[2], &a[3], &len) == 5)
		routes[(*n)++] =
			(struct route){ a[0] << 24 | a[1] << 16 | a[2] << 8 | a[3], (uint8_t)len };
	if (in && pclose(in) == 0 && *n) {
		all = *n;
		*n = all < max ? all : max;
		for (uint32_t i = 0; i < *n; i++)
			routes[i] = routes[thinned(i, all, max)];
		return routes;
	}
	free(routes);
	return NULL;
}

struct route6 *routes6_read(const char *path, uint32_t max, uint32_t *n)
{
	struct route6 *routes = calloc(ROUTES_MAX, sizeof(*routes));
	FILE *in = routes ? list_open(path) : NULL;
	unsigned int len;
	char addr[64];
	uint32_t all;

	*n = 0;
	while (in && *n < ROUTES_MAX && fscanf(in, "%63[^/]/%u ", addr, &len) == 2 &&
	       inet_pton(AF_INET6, addr, routes[*n].addr) == 1)
		routes[(*n)++].len = (uint8_t)len;
	if (in && pclose(in) == 0 && *n) {
		all = *n;
		*n = all < max ? all : max;
		for (uint32_t i = 0; i < *n; i++)
			routes[i] = routes[thinned(i, all, max)];
		return routes;
	}
	free(routes);
	return NULL;
}

uint32_t routes_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 32;
}

void routes_shuffle(void *routes, size_t size, uint32_t n, uint64_t *state)
{
	uint8_t swap[32];

	assert(size <= sizeof(swap));
	for (uint32_t i = n - 1; i > 0; i--) {
		uint8_t *a = (uint8_t *)routes + i * size;
		uint8_t *b = (uint8_t *)routes + routes_random(state) % (i + 1) * size;

		memcpy(swap, a, size);
		memmove(a, b, size);
		memcpy(b, swap, size);
	}
}
