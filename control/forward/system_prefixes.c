/* See system_prefixes.h. */
#include "system_prefixes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_address(const void *a, const void *b)
{
	return prefix_compare(*(const struct prefix *)a, *(const struct prefix *)b);
}

static void add(struct system_prefixes *system, enum family family, struct prefix prefix)
{
	if (prefix.addr.family == family)
		system->of[system->nb++] = prefix;
}

int system_prefixes_init(struct system_prefixes *system, enum family family,
			 const struct config *config)
{
	const struct config_dataplane *dp = &config->dataplane;
	size_t max = config->nb_vnets + CONFIG_PORTS * CONFIG_PORT_ADDRESSES + 1, kept = 0;

	*system = (struct system_prefixes){ .of = calloc(max, sizeof(*system->of)) };
	if (!system->of)
		return -ENOMEM;
	for (size_t i = 0; i < config->nb_vnets; i++)
		add(system, family, config->vnets[i].prefix);
	for (size_t i = 0; i < dp->nb_ports; i++)
		for (size_t k = 0; k < dp->ports[i].nb_addresses; k++)
			add(system, family, config_subnet(dp->ports[i].addresses[k]));
	qsort(system->of, system->nb, sizeof(*system->of), by_address);
	for (size_t i = 0; i < system->nb; i++)
		if (!kept || !prefix_covers(system->of[kept - 1], system->of[i]))
			system->of[kept++] = system->of[i];
	system->nb = kept;
	return 0;
}

void system_prefixes_fini(struct system_prefixes *system)
{
	free(system->of);
	*system = (struct system_prefixes){ 0 };
}

/* Both are of one family. */
static bool begins_behind(const struct prefix *a, const struct prefix *b)
{
	if (a->addr.family == FAMILY_IPV4)
		return a->addr.v4 > b->addr.v4;
	return memcmp(a->addr.v6, b->addr.v6, sizeof(a->addr.v6)) > 0;
}

bool system_prefixes_cover(const struct system_prefixes *system, struct prefix prefix)
{
	size_t low = 0, high = system->nb;

	/* The last one that begins at or before the prefix is the only one that can cover it. */
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (begins_behind(&system->of[mid], &prefix))
			high = mid;
		else
			low = mid + 1;
	}
	return low && prefix_covers(system->of[low - 1], prefix);
}
