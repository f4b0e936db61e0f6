/* Frames through a router from a process of its own, and what comes back: the load of `tools/perf
 * rfc2544` and of `tools/perf forward --load memif`, whose two ports are net_memif ones here.
 *
 *   generator [EAL options with two --vdev, or four] -- --capture FILE --capture FILE
 *   [--queues N] [--flood]
 *
 * Port 0 sends the frames of the first capture over and over, port 1 those of the second. Ports 2
 * and 3, if there are any, are the ways by which everything else goes between them and hosts (ARP,
 * BGP): what is no frame of ours at port 0 leaves by port 2, and back; 1 and 3 likewise.
 *
 * --queues: as many as ports 0 and 1 receive by, and the router transmits by: of net_memif, the
 * client says how many there are.
 *
 * --flood: as fast as the ports take them, until killed; counts are DPDK's telemetry's. Else it
 * reads trials, a line each, and answers each of them with one JSON object:
 *
 *   RATE SECONDS FRAMES    frames a second of each port; for so long, or if FRAMES is not 0 so many
 *
 * A frame that is due waits for room PATIENCE_MS at most, then it is lost, as on a wire: who sends
 * it does not wait. What comes back has the time at which it was sent in it. One lcore. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

enum {
	PORTS = 2,
	BURST = 32,
	RING = 1024,
	SPARE = 8192, /* packet buffers for what comes in */
	PATIENCE_MS = 10,
	DRAIN_MS = 200, /* for what is under way at the end */
	LOOK = 64,	/* turns between two looks at the input */
	NAP_US = 50,	/* between two turns without a trial */
	STAMP = 14 + 20 + 8,
	MAGIC = 0x62617363,
	BUCKETS = 64 * 32,
	PCAP_HEADER = 24,
	PCAP_RECORD = 16,
};

struct __attribute__((packed)) stamp {
	uint32_t magic;
	uint64_t tsc;
};

struct side {
	struct rte_mbuf **frames; /* owned; each is sent many times */
	uint32_t nb_frames, next;
	uint64_t due, taken, lost; /* of this trial: that should be out, are, will never be */
};

static struct {
	const char *capture[PORTS];
	int nb_captures;
	uint16_t queues;
	bool flood, others; /* `others`: there are ports 2 and 3 */
	struct side side[PORTS];
	struct rte_mempool *pool;
	/* the trial */
	bool running;
	double rate;
	uint64_t frames, began, ends, drained; /* cycles, but for `frames` */
	uint64_t received, late[BUCKETS], longest;
} gen = { .queues = 1 };

static void die(const char *what)
{
	rte_exit(EXIT_FAILURE, "generator: %s: %s\n", what, strerror(errno));
}

/* --- captures --------------------------------------------------------------------------------- */

static uint8_t *file_read(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	uint8_t *octets;

	if (!file || fseek(file, 0, SEEK_END))
		die(path);
	*len = (size_t)ftell(file);
	octets = malloc(*len);
	rewind(file);
	if (!octets || fread(octets, 1, *len, file) != *len)
		die(path);
	fclose(file);
	return octets;
}

static uint32_t record_length(const uint8_t *record)
{
	uint32_t len;

	memcpy(&len, record + 8, sizeof(len));
	return len;
}

static uint32_t records(const uint8_t *octets, size_t len)
{
	uint32_t n = 0;

	for (size_t at = PCAP_HEADER; at + PCAP_RECORD <= len; n++)
		at += PCAP_RECORD + record_length(octets + at);
	return n;
}

static void side_fill(struct side *s, const uint8_t *octets)
{
	size_t at = PCAP_HEADER;

	s->frames = calloc(s->nb_frames, sizeof(struct rte_mbuf *));
	for (uint32_t i = 0; s->frames && i < s->nb_frames; i++) {
		uint32_t len = record_length(octets + at);
		char *data;

		s->frames[i] = rte_pktmbuf_alloc(gen.pool);
		data = s->frames[i] ? rte_pktmbuf_append(s->frames[i], (uint16_t)len) : NULL;
		if (!data || len < STAMP + sizeof(struct stamp))
			die("packet buffers");
		memcpy(data, octets + at + PCAP_RECORD, len);
		at += PCAP_RECORD + len;
	}
}

static void captures_open(void)
{
	uint8_t *octets[PORTS];
	uint32_t total = 0;
	size_t len;

	for (int p = 0; p < PORTS; p++) {
		octets[p] = file_read(gen.capture[p], &len);
		gen.side[p].nb_frames = records(octets[p], len);
		total += gen.side[p].nb_frames;
	}
	gen.pool = rte_pktmbuf_pool_create("frames", total + SPARE, 256, 0,
					   RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (!gen.pool)
		die("packet buffers");
	for (int p = 0; p < PORTS; p++) {
		side_fill(&gen.side[p], octets[p]);
		free(octets[p]);
	}
}

static void port_open(uint16_t port)
{
	struct rte_eth_conf conf = { 0 };
	uint16_t queues = port < PORTS ? gen.queues : 1;

	if (rte_eth_dev_configure(port, queues, 1, &conf) ||
	    rte_eth_tx_queue_setup(port, 0, RING, SOCKET_ID_ANY, NULL))
		die("port");
	for (uint16_t q = 0; q < queues; q++)
		if (rte_eth_rx_queue_setup(port, q, RING, SOCKET_ID_ANY, NULL, gen.pool))
			die("queue");
	if (rte_eth_dev_start(port))
		die("port");
	rte_eth_promiscuous_enable(port);
}

/* --- frames ----------------------------------------------------------------------------------- */

/* Up to `n` of the side's frames; returns how many the port has taken. */
static uint16_t send_frames(uint16_t port, uint64_t n, uint64_t now)
{
	struct side *s = &gen.side[port];
	struct rte_mbuf *out[BURST];
	uint16_t wanted = n < BURST ? (uint16_t)n : BURST, sent;

	for (uint16_t i = 0; i < wanted; i++) {
		struct stamp stamp = { MAGIC, now };

		out[i] = s->frames[(s->next + i) % s->nb_frames];
		rte_mbuf_refcnt_update(out[i], 1);
		memcpy(rte_pktmbuf_mtod_offset(out[i], void *, STAMP), &stamp, sizeof(stamp));
	}
	sent = rte_eth_tx_burst(port, 0, out, wanted);
	for (uint16_t i = sent; i < wanted; i++)
		rte_mbuf_refcnt_update(out[i], -1);
	s->next = (s->next + sent) % s->nb_frames;
	return sent;
}

/* 32 buckets for each doubling, as the five bits behind the leading one say. */
static void late_note(uint64_t cycles)
{
	uint64_t value = cycles | 32;
	uint32_t log = 63 - (uint32_t)__builtin_clzll(value);

	gen.late[(log - 5) * 32 + (value >> (log - 5) & 31)]++;
	if (cycles > gen.longest)
		gen.longest = cycles;
}

static uint64_t late_cycles(double share)
{
	uint64_t below = (uint64_t)((double)gen.received * share), seen = 0;

	for (uint32_t i = 0; i < BUCKETS; i++) {
		seen += gen.late[i];
		if (seen > below)
			return (uint64_t)(32 + i % 32) << i / 32;
	}
	return gen.longest;
}

/* Frames of ours are counted, all others handed to the hosts, if there are any. */
static void hear(uint16_t port, uint16_t queue, uint64_t now)
{
	struct rte_mbuf *in[BURST];
	uint16_t n = rte_eth_rx_burst(port, queue, in, BURST);

	for (uint16_t i = 0; i < n; i++) {
		struct stamp stamp = { 0 };

		if (rte_pktmbuf_data_len(in[i]) >= STAMP + sizeof(stamp))
			memcpy(&stamp, rte_pktmbuf_mtod_offset(in[i], void *, STAMP),
			       sizeof(stamp));
		if (stamp.magic != MAGIC && gen.others) {
			if (rte_eth_tx_burst(port + PORTS, 0, &in[i], 1))
				continue;
		} else if (stamp.magic == MAGIC && stamp.tsc >= gen.began) {
			gen.received++;
			late_note(now - stamp.tsc);
		}
		rte_pktmbuf_free(in[i]);
	}
}

static void from_hosts(uint16_t port)
{
	struct rte_mbuf *in[BURST];
	uint16_t n = rte_eth_rx_burst(port + PORTS, 0, in, BURST);
	uint16_t sent = n ? rte_eth_tx_burst(port, 0, in, n) : 0;

	if (sent < n)
		rte_pktmbuf_free_bulk(in + sent, n - sent);
}

/* --- trials ----------------------------------------------------------------------------------- */

static void side_turn(uint16_t port, uint64_t now)
{
	struct side *s = &gen.side[port];
	uint64_t patience = (uint64_t)(gen.rate * PATIENCE_MS / 1000) + BURST, until;

	until = now < gen.ends ? now : gen.ends;
	s->due = (uint64_t)((double)(until - gen.began) / (double)rte_get_tsc_hz() * gen.rate);
	if (gen.frames && s->due > gen.frames)
		s->due = gen.frames;
	if (s->due > s->taken + s->lost)
		s->taken += send_frames(port, s->due - s->taken - s->lost, now);
	if (s->due > s->taken + s->lost + patience)
		s->lost = s->due - s->taken - patience;
}

static void trial_begin(const char *line)
{
	double seconds;
	unsigned long long frames;

	if (sscanf(line, "%lf %lf %llu", &gen.rate, &seconds, &frames) != 3 || gen.rate <= 0) {
		errno = EINVAL;
		die(line);
	}
	gen.frames = frames;
	gen.received = gen.longest = 0;
	memset(gen.late, 0, sizeof(gen.late));
	for (int p = 0; p < PORTS; p++)
		gen.side[p].due = gen.side[p].taken = gen.side[p].lost = 0;
	gen.began = rte_rdtsc();
	gen.ends = gen.began + (uint64_t)(seconds * (double)rte_get_tsc_hz());
	gen.drained = gen.ends + DRAIN_MS * rte_get_tsc_hz() / 1000;
	gen.running = true;
}

static double us(uint64_t cycles)
{
	return (double)cycles * 1e6 / (double)rte_get_tsc_hz();
}

static void trial_end(void)
{
	uint64_t due = gen.side[0].due + gen.side[1].due;

	gen.running = false;
	printf("{\"sent\": %lu, \"received\": %lu, \"lost\": %lu, \"not_taken\": %lu, ", due,
	       gen.received, due > gen.received ? due - gen.received : 0,
	       due - gen.side[0].taken - gen.side[1].taken);
	printf("\"seconds\": %.6f, \"latency_us\": {\"p50\": %.2f, \"p99\": %.2f, \"max\": "
	       "%.2f}}\n",
	       us(gen.ends - gen.began) / 1e6, us(late_cycles(0.5)), us(late_cycles(0.99)),
	       us(gen.longest));
	fflush(stdout);
}

/* Until its input ends. */
static void serve(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[128];

	for (uint32_t turn = 0;; turn++) {
		uint64_t now = rte_rdtsc();

		for (uint16_t p = 0; p < PORTS; p++) {
			for (uint16_t q = 0; q < gen.queues; q++)
				hear(p, q, now);
			if (gen.running)
				side_turn(p, now);
			if (gen.others)
				from_hosts(p);
		}
		if (gen.running && now > gen.drained)
			trial_end();
		if (gen.running)
			continue;
		rte_delay_us_sleep(NAP_US);
		if (turn % LOOK == 0 && poll(&in, 1, 0) > 0) {
			if (!fgets(line, sizeof(line), stdin))
				return;
			trial_begin(line);
		}
	}
}

static void flood(void)
{
	for (;;) {
		uint64_t now = rte_rdtsc();

		for (uint16_t p = 0; p < PORTS; p++) {
			for (uint16_t q = 0; q < gen.queues; q++)
				hear(p, q, now);
			send_frames(p, BURST, now);
		}
	}
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { { "capture", 1, NULL, 'c' },
					       { "queues", 1, NULL, 'q' },
					       { "flood", 0, NULL, 'f' },
					       { NULL, 0, NULL, 0 } };
	int used = rte_eal_init(argc, argv), c;
	uint16_t port, nb_ports;

	if (used < 0)
		return EXIT_FAILURE;
	argc -= used;
	argv += used;
	optind = 1;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'c' && gen.nb_captures < PORTS)
			gen.capture[gen.nb_captures++] = optarg;
		else if (c == 'q')
			gen.queues = (uint16_t)atoi(optarg);
		else if (c == 'f')
			gen.flood = true;
		else
			gen.nb_captures = PORTS + 1;
	}
	nb_ports = rte_eth_dev_count_avail();
	if (gen.nb_captures != PORTS || !gen.queues || (nb_ports != PORTS && nb_ports != 2 * PORTS))
		rte_exit(EXIT_FAILURE, "generator: see the head of generator.c\n");
	gen.others = nb_ports > PORTS;
	captures_open();
	RTE_ETH_FOREACH_DEV (port)
		port_open(port);
	printf("ready\n");
	fflush(stdout);
	if (gen.flood)
		flood();
	serve();
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
