/* Packets that leave the main lcore, whole or in parts. */
#include "slowpath_send.h"

#include <string.h>

#include <rte_ip.h>
#include <rte_ip_frag.h>

/* Of one packet: 64 KiB at an MTU of 1,044; smaller ways drop the largest packets. */
enum { SLOWPATH_FRAGMENTS = 64 };

void slowpath_drop(struct slowpath *s, enum drop_reason reason, struct rte_mbuf *m)
{
	if (m)
		slowpath_counters(s, m)->drop[reason]++;
	else
		s->counters->drop[reason]++;
	rte_pktmbuf_free(m);
}

void slowpath_cut(struct slowpath *s, struct rte_mbuf *m)
{
	struct rte_mbuf *parts[SLOWPATH_FRAGMENTS];
	struct rte_ether_hdr header = *rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	uint16_t port = punt_note(m)->port, mtu = punt_note(m)->mtu;
	int32_t n;

	rte_pktmbuf_adj(m, RTE_ETHER_HDR_LEN);
	n = rte_ipv4_fragment_packet(m, parts, SLOWPATH_FRAGMENTS, mtu, s->pool, s->indirect);
	if (n < 0) {
		slowpath_drop(s, DROP_FRAGMENT_FAILED, m);
		return;
	}
	s->counters->originated += (uint32_t)n - 1;
	s->counters->event[COUNTER_FRAGMENTS_MADE] += (uint32_t)n;
	for (int32_t i = 0; i < n; i++) {
		struct rte_mbuf *flat = rte_pktmbuf_copy(parts[i], s->pool, 0, UINT32_MAX);
		struct rte_ipv4_hdr *ip;

		rte_pktmbuf_free(parts[i]);
		if (!flat || flat->nb_segs != 1) {
			slowpath_drop(s, DROP_FRAGMENT_FAILED, flat);
			continue;
		}
		ip = rte_pktmbuf_mtod(flat, struct rte_ipv4_hdr *);
		ip->hdr_checksum = 0;
		ip->hdr_checksum = rte_ipv4_cksum(ip);
		memcpy(rte_pktmbuf_prepend(flat, sizeof(header)), &header, sizeof(header));
		tx_send(&s->tx, port, flat);
	}
	rte_pktmbuf_free(m);
}

void slowpath_send(struct slowpath *s, const struct adjacency *adjacency, struct rte_mbuf *m)
{
	memcpy(rte_pktmbuf_mtod(m, void *), adjacency->rewrite, ADJACENCY_MACS);
	if (m->pkt_len <= (uint32_t)adjacency->mtu + RTE_ETHER_HDR_LEN) {
		tx_send(&s->tx, adjacency->port, m);
		return;
	}
	punt_note(m)->port = adjacency->port;
	punt_note(m)->mtu = adjacency->mtu;
	slowpath_cut(s, m);
}
