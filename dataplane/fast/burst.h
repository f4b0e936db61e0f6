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
	/* the most that a stage reads at once: fields are padded to a multiple of it */
	BURST_STEP = 16,
};

static_assert((int)FORWARD_BURST <= (int)FIB_BURST && FORWARD_BURST % BURST_STEP == 0,
	      "a bit each, one look-up a burst");

struct burst {
	struct rte_mbuf **pkt; /* the caller's array; owned */
	uint16_t n;	       /* not 0 */
	uint16_t hop_at;       /* where `hop` lies in a frame */
	/* filled by the caller of a screen */
	const uint8_t *frame[FORWARD_BURST];
	uint16_t frame_len[FORWARD_BURST]; /* octets that lie there */
	/* filled by the screen */
	uint32_t dst[FORWARD_BURST];	   /* of IPv4, host order */
	uint32_t total_len[FORWARD_BURST]; /* octets of the IP packet */
	/* 4 octets of its header for the next hop: of IPv4 8 to 11, TTL to checksum; of IPv6 4 to
	 * 7, payload length to hop limit */
	uint32_t hop[FORWARD_BURST];
	/* the last two octets of the source MAC address, as on the wire */
	uint32_t src_tail[FORWARD_BURST];
	uint32_t path_list[FORWARD_BURST];
	const struct adjacency *adjacency[FORWARD_BURST];
	uint32_t port[FORWARD_BURST];	     /* port id by which it leaves */
	struct fib_addr dst6[FORWARD_BURST]; /* of IPv6 */
};

/* A bit for each of `n` packets, not 0. */
static inline uint64_t burst_mask(uint16_t n)
{
	return UINT64_MAX >> (64 - n);
}

#ifdef __cplusplus
}
#endif
#endif
