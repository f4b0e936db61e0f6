/* A burst of packets of one port on its way through the stages of forwarding: what each packet is,
 * field by field, so that a stage reads what it needs of several packets at once. Lives on the
 * stack for one call. */
#ifndef BASCULE_BURST_H
#define BASCULE_BURST_H

#include <stdint.h>

#include <rte_mbuf.h>

#include "fib.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	FORWARD_BURST = 64, /* packets to one call: at most the bits of a mask, and FIB_BURST */
	BURST_STEP =
		8, /* the most that a stage reads at once: fields are padded to a multiple of it */
};

static_assert((int)FORWARD_BURST <= (int)FIB_BURST && FORWARD_BURST % BURST_STEP == 0,
	      "a bit each, one look-up a burst");

struct burst {
	struct rte_mbuf **pkt; /* the caller's array; owned */
	uint16_t n;
	/* filled by the caller of screen_headers() */
	const uint8_t *frame[FORWARD_BURST];
	uint16_t frame_len[FORWARD_BURST]; /* octets that lie there */
	/* filled by it */
	uint32_t dst[FORWARD_BURST];	   /* host order */
	uint32_t total_len[FORWARD_BURST]; /* octets of the IP packet */
	uint32_t hop
		/* octets 8 to 11 of its header, TTL to checksum, for the next hop */
		[FORWARD_BURST];
	uint32_t src_tail
		[FORWARD_BURST]; /* the last two octets of the source MAC address, as on the wire */
	/* filled by look-up */
	uint32_t path_list[FORWARD_BURST];
	const struct adjacency *adjacency[FORWARD_BURST];
	/* filled by screen_ways() */
	uint32_t port[FORWARD_BURST]; /* DPDK port id by which it leaves */
};

/* How many to go through, if a stage reads `step` at once. */
static inline uint16_t burst_padded(const struct burst *b, uint16_t step)
{
	return (uint16_t)RTE_ALIGN_CEIL(b->n, step);
}

static inline uint64_t burst_mask(uint16_t n)
{
	return UINT64_MAX >> (64 - n);
}

#ifdef __cplusplus
}
#endif
#endif
