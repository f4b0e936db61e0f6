/* The list of sources that nobody else has, sorted by last octet. */
#include "sources.h"

#include <string.h>

static bool listed(const struct fib_seed *seed)
{
	return seed->len == 32 &&
	       (seed->action == ADJACENCY_LOCAL || seed->action == ADJACENCY_BROADCAST);
}

void sources_init(struct sources *sources, const struct fib *fib)
{
	uint16_t n = 0;

	memset(sources, 0, sizeof(*sources));
	for (uint32_t octet = 0; octet < SOURCES_OCTET; octet++) {
		sources->first[octet] = n;
		for (uint32_t i = 0; i < fib->nb_seeds; i++) {
			if (listed(&fib->seeds[i]) && fib->seeds[i].addr % SOURCES_OCTET == octet)
				sources->addr[n++] = fib->seeds[i].addr;
		}
		if (n > sources->first[octet])
			sources->some[octet / 64] |= UINT64_C(1) << (octet % 64);
	}
	sources->first[SOURCES_OCTET] = n;
}

bool sources_has(const struct sources *sources, uint32_t addr)
{
	uint32_t octet = addr % SOURCES_OCTET;

	for (uint16_t i = sources->first[octet]; i < sources->first[octet + 1]; i++) {
		if (sources->addr[i] == addr)
			return true;
	}
	return false;
}
