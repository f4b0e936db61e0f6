/* Screening: which packets of a burst are odd. All others are packets of everyday, for which every
 * check has been made at once, several packets wide; the odd ones, one by one, are looked at again
 * by whoever can say what is odd about them.
 *
 *   headers  everyday: a frame to our MAC address that carries IPv4 without options; the header
 *            lies in the frame, with a right checksum; addresses are no martians, and the source is
 *            not suspected to be one of ours (sources.h)
 *   ways     everyday: the next hop is resolved, the gate is open, the TTL lasts, the packet is no
 *            larger than the MTU, and it is not suspected to go back to the neighbour that it came
 *            from
 *
 * There is a variant for each width of vectors, and a plain one by which the others are tested, bit
 * for bit. */
#ifndef BASCULE_SCREEN_H
#define BASCULE_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_ether.h>

#include "burst.h"
#include "sources.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What headers are compared with. */
struct screen_port {
	const struct rte_ether_addr *mac;
	const struct sources *sources;
	/* by the upper 24 bits of destinations, which are looked up next: asked for in time */
	const uint32_t *table;
};

/* A bit for each packet. */
struct screen_headers {
	uint64_t odd;
	uint64_t padded; /* not odd, and the frame is longer than its packet */
};

struct screen_ways {
	uint64_t odd;
	uint64_t together; /* those that leave by the port of the first, odd or not */
};

struct screen {
	const char *name;
	bool (*usable)(void); /* by this CPU */
	/* Reads 34 octets of each frame, whatever its length: they lie in its buffer. Fills the
	 * fields of all packets, for the odd ones with whatever is there. */
	struct screen_headers (*headers)(const struct screen_port *port, struct burst *b);
	/* `gates`: a bit for each egress role, open to packets of port `from`. */
	struct screen_ways (*ways)(struct burst *b, uint8_t gates, uint16_t from);
	/* A bit for each packet that leaves by `port`. */
	uint64_t (*leaving)(const struct burst *b, uint16_t port);
};

/* One packet after the other: by it the others are tested. */
extern const struct screen screen_plain;

/* The fields of one packet; those that screen_headers() fills. Its frame and the length of that are
 * there. */
void screen_read(struct burst *b, uint16_t i);

#ifdef __cplusplus
}
#endif
#endif
