/* A dataplane runs on while control is restarted, maybe with a changed file. Who is reached where
 * follows from the file, what packets do from the ports that there are: with others than control
 * thinks, routes would go to the wrong role's table. */
#include "port_check.h"

#include <stdio.h>
#include <string.h>

#include "fib.h"
#include "to_fib.h"

static bool has_seed(const struct fib *fib, uint16_t port, uint8_t action, struct prefix prefix)
{
	const struct fib_prefix wanted = to_fib_prefix(prefix);

	for (uint32_t i = 0; i < fib->nb_seeds; i++) {
		const struct fib_seed *seed = &fib->seeds[i];

		if (seed->port == port && seed->action == action &&
		    fib_prefix_same(&seed->prefix, &wanted))
			return true;
	}
	return false;
}

static struct prefix host(struct addr addr)
{
	return prefix_make(addr, family_bits(addr.family));
}

/* A seed that no address of the port makes (dataplane/port_seeds.c)? */
static bool is_odd(const struct fib_seed *seed, const struct config_port *port)
{
	struct prefix prefix = from_fib_prefix(&seed->prefix);
	bool local = seed->action == ADJACENCY_LOCAL;

	if (!local && seed->action != ADJACENCY_GLEAN)
		return false;
	for (size_t i = 0; i < port->nb_addresses; i++) {
		struct config_address own = port->addresses[i];

		if (prefix_equal(local ? host(own.addr) : config_subnet(own), prefix))
			return false;
	}
	return true;
}

static bool same_addresses(const struct fib *fib, const struct fib_port *there,
			   const struct config_port *here)
{
	for (size_t i = 0; i < here->nb_addresses; i++) {
		const struct config_address *own = &here->addresses[i];

		if (!has_seed(fib, there->port, ADJACENCY_LOCAL, host(own->addr)) ||
		    (own->len < family_bits(own->addr.family) &&
		     !has_seed(fib, there->port, ADJACENCY_GLEAN, config_subnet(*own))))
			return false;
	}
	for (uint32_t i = 0; i < fib->nb_seeds; i++)
		if (fib->seeds[i].port == there->port && is_odd(&fib->seeds[i], here))
			return false;
	return true;
}

static bool same_port(const struct fib *fib, const struct config_port *here, char *why, size_t size)
{
	const struct fib_port *there = fib_port_named(fib, here->name);

	if (!there)
		snprintf(why, size, "dataplane.ports.%s: the dataplane has no such port",
			 here->name);
	else if (there->role != here->role)
		snprintf(why, size, "dataplane.ports.%s.role: %s here, %s in the dataplane",
			 here->name, role_name(here->role), role_name((enum role)there->role));
	else if (there->mtu != here->mtu)
		snprintf(why, size, "dataplane.ports.%s.mtu: %u here, %u in the dataplane",
			 here->name, here->mtu, there->mtu);
	else if (!same_addresses(fib, there, here))
		snprintf(why, size, "dataplane.ports.%s.addresses: not those of the dataplane",
			 here->name);
	else
		return true;
	return false;
}

bool port_check_ports(const struct fib *fib, const struct config *config, char *why, size_t size)
{
	const struct config_dataplane *dataplane = &config->dataplane;

	for (size_t i = 0; i < dataplane->nb_ports; i++)
		if (!same_port(fib, &dataplane->ports[i], why, size))
			return false;
	if (fib->nb_ports == dataplane->nb_ports)
		return true;
	snprintf(why, size, "dataplane.ports: %zu here, %u in the dataplane", dataplane->nb_ports,
		 fib->nb_ports);
	return false;
}
