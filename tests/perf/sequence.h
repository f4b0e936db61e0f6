/* Numbered packets at a steady rate, and what became of each: what is alike in sequence_bench,
 * whose packets the kernel carries, and sequence_memif, whose packets go by shared memory. Times
 * are nanoseconds of CLOCK_REALTIME until they are written. */
#ifndef BASCULE_TEST_SEQUENCE_H
#define BASCULE_TEST_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SEQUENCE_PORT = 9, /* discard */
	SEQUENCE_HEADERS = 14 + 20 + 8,
};

struct __attribute__((packed)) sequence_packet {
	uint8_t dst[6], src[6];
	uint16_t type;
	uint8_t version, tos;
	uint16_t length, id, fragment;
	uint8_t ttl, protocol;
	uint16_t checksum;
	uint32_t from, to;
	uint16_t sport, dport, udp_length, udp_checksum;
	uint32_t number;
	uint8_t pad[16];
};
_Static_assert(sizeof(struct sequence_packet) == SEQUENCE_HEADERS + 20, "no holes");

/* Of this process. By number: when it was sent; when it came, 0: it has not. */
extern struct sequence {
	const char *program, *times; /* a path: see sequence_write_times() */
	struct sequence_packet model;
	uint32_t *to, nb_to; /* destinations, network order */
	uint32_t rate, total, nb_flows, plug_ms, unplug_ms;
	int64_t *sent_ns, *came_ns, start_ns;
	uint64_t doubled;
} sequence;

void sequence_die(const char *what);
int64_t sequence_now_ns(void);
/* Since the first packet; -1 of 0. */
int64_t sequence_us(int64_t ns);

/* A common option of the command line, by its letter: see SEQUENCE_OPTIONS. False: it is none. */
bool sequence_option(int letter, char *value);
#define SEQUENCE_OPTIONS \
	{ "from", 1, NULL, 'f' }, { "to", 1, NULL, 't' }, { "times", 1, NULL, 'o' }, \
		{ "dst-mac", 1, NULL, 'd' }, { "src-mac", 1, NULL, 'm' }, \
		{ "rate", 1, NULL, 'R' }, { "total", 1, NULL, 'T' }, { "flows", 1, NULL, 'F' }, \
		{ "plug-ms", 1, NULL, 'P' }, \
	{ \
		"unplug-ms", 1, NULL, 'U' \
	}
/* Are all there that must be? Memory for the times, then. */
bool sequence_ready(void);

/* The flow's packet, without a number. */
void sequence_fill(struct sequence_packet *packet, uint32_t flow);
/* How many packets are due by now. */
uint32_t sequence_due(int64_t now_ns);
/* One has come that was sent by us; false: another number than any of ours. */
bool sequence_came(uint32_t number, int64_t ns);

/* Two arrays of nanoseconds since the first packet, by number, as this machine has 64-bit integers:
 * when each was sent, and when it came; -1: never. `more` of `size` octets behind them, if any. */
void sequence_write_times(const void *more, uint64_t size);

#endif
