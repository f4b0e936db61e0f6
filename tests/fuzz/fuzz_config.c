/* Any octets as a configuration file: either a configuration or errors come out, never both, never
 * neither. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 forgets a string that a syntax error follows. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

static void require(bool truth)
{
	if (!truth)
		abort();
}

/* Its port reaches hosts and next hop by an address of the prefix's family. */
static void check_vnet(const struct config *config, const struct config_vnet *vnet)
{
	const uint8_t family = vnet->prefix.addr.family;

	require(vnet->port < config->dataplane.nb_ports &&
		config_port_has(&config->dataplane.ports[vnet->port], family));
	require(!vnet->has_next_hop || vnet->next_hop.family == family);
	require(config_vnet_find(config, vnet->prefix) == vnet);
	require(config_vnet_at(config, vnet->prefix.addr) == vnet);
	require(config_vnet_at(config, prefix_last(vnet->prefix)) == vnet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	struct config_report report;
	struct config *config;
	char path[64];

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	config = config_load(path, &report);
	require((config == NULL) == (report.nb_errors > 0));
	for (size_t i = 0; i < report.nb_errors; i++)
		require(strchr(report.errors[i], ':') != NULL);
	if (config) {
		for (size_t i = 0; i < config->nb_peers; i++)
			require(config->peers[i].egress_port < config->dataplane.nb_ports);
		for (size_t i = 0; i < config->nb_vnets; i++)
			check_vnet(config, &config->vnets[i]);
	}
	config_free(config);
	config_report_free(&report);
	close(fd);
	return 0;
}
