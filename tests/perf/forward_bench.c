/* The fast path as it is in bascule-dataplane: worker_run() on one lcore, two ports, tables filled
 * by a writer on the main lcore. What is made up is around it only: no kernel, no LCP interfaces,
 * next hops that are always resolved. contest.py starts it beside others that forward the same
 * packets, gives each the core in turn, and reads how many packets went by from DPDK's telemetry.
 *
 *   forward_bench [EAL options with two --vdev] -- [--table FILE.gz] [--ecmp N] [--egress 1|2]
 *   [--mbufs N] [--churn N] [--urpf] [--acl N] [--ip6]
 *
 * Two routes, 0.0.0.0/1 by port 0 and 128.0.0.0/1 by port 1, or with --table all prefixes of a file
 * by the same ports, so that a router with only those two sends each packet to the same place;
 * --egress 1: all by port 1. --ip6: 2000::/5 and 2800::/5, and a file of IPv6 prefixes. --churn: so
 * many prefixes a second change to other paths. --urpf: the sources of all packets are looked up.
 * --acl: they meet a list of N rules, none of which they fit, as they come. Says "ready", and tells
 * its counters as one line for each line that it reads; ends with its input. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "acl.h"
#include "adjacency.h"
#include "fib.h"
#include "filter.h"
#include "ip6.h"
#include "log.h"
#include "punt.h"
#include "routes.h"
#include "screen_variants.h"
#include "trie6_lookup.h"
#include "worker.h"

enum { PORTS = 2, MTU = 1500, WAYS = 2, TURN_US = 100, DEFAULT_MBUFS = 16384 };
enum { TBL8_GROUPS = 4096, TRIE6_GROUPS = 1 << 17 };
enum { STOPPED = 20 }; /* parts of a second: a longer turn is one in which we were */

struct bench {
	const char *table;
	uint32_t ecmp, egress, mbufs, churn; /* changes a second */
	bool urpf, ip6;
	uint32_t acl; /* rules */
	struct filter_table filters;
	struct fib_prefix *routes; /* owned; NULL: the two */
	uint32_t nb_routes;
	struct port ports[PORTS];
	struct device devices[PORTS];
	struct config_dataplane dataplane;
	struct fib *fib;
	struct fib_writer *writer;
	uint32_t list[PORTS][WAYS]; /* path-lists: by each port, two that are equally good */
	struct sources sources;
	struct punt punt;
	struct counters counters __rte_cache_aligned;
	struct worker worker;
	uint64_t changed, changing; /* prefixes; cycles of the timer for which they did */
};

static struct bench bench = { .ecmp = 1, .egress = PORTS, .mbufs = DEFAULT_MBUFS };

static void check(int err, const char *what)
{
	if (err)
		rte_exit(EXIT_FAILURE, "forward_bench: %s: %s\n", what, strerror(abs(err)));
}

#ifdef PLANTED_MISS
/* For the test of those who look for slower versions: one more miss of the cache for each
 * packet. */
enum { PLANTED_OCTETS = 1 << 29 };

static uint16_t plant(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n,
		      uint16_t max, void *memory)
{
	static uint64_t at = 88172645463325252;

	for (uint16_t i = 0; i < n; i++) {
		at = (at + *(volatile uint8_t *)((uint8_t *)memory + at % PLANTED_OCTETS)) *
			     6364136223846793005 +
		     1442695040888963407;
		at ^= at >> 29;
	}
	return n;
}

static void plant_open(void)
{
	void *memory = malloc(PLANTED_OCTETS);

	check(memory ? 0 : ENOMEM, "planted memory");
	memset(memory, 0, PLANTED_OCTETS);
	for (uint16_t p = 0; p < PORTS; p++)
		check(!rte_eth_add_rx_callback(p, 0, plant, memory), "planted miss");
}
#else
static void plant_open(void)
{
}
#endif

static void ports_open(struct bench *b)
{
	static const enum role roles[PORTS] = { ROLE_EXPRESSROUTE, ROLE_VPN };
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
		"packets", b->mbufs, 256, PUNT_PRIVATE, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);

	const struct device_wants wants = { .nb_rxq = 1, .nb_lcores = 1, .pool = pool };

	check(pool ? 0 : rte_errno, "packet buffers");
	for (uint16_t p = 0; p < PORTS; p++) {
		struct config_port *config = &b->dataplane.ports[p];

		snprintf(config->name, sizeof(config->name), "port%u", p);
		config->device = config->name;
		config->role = roles[p];
		config->mtu = MTU;
		config->rx_descriptors = config->tx_descriptors = CONFIG_DESCRIPTORS;
		config->nb_addresses = 1;
		config->addresses[0].addr =
			addr_make4(0x0a000001 | (uint32_t)p << 16); /* 10.p.0.1 */
		config->addresses[0].len = 24;
	}
	b->dataplane.nb_ports = PORTS;
	for (uint16_t p = 0; p < PORTS; p++) {
		check(device_open(&b->devices[p], p, &b->dataplane, p, wants), "device");
		port_init(&b->ports[p], p, &b->devices[p], &b->dataplane.ports[p]);
		b->ports[p].ip6 = b->ip6;
		check(device_start(&b->devices[p]), "device");
		/* what the captures say: see capture.py */
		b->ports[p].mac = (struct rte_ether_addr){ { 0x02, 0, 0, 0, 0, (uint8_t)p } };
	}
}

/* 2001:db8:p::1 */
static struct fib_addr addr6_of(uint16_t p)
{
	return (struct fib_addr){ { 0x20010db8, (uint32_t)p << 16, 0, 1 } };
}

static void seed(struct bench *b, uint16_t p, struct fib_prefix prefix, uint8_t action)
{
	struct fib_seed s = { .prefix = prefix,
			      .action = action,
			      .egress_role = b->ports[p].role,
			      .port = p,
			      .mtu = MTU };

	check(fib_seed(b->fib, &s), "seed");
}

static void seeds6(struct bench *b, uint16_t p)
{
	struct fib_addr addr = addr6_of(p), subnet = addr;

	subnet.word[3] = 0;
	seed(b, p, fib_ip6(&addr, 128), ADJACENCY_LOCAL);
	seed(b, p, fib_ip6(&subnet, 64), ADJACENCY_GLEAN);
}

static void fib_open(struct bench *b)
{
	struct fib_params params = { .name = "forward_bench",
				     .tbl8_groups = TBL8_GROUPS,
				     .max_threads = RTE_MAX_LCORE,
				     .socket_id = SOCKET_ID_ANY };

	for (uint16_t p = 0; p < PORTS; p++)
		params.views |= (uint8_t)(1 << b->ports[p].role);
	if (b->urpf)
		params.views |= 1 << ROLE_VNET;
	if (b->ip6) {
		params.views6 = params.views;
		params.trie6_groups = TRIE6_GROUPS;
	}
	check(fib_create(&params, &b->fib), "tables");
	for (uint16_t p = 0; p < PORTS; p++) {
		struct fib_port shared = { .port = p, .role = b->ports[p].role, .mtu = MTU };
		uint32_t addr = b->ports[p].addr;

		check(fib_port_add(b->fib, &shared), "port");
		seed(b, p, fib_ip4(addr, 32), ADJACENCY_LOCAL);
		seed(b, p, fib_ip4(addr | 0xff, 32), ADJACENCY_BROADCAST);
		seed(b, p, fib_ip4(addr & ~0xffu, 32), ADJACENCY_BROADCAST);
		seed(b, p, fib_ip4(addr & ~0xffu, 24), ADJACENCY_GLEAN);
		if (b->ip6)
			seeds6(b, p);
	}
	check(fib_ready(b->fib), "tables");
	check(fib_writer_open(b->fib, &b->writer), "writer");
}

/* Path-lists of `ecmp` next hops behind port `p`; those of different `way` have none in common. */
static void list_open(struct bench *b, uint16_t p, uint32_t way)
{
	uint16_t members[PATH_LIST_MEMBERS];

	for (uint32_t i = 0; i < b->ecmp; i++) {
		struct fib_addr gateway = b->ip6 ? addr6_of(p) : fib_addr_ip4(b->ports[p].addr);

		gateway.word[3] += 1 + way * b->ecmp + i;
		check(fib_adjacency_claim(b->writer, gateway, p, b->ports[p].role, &members[i]),
		      "adjacency");
	}
	check(fib_path_list_get(b->writer, members, (uint16_t)b->ecmp, PATH_LIST_NONE,
				&b->list[p][way]),
	      "path-list");
}

/* As the main lcore does once the kernel knows a neighbour. */
static void resolve_all(struct bench *b)
{
	const struct fib_generation *generation = fib_active(b->fib);

	for (uint32_t i = 0; i < generation->adjacencies_end; i++) {
		struct adjacency *a = &generation->adjacencies[i];
		uint8_t dst[6] = {
			0x02, 0x6a, 0, 0, (uint8_t)a->port, (uint8_t)a->gateway.word[3]
		};

		if (!adjacency_claimed(a))
			continue;
		a->mtu = MTU;
		adjacency_resolve(a, dst, b->ports[a->port].mac.addr_bytes);
	}
}

/* The halves of what packets go to: bit 0 of IPv4 addresses, bit 4 of IPv6 ones, which all lie in
 * 2000::/4. */
static uint32_t list_of(const struct bench *b, const struct fib_prefix *prefix, uint32_t way)
{
	uint32_t half = b->ip6 ? prefix->ip6.word[0] >> 27 & 1 : prefix->ip4 >> 31;

	return b->list[b->egress == 1 ? 1 : half][way];
}

static void route(struct bench *b, const struct fib_prefix *prefix, uint32_t way)
{
	uint32_t list = list_of(b, prefix, way);

	for (uint16_t p = 0; p < PORTS; p++)
		check(fib_prefix_set(b->writer, b->ports[p].role, prefix, list), "route");
	if (b->urpf)
		check(fib_prefix_set(b->writer, ROLE_VNET, prefix, list), "route");
}

/* Where the captures' sources lie: see capture.py. */
static struct fib_prefix sources_prefix(const struct bench *b)
{
	static const struct fib_addr sources6 = { { 0x2a0b0000 } };

	return b->ip6 ? fib_ip6(&sources6, 32) : fib_ip4(UINT32_C(11) << 24, 8);
}

/* A list that a packet has to be led past: ports of TCP in as many networks. */
static const struct acl *acl_open(uint32_t nb_rules)
{
	struct config_acl config = { .name = "bench", .nb_rules = nb_rules };
	struct acl *acl;

	config.rules = calloc(nb_rules, sizeof(*config.rules));
	check(config.rules ? 0 : ENOMEM, "rules");
	for (uint32_t r = 0; r < nb_rules; r++)
		config.rules[r] = (struct config_acl_rule){
			.deny = true,
			.protocol = IPPROTO_TCP,
			.icmp_type = CONFIG_ACL_ANY,
			.icmp_code = CONFIG_ACL_ANY,
			.source = { .value = { prefix4_make(UINT32_C(11) << 24 | r << 8, 24) },
				    .n = 1 },
			.destination_ports = { .value = { { 1024, 2047 } }, .n = 1 },
		};
	acl = acl_new(&config, 1);
	check(acl ? acl_compile(acl) : ENOMEM, "access list");
	free(config.rules);
	return acl;
}

static void filters_open(struct bench *b)
{
	const struct acl *acl = b->acl ? acl_open(b->acl) : NULL;

	for (uint16_t p = 0; p < PORTS; p++)
		b->filters.port[p] = (struct filter_port){
			.in = acl,
			.urpf = b->urpf ? URPF_LOOSE : URPF_OFF,
		};
	filter_table_settle(&b->filters);
	b->worker.forwarder.filters = b->filters.from ? &b->filters : NULL;
}

static void routes_open(struct bench *b)
{
	const struct fib_addr lower = { { 0x20000000 } }, upper = { { 0x28000000 } };
	const struct fib_prefix halves[FIB_FAMILIES][2] = {
		[FIB_IP4] = { fib_ip4(0, 1), fib_ip4(UINT32_C(1) << 31, 1) },
		[FIB_IP6] = { fib_ip6(&lower, 5), fib_ip6(&upper, 5) },
	};
	const struct fib_prefix *routes = b->table ? b->routes : halves[b->ip6],
				from = sources_prefix(b);
	uint32_t n = b->table ? b->nb_routes : 2;
	uint64_t gate = 0;

	for (uint16_t p = 0; p < PORTS; p++) {
		for (uint32_t way = 0; way < WAYS; way++)
			list_open(b, p, way);
		for (uint16_t to = 0; to < PORTS; to++)
			gate |= UINT64_C(1) << (b->ports[p].role * FIB_VIEWS + b->ports[to].role);
	}
	for (uint32_t i = 0; i < n; i++)
		route(b, &routes[i], 0);
	if (b->urpf)
		route(b, &from, 0);
	fib_publish(b->writer);
	resolve_all(b);
	fib_gate_set(b->fib, gate);
}

static void worker_open(struct bench *b)
{
	struct worker *w = &b->worker;

	sources_init(&b->sources, b->fib);
	check(punt_open(&b->punt), "punt rings");
	check(idle_open(&w->idle, false, IDLE_SPINS, IDLE_CALLED_US), "idle");
	w->lcore = rte_get_next_lcore(-1, 1, 0);
	check(w->lcore < RTE_MAX_LCORE ? 0 : ENODEV, "an lcore beside the main one");
	w->forwarder.fib = b->fib;
	w->forwarder.tbl8_groups = b->fib->tbl8_groups;
	w->forwarder.trie6_groups = b->fib->trie6_groups;
	w->forwarder.neighbours = neighbours_new(b->fib->qsbr);
	w->forwarder.sources = &b->sources;
	w->forwarder.screen = screen_choose();
	w->forwarder.lookup6 = trie6_lookup_choose();
	w->forwarder.punt = &b->punt;
	w->forwarder.counters = &b->counters;
	check(w->forwarder.neighbours ? 0 : ENOMEM, "neighbours");
	tx_init(&w->forwarder.tx, &b->counters, b->ports, PORTS, 0);
	for (uint16_t p = 0; p < (b->egress == 1 ? 1 : PORTS); p++)
		w->rxq[w->nb_rxq++] = (struct rx_queue){ .port = &b->ports[p],
							 .counters = &b->counters,
							 .paused = &b->devices[p].paused,
							 .device = p };
	check(rte_eal_remote_launch(worker_run, w, w->lcore), "lcore");
}

/* One line: where every packet went. */
static void tell(const struct bench *b)
{
	const struct counters *c = &b->counters;

	printf("rx=%lu tx=%lu", c->rx, c->tx);
	if (b->changing)
		printf(" changed_per_s=%.0f",
		       (double)b->changed * (double)rte_get_timer_hz() / (double)b->changing);
	for (int i = 1; i < DROP_REASONS; i++) {
		if (c->drop[i])
			printf(" %s=%lu", drop_reason_name((enum drop_reason)i), c->drop[i]);
	}
	printf("\n");
	fflush(stdout);
}

/* Other paths for as many prefixes as are due; all of the table in turn, each by the other of its
 * two ways. */
static void churn(struct bench *b)
{
	double due = (double)b->changing / (double)rte_get_timer_hz() * b->churn;

	while ((double)b->changed < due) {
		uint64_t k = b->changed++;

		route(b, &b->routes[k * 7919 % b->nb_routes], 1 - (k / b->nb_routes) % WAYS);
	}
	fib_reclaim(b->writer);
}

/* The time for which we were stopped is none in which prefixes change. */
static void serve(struct bench *b)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	uint64_t last = rte_get_timer_cycles();
	char line[64];

	for (;;) {
		uint64_t now = rte_get_timer_cycles();

		if (poll(&in, 1, b->churn ? 0 : -1) > 0) {
			if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
				return;
			tell(b);
		}
		if (!b->churn)
			continue;
		if (now - last < rte_get_timer_hz() / STOPPED)
			b->changing += now - last;
		last = now;
		churn(b);
		rte_delay_us_sleep(TURN_US);
	}
}

static void options_parse(struct bench *b, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "table", required_argument, NULL, 't' },
		{ "ecmp", required_argument, NULL, 'e' },
		{ "egress", required_argument, NULL, 'g' },
		{ "mbufs", required_argument, NULL, 'm' },
		{ "churn", required_argument, NULL, 'c' },
		{ "urpf", no_argument, NULL, 'u' },
		{ "acl", required_argument, NULL, 'a' },
		{ "ip6", no_argument, NULL, '6' },
		{ NULL, 0, NULL, 0 },
	};
	bool good = true;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 't': b->table = optarg; break;
		case 'e': b->ecmp = (uint32_t)atoi(optarg); break;
		case 'g': b->egress = (uint32_t)atoi(optarg); break;
		case 'm': b->mbufs = (uint32_t)atoi(optarg); break;
		case 'c': b->churn = (uint32_t)atoi(optarg); break;
		case 'u': b->urpf = true; break;
		case 'a': b->acl = (uint32_t)atoi(optarg); break;
		case '6': b->ip6 = true; break;
		default: good = false;
		}
	}
	good &= b->ecmp && b->ecmp <= PATH_LIST_MEMBERS && b->egress && b->egress <= PORTS &&
		(!b->churn || b->table) && b->acl <= CONFIG_ACL_RULES;
	if (!good || optind != argc)
		rte_exit(EXIT_FAILURE, "forward_bench: see the head of forward_bench.c\n");
}

static void table_read(struct bench *b)
{
	struct route *routes = b->ip6 ? NULL : routes_read(b->table, ROUTES_MAX, &b->nb_routes);
	struct route6 *routes6 = b->ip6 ? routes6_read(b->table, ROUTES_MAX, &b->nb_routes) : NULL;

	check(routes || routes6 ? 0 : ENOENT, "table");
	b->routes = calloc(b->nb_routes, sizeof(*b->routes));
	check(b->routes ? 0 : ENOMEM, "table");
	for (uint32_t i = 0; i < b->nb_routes; i++) {
		if (b->ip6) {
			struct fib_addr addr = ip6_addr(routes6[i].addr);

			b->routes[i] = fib_ip6(&addr, routes6[i].len);
		} else {
			b->routes[i] = fib_ip4(routes[i].addr, routes[i].len);
		}
	}
	free(routes);
	free(routes6);
}

int main(int argc, char **argv)
{
	struct bench *b = &bench;
	int used = rte_eal_init(argc, argv);

	if (used < 0)
		return EXIT_FAILURE;
	log_open("forward_bench", "-", LOG_LEVEL_WARNING);
	options_parse(b, argc - used, argv + used);
	if (b->table)
		table_read(b);
	ports_open(b);
	plant_open();
	fib_open(b);
	routes_open(b);
	filters_open(b);
	worker_open(b);
	printf("ready\n");
	fflush(stdout);
	serve(b);
	__atomic_store_n(&b->worker.stop, true, __ATOMIC_RELAXED);
	rte_eal_mp_wait_lcore();
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
