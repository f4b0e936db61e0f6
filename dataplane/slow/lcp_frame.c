/* Frames into the TAP and out of it, each behind the header that says what is still to be done to
 * it (struct virtio_net_hdr). */
#include "lcp.h"

#include <stddef.h>
#include <string.h>
#include <sys/uio.h>

#include <rte_tcp.h>

#include "frame_ip.h"
#include "tcp_merge.h"

/* Of segments that tcp_merge() has made one. */
static struct virtio_net_hdr merged(const struct rte_mbuf *m)
{
	return (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = frame_is_ip6(m) ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4,
		.hdr_len = (uint16_t)(m->l2_len + m->l3_len + m->l4_len),
		.gso_size = m->tso_segsz,
		.csum_start = (uint16_t)(m->l2_len + m->l3_len),
		.csum_offset = offsetof(struct rte_tcp_hdr, cksum),
	};
}

bool lcp_send(const struct lcp *lcp, struct rte_mbuf *m)
{
	struct iovec parts[1 + TCP_MERGE_SEGMENTS];
	struct virtio_net_hdr offload = { 0 };
	int n = 1;

	if (m->nb_segs > 1)
		offload = merged(m);
	else if ((m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		offload.flags = VIRTIO_NET_HDR_F_DATA_VALID;
	parts[0] = (struct iovec){ &offload, sizeof(offload) };
	for (struct rte_mbuf *part = m; part && n < (int)RTE_DIM(parts); part = part->next)
		parts[n++] = (struct iovec){ rte_pktmbuf_mtod(part, void *), part->data_len };
	return writev(lcp->fd, parts, n) == (ssize_t)(sizeof(offload) + m->pkt_len);
}

/* A frame that is whole as it is. */
static bool copy(const uint8_t *frame, size_t len, struct rte_mbuf *m)
{
	if (len > rte_pktmbuf_tailroom(m))
		return false;
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	return true;
}

/* The next frame of the kernel into the empty mbuf `m`. 1; 0: the kernel has no more, or one of
 * several segments; -1: it cannot be sent. */
static int receive(struct lcp *lcp, struct rte_mbuf *m)
{
	struct virtio_net_hdr offload;
	struct iovec parts[] = { { &offload, sizeof(offload) }, { lcp->frame, LCP_FRAME } };
	ssize_t len = readv(lcp->fd, parts, RTE_DIM(parts));

	if (len < (ssize_t)sizeof(offload))
		return 0;
	len -= (ssize_t)sizeof(offload);
	if (offload.gso_type != VIRTIO_NET_HDR_GSO_NONE)
		return tcp_cut_begin(&lcp->cut, &offload, lcp->frame, (size_t)len) ? 0 : -1;
	if ((offload.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) &&
	    !checksum_complete(&offload, lcp->frame, (size_t)len))
		return -1;
	return copy(lcp->frame, (size_t)len, m) ? 1 : -1;
}

uint16_t lcp_receive(struct lcp *lcp, struct rte_mempool *pool, struct counters *counters,
		     struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t count = 0;

	for (uint16_t reads = 0; reads < n && count < n; reads++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
		int got;

		if (!m)
			break;
		if (tcp_cut_left(&lcp->cut))
			got = tcp_cut_next(&lcp->cut, m) ? 1 : -1;
		else
			got = receive(lcp, m);
		if (got > 0) {
			pkts[count++] = m;
			continue;
		}
		rte_pktmbuf_free(m);
		if (!got)
			break;
		counters->from_kernel++;
		counters->drop[DROP_LCP_FRAME]++;
	}
	counters->from_kernel += count;
	return count;
}
