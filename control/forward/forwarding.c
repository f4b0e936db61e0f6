/* See forwarding.h. */
#include "forwarding.h"

#include <assert.h>
#include <string.h>

#include "fib.h"
#include "to_fib.h"

static_assert((int)FIB_HANDOVER == (int)CONFIG_GATEWAYS, "a word for each gateway");

uint8_t forwarding_wide(enum family family)
{
	return family == FAMILY_IPV4 ? FIB_WIDE4 : FIB_WIDE6;
}

/* --- joining ---------------------------------------------------------------------------------- */

int forwarding_attach(struct fib **fib)
{
	return fib_attach(FIB_ZONE, fib);
}

uint64_t forwarding_layout(void)
{
	return fib_layout();
}

pid_t forwarding_dataplane(const struct fib *fib)
{
	return (pid_t)fib->dataplane_pid;
}

bool forwarding_published(const struct fib *fib)
{
	return __atomic_load_n(&fib->published, __ATOMIC_RELAXED) > 0;
}

/* --- generations ------------------------------------------------------------------------------ */

int forwarding_begin(struct fib *fib, struct fib_writer **writer)
{
	return fib_writer_open(fib, writer);
}

void forwarding_end(struct fib_writer *writer)
{
	fib_writer_close(writer);
}

void forwarding_publish(struct fib_writer *writer)
{
	fib_publish(writer);
}

void forwarding_reclaim(struct fib_writer *writer)
{
	fib_reclaim(writer);
}

/* --- gate ------------------------------------------------------------------------------------- */

uint64_t forwarding_gate(const struct fib *fib)
{
	return __atomic_load_n(&fib->gate, __ATOMIC_RELAXED);
}

void forwarding_gate_set(struct fib *fib, uint64_t gate)
{
	fib_gate_set(fib, gate);
}

uint64_t forwarding_grace_begin(struct fib *fib)
{
	return fib_grace_begin(fib);
}

bool forwarding_grace_over(struct fib *fib, uint64_t token)
{
	return fib_grace_over(fib, token);
}

/* --- word ------------------------------------------------------------------------------------- */

void forwarding_handover_get(const struct fib *fib, uint32_t words[CONFIG_GATEWAYS])
{
	memcpy(words, fib->handover, sizeof(fib->handover));
}

void forwarding_handover_set(struct fib *fib, const uint32_t words[CONFIG_GATEWAYS])
{
	memcpy(fib->handover, words, sizeof(fib->handover));
}

/* The DPDK port that the peers of config's port `port` are behind; one that there is not has
 * none. */
static uint16_t dpdk_port(const struct fib *fib, const struct config *config, size_t port)
{
	const struct fib_port *found = fib_port_named(fib, config->dataplane.ports[port].name);

	return found ? found->port : UINT16_MAX;
}

int forwarding_peers_set(struct fib *fib, const struct config *config)
{
	struct fib_peer known[CONFIG_PEER_HOSTS];
	uint16_t ports[CONFIG_PORTS];
	uint32_t n = 0;
	int gateway = -1; /* whose subnet is in already */

	for (size_t i = 0; i < config->dataplane.nb_ports; i++)
		ports[i] = dpdk_port(fib, config, i);
	for (size_t i = 0; i < config->nb_peers; i++) {
		const struct config_peer *peer = &config->peers[i];
		uint16_t port = ports[peer->egress_port];

		if (!peer->subnet.len)
			known[n++] = (struct fib_peer){ to_fib_addr(peer->addr), port };
		else if (peer->gateway != gateway)
			for (uint32_t h = 0; h < subnet_hosts(peer->subnet); h++)
				known[n++] = (struct fib_peer){
					to_fib_addr(subnet_host(peer->subnet, h)), port
				};
		gateway = peer->gateway;
	}
	return fib_peers_set(fib, known, n);
}
