/* How soon does what peer A says reach peer B, when nothing else happens, and while peer C loads a
 * table? Three BGP sessions with one speaker under test, all of them in this one thread:
 *
 *   A ── a prefix of 45.0.0.0/8 every INTERVAL ──► speaker ──► B: when does that prefix arrive?
 *   C ── `known` prefixes before, `routes` more as fast as TCP takes them ─┘
 *
 * Probes are sent on a schedule, whether the ones before have arrived or not, and each is measured
 * from the moment when it was due, so that a speaker that stops for a second is late with every
 * probe of that second. It knows OPEN, KEEPALIVE and UPDATE, and no more BGP. latency.py runs it
 * against the daemons and compares. Prints one JSON object. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "slash24_set.h"

enum {
	OPEN = 1,
	UPDATE = 2,
	NOTIFICATION = 3,
	KEEPALIVE = 4,
	HEADER = 19,
	MESSAGE_MAX = 4096,
	HOLD_S = 240,
	RX_SIZE = 1 << 20,
	TX_SIZE = 256 << 10,
	PROBES_MAX = 65536, /* 45.x.y.0/24 */
	PROBE_NET = 45,
	WAIT_S = 120,	/* for anything that must come */
	TAIL_MS = 3000, /* for the last probes to arrive */
	QUIET_MS = 300, /* nothing heard for so long: the speaker has said all */
	WARM_UP = PROBES_MAX - 1,
};

struct peer {
	const char *addr;
	uint32_t asn;
	int fd;
	bool up;
	uint8_t *rx, *tx; /* owned */
	size_t rx_len, tx_len, tx_done;
	uint64_t heard_ns;
};

static struct {
	const char *target;
	uint16_t port;
	uint32_t known, routes, per_update, probes, interval_us;
	bool no_advertise;
} options = { .port = 179, .routes = 500000, .per_update = 4, .probes = 1000, .interval_us = 2000 };

static struct peer a = { .asn = 65101 }, b = { .asn = 65102 }, c = { .asn = 65103 };
static uint64_t due_ns[PROBES_MAX], came_ns[PROBES_MAX];
static uint32_t nb_probes, nb_outstanding; /* sent; of those: not heard yet */
/* what B has been told, and not told that it is gone */
static struct slash24_set held;
static uint32_t held_probes, held_routes;	  /* how many: of 45.0.0.0/8, and all others */
static uint32_t next_route, next_addr = 1u << 24; /* C's */
static uint32_t wanted_routes;			  /* so many of them, in this phase */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "latency_bench: %s: %s\n", what, errno ? strerror(errno) : "failed");
	exit(1);
}

/* --- messages --------------------------------------------------------------------------------- */

static uint8_t *put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	return put16(put16(at, (uint16_t)(value >> 16)), (uint16_t)value);
}

static uint8_t *message_begin(struct peer *p)
{
	uint8_t *at = p->tx + p->tx_len;

	memset(at, 0xff, 16);
	return at + HEADER;
}

static void message_end(struct peer *p, uint8_t type, uint8_t *end)
{
	uint8_t *start = p->tx + p->tx_len;

	put16(start + 16, (uint16_t)(end - start));
	start[18] = type;
	p->tx_len += (size_t)(end - start);
}

static void send_open(struct peer *p)
{
	uint8_t *at = message_begin(p);
	struct in_addr id;

	inet_pton(AF_INET, p->addr, &id);
	*at++ = 4;
	at = put16(at, (uint16_t)p->asn);
	at = put16(at, HOLD_S);
	memcpy(at, &id, 4);
	at += 4;
	*at++ = 14; /* one parameter: capabilities IPv4 unicast and 4-octet AS numbers */
	*at++ = 2;
	*at++ = 12;
	at = put32(at, 0x01040001);
	at = put16(at, 0x0001);
	at = put16(at, 0x4104);
	at = put32(at, p->asn);
	message_end(p, OPEN, at);
}

static void send_keepalive(struct peer *p)
{
	message_end(p, KEEPALIVE, message_begin(p));
}

/* ORIGIN, AS_PATH of the peer and two more, NEXT_HOP of the peer, perhaps NO_ADVERTISE. */
static uint8_t *put_attrs(const struct peer *p, uint8_t *at, uint32_t tail, bool no_advertise)
{
	struct in_addr hop;

	inet_pton(AF_INET, p->addr, &hop);
	at = put32(at, 0x40010100);
	at = put32(at, 0x40020e02);
	*at++ = 3;
	at = put32(at, p->asn);
	at = put32(at, 3000 + tail % 1000);
	at = put32(at, 5000 + tail / 1000);
	at = put16(at, 0x4003);
	*at++ = 4;
	memcpy(at, &hop, 4);
	at += 4;
	if (no_advertise) {
		at = put16(at, 0xc008);
		*at++ = 4;
		at = put32(at, 0xffffff02);
	}
	return at;
}

static uint8_t *put_slash24(uint8_t *at, uint32_t addr)
{
	*at++ = 24;
	*at++ = (uint8_t)(addr >> 24);
	*at++ = (uint8_t)(addr >> 16);
	*at++ = (uint8_t)(addr >> 8);
	return at;
}

/* The next /24 that a load may use: public, and no probe. */
static uint32_t load_addr(void)
{
	for (;; next_addr += 1u << 24) {
		uint8_t first = (uint8_t)(next_addr >> 24);

		if (first != PROBE_NET && first != 10 && first != 100 && first != 127 &&
		    first != 169 && first != 172 && first != 192 && first != 198 && first != 203)
			break;
	}
	next_addr += 1u << 8;
	return next_addr - (1u << 8);
}

static void send_routes(struct peer *p, bool no_advertise)
{
	uint8_t *start = message_begin(p), *attrs, *at;

	at = put32(start, 0);
	attrs = at;
	at = put_attrs(p, at, next_route / options.per_update, no_advertise);
	put16(start + 2, (uint16_t)(at - attrs));
	for (uint32_t i = 0; i < options.per_update && next_route < wanted_routes; i++) {
		at = put_slash24(at, load_addr());
		next_route++;
	}
	message_end(p, UPDATE, at);
}

static void send_probe(struct peer *p, uint32_t number)
{
	uint8_t *start = message_begin(p), *attrs, *at;

	at = put32(start, 0);
	attrs = at;
	at = put_attrs(p, at, number, false);
	put16(start + 2, (uint16_t)(at - attrs));
	message_end(p, UPDATE, put_slash24(at, (uint32_t)PROBE_NET << 24 | number << 8));
}

/* --- sockets ---------------------------------------------------------------------------------- */

static void peer_connect(struct peer *p)
{
	struct sockaddr_in from = { .sin_family = AF_INET }, to = { .sin_family = AF_INET };

	p->rx = malloc(RX_SIZE);
	p->tx = malloc(TX_SIZE + MESSAGE_MAX);
	inet_pton(AF_INET, p->addr, &from.sin_addr);
	inet_pton(AF_INET, options.target, &to.sin_addr);
	to.sin_port = htons(options.port);
	for (uint64_t until = now_ns() + WAIT_S * 1000000000ull; now_ns() < until; usleep(50000)) {
		int one = 1;

		p->fd = socket(AF_INET, SOCK_STREAM, 0);
		if (p->fd < 0 || bind(p->fd, (struct sockaddr *)&from, sizeof(from)))
			die("bind");
		setsockopt(p->fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &one, sizeof(one));
		if (!connect(p->fd, (struct sockaddr *)&to, sizeof(to))) {
			fcntl(p->fd, F_SETFL, O_NONBLOCK);
			return;
		}
		close(p->fd);
	}
	die("connect");
}

static void peer_write(struct peer *p)
{
	while (p->tx_done < p->tx_len) {
		ssize_t n = write(p->fd, p->tx + p->tx_done, p->tx_len - p->tx_done);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			die(p->addr);
		p->tx_done += (size_t)n;
	}
	p->tx_done = p->tx_len = 0;
}

static void hold(uint32_t addr, bool is)
{
	uint32_t *count = addr >> 24 == PROBE_NET ? &held_probes : &held_routes;

	if (slash24_set_put(&held, addr, is))
		*count += is ? 1 : UINT32_MAX;
}

/* `now` 0: gone. What was not sent yet is left of another run. */
static void nlri_heard(uint32_t addr, uint8_t len, uint64_t now)
{
	uint32_t number = addr >> 8 & (PROBES_MAX - 1);

	if (len != 24)
		return;
	hold(addr, now);
	if (now && addr >> 24 == PROBE_NET && number < nb_probes && !came_ns[number]) {
		came_ns[number] = now;
		nb_outstanding--;
	}
}

static void prefixes_heard(const uint8_t *at, const uint8_t *end, uint64_t now)
{
	while (at < end) {
		uint8_t bits = *at++, octets = (uint8_t)((bits + 7) / 8);
		uint32_t addr = 0;

		for (uint8_t i = 0; i < octets; i++)
			addr |= (uint32_t)at[i] << (24 - 8 * i);
		at += octets;
		nlri_heard(addr, bits, now);
	}
}

/* The prefixes that an UPDATE withdraws, and those that it announces, behind the attributes. */
static void update_heard(const uint8_t *msg, size_t len, uint64_t now)
{
	const uint8_t *withdrawn = msg + HEADER + 2;
	const uint8_t *attrs = withdrawn + (withdrawn[-2] << 8 | withdrawn[-1]);

	prefixes_heard(withdrawn, attrs, 0);
	prefixes_heard(attrs + 2 + (attrs[0] << 8 | attrs[1]), msg + len, now);
}

static void message_heard(struct peer *p, const uint8_t *msg, size_t len)
{
	switch (msg[18]) {
	case OPEN: send_keepalive(p); break;
	case KEEPALIVE: p->up = true; break;
	case NOTIFICATION:
		fprintf(stderr, "latency_bench: %s: NOTIFICATION %u/%u\n", p->addr, msg[19],
			msg[20]);
		exit(1);
	case UPDATE:
		if (p == &b)
			update_heard(msg, len, p->heard_ns);
		break;
	default: break;
	}
}

static void peer_read(struct peer *p)
{
	size_t at = 0, len;
	ssize_t n = read(p->fd, p->rx + p->rx_len, RX_SIZE - p->rx_len);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		die(p->addr);
	p->heard_ns = now_ns();
	p->rx_len += (size_t)n;
	for (; p->rx_len - at >= HEADER; at += len) {
		len = (size_t)(p->rx[at + 16] << 8 | p->rx[at + 17]);
		if (p->rx_len - at < len)
			break;
		message_heard(p, p->rx + at, len);
	}
	memmove(p->rx, p->rx + at, p->rx_len - at);
	p->rx_len -= at;
}

/* What the sockets have, or `wait_ns` at most. */
static void turn(uint64_t wait_ns)
{
	struct peer *peers[] = { &b, &a, &c };
	struct pollfd fds[3];
	struct timespec wait = { .tv_sec = (time_t)(wait_ns / 1000000000),
				 .tv_nsec = (long)(wait_ns % 1000000000) };
	int n = 0;

	for (int i = 0; i < 3; i++) {
		short events = peers[i]->tx_done < peers[i]->tx_len ? POLLIN | POLLOUT : POLLIN;

		fds[i] = (struct pollfd){ .fd = peers[i]->fd, .events = events };
		n += peers[i]->fd >= 0;
	}
	if (!n || ppoll(fds, 3, &wait, NULL) <= 0)
		return;
	for (int i = 0; i < 3; i++) {
		if (fds[i].revents & ~POLLOUT)
			peer_read(peers[i]);
		if (fds[i].revents & POLLOUT)
			peer_write(peers[i]);
	}
}

/* --- phases ----------------------------------------------------------------------------------- */

static void turn_until(const bool *done, const char *what)
{
	uint64_t until = now_ns() + WAIT_S * 1000000000ull;

	while (!*done && now_ns() < until)
		turn(10000000);
	errno = 0;
	if (!*done)
		die(what);
}

/* B has heard nothing for a while. */
static void quiet(void)
{
	b.heard_ns = now_ns();
	while (now_ns() - b.heard_ns < QUIET_MS * 1000000ull)
		turn(QUIET_MS * 1000000ull);
}

static void join(void)
{
	struct peer *peers[] = { &a, &b, &c };

	for (int i = 0; i < 3; i++) {
		peer_connect(peers[i]);
		send_open(peers[i]);
		peer_write(peers[i]);
	}
	for (int i = 0; i < 3; i++) {
		turn_until(&peers[i]->up, "no session");
		peer_write(peers[i]);
	}
}

/* B holds what A and C have announced to warm up, and nothing of a run before. */
static bool warm(void)
{
	return held_probes == 2 && !held_routes &&
	       slash24_set_has(&held, (uint32_t)PROBE_NET << 24 | WARM_UP << 8) &&
	       slash24_set_has(&held, (uint32_t)PROBE_NET << 24 | (WARM_UP - 1) << 8);
}

/* Next hops are found, and B has been told what there was, and that it is gone. */
static void warm_up(void)
{
	uint64_t until = now_ns() + WAIT_S * 1000000000ull;

	send_probe(&a, WARM_UP);
	peer_write(&a);
	send_probe(&c, WARM_UP - 1);
	peer_write(&c);
	do {
		quiet();
	} while (!warm() && now_ns() < until);
	errno = 0;
	if (!warm())
		die("no route of A and C at B, or old ones");
}

/* The speaker forgets C's table before the next run. */
static void forget_table(void)
{
	uint64_t until = now_ns() + WAIT_S * 1000000000ull;

	close(c.fd);
	c.fd = -1;
	do {
		quiet();
	} while (held_routes && now_ns() < until);
	errno = 0;
	if (held_routes)
		die("C has gone, and B still has its routes");
}

/* A probe that is due goes out. Returns how long until the next one is. */
static uint64_t probe(uint64_t *next_ns)
{
	uint64_t now = now_ns();

	if (now < *next_ns)
		return *next_ns - now;
	if (nb_probes < WARM_UP - 1) {
		due_ns[nb_probes] = *next_ns;
		nb_outstanding++;
		send_probe(&a, nb_probes++);
		peer_write(&a);
	}
	/* A little out of step, so as not to fall in step with any timer of the speaker's. */
	*next_ns += options.interval_us * (900ull + nb_probes * 7919 % 200);
	return 0;
}

static void last_probes(void)
{
	for (uint64_t until = now_ns() + TAIL_MS * 1000000ull; nb_outstanding && now_ns() < until;)
		turn(1000000);
}

static void idle_phase(void)
{
	uint64_t next = now_ns();

	while (nb_probes < options.probes)
		turn(probe(&next));
	last_probes();
}

/* Is the load through? What B does not hear of is when the speaker has taken it off its socket, as
 * far as can be told. */
static bool loaded(void)
{
	int unsent = 1;

	if (next_route < wanted_routes || c.tx_len)
		return false;
	if (!options.no_advertise)
		return held_routes >= wanted_routes;
	return !ioctl(c.fd, SIOCOUTQ, &unsent) && !unsent;
}

/* So many routes more, with probes meanwhile or without. Seconds until all are loaded. */
static double load_phase(uint32_t more, bool probing)
{
	uint64_t start = now_ns(), next = start, until = start + WAIT_S * 1000000000ull;

	wanted_routes += more;
	while (!loaded() && now_ns() < until) {
		uint64_t wait = probing ? probe(&next) : 1000000;

		if (!c.tx_len) {
			while (next_route < wanted_routes && c.tx_len < TX_SIZE)
				send_routes(&c, options.no_advertise);
			peer_write(&c);
		}
		turn(wait < 1000000 ? wait : 1000000);
	}
	double seconds = (double)(now_ns() - start) / 1e9;

	errno = 0;
	if (!loaded())
		die("not all of C's routes are at B");
	last_probes();
	return seconds;
}

/* --- results ---------------------------------------------------------------------------------- */

/* One that never came counts as late as it can be told to be. */
static void print_probes(const char *name, uint32_t from, uint32_t to)
{
	uint64_t now = now_ns();
	uint32_t lost = 0;

	printf("\"%s\": {\"us\": [", name);
	for (uint32_t i = from; i < to; i++) {
		lost += !came_ns[i];
		printf("%s%.1f", i > from ? ", " : "",
		       (double)((came_ns[i] ? came_ns[i] : now) - due_ns[i]) / 1e3);
	}
	printf("], \"lost\": %u}", lost);
}

static void usage(void)
{
	fprintf(stderr, "usage: latency_bench --target ADDR --a ADDR --b ADDR --c ADDR [--port N] "
			"[--known N]\n"
			"       [--routes N] [--per-update N] [--probes N] [--interval-us N] "
			"[--no-advertise]\n");
	exit(2);
}

static void parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "target", 1, NULL, 't' },
		{ "a", 1, NULL, 'a' },
		{ "b", 1, NULL, 'b' },
		{ "c", 1, NULL, 'c' },
		{ "port", 1, NULL, 'p' },
		{ "known", 1, NULL, 'k' },
		{ "routes", 1, NULL, 'r' },
		{ "per-update", 1, NULL, 'u' },
		{ "probes", 1, NULL, 'n' },
		{ "interval-us", 1, NULL, 'i' },
		{ "no-advertise", 0, NULL, 'x' },
		{ 0 },
	};

	for (int o; (o = getopt_long(argc, argv, "", longs, NULL)) >= 0;) {
		uint32_t number = optarg ? (uint32_t)strtoul(optarg, NULL, 10) : 0;

		switch (o) {
		case 't': options.target = optarg; break;
		case 'a': a.addr = optarg; break;
		case 'b': b.addr = optarg; break;
		case 'c': c.addr = optarg; break;
		case 'p': options.port = (uint16_t)number; break;
		case 'k': options.known = number; break;
		case 'r': options.routes = number; break;
		case 'u': options.per_update = number; break;
		case 'n': options.probes = number; break;
		case 'i': options.interval_us = number; break;
		case 'x': options.no_advertise = true; break;
		default: usage();
		}
	}
	if (!options.target || !a.addr || !b.addr || !c.addr || !options.per_update ||
	    options.per_update > 1000 || !options.interval_us || options.probes > PROBES_MAX / 2)
		usage();
}

int main(int argc, char **argv)
{
	uint32_t idle;
	double seconds;

	parse(argc, argv);
	join();
	warm_up();
	load_phase(options.known, false);
	quiet();
	idle_phase();
	idle = nb_probes;
	seconds = load_phase(options.routes, true);
	printf("{\"routes\": %u, \"load_s\": %.3f, ", options.routes, seconds);
	print_probes("idle", 0, idle);
	printf(", ");
	print_probes("loaded", idle, nb_probes);
	printf("}\n");
	fflush(stdout);
	forget_table();
	return 0;
}
