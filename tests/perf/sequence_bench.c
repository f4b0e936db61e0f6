/* Numbered packets at a steady rate through a router, and what became of each of them while a plug
 * was pulled, or a switch moved. Run by loss.py and exchange.py, which build the laboratory.
 *
 * The sender writes number and time into each packet and works off a clock of its own: it catches
 * up if it was kept waiting, and tells by how much. What arrives is kept by the kernel in rings
 * (packet_mmap), with the kernel's time, and read when all is over: receiving costs the machine
 * nothing that would disturb the measurement. A listener notes when the kernel says what
 * (rtnetlink), so that what the router needs can be told from what the kernel needs. One JSON
 * object on stdout, its times microseconds since the first packet, which `start_ns` is the time of
 * (CLOCK_REALTIME). */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sequence.h"

enum {
	RECEIVERS = 4,
	BATCH = 32,	  /* packets a system call */
	TICK_NS = 100000, /* the sender looks at the clock so often */
	BLOCK = 1 << 18,  /* of a receive ring */
	RETIRE_MS = 50,	  /* after which one that is not full is closed */
	SLOT = 160,	  /* octets of a block that one packet takes at most */
	EVENTS = 4096,
	NETNS_MAX = 256,
	SETTLE_NS = 500000000, /* after the last packet */
};

struct place {
	const char *netns, *interface;
};

struct receiver {
	struct place at;
	int fd;
	uint8_t *ring;
	uint32_t nb_blocks;
	uint64_t count;
};

struct event {
	int64_t ns;
	char what[96];
};

static struct {
	struct place from, plug;
	const char *watch;
	struct receiver receiver[RECEIVERS];
	int nb_receivers, fd;
	int64_t behind_ns, plug_begin_ns, plug_end_ns;
	uint64_t refused;
	struct event event[EVENTS];
	int nb_events;
} run;

static void sleep_ns(int64_t ns)
{
	struct timespec t = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

/* Sender and listener wait for nobody: what they do is short. */
static void urgent(void)
{
	struct sched_param fifo = { .sched_priority = 1 };

	sched_setscheduler(0, SCHED_FIFO, &fifo);
}

static void enter(const char *netns)
{
	int fd = open(netns, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		sequence_die(netns);
	close(fd);
}

/* To an interface of this namespace; protocol 0: hears nothing. */
static void packet_bind(int fd, const char *interface, uint16_t protocol)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET,
				    .sll_protocol = htons(protocol),
				    .sll_ifindex = (int)if_nametoindex(interface) };

	if (!addr.sll_ifindex || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		sequence_die(interface);
}

static int packet_socket(const struct place *at)
{
	int fd;

	enter(at->netns);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		sequence_die("AF_PACKET");
	packet_bind(fd, at->interface, 0);
	return fd;
}

/* --- what arrives ----------------------------------------------------------------------------- */

/* Ours, and addressed to the interface: a bridge floods what is for a host that has gone. */
static void receiver_filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 0, 7),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 26),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(sequence.model.from), 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 36),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SEQUENCE_PORT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, sizeof(struct sequence_packet)),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		sequence_die("SO_ATTACH_FILTER");
}

/* A ring in which everything has room. */
static void receiver_open(struct receiver *r)
{
	struct tpacket_req3 req = { .tp_block_size = BLOCK,
				    .tp_frame_size = 2048,
				    .tp_retire_blk_tov = RETIRE_MS };
	int version = TPACKET_V3;

	r->fd = packet_socket(&r->at);
	receiver_filter(r->fd);
	r->nb_blocks = (uint32_t)((uint64_t)sequence.total * SLOT / BLOCK) +
		       sequence.total / sequence.rate * 1000 / RETIRE_MS + 64;
	req.tp_block_nr = r->nb_blocks;
	req.tp_frame_nr = r->nb_blocks * (BLOCK / 2048);
	if (setsockopt(r->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		sequence_die("PACKET_RX_RING");
	r->ring = mmap(NULL, (size_t)r->nb_blocks * BLOCK, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, r->fd, 0);
	if (r->ring == MAP_FAILED)
		sequence_die("mmap");
	packet_bind(r->fd, r->at.interface, ETH_P_ALL); /* not before ring and filter are there */
}

static void note(struct receiver *r, const struct tpacket3_hdr *header)
{
	const struct sequence_packet *packet =
		(const void *)((const uint8_t *)header + header->tp_mac);
	uint32_t number = ntohl(packet->number);

	if (header->tp_snaplen >= sizeof(*packet) &&
	    sequence_came(number, header->tp_sec * INT64_C(1000000000) + header->tp_nsec))
		r->count++;
}

static void receiver_read(struct receiver *r)
{
	struct tpacket_stats_v3 stats = { 0 };
	socklen_t len = sizeof(stats);

	for (uint32_t b = 0; b < r->nb_blocks; b++) {
		const struct tpacket_block_desc *block =
			(const void *)(r->ring + (size_t)b * BLOCK);
		const uint8_t *at = (const uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;

		if (!(block->hdr.bh1.block_status & TP_STATUS_USER))
			break;
		for (uint32_t i = 0; i < block->hdr.bh1.num_pkts; i++) {
			const struct tpacket3_hdr *header = (const void *)at;

			note(r, header);
			at += header->tp_next_offset;
		}
	}
	if (getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) || stats.tp_drops) {
		fprintf(stderr, "sequence_bench: %s: the ring is too small\n", r->at.interface);
		exit(EXIT_FAILURE);
	}
}

/* --- what the kernel says --------------------------------------------------------------------- */

static void heard(const struct nlmsghdr *message, int64_t at_ns)
{
	struct event *event = &run.event[run.nb_events];
	const struct ifinfomsg *link = NLMSG_DATA(message);
	const struct ndmsg *neighbour = NLMSG_DATA(message);
	char name[IF_NAMESIZE] = "?", text[INET_ADDRSTRLEN] = "?";

	if (run.nb_events == EVENTS)
		return;
	event->ns = at_ns;
	if (message->nlmsg_type == RTM_NEWLINK && link->ifi_family != AF_BRIDGE) {
		if_indextoname((unsigned int)link->ifi_index, name);
		snprintf(event->what, sizeof(event->what), "link %s %s", name,
			 link->ifi_flags & IFF_RUNNING ? "up" : "down");
		run.nb_events++;
	} else if ((message->nlmsg_type == RTM_NEWNEIGH || message->nlmsg_type == RTM_DELNEIGH) &&
		   neighbour->ndm_family == AF_INET) {
		struct rtattr *attr =
			(void *)((uint8_t *)NLMSG_DATA(message) + NLMSG_ALIGN(sizeof(*neighbour)));
		int len = (int)NLMSG_PAYLOAD(message, sizeof(*neighbour));

		for (; RTA_OK(attr, len); attr = RTA_NEXT(attr, len)) {
			if (attr->rta_type == NDA_DST)
				inet_ntop(AF_INET, RTA_DATA(attr), text, sizeof(text));
		}
		snprintf(event->what, sizeof(event->what), "neighbour %s %s", text,
			 message->nlmsg_type == RTM_DELNEIGH	 ? "gone"
			 : neighbour->ndm_state & NUD_FAILED	 ? "failed"
			 : neighbour->ndm_state & NUD_INCOMPLETE ? "incomplete"
			 : neighbour->ndm_state & NUD_PROBE	 ? "probe"
								 : "there");
		run.nb_events++;
	}
}

static int watch_open(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK,
				    .nl_groups = RTMGRP_LINK | RTMGRP_NEIGH };
	int size = 4 << 20, fd;

	enter(run.watch);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		sequence_die("rtnetlink");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

static void *watch(void *arg)
{
	static char buf[65536];
	int fd = (int)(intptr_t)arg;

	enter(run.watch); /* for the interfaces' names */
	urgent();
	for (;;) {
		ssize_t len = recv(fd, buf, sizeof(buf), 0);
		int64_t at_ns = sequence_now_ns();

		for (struct nlmsghdr *m = (void *)buf; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len))
			heard(m, at_ns);
	}
	return NULL;
}

static void *plug(void *arg)
{
	struct ifreq ifr = { 0 };
	int fd;

	(void)arg;
	enter(run.plug.netns);
	urgent();
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	strncpy(ifr.ifr_name, run.plug.interface, IF_NAMESIZE - 1);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &ifr))
		sequence_die(run.plug.interface);
	sleep_ns(sequence.start_ns + sequence.plug_ms * INT64_C(1000000) - sequence_now_ns());
	ifr.ifr_flags &= (short)~IFF_UP;
	run.plug_begin_ns = sequence_now_ns();
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		sequence_die(run.plug.interface);
	run.plug_end_ns = sequence_now_ns();
	fprintf(stderr, "plugged\n");
	if (sequence.unplug_ms) {
		sleep_ns(sequence.unplug_ms * INT64_C(1000000));
		ifr.ifr_flags |= IFF_UP;
		if (ioctl(fd, SIOCSIFFLAGS, &ifr))
			sequence_die(run.plug.interface);
	}
	close(fd);
	return NULL;
}

/* --- what is sent ----------------------------------------------------------------------------- */

static void fill(struct sequence_packet *packet, uint32_t number)
{
	sequence_fill(packet, number % sequence.nb_flows);
	packet->number = htonl(number);
	sequence.sent_ns[number] = sequence_now_ns();
}

static uint32_t send_batch(uint32_t number, uint32_t n)
{
	static struct sequence_packet packet[BATCH];
	static struct iovec iov[BATCH];
	static struct mmsghdr message[BATCH];
	int sent;

	for (uint32_t i = 0; i < n; i++) {
		fill(&packet[i], number + i);
		iov[i] = (struct iovec){ .iov_base = &packet[i], .iov_len = sizeof(packet[i]) };
		message[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	sent = sendmmsg(run.fd, message, n, 0);
	if (sent >= 0)
		return (uint32_t)sent;
	if (errno != ENOBUFS && errno != EAGAIN)
		sequence_die("sendmmsg");
	run.refused++;
	return 0;
}

static void send_all(void)
{
	uint32_t number = 0;

	while (number < sequence.total) {
		int64_t now_ns = sequence_now_ns();
		uint32_t due = sequence_due(now_ns);
		int64_t behind_ns =
			now_ns - sequence.start_ns - (int64_t)number * 1000000000 / sequence.rate;

		if (behind_ns > run.behind_ns)
			run.behind_ns = behind_ns;
		while (number < due)
			number += send_batch(number, due - number < BATCH ? due - number : BATCH);
		sleep_ns(TICK_NS);
	}
}

/* --- what is told ----------------------------------------------------------------------------- */

static void report(void)
{
	printf("{\"sent\": %u, \"flows\": %u, \"start_ns\": %lld, \"behind_us\": %lld, ",
	       sequence.total, sequence.nb_flows, (long long)sequence.start_ns,
	       (long long)run.behind_ns / 1000);
	printf("\"refused\": %llu, \"doubled\": %llu, ", (unsigned long long)run.refused,
	       (unsigned long long)sequence.doubled);
	printf("\"plug_us\": [%lld, %lld], \"events\": [",
	       (long long)sequence_us(run.plug_begin_ns), (long long)sequence_us(run.plug_end_ns));
	for (int i = 0; i < run.nb_events; i++)
		printf("%s[%lld, \"%s\"]", i ? ", " : "", (long long)sequence_us(run.event[i].ns),
		       run.event[i].what);
	printf("]}\n");
	sequence_write_times(NULL, 0);
}

/* --- command line ----------------------------------------------------------------------------- */

static struct place place_parse(char *text)
{
	char *comma = strchr(text, ',');

	if (!comma) {
		errno = EINVAL;
		sequence_die(text);
	}
	*comma = '\0';
	return (struct place){ text, comma + 1 };
}

static void options_parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "send", 1, NULL, 's' }, { "receive", 1, NULL, 'r' },
		{ "plug", 1, NULL, 'p' }, { "watch", 1, NULL, 'w' },
		SEQUENCE_OPTIONS,	  { NULL, 0, NULL, 0 },
	};
	int c;

	sequence.program = "sequence_bench";
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's': run.from = place_parse(optarg); break;
		case 'r':
			if (run.nb_receivers < RECEIVERS)
				run.receiver[run.nb_receivers++].at = place_parse(optarg);
			break;
		case 'p': run.plug = place_parse(optarg); break;
		case 'w': run.watch = optarg; break;
		default:
			if (!sequence_option(c, optarg))
				exit(2);
		}
	}
	if (!run.from.netns || !run.watch || !run.nb_receivers || !sequence_ready()) {
		fprintf(stderr, "sequence_bench is run by loss.py\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int one = 1;

	options_parse(argc, argv);
	if (mlockall(MCL_CURRENT))
		sequence_die("memory");
	for (int i = 0; i < run.nb_receivers; i++)
		receiver_open(&run.receiver[i]);
	pthread_create(&thread, NULL, watch, (void *)(intptr_t)watch_open());
	run.fd = packet_socket(&run.from);
	setsockopt(run.fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	urgent();
	sequence.start_ns = sequence_now_ns();
	fprintf(stderr, "sending\n");
	if (run.plug.netns)
		pthread_create(&thread, NULL, plug, NULL);
	send_all();
	sleep_ns(SETTLE_NS);
	for (int i = 0; i < run.nb_receivers; i++)
		receiver_read(&run.receiver[i]);
	report();
	return EXIT_SUCCESS;
}
