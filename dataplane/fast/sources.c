/* The list of sources that nobody else has, sorted by last octet. */
#include "sources.h"

#include <string.h>

static uint32_t octet4(const struct fib_seed *seed)
{
	return seed->prefix.ip4 % SOURCES_OCTET;
}

static uint32_t octet6(const struct fib_addr *addr)
{
	return (addr->word[0] ^ addr->word[1] ^ addr->word[2] ^ addr->word[3]) % SOURCES_OCTET;
}

static bool listed4(const struct fib_seed *seed)
{
	return seed->prefix.family == FIB_IP4 && seed->prefix.len == FIB_IP4_LEN &&
	       (seed->action == ADJACENCY_LOCAL || seed->action == ADJACENCY_BROADCAST);
}

static bool listed6(const struct fib_seed *seed)
{
	return seed->prefix.family == FIB_IP6 && seed->prefix.len == FIB_IP6_LEN &&
	       seed->action == ADJACENCY_LOCAL;
}

static void list4(struct sources *sources, const struct fib *fib)
{
	uint16_t n = 0;

	for (uint32_t octet = 0; octet < SOURCES_OCTET; octet++) {
		sources->first[octet] = n;
		for (uint32_t i = 0; i < fib->nb_seeds; i++) {
			if (listed4(&fib->seeds[i]) && octet4(&fib->seeds[i]) == octet)
				sources->addr[n++] = fib->seeds[i].prefix.ip4;
		}
		if (n > sources->first[octet])
			sources->some[octet / 64] |= UINT64_C(1) << (octet % 64);
	}
	sources->first[SOURCES_OCTET] = n;
}

static void list6(struct sources6 *sources, const struct fib *fib)
{
	uint16_t n = 0;

	for (uint32_t octet = 0; octet < SOURCES_OCTET; octet++) {
		sources->first[octet] = n;
		for (uint32_t i = 0; i < fib->nb_seeds; i++) {
			const struct fib_prefix *prefix = &fib->seeds[i].prefix;

			if (listed6(&fib->seeds[i]) && octet6(&prefix->ip6) == octet)
				sources->addr[n++] = prefix->ip6;
		}
		if (n > sources->first[octet])
			sources->some[octet / 64] |= UINT64_C(1) << (octet % 64);
	}
	sources->first[SOURCES_OCTET] = n;
}

void sources_init(struct sources *sources, const struct fib *fib)
{
	memset(sources, 0, sizeof(*sources));
	list4(sources, fib);
	list6(&sources->ip6, fib);
}

bool sources6_has(const struct sources6 *sources, const struct fib_addr *addr)
{
	uint32_t octet = octet6(addr);

	for (uint16_t i = sources->first[octet]; i < sources->first[octet + 1]; i++) {
		if (fib_addr_same(&sources->addr[i], addr))
			return true;
	}
	return false;
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
