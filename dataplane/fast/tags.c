/* Reads tags, takes them off, puts them on. */
#include "tags.h"

#include <string.h>

#include <rte_ether.h>

enum { VLAN_ID_MASK = 0x0fff, MACS = 2 * RTE_ETHER_ADDR_LEN };

/* One more tag; `type` 0: not known. False: no port has such ones. */
static bool note(struct tags *tags, uint16_t tci, uint16_t type)
{
	uint16_t vlan = tci & VLAN_ID_MASK;

	if (!vlan)
		return true;
	if (!tags->vlans) {
		tags->vlans = vlan;
		tags->type = type;
		return true;
	}
	if (tags->vlans >> TAG_VLAN_BITS || (type && type != TAG_TYPE))
		return false;
	tags->vlans = tags->vlans << TAG_VLAN_BITS | vlan;
	return true;
}

enum drop_reason tags_read(const struct rte_mbuf *m, struct tags *tags)
{
	const uint8_t *at = rte_pktmbuf_mtod_offset(m, const uint8_t *, MACS);
	uint32_t left = m->data_len;
	bool good = true;

	*tags = (struct tags){ 0 };
	if (left < RTE_ETHER_HDR_LEN)
		return DROP_FRAME_SHORT;
	if (m->ol_flags & RTE_MBUF_F_RX_QINQ_STRIPPED)
		good = note(tags, m->vlan_tci_outer, 0);
	if (m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)
		good &= note(tags, m->vlan_tci, 0);
	for (int i = 0; i <= TAGS_MAX && good; i++, at += TAG_LEN, left -= TAG_LEN) {
		rte_be16_t words[2]; /* EtherType and what is behind it */

		memcpy(words, at, sizeof(words[0]));
		if (!tags_type(words[0]))
			return DROP_NONE;
		if (left < RTE_ETHER_HDR_LEN + TAG_LEN)
			return DROP_FRAME_SHORT;
		memcpy(words, at, sizeof(words));
		good = i < TAGS_MAX &&
		       note(tags, rte_be_to_cpu_16(words[1]), rte_be_to_cpu_16(words[0]));
		tags->len += TAG_LEN;
	}
	return DROP_VLAN_UNKNOWN;
}

void tags_pop(struct rte_mbuf *m, uint8_t len)
{
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *), macs[MACS];

	memcpy(macs, frame, sizeof(macs));
	memcpy(frame + len, macs, sizeof(macs));
	rte_pktmbuf_adj(m, len);
}

struct tags_out tags_out(const struct port *port)
{
	struct tags_out out = { .header = port->tags };
	rte_be16_t tci;

	if (port->tags.len == TAG_LEN && port->device->inserts_vlan) {
		memcpy(&tci, &port->tags.octets[sizeof(tci)], sizeof(tci));
		out.flags = RTE_MBUF_F_TX_VLAN;
		out.tci = rte_be_to_cpu_16(tci);
	}
	return out;
}

static bool push(const struct tag_header *header, struct rte_mbuf *m)
{
	uint8_t macs[MACS], *frame = rte_pktmbuf_mtod(m, uint8_t *);

	memcpy(macs, frame, sizeof(macs));
	frame = (uint8_t *)rte_pktmbuf_prepend(m, header->len);
	if (unlikely(!frame))
		return false;
	memcpy(frame, macs, sizeof(macs));
	memcpy(frame + MACS, header->octets, header->len);
	return true;
}

uint16_t tags_push(const struct tags_out *out, struct counters *counters, struct rte_mbuf **pkts,
		   uint16_t n)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];

		if (out->flags) {
			m->ol_flags |= out->flags;
			m->vlan_tci = out->tci;
		} else if (unlikely(!push(&out->header, m))) {
			counters->drop[DROP_NO_HEADROOM]++;
			rte_pktmbuf_free(m);
			continue;
		}
		pkts[kept++] = m;
	}
	return kept;
}
