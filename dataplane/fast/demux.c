/* Sorts the frames of a device by port. */
#include "demux.h"

#include <rte_prefetch.h>

#include "burst.h"
#include "forward.h"
#include "tags.h"

/* The port that a frame is of, without its tags then; TAG_MAP_NONE: it is gone. */
static uint16_t take(struct forwarder *f, const struct tag_map *map, struct rte_mbuf *m)
{
	struct tags tags;
	enum drop_reason reason = tags_read(m, &tags);
	uint16_t port = TAG_MAP_NONE;

	if (reason == DROP_NONE) {
		port = tag_map_find(map, tags.vlans, tags.type);
		if (port == TAG_MAP_NONE)
			reason = tags.vlans ? DROP_VLAN_UNKNOWN : DROP_UNTAGGED;
	}
	if (reason != DROP_NONE) {
		f->counters->rx++;
		f->counters->drop[reason]++;
		rte_pktmbuf_free(m);
		return TAG_MAP_NONE;
	}
	if (tags.len)
		tags_pop(m, tags.len);
	m->port = port;
	return port;
}

/* Hand those of the first one's port on, and keep the others in order. Returns how many are
 * left. */
static uint16_t forward_first(struct forwarder *f, const struct demux *demux,
			      struct rte_mbuf **pkts, uint16_t n)
{
	struct rte_mbuf *same[FORWARD_BURST];
	uint16_t port = pkts[0]->port, nb_same = 0, left = 0;
	uint64_t octets = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (pkts[i]->port == port) {
			same[nb_same++] = pkts[i];
			octets += pkts[i]->pkt_len;
		} else {
			pkts[left++] = pkts[i];
		}
	}
	f->counters = &demux->counters[port];
	f->counters->rx_bytes += octets;
	forward_burst(f, &demux->ports[port], same, nb_same);
	return left;
}

void demux_burst(struct forwarder *f, const struct demux *demux, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], const void *));
	for (uint16_t i = 0; i < n; i++) {
		if (take(f, demux->map, pkts[i]) != TAG_MAP_NONE)
			pkts[kept++] = pkts[i];
	}
	while (kept)
		kept = forward_first(f, demux, pkts, kept);
}
