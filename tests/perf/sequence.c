/* See sequence.h. */
#include "sequence.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DESTINATIONS = 1 << 20 };

struct sequence sequence = {
	.rate = 100000,
	.total = 500000,
	.nb_flows = 1000,
	.plug_ms = 1000,
	.model = { .version = 0x45, .ttl = 64, .protocol = IPPROTO_UDP },
};

void sequence_die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", sequence.program, what, strerror(errno));
	exit(EXIT_FAILURE);
}

int64_t sequence_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

int64_t sequence_us(int64_t ns)
{
	return ns ? (ns - sequence.start_ns) / 1000 : -1;
}

/* --- command line ----------------------------------------------------------------------------- */

static void mac_parse(const char *text, uint8_t mac[6])
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		   &mac[4], &mac[5]) != 6) {
		errno = EINVAL;
		sequence_die(text);
	}
}

static void destinations_read(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[64];

	if (!file)
		sequence_die(path);
	sequence.to = calloc(DESTINATIONS, sizeof(*sequence.to));
	while (sequence.to && sequence.nb_to < DESTINATIONS && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (inet_pton(AF_INET, line, &sequence.to[sequence.nb_to]) != 1)
			sequence_die(line);
		sequence.nb_to++;
	}
	fclose(file);
	if (!sequence.nb_to)
		sequence_die(path);
}

bool sequence_option(int letter, char *value)
{
	switch (letter) {
	case 'o': sequence.times = value; break;
	case 'f': inet_pton(AF_INET, value, &sequence.model.from); break;
	case 't': destinations_read(value); break;
	case 'd': mac_parse(value, sequence.model.dst); break;
	case 'm': mac_parse(value, sequence.model.src); break;
	case 'R': sequence.rate = (uint32_t)atol(value); break;
	case 'T': sequence.total = (uint32_t)atol(value); break;
	case 'F': sequence.nb_flows = (uint32_t)atol(value); break;
	case 'P': sequence.plug_ms = (uint32_t)atol(value); break;
	case 'U': sequence.unplug_ms = (uint32_t)atol(value); break;
	default: return false;
	}
	return true;
}

bool sequence_ready(void)
{
	if (!sequence.times || !sequence.nb_to || !sequence.rate || !sequence.total ||
	    !sequence.nb_flows)
		return false;
	sequence.sent_ns = calloc(sequence.total, sizeof(*sequence.sent_ns));
	sequence.came_ns = calloc(sequence.total, sizeof(*sequence.came_ns));
	if (!sequence.sent_ns || !sequence.came_ns)
		sequence_die("memory");
	return true;
}

/* --- packets ---------------------------------------------------------------------------------- */

static uint16_t header_checksum(const struct sequence_packet *packet)
{
	const uint8_t *octets = &packet->version;
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)octets[i] << 8 | octets[i + 1];
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	return htons((uint16_t)~sum);
}

void sequence_fill(struct sequence_packet *packet, uint32_t flow)
{
	*packet = sequence.model;
	packet->type = htons(ETH_P_IP);
	packet->length = htons(sizeof(*packet) - 14);
	packet->udp_length = htons(sizeof(*packet) - 34);
	packet->dport = htons(SEQUENCE_PORT);
	packet->to = sequence.to[flow % sequence.nb_to];
	packet->sport = htons((uint16_t)(20000 + flow));
	packet->checksum = header_checksum(packet);
}

uint32_t sequence_due(int64_t now_ns)
{
	uint64_t due =
		(uint64_t)(now_ns - sequence.start_ns) * sequence.rate / UINT64_C(1000000000) + 1;

	return due < sequence.total ? (uint32_t)due : sequence.total;
}

bool sequence_came(uint32_t number, int64_t ns)
{
	if (number >= sequence.total)
		return false;
	if (sequence.came_ns[number])
		sequence.doubled++;
	else
		sequence.came_ns[number] = ns;
	return true;
}

void sequence_write_times(const void *more, uint64_t size)
{
	FILE *file = fopen(sequence.times, "w");
	uint32_t total = sequence.total;

	if (!file)
		sequence_die(sequence.times);
	for (uint32_t n = 0; n < total; n++) {
		int64_t *came = &sequence.came_ns[n];

		sequence.sent_ns[n] -= sequence.start_ns;
		*came = *came ? *came - sequence.start_ns : -1;
	}
	if (fwrite(sequence.sent_ns, sizeof(*sequence.sent_ns), total, file) != total ||
	    fwrite(sequence.came_ns, sizeof(*sequence.came_ns), total, file) != total ||
	    (size && fwrite(more, size, 1, file) != 1) || fclose(file))
		sequence_die(sequence.times);
}
