/* Bounds on routes that the file does not give: Azure's with profile azure, none with profile
 * open. */
#include "file.h"

enum { AZURE_ROUTES_PER_PEER = 4000, AZURE_TOTAL = 10000, AZURE_TO_EXPRESSROUTE = 1000 };

static void settle(uint32_t *bound, uint32_t otherwise)
{
	if (*bound == BOUND_NOT_GIVEN)
		*bound = otherwise;
}

void file_settle_limits(struct file *file)
{
	struct config *config = &file->config;
	bool azure = config->instance.profile == PROFILE_AZURE;

	settle(&config->limits.routes_per_peer, azure ? AZURE_ROUTES_PER_PEER : 0);
	settle(&config->limits.total, azure ? AZURE_TOTAL : 0);
	settle(&config->limits.to_expressroute, azure ? AZURE_TO_EXPRESSROUTE : 0);
	/* A gateway joins many sites: a bound that is meant for one NVA is not its. */
	for (size_t i = 0; i < config->nb_peers; i++)
		settle(&config->peers[i].max_routes,
		       config->peers[i].gateway < 0 ? config->limits.routes_per_peer : 0);
}
