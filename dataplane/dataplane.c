/* Puts the process together and takes it apart. */
#include "dataplane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "af_packet.h"
#include "ip4.h"
#include "log.h"
#include "monitor.h"
#include "port_seeds.h"
#include "resolver.h"
#include "screen_variants.h"
#include "statics.h"

uint64_t dataplane_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void place(struct dataplane *dp)
{
	int sockets[CONFIG_LCORES];

	for (uint16_t i = 0; i < dp->nb_workers; i++)
		sockets[i] =
			(int)rte_lcore_to_socket_id(dp->config->dataplane.forwarding_lcores[i]);
	placement_init(&dp->placement, sockets, dp->nb_workers);
}

static struct device *device_of(struct dataplane *dp, size_t i)
{
	const struct config_dataplane *config = &dp->config->dataplane;
	const struct config_port *first = &config->ports[config_device_first(config, i)];
	struct device *device = dp->devices;

	while (device->config != first)
		device++;
	return device;
}

static int ports_open(struct dataplane *dp)
{
	const struct config_dataplane *config = &dp->config->dataplane;
	uint16_t device_ids[CONFIG_PORTS];
	int sockets[CONFIG_PORTS], err = devices_find(config, device_ids);
	uint32_t room = 0; /* one for all: a packet may be copied from one pool to the other */

	for (size_t i = 0; !err && i < config->nb_ports; i++) {
		sockets[i] = rte_eth_dev_socket_id(device_ids[i]);
		room = RTE_MAX(room, device_room(config, i, device_ids[i]));
	}
	if (!err)
		err = pools_open(&dp->pools, config, sockets, (int)rte_socket_id(), room);
	for (size_t i = 0; !err && i < config->nb_ports; i++) {
		const struct device_wants wants = {
			.nb_rxq = placement_near(&dp->placement, sockets[i]),
			.nb_lcores = (uint16_t)(dp->nb_workers + 1),
			.pool = pools_near(&dp->pools, sockets[i]),
			.pools_differ = dp->pools.nb > 1,
		};

		if (config_device_first(config, i) == i)
			err = device_open(&dp->devices[dp->nb_devices++], device_ids[i], config, i,
					  wants);
	}
	if (err)
		return err;
	ports_number(config, device_ids, dp->port_ids);
	for (size_t i = 0; i < config->nb_ports; i++)
		port_init(&dp->ports[dp->port_ids[i]], dp->port_ids[i], device_of(dp, i),
			  &config->ports[i]);
	dp->nb_ports = (uint16_t)config->nb_ports;
	return 0;
}

static int fib_open(struct dataplane *dp)
{
	struct fib_params params = {
		.name = FIB_ZONE,
		.tbl8_groups = dp->config->dataplane.tbl8_groups,
		.trie6_groups = rte_align32pow2(dp->config->dataplane.trie6_groups),
		.max_threads = RTE_MAX_LCORE,
		.socket_id = placement_socket(&dp->placement),
	};
	int err;

	for (uint16_t p = 0; p < dp->nb_ports; p++) {
		uint8_t view = (uint8_t)(1 << dp->ports[p].role);

		params.views |= view | 1 << ROLE_VNET; /* our own packets follow that */
		if (dp->ports[p].ip6)
			params.views6 |= view | 1 << ROLE_VNET;
	}
	err = fib_create(&params, &dp->fib);
	if (err == -ENOMEM && params.socket_id != SOCKET_ID_ANY) {
		params.socket_id = SOCKET_ID_ANY;
		err = fib_create(&params, &dp->fib);
		if (!err)
			log_warning("forwarding tables: no hugepages are free on the NUMA node of "
				    "the forwarding lcores, and on another one they are slower");
	}
	for (uint16_t p = 0; !err && p < dp->nb_ports; p++) {
		const struct port *port = &dp->ports[p];
		struct fib_port shared = { .port = port->id, .mtu = port->mtu, .role = port->role };

		memcpy(shared.name, port->config->name, sizeof(shared.name));
		err = fib_port_add(dp->fib, &shared);
		if (!err)
			err = port_seed(dp->fib, port);
	}
	if (err) {
		log_error("forwarding tables: %s%s", strerror(-err),
			  err == -ENOMEM ? ": raise dataplane.memory_mb" : "");
		return err;
	}
	sources_init(&dp->sources, dp->fib);
	dp->fib->dataplane_pid = (uint32_t)getpid();
	return 0;
}

/* An lcore whose queues all have descriptors is called when a packet comes; else it has to look.
 * Most packets that come when nothing else does are the main lcore's in the end. */
static void worker_watch(struct dataplane *dp, struct worker *w, const struct device *device,
			 uint16_t queue)
{
	if (!device->nb_netdevs)
		idle_looks(&w->idle);
	for (uint16_t i = 0; i < device->nb_netdevs; i++) {
		int fd = af_packet_socket(device->netdevs[i].index, queue);

		if (fd < 0) {
			idle_looks(&w->idle);
			return;
		}
		idle_watch(&w->idle, fd);
		idle_foresee(&dp->idle, fd, &w->idle.wake);
	}
}

/* The port that all frames of the device are of, as its driver marks them; NULL: their tags say. */
static const struct port *only_port(const struct dataplane *dp, const struct device *device)
{
	bool only = !device_sorts(device) && device->tags.untagged == device->id;

	return only ? &dp->ports[device->id] : NULL;
}

static struct rx_queue rx_queue(struct dataplane *dp, const struct worker *w,
				const struct device *device, uint16_t queue)
{
	struct lcore_counters *counters = &dp->counters[w - dp->workers];
	const struct port *port = only_port(dp, device);

	return (struct rx_queue){
		.port = port,
		.counters =
			port ? &counters->port[port->id] : &counters->device[device - dp->devices],
		.paused = &device->paused,
		.device = device->id,
		.queue = queue,
		.demux = { .map = &device->tags, .ports = dp->ports, .counters = counters->port },
	};
}

/* What a queue brings to an lcore of another node comes by the link between them. */
static void worker_check(const struct dataplane *dp, uint16_t worker, const struct device *device,
			 uint16_t queue)
{
	int socket = rte_eth_dev_socket_id(device->id);

	if (!placement_is_near(&dp->placement, worker, socket))
		log_warning("port %s: device %s is on NUMA node %d, and forwarding lcore %u, which "
			    "reads its queue %u, on node %d",
			    device->config->name, device->config->device, socket,
			    dp->workers[worker].lcore, queue, dp->placement.lcore[worker].socket);
}

static void workers_assign(struct dataplane *dp)
{
	for (uint16_t d = 0; d < dp->nb_devices; d++) {
		const struct device *device = &dp->devices[d];

		placement_begin(&dp->placement);
		for (uint16_t q = 0; q < device->nb_rxq; q++) {
			uint16_t worker =
				placement_take(&dp->placement, rte_eth_dev_socket_id(device->id));
			struct worker *w = &dp->workers[worker];

			w->rxq[w->nb_rxq++] = rx_queue(dp, w, device, q);
			worker_watch(dp, w, device, q);
			worker_check(dp, worker, device, q);
		}
	}
}

static void *cache_aligned(size_t size)
{
	void *p = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_CACHE_LINE_ROUNDUP(size));

	return p ? memset(p, 0, size) : NULL;
}

/* The main lcore is called by the kernel and the workers. Only devices that tell DPDK of their
 * links are to be looked at. */
static int idles_open(struct dataplane *dp)
{
	bool adaptive = dp->config->dataplane.idle == IDLE_ADAPTIVE;
	uint16_t max_us = IDLE_CALLED_US;
	int err;

	for (uint16_t d = 0; d < dp->nb_devices; d++) {
		if (dp->devices[d].link_events)
			max_us = IDLE_LOOK_US;
	}
	err = idle_open(&dp->idle, adaptive, IDLE_CALLED_SPINS, max_us);
	dp->punt.consumer = &dp->idle.wake;
	for (uint16_t i = 0; !err && i < dp->nb_workers; i++)
		err = idle_open(&dp->workers[i].idle, adaptive, IDLE_SPINS, IDLE_CALLED_US);
	if (err)
		log_error("forwarding lcores: %s", strerror(-err));
	return err;
}

static int workers_open(struct dataplane *dp)
{
	int err;

	dp->counters = cache_aligned((dp->nb_workers + 1u) * sizeof(*dp->counters));
	dp->workers = cache_aligned(dp->nb_workers * sizeof(*dp->workers));
	dp->neighbours = neighbours_new(dp->fib->qsbr);
	if (!dp->counters || !dp->workers || !dp->neighbours || punt_open(&dp->punt)) {
		log_error("no memory for the forwarding lcores");
		return -ENOMEM;
	}
	err = punt_configure(&dp->punt, dp->config->dataplane.meters);
	if (!err)
		err = idles_open(dp);
	if (err)
		return err;
	for (uint16_t i = 0; i < dp->nb_workers; i++) {
		struct worker *w = &dp->workers[i];

		w->forwarder.fib = dp->fib;
		w->forwarder.tbl8_groups = dp->fib->tbl8_groups;
		w->forwarder.trie6_groups = dp->fib->trie6_groups;
		w->forwarder.lookup6 = trie6_lookup_choose();
		w->forwarder.neighbours = dp->neighbours;
		w->forwarder.sources = &dp->sources;
		w->forwarder.screen = screen_choose();
		w->forwarder.punt = &dp->punt;
		w->forwarder.counters = &dp->counters[i].rest;
		w->forwarder.lcore = i;
		w->lcore = dp->config->dataplane.forwarding_lcores[i];
		tx_init(&w->forwarder.tx, &dp->counters[i].rest, dp->ports, dp->nb_ports, i);
		tx_count_ports(&w->forwarder.tx, dp->counters[i].port);
	}
	workers_assign(dp);
	return 0;
}

static int slowpath_open(struct dataplane *dp)
{
	struct slowpath *s = &dp->slowpath;
	const struct filter_users users = {
		.workers = dp->workers,
		.nb_workers = dp->nb_workers,
		.slowpath = s,
		.port_ids = dp->port_ids,
		.qsbr = dp->fib->qsbr,
	};
	int err;

	*s = (struct slowpath){
		.fib = dp->fib,
		.neighbours = dp->neighbours,
		.sources = &dp->sources,
		.devices = dp->devices,
		.ports = dp->ports,
		.lcp = dp->lcp,
		.nb_devices = dp->nb_devices,
		.nb_ports = dp->nb_ports,
		.tbl8_groups = dp->fib->tbl8_groups,
		.trie6_groups = dp->fib->trie6_groups,
		.punt = &dp->punt,
		.counters = &dp->counters[dp->nb_workers].rest,
		.pool = dp->pools.main,
		.indirect = dp->pools.indirect,
		.now_ms = dataplane_now_ms(),
	};
	dp->keeper = (struct keeper){
		.ask = &s->ask,
		.fib = dp->fib,
		.counters = s->counters,
		.lcp = dp->lcp,
		.instance = dp->config->instance.name,
		.nb_ports = dp->nb_ports,
	};
	tx_init(&s->tx, s->counters, dp->ports, dp->nb_ports, dp->nb_workers);
	tx_count_ports(&s->tx, dp->counters[dp->nb_workers].port);
	dp->punt.port_counters = dp->counters[dp->nb_workers].port;
	dp->punt.neighbours = dp->neighbours;
	rte_rcu_qsbr_thread_register(dp->fib->qsbr, rte_lcore_id());
	rte_rcu_qsbr_thread_online(dp->fib->qsbr, rte_lcore_id());
	err = filters_open(&dp->filters, &users, dp->config);
	return err ? err : netlink_open(&s->ask, 0);
}

/* The LCP interfaces, then the devices, then what the kernel says of both. */
static int links_open(struct dataplane *dp)
{
	int err = 0;

	for (uint16_t p = 0; !err && p < dp->nb_ports; p++)
		err = lcp_open(&dp->lcp[p], &dp->slowpath.ask, &dp->ports[p],
			       dp->config->instance.name);
	for (uint16_t d = 0; !err && d < dp->nb_devices; d++)
		err = device_start(&dp->devices[d]);
	if (err)
		return err;
	err = devices_listen(dp->devices, dp->nb_devices);
	if (err) {
		log_error("events of devices: %s", strerror(-err));
		return err;
	}
	err = monitor_open(&dp->slowpath);
	if (err)
		log_error("rtnetlink: %s", strerror(-err));
	if (!err)
		err = keeper_open(&dp->keeper, dp->config, dp->port_ids);
	if (!err)
		err = statics_configure(&dp->slowpath, dp->config, dp->port_ids);
	return err;
}

static int launch(struct dataplane *dp)
{
	for (uint16_t i = 0; i < dp->nb_workers; i++) {
		int err = rte_eal_remote_launch(worker_run, &dp->workers[i], dp->workers[i].lcore);

		if (err) {
			log_error("lcore %u does not start: %s", dp->workers[i].lcore,
				  strerror(-err));
			return err;
		}
	}
	return 0;
}

int dataplane_open(struct dataplane *dp, const struct config *config)
{
	int err;

	*dp = (struct dataplane){
		.config = config,
		.nb_workers = (uint16_t)config->dataplane.nb_forwarding_lcores,
		.started_ms = dataplane_now_ms(),
	};
	ip4_allow_240 = config->martians == MARTIANS_ALLOW_240;
	for (uint16_t p = 0; p < FIB_PORTS; p++)
		dp->lcp[p].fd = -1;
	place(dp);
	err = ports_open(dp);
	if (!err)
		err = fib_open(dp);
	if (!err)
		err = workers_open(dp);
	if (!err)
		err = slowpath_open(dp);
	if (!err)
		err = links_open(dp);
	if (!err)
		err = fib_ready(dp->fib);
	if (!err)
		err = launch(dp);
	if (err) {
		dataplane_close(dp);
		return err;
	}
	return 0;
}

void dataplane_close(struct dataplane *dp)
{
	for (uint16_t i = 0; dp->workers && i < dp->nb_workers; i++)
		__atomic_store_n(&dp->workers[i].stop, true, __ATOMIC_RELAXED);
	rte_eal_mp_wait_lcore();
	for (uint16_t i = 0; dp->workers && i < dp->nb_workers; i++)
		tx_flush(&dp->workers[i].forwarder.tx);
	if (dp->slowpath.fib) {
		tx_flush(&dp->slowpath.tx);
		rte_rcu_qsbr_thread_offline(dp->fib->qsbr, rte_lcore_id());
		rte_rcu_qsbr_thread_unregister(dp->fib->qsbr, rte_lcore_id());
		keeper_close(&dp->keeper);
		monitor_close(&dp->slowpath);
		netlink_close(&dp->slowpath.ask);
		statics_free(&dp->slowpath.statics);
	}
	for (uint16_t p = 0; p < FIB_PORTS; p++) {
		if (dp->ports[p].config)
			lcp_close(&dp->lcp[p]);
	}
	devices_forget(dp->devices, dp->nb_devices);
	for (uint16_t d = 0; d < dp->nb_devices; d++)
		device_recovery_end(&dp->slowpath.recoveries[d]);
	for (uint16_t d = 0; d < dp->nb_devices; d++)
		device_close(&dp->devices[d]);
	neighbours_free(dp->neighbours);
	filters_close(&dp->filters);
	punt_close(&dp->punt);
	for (uint16_t i = 0; dp->workers && i < dp->nb_workers; i++)
		idle_close(&dp->workers[i].idle);
	idle_close(&dp->idle);
	/* The FIB stays: control may be at work in it, and it goes with the hugepages when the last
	 * process lets go. */
	free(dp->workers);
	free(dp->counters);
}

bool dataplane_turn(struct dataplane *dp)
{
	struct slowpath *s = &dp->slowpath;
	uint32_t work;

	s->now_ms = dataplane_now_ms();
	work = slowpath_punts(s);
	work += slowpath_lcp(s);
	tx_flush(&s->tx);
	/* What has been lost waits for no more than those few packets: all of a worker's until then
	 * are lost with it. */
	work += monitor_events(s);
	if (slowpath_keeps_house(s)) {
		monitor_turn(s);
		resolver_turn(s);
		keeper_turn(&dp->keeper, s->now_ms);
		tx_flush(&s->tx);
	}
	if (filters_under_way(&dp->filters) && filters_turn(&dp->filters))
		log_info("reload: done");
	rte_rcu_qsbr_quiescent(dp->fib->qsbr, rte_lcore_id());
	return work;
}

void dataplane_reload(struct dataplane *dp, const struct config *wanted)
{
	if (keeper_want(&dp->keeper, wanted, dp->port_ids) == -ENOMEM) {
		log_error("no memory to reload: nothing changed");
		return;
	}
	if (statics_configure(&dp->slowpath, wanted, dp->port_ids))
		log_error("no memory for the neighbours of the configuration: they are as before");
	if (punt_configure(&dp->punt, wanted->dataplane.meters))
		log_error("dataplane.meters: librte_meter refuses them");
	if (!filters_begin(&dp->filters, wanted))
		log_info("reload: done");
}
