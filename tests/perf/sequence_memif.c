/* Numbered packets at a steady rate through a router by shared memory, and what became of each of
 * them while a cable was taken out. Run by loss_memif.py, which builds the laboratory.
 *
 *   sequence_memif [EAL options with --vdev: a net_memif that packets leave by, N that they come
 *   by, and N to the hosts behind those] -- --from … (sequence.h) [--plug]
 *
 * What comes by port i and is no packet of ours goes to its hosts (port N + i), and the other way:
 * ARP, BGP. It does that from the start; it sends when a line comes in, and ends with one JSON
 * object. What follows the arrays of times in the file is an octet a number: the port that it came
 * by, 0: none.
 *
 * --plug: port 1 loses its link --plug-ms after the first packet (and has it back --unplug-ms
 * later), by a thread beside, since that takes a memif some time.
 *
 * One lcore, which sleeps when there is nothing to do, because others want its core; and which
 * catches up. It sends when it has taken all that had come: so no more packets are under way than
 * the ring that they leave by holds, and those that they come by hold more. What waits for this
 * process is not lost. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_ether.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "sequence.h"

enum {
	RECEIVERS = 4,
	BURST = 32,
	RING = 1024,
	SPARE = 16383, /* packet buffers for what comes in */
	QUEUES = 2,    /* that the router transmits by: its forwarding and its main lcore's */
	NAP_US = 50,
	LOOK = 64, /* turns between two looks at the input */
	SETTLE_NS = 500000000,
	TEXT = 64,
};

static struct {
	uint16_t nb_receivers; /* ports 1 .. nb_receivers; each one's hosts behind them all */
	bool plug;
	struct rte_mempool *pool;
	struct rte_mbuf **frames; /* of each flow; sent many times, for a memif copies */
	uint8_t *way;		  /* by number */
	uint32_t number;
	int64_t behind_ns, plug_begin_ns, plug_end_ns;
	uint64_t refused;
	bool gone; /* nobody touches port 1 */
	pthread_t thread;
} run;

/* --- ports ------------------------------------------------------------------------------------ */

static void port_open(uint16_t port)
{
	uint16_t queues = port <= run.nb_receivers ? QUEUES : 1;
	struct rte_eth_conf conf = { 0 };

	if (rte_eth_dev_configure(port, queues, 1, &conf) ||
	    rte_eth_tx_queue_setup(port, 0, RING, SOCKET_ID_ANY, NULL))
		sequence_die("port");
	for (uint16_t q = 0; q < queues; q++) {
		if (rte_eth_rx_queue_setup(port, q, RING, SOCKET_ID_ANY, NULL, run.pool))
			sequence_die("queue");
	}
	if (rte_eth_dev_start(port))
		sequence_die("port");
	rte_eth_promiscuous_enable(port);
}

static void frames_open(void)
{
	run.frames = calloc(sequence.nb_flows, sizeof(struct rte_mbuf *));
	for (uint32_t flow = 0; run.frames && flow < sequence.nb_flows; flow++) {
		char *data;

		run.frames[flow] = rte_pktmbuf_alloc(run.pool);
		data = run.frames[flow] ? rte_pktmbuf_append(run.frames[flow],
							     sizeof(struct sequence_packet))
					: NULL;
		if (!data)
			sequence_die("packet buffers");
		sequence_fill((struct sequence_packet *)data, flow);
	}
}

static void open_all(void)
{
	uint16_t port, nb = rte_eth_dev_count_avail();

	if (nb < 3 || nb % 2 == 0 || nb / 2 > RECEIVERS) {
		errno = EINVAL;
		sequence_die("ports");
	}
	run.nb_receivers = nb / 2;
	run.pool = rte_pktmbuf_pool_create("packets", sequence.nb_flows + SPARE, 256, 0,
					   RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	run.way = calloc(sequence.total, 1);
	if (!run.pool || !run.way)
		sequence_die("packet buffers");
	frames_open();
	RTE_ETH_FOREACH_DEV (port)
		port_open(port);
}

static bool is_gone(uint16_t port)
{
	return port == 1 && __atomic_load_n(&run.gone, __ATOMIC_ACQUIRE);
}

/* --- packets ---------------------------------------------------------------------------------- */

static const struct sequence_packet *ours(const struct rte_mbuf *packet)
{
	const struct sequence_packet *at = rte_pktmbuf_mtod(packet, const struct sequence_packet *);

	return rte_pktmbuf_data_len(packet) >= sizeof(*at) && at->type == htons(ETH_P_IP) &&
			       at->from == sequence.model.from && at->dport == htons(SEQUENCE_PORT)
		       ? at
		       : NULL;
}

/* How many. */
static uint16_t hear(uint16_t port, uint16_t queue, int64_t now_ns)
{
	struct rte_mbuf *in[BURST];
	uint16_t n = rte_eth_rx_burst(port, queue, in, BURST);

	for (uint16_t i = 0; i < n; i++) {
		const struct sequence_packet *packet = ours(in[i]);
		uint16_t hosts = run.nb_receivers + port;

		if (!packet && rte_eth_tx_burst(hosts, 0, &in[i], 1))
			continue;
		if (packet && sequence_came(ntohl(packet->number), now_ns))
			run.way[ntohl(packet->number)] = (uint8_t)port;
		rte_pktmbuf_free(in[i]);
	}
	return n;
}

/* All that is there: see the head. */
static uint32_t drain(uint16_t port, uint16_t queue, int64_t now_ns)
{
	uint32_t all = 0;
	uint16_t n = BURST;

	while (n == BURST && !is_gone(port))
		all += n = hear(port, queue, now_ns);
	return all;
}

static uint16_t from_hosts(uint16_t port)
{
	struct rte_mbuf *in[BURST];
	uint16_t n = rte_eth_rx_burst(run.nb_receivers + port, 0, in, BURST);
	uint16_t sent = n && !is_gone(port) ? rte_eth_tx_burst(port, 0, in, n) : 0;

	if (sent < n)
		rte_pktmbuf_free_bulk(in + sent, n - sent);
	return n;
}

/* What is sent is what the ring takes: the rest is another turn's. */
static void send_burst(uint32_t n, int64_t now_ns)
{
	struct rte_mbuf *out[BURST];
	uint16_t sent;

	for (uint32_t i = 0; i < n; i++) {
		out[i] = run.frames[(run.number + i) % sequence.nb_flows];
		rte_mbuf_refcnt_update(out[i], 1);
		rte_pktmbuf_mtod(out[i], struct sequence_packet *)->number = htonl(run.number + i);
		sequence.sent_ns[run.number + i] = now_ns;
	}
	sent = rte_eth_tx_burst(0, 0, out, (uint16_t)n);
	for (uint16_t i = sent; i < n; i++)
		rte_mbuf_refcnt_update(out[i], -1);
	run.refused += n - sent;
	run.number += sent;
}

static void send_due(int64_t now_ns)
{
	uint32_t due = sequence_due(now_ns);
	int64_t behind_ns =
		now_ns - sequence.start_ns - (int64_t)run.number * 1000000000 / sequence.rate;

	if (behind_ns > run.behind_ns)
		run.behind_ns = behind_ns;
	if (due > run.number)
		send_burst(RTE_MIN(due - run.number, (uint32_t)BURST), now_ns);
}

/* --- the plug --------------------------------------------------------------------------------- */

static void sleep_until(int64_t ns)
{
	int64_t left = ns - sequence_now_ns();

	if (left > 0)
		rte_delay_us_sleep((unsigned int)(left / 1000));
}

static void *plug(void *unused)
{
	(void)unused;
	sleep_until(sequence.start_ns + sequence.plug_ms * INT64_C(1000000));
	__atomic_store_n(&run.gone, true, __ATOMIC_RELEASE);
	rte_delay_us_sleep(1000); /* whoever was about to touch it has */
	run.plug_begin_ns = sequence_now_ns();
	if (rte_eth_dev_stop(1))
		sequence_die("plug");
	run.plug_end_ns = sequence_now_ns();
	fprintf(stderr, "plugged\n");
	if (!sequence.unplug_ms)
		return NULL;
	sleep_until(run.plug_end_ns + sequence.unplug_ms * INT64_C(1000000));
	if (rte_eth_dev_start(1))
		sequence_die("plug");
	__atomic_store_n(&run.gone, false, __ATOMIC_RELEASE);
	return NULL;
}

/* --- all of it -------------------------------------------------------------------------------- */

static void begin(void)
{
	sequence.start_ns = sequence_now_ns();
	fprintf(stderr, "sending\n");
	if (run.plug && pthread_create(&run.thread, NULL, plug, NULL))
		sequence_die("thread");
}

static void report(void)
{
	printf("{\"sent\": %u, \"flows\": %u, \"start_ns\": %lld, \"behind_us\": %lld, ",
	       sequence.total, sequence.nb_flows, (long long)sequence.start_ns,
	       (long long)run.behind_ns / 1000);
	printf("\"refused\": %llu, \"doubled\": %llu, \"plug_us\": [%lld, %lld]}\n",
	       (unsigned long long)run.refused, (unsigned long long)sequence.doubled,
	       (long long)sequence_us(run.plug_begin_ns), (long long)sequence_us(run.plug_end_ns));
	fflush(stdout);
	sequence_write_times(run.way, sequence.total);
}

static uint32_t turn(int64_t now_ns)
{
	uint32_t worked = 0;

	for (uint16_t port = 1; port <= run.nb_receivers; port++) {
		for (uint16_t q = 0; q < QUEUES; q++)
			worked += drain(port, q, now_ns);
		worked += from_hosts(port);
	}
	return worked;
}

/* Until all has been sent and what was under way has come. */
static void serve(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[TEXT];
	int64_t settled_ns = 0;

	for (uint32_t i = 0;; i++) {
		int64_t now_ns = sequence_now_ns();
		uint32_t worked = turn(now_ns), number = run.number;

		if (sequence.start_ns && run.number < sequence.total) {
			send_due(now_ns);
			settled_ns = now_ns + SETTLE_NS;
		} else if (sequence.start_ns && now_ns > settled_ns) {
			return;
		}
		if (worked || run.number != number)
			continue;
		rte_delay_us_sleep(NAP_US);
		if (!sequence.start_ns && i % LOOK == 0 && poll(&in, 1, 0) > 0) {
			if (!fgets(line, sizeof(line), stdin))
				exit(EXIT_FAILURE);
			begin();
		}
	}
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { { "plug", 0, NULL, 'p' },
					       SEQUENCE_OPTIONS,
					       { NULL, 0, NULL, 0 } };
	int used = rte_eal_init(argc, argv), c;

	sequence.program = "sequence_memif";
	if (used < 0)
		return EXIT_FAILURE;
	argc -= used;
	argv += used;
	optind = 1;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'p')
			run.plug = true;
		else if (!sequence_option(c, optarg))
			return 2;
	}
	if (!sequence_ready())
		rte_exit(2, "sequence_memif is run by loss_memif.py\n");
	open_all();
	fprintf(stderr, "ready\n");
	serve();
	if (run.plug)
		pthread_join(run.thread, NULL);
	report();
	return EXIT_SUCCESS;
}
