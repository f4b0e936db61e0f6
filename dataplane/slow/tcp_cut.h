/* Cuts what the kernel hands over as one: TCP octets for many segments behind one header, as a NIC
 * with TSO would take them, and a checksum that it has left to us.
 *
 * Segments are copied into mbufs of their own rather than made by librte_gso: that one links the
 * header and an indirect part of the whole, which devices that were promised plain mbufs
 * (RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) do not take, keeps CWR in all of them, and leaves checksums
 * to the device. */
#ifndef BASCULE_TCP_CUT_H
#define BASCULE_TCP_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define class class_ /* it has a member of that name */
#endif
#include <linux/virtio_net.h>
#undef class

#include <rte_mbuf.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tcp_cut {
	const uint8_t *frame;	   /* borrowed until the last segment is out */
	uint32_t len, tcp, header; /* octets: all, before TCP's header, of headers, */
	uint32_t size, at;	   /* of a segment, cut so far */
	uint32_t pseudo;	   /* the sum of the pseudo header without its length */
	uint16_t count;		   /* segments so far */
	uint8_t gso_type;	   /* VIRTIO_NET_HDR_GSO_TCPV4 or _TCPV6, perhaps with _ECN */
};

/* Take a frame of `len` octets as `offload` describes it (virtio 1.2, 5.1.6.2.1: also where TCP
 * begins, whatever extension headers lie before it, and that its checksum field holds the sum of
 * the pseudo header). False: it is no TCP that can be cut, and is to be dropped. */
bool tcp_cut_begin(struct tcp_cut *cut, const struct virtio_net_hdr *offload, const uint8_t *frame,
		   size_t len);

/* Of a frame that has not been cut yet: how many segments it is, */
uint32_t tcp_cut_segments(const struct tcp_cut *cut);
/* and what is to be said of it where it is taken whole, `tags` octets of tags later. */
struct virtio_net_hdr tcp_cut_offload(const struct tcp_cut *cut, uint8_t tags);

static inline bool tcp_cut_whole(const struct tcp_cut *cut)
{
	return cut->at < cut->len && !cut->count;
}

/* Is there anything left of it? */
static inline bool tcp_cut_left(const struct tcp_cut *cut)
{
	return cut->at < cut->len;
}

/* The next segment into the empty mbuf `m`, with good checksums; only while something is left.
 * False: the mbuf has no room for it, and the rest is given up. */
bool tcp_cut_next(struct tcp_cut *cut, struct rte_mbuf *m);

/* Put the checksum in that `offload` asks for (VIRTIO_NET_HDR_F_NEEDS_CSUM; virtio 1.2, 5.1.6.2):
 * its field holds the sum of the pseudo header. False: it would lie outside of the frame. */
bool checksum_complete(const struct virtio_net_hdr *offload, uint8_t *frame, size_t len);

#ifdef __cplusplus
}
#endif
#endif
