/* The telemetry commands. */
#include "telemetry.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <rte_ethdev.h>
#include <rte_telemetry.h>

#include "device_answer.h"
#include "filters_answer.h"
#include "ip6.h"
#include "log.h"
#include "tel_data.h"
#include "unix_socket.h"
#include "version.h"

enum { NEIGHBOURS_PAGE = 64, MAC_TEXT = RTE_ETHER_ADDR_FMT_SIZE };

/* rte_telemetry hands its callbacks no context, and cannot take a command back. */
static struct dataplane *answering;
static pthread_mutex_t answering_lock = PTHREAD_MUTEX_INITIALIZER;

static void add_mac(struct rte_tel_data *d, const char *name, const uint8_t mac[6])
{
	struct rte_ether_addr addr;
	char text[MAC_TEXT];

	memcpy(&addr, mac, sizeof(addr));
	rte_ether_format_addr(text, sizeof(text), &addr);
	for (char *at = text; *at; at++) /* as `ip` prints them */
		*at = (char)tolower((unsigned char)*at);
	rte_tel_data_add_dict_string(d, name, text);
}

/* Nobody's is 0.0.0.0 or ::, as `family` has it. */
static void add_address(struct rte_tel_data *d, const char *name, const struct fib_addr *addr,
			enum family family)
{
	struct addr shown = addr_make4(fib_addr_to_ip4(addr));
	char text[ADDR_TEXT];
	uint8_t wire[16];

	if (fib_addr_none(addr) ? family == FAMILY_IPV6 : !fib_addr_is_ip4(addr)) {
		ip6_store(wire, addr);
		shown = addr_make6(wire);
	}
	rte_tel_data_add_dict_string(d, name, addr_text(shown, text));
}

static int answer_info(struct dataplane *dp, const char *params, struct rte_tel_data *d)
{
	rte_tel_data_add_dict_string(d, "instance", dp->config->instance.name);
	rte_tel_data_add_dict_string(d, "version", BASCULE_VERSION);
	rte_tel_data_add_dict_u64(d, "pid", dp->fib->dataplane_pid);
	rte_tel_data_add_dict_u64(d, "uptime_s", (dataplane_now_ms() - dp->started_ms) / 1000);
	rte_tel_data_add_dict_u64(d, "generation",
				  __atomic_load_n(&dp->fib->active, __ATOMIC_RELAXED));
	rte_tel_data_add_dict_u64(d, "published",
				  __atomic_load_n(&dp->fib->published, __ATOMIC_RELAXED));
	rte_tel_data_add_dict_u64(d, "gate", __atomic_load_n(&dp->fib->gate, __ATOMIC_RELAXED));
	rte_tel_data_add_dict_u64(d, "neighbours",
				  __atomic_load_n(&dp->neighbours->count, __ATOMIC_RELAXED));
	return 0;
}

/* A list: all of them are too long for a string of telemetry's. */
static void add_addresses(struct rte_tel_data *d, const struct config_port *port)
{
	struct rte_tel_data *list = rte_tel_data_alloc();
	char text[PREFIX_TEXT];

	if (!list)
		return;
	rte_tel_data_start_array(list, RTE_TEL_STRING_VAL);
	for (size_t i = 0; i < port->nb_addresses; i++) {
		const struct config_address *own = &port->addresses[i];

		rte_tel_data_add_array_string(list, addr_len_text(own->addr, own->len, text));
	}
	if (rte_tel_data_add_dict_container(d, "addresses", list, 0))
		rte_tel_data_free(list);
}

/* The driver counts a device's packets, we those of ports that share one. */
static void stats_get(struct dataplane *dp, const struct port *port, struct rte_eth_stats *stats)
{
	struct counters sum;

	if (!__atomic_load_n(&port->device->paused, __ATOMIC_ACQUIRE))
		rte_eth_stats_get(port->device->id, stats);
	if (!device_sorts(port->device)) {
		stats->opackets += __atomic_load_n(&port->device->gso.packets, __ATOMIC_RELAXED);
		stats->obytes += __atomic_load_n(&port->device->gso.octets, __ATOMIC_RELAXED);
		return;
	}
	counters_port_sum(dp->counters, dp->nb_workers + 1u, port->id, &sum);
	stats->ipackets = sum.rx;
	stats->ibytes = sum.rx_bytes;
	stats->opackets = sum.tx;
	stats->obytes = sum.tx_bytes;
}

static void add_tags(struct rte_tel_data *d, const struct config_port *port)
{
	if (port->outer_vlan)
		rte_tel_data_add_dict_u64(d, "outer_vlan", port->outer_vlan);
	if (port->vlan)
		rte_tel_data_add_dict_u64(d, "vlan", port->vlan);
}

static void add_port(struct rte_tel_data *ports, struct dataplane *dp, const struct port *port,
		     const struct lcp *lcp)
{
	struct rte_tel_data *d = tel_add_element(ports, "port", port->id);
	struct rte_eth_stats stats = { 0 };

	if (!d)
		return;
	stats_get(dp, port, &stats);
	rte_tel_data_add_dict_string(d, "name", port->config->name);
	rte_tel_data_add_dict_u64(d, "id", port->id);
	rte_tel_data_add_dict_string(d, "device", port->config->device);
	add_tags(d, port->config);
	rte_tel_data_add_dict_string(d, "role", role_name((enum role)port->role));
	add_mac(d, "mac", port->mac.addr_bytes);
	rte_tel_data_add_dict_u64(d, "mtu", port->mtu);
	rte_tel_data_add_dict_string(d, "link",
				     __atomic_load_n(&port->up, __ATOMIC_RELAXED) ? "up" : "down");
	rte_tel_data_add_dict_string(d, "lcp", lcp->name);
	add_addresses(d, port->config);
	port_filters_answer(dp, port->id, d);
	rte_tel_data_add_dict_u64(d, "rx_packets", stats.ipackets);
	rte_tel_data_add_dict_u64(d, "rx_bytes", stats.ibytes);
	rte_tel_data_add_dict_u64(d, "rx_missed", stats.imissed);
	rte_tel_data_add_dict_u64(d, "rx_errors", stats.ierrors);
	rte_tel_data_add_dict_u64(d, "rx_no_buffer", stats.rx_nombuf);
	rte_tel_data_add_dict_u64(d, "tx_packets", stats.opackets);
	rte_tel_data_add_dict_u64(d, "tx_bytes", stats.obytes);
	rte_tel_data_add_dict_u64(d, "tx_errors", stats.oerrors);
}

static int answer_ports(struct dataplane *dp, const char *params, struct rte_tel_data *d)
{
	for (uint16_t p = 0; p < dp->nb_ports; p++)
		add_port(d, dp, &dp->ports[p], &dp->lcp[p]);
	return 0;
}

static void add_drops(struct rte_tel_data *d, const struct counters *counters)
{
	for (int i = DROP_NONE + 1; i < DROP_REASONS; i++)
		rte_tel_data_add_dict_u64(d, drop_reason_name((enum drop_reason)i),
					  counters->drop[i]);
}

static int add_counters(struct rte_tel_data *d, const struct counters *sum)
{
	struct rte_tel_data *punted = tel_add_dict(d, "punted"), *drops = tel_add_dict(d, "drops");
	struct rte_tel_data *events = tel_add_dict(d, "events");

	if (!punted || !drops || !events)
		return -ENOMEM;
	rte_tel_data_add_dict_u64(d, "rx", sum->rx);
	rte_tel_data_add_dict_u64(d, "tx", sum->tx);
	rte_tel_data_add_dict_u64(d, "to_kernel", sum->to_kernel);
	rte_tel_data_add_dict_u64(d, "from_kernel", sum->from_kernel);
	rte_tel_data_add_dict_u64(d, "originated", sum->originated);
	for (int i = 0; i < PUNT_CLASSES; i++)
		rte_tel_data_add_dict_u64(punted, punt_class_name((enum punt_class)i),
					  sum->punted[i]);
	add_drops(drops, sum);
	for (int i = 0; i < COUNTER_EVENTS; i++)
		rte_tel_data_add_dict_u64(events, counter_event_name((enum counter_event)i),
					  sum->event[i]);
	return 0;
}

/* Packets that pass through: what forwarding lcores send, and what they have the main lcore cut or
 * hold for a host that is not known yet. `workers`: counted by them alone. */
static void add_transit(struct rte_tel_data *d, const struct counters *workers)
{
	rte_tel_data_add_dict_u64(d, "transit",
				  workers->tx + workers->punted[PUNT_FRAGMENT] +
					  workers->punted[PUNT_GLEAN]);
}

/* A port's id: its own, and of its device what was dropped before it was known which port's it
 * is. */
static int answer_counters(struct dataplane *dp, const char *params, struct rte_tel_data *d)
{
	unsigned long port = params ? strtoul(params, NULL, 10) : 0;
	uint16_t device;
	struct counters sum;
	struct rte_tel_data *drops;
	int err;

	if (!params) {
		counters_sum(dp->counters, dp->nb_workers, &sum);
		add_transit(d, &sum);
		counters_sum(dp->counters, dp->nb_workers + 1u, &sum);
		return add_counters(d, &sum);
	}
	if (port >= dp->nb_ports)
		return -EINVAL;
	counters_port_sum(dp->counters, dp->nb_workers, (uint16_t)port, &sum);
	add_transit(d, &sum);
	counters_port_sum(dp->counters, dp->nb_workers + 1u, (uint16_t)port, &sum);
	err = add_counters(d, &sum);
	drops = err ? NULL : tel_add_dict(d, "device_drops");
	if (!drops)
		return -ENOMEM;
	device = (uint16_t)(dp->ports[port].device - dp->devices);
	counters_device_sum(dp->counters, dp->nb_workers + 1u, device, &sum);
	add_drops(drops, &sum);
	return 0;
}

static void add_neighbour(struct rte_tel_data *all, struct dataplane *dp, const struct host *host)
{
	static const char *const states[] = { "free", "pending", "resolved", "doubted", "failed" };
	struct rte_tel_data *d =
		tel_add_element(all, "host", (uint32_t)(host - dp->neighbours->host));
	uint64_t now_ms = dataplane_now_ms();

	if (!d)
		return;
	rte_tel_data_add_dict_string(d, "port", dp->ports[host->port].config->name);
	add_address(d, "address", &host->addr, FAMILY_IPV4);
	rte_tel_data_add_dict_string(
		d, "state",
		host->state == HOST_RESOLVED && host->fixed ? "permanent" : states[host->state]);
	if (host_forwards(host))
		add_mac(d, "mac", dp->neighbours->adjacency[host - dp->neighbours->host].rewrite);
	rte_tel_data_add_dict_u64(d, "age_s",
				  now_ms > host->since_ms ? (now_ms - host->since_ms) / 1000 : 0);
}

static int answer_neighbours(struct dataplane *dp, const char *params, struct rte_tel_data *d)
{
	const struct neighbours *table = dp->neighbours;
	uint32_t end = __atomic_load_n(&table->end, __ATOMIC_RELAXED);
	unsigned long index = params ? strtoul(params, NULL, 10) : 0;
	struct rte_tel_data *all = tel_add_dict(d, "neighbours");

	if (!all)
		return -ENOMEM;
	index = index ? index : 1;
	for (int count = 0; index < end && count < NEIGHBOURS_PAGE; index++) {
		/* the main lcore may be at work on it: judge a copy */
		struct host host = table->host[index];

		if (host.state == HOST_FREE || host.state > HOST_FAILED ||
		    host.port >= dp->nb_ports)
			continue;
		add_neighbour(all, dp, &table->host[index]);
		count++;
	}
	rte_tel_data_add_dict_u64(d, "next", index < end ? index : 0);
	return 0;
}

static void add_member(struct rte_tel_data *members, struct dataplane *dp,
		       const struct adjacency *adjacency, uint16_t index, enum role ingress,
		       enum family family)
{
	static const char *const states[] = {
		[ADJACENCY_DROP] = "drop",
		[ADJACENCY_LOCAL] = "local",
		[ADJACENCY_GLEAN] = "glean",
		[ADJACENCY_FORWARD] = "forward",
		[ADJACENCY_UNRESOLVED] = "unresolved",
		[ADJACENCY_BROADCAST] = "broadcast",
	};
	uint64_t gate = __atomic_load_n(&dp->fib->gate, __ATOMIC_RELAXED);
	uint8_t action = __atomic_load_n(&adjacency->action, __ATOMIC_ACQUIRE);
	struct rte_tel_data *d = tel_add_element(members, "adjacency", index);

	if (!d)
		return;
	rte_tel_data_add_dict_string(d, "state",
				     action < RTE_DIM(states) ? states[action] : "unknown");
	add_address(d, "gateway", &adjacency->gateway, family);
	if (adjacency->port < dp->nb_ports)
		rte_tel_data_add_dict_string(d, "port", dp->ports[adjacency->port].config->name);
	if (adjacency->egress_role < ROLE_COUNT)
		rte_tel_data_add_dict_string(d, "egress_role",
					     role_name((enum role)adjacency->egress_role));
	rte_tel_data_add_dict_u64(d, "mtu", adjacency->mtu);
	rte_tel_data_add_dict_int(d, "gate_open",
				  fib_gate_open(gate, (uint8_t)ingress, adjacency->egress_role));
	if (action == ADJACENCY_FORWARD)
		add_mac(d, "mac", adjacency->rewrite);
}

/* The path-list of an address in a view that has a table of its family. */
static uint32_t path_list_of(const struct dataplane *dp, const struct fib_view *view,
			     const struct fib_addr *addr, enum family family)
{
	uint32_t index, ip4 = addr->word[3];
	struct trie6_reader in;

	if (family == FAMILY_IPV4) {
		fib_lookup_burst(view, dp->config->dataplane.tbl8_groups, &ip4, &index, 1);
		return index;
	}
	in.shared = view->trie6;
	in.groups = dp->workers[0].forwarder.trie6_groups;
	in.miss = __atomic_load_n(&view->default_path_list[FIB_IP6], __ATOMIC_RELAXED);
	trie6_plain.burst(&in, addr, &index, 1);
	return index;
}

static bool has_table(const struct fib_view *view, enum family family)
{
	return family == FAMILY_IPV4 ? view->lpm != NULL : view->trie6 != NULL;
}

/* "ROLE,ADDRESS". Control may change the tables meanwhile: every index is bounded by its table, so
 * the answer may be a moment old, never wild. */
static int answer_fib(struct dataplane *dp, const char *params, struct rte_tel_data *d)
{
	const struct fib_generation *generation = fib_active(dp->fib);
	const char *comma = params ? strchr(params, ',') : NULL;
	struct rte_tel_data *members;
	const struct path_list *list;
	struct fib_addr looked_up;
	char name[CONFIG_NAME];
	struct addr addr;
	uint32_t index;
	enum role role;

	if (!comma || !addr_parse(comma + 1, &addr))
		return -EINVAL;
	snprintf(name, sizeof(name), "%.*s", (int)(comma - params), params);
	if (!role_parse(name, &role) || !has_table(&generation->view[role], addr.family))
		return -EINVAL;
	looked_up = addr.family == FAMILY_IPV4 ? fib_addr_ip4(addr.v4) : ip6_addr(addr.v6);
	index = path_list_of(dp, &generation->view[role], &looked_up, addr.family);
	members = tel_add_dict(d, "members");
	if (!members)
		return -ENOMEM;
	rte_tel_data_add_dict_string(d, "view", name);
	add_address(d, "address", &looked_up, addr.family);
	rte_tel_data_add_dict_u64(d, "path_list", index);
	list = &generation->path_lists[index];
	for (uint16_t i = 0; i < list->nb_members && i < PATH_LIST_MEMBERS; i++)
		add_member(members, dp, fib_adjacency(generation, list->member[i]), list->member[i],
			   role, addr.family);
	return 0;
}

static const struct telemetry_command {
	const char *name, *help;
	int (*answer)(struct dataplane *dp, const char *params, struct rte_tel_data *d);
} commands[] = {
	{ "/bascule/info", "The instance, its process and its gate. No parameters", answer_info },
	{ "/bascule/ports", "Ports and their counters. No parameters", answer_ports },
	{ "/bascule/device", "The device of a port. Parameters: its id", device_answer },
	{ "/bascule/counters",
	  "Packets, drops and events by name. Parameters: a port's id, or none", answer_counters },
	{ "/bascule/meters", "Classes of packets for the host, their meters. No parameters",
	  meters_answer },
	{ "/bascule/acl", "Rules of access lists, a page at a time. Parameters: OFFSET (default 0)",
	  acl_answer },
	{ "/bascule/neighbours", "Hosts, a page at a time. Parameters: OFFSET (default 0)",
	  answer_neighbours },
	{ "/bascule/fib", "What the tables do with an address. Parameters: ROLE,ADDRESS",
	  answer_fib },
};

static int on_command(const char *name, const char *params, struct rte_tel_data *d)
{
	int err = -ENOENT;

	rte_tel_data_start_dict(d);
	pthread_mutex_lock(&answering_lock);
	for (size_t i = 0; answering && i < RTE_DIM(commands); i++) {
		if (!strcmp(name, commands[i].name))
			err = commands[i].answer(answering, params, d);
	}
	pthread_mutex_unlock(&answering_lock);
	return err;
}

/* DPDK makes directories and socket for their owner alone. */
static void share(const char *instance)
{
	char path[PATH_MAX], *end;
	int err;

	config_dpdk_path(instance, "dpdk_telemetry.v2", path, sizeof(path));
	err = unix_socket_share(path, CONFIG_GROUP_SHOW);
	if (err)
		log_warning("%s: not for group " CONFIG_GROUP_SHOW ": %s", path, strerror(-err));
	for (int i = 0; i < 2; i++) { /* its directory, and that one's */
		end = strrchr(path, '/');
		*end = '\0';
		if (chmod(path, 0711))
			log_warning("%s: %s", path, strerror(errno));
	}
}

void telemetry_open(struct dataplane *dp)
{
	answering = dp;
	share(dp->config->instance.name);
	for (size_t i = 0; i < RTE_DIM(commands); i++) {
		if (rte_telemetry_register_cmd(commands[i].name, on_command, commands[i].help))
			log_warning("telemetry command %s cannot be registered", commands[i].name);
	}
}

void telemetry_close(void)
{
	pthread_mutex_lock(&answering_lock);
	answering = NULL;
	pthread_mutex_unlock(&answering_lock);
}
