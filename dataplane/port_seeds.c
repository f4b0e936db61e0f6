/* The seeds of a port's addresses. */
#include "port_seeds.h"

#include <errno.h>

#include "kernel_addr.h"

_Static_assert(FIB_SEEDS >= 4 * CONFIG_PORTS * CONFIG_PORT_ADDRESSES,
	       "an address makes four seeds at most");

static int seed(struct fib *fib, const struct port *port, struct prefix prefix, uint8_t action)
{
	struct fib_addr addr = kernel_addr_of(prefix.addr);
	struct fib_seed seed = {
		.prefix = prefix.addr.family == FAMILY_IPV4 ? fib_ip4(prefix.addr.v4, prefix.len)
							    : fib_ip6(&addr, prefix.len),
		.action = action,
		.egress_role = port->role,
		.port = port->id,
		.mtu = port->mtu,
	};
	int err = fib_seed(fib, &seed);

	return err == -EEXIST ? 0 : err;
}

/* An address by itself. */
static struct prefix host(struct addr addr)
{
	return prefix_make(addr, family_bits(addr.family));
}

/* The all-zeros address of a subnet is its broadcast of old (RFC 1812 4.2.3.1). */
static int seed_broadcasts(struct fib *fib, const struct port *port, struct prefix subnet)
{
	int err = seed(fib, port, host(prefix_last(subnet)), ADJACENCY_BROADCAST);

	return err ? err : seed(fib, port, host(subnet.addr), ADJACENCY_BROADCAST);
}

static int seed_subnet(struct fib *fib, const struct port *port, struct config_address own)
{
	struct prefix subnet = config_subnet(own);
	int err = 0;

	if (subnet.addr.family == FAMILY_IPV4 && own.len < 31)
		err = seed_broadcasts(fib, port, subnet);
	if (!err && own.len < family_bits(subnet.addr.family))
		err = seed(fib, port, subnet, ADJACENCY_GLEAN);
	return err;
}

/* Our addresses first, so that nothing of their subnet hides them. */
int port_seed(struct fib *fib, const struct port *port)
{
	const struct config_port *config = port->config;
	int err = 0;

	for (size_t i = 0; !err && i < config->nb_addresses; i++)
		err = seed(fib, port, host(config->addresses[i].addr), ADJACENCY_LOCAL);
	for (size_t i = 0; !err && i < config->nb_addresses; i++)
		err = seed_subnet(fib, port, config->addresses[i]);
	return err;
}
