/* Tags of frames (IEEE 802.1Q 9, 802.1ad): taken off on the way in, put on on the way out. In
 * between a frame has none: forwarding, punting and the kernel see the frames of an untagged port.
 *
 * A tag of VLAN 0 says a priority and no VLAN: wherever it stands it is as if it were not there. A
 * device may have taken the first tag off, or both (RTE_MBUF_F_RX_VLAN_STRIPPED, _QINQ_STRIPPED),
 * and may put one on (RTE_MBUF_F_TX_VLAN); what it does not do is done here. */
#ifndef BASCULE_TAGS_H
#define BASCULE_TAGS_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "counters.h"
#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TAGS_MAX = 4 }; /* that are looked at in one frame */

/* The tags of one frame. */
struct tags {
	uint32_t vlans; /* as in struct tag_slot; without those of VLAN 0 */
	uint16_t type;	/* of the first one that counts; 0: not known, as the device took it off */
	uint8_t len;	/* octets that lie in the frame, before its EtherType */
};

/* Is it the EtherType of a tag? */
static inline bool tags_type(rte_be16_t type)
{
	return type == RTE_BE16(0x8100) || type == RTE_BE16(0x88a8) || type == RTE_BE16(0x9100);
}

/* Read the tags of a frame. DROP_NONE, DROP_FRAME_SHORT: it ends within them, or DROP_VLAN_UNKNOWN:
 * they are more, or others, than any port's. */
enum drop_reason tags_read(const struct rte_mbuf *m, struct tags *tags);
/* Take the `len` octets of tags out of the frame. */
void tags_pop(struct rte_mbuf *m, uint8_t len);

/* How a port's frames get their tags. */
struct tags_out {
	struct tag_header header; /* before the EtherType; len 0: the frame stays as it is */
	uint64_t flags;		  /* not 0: the device puts the tag on by itself, */
	uint16_t tci;		  /* this one */
};

struct tags_out tags_out(const struct port *port);

/* Put tags on. Returns how many frames are left in `pkts`; what has no room for them is dropped and
 * counted. */
uint16_t tags_push(const struct tags_out *out, struct counters *counters, struct rte_mbuf **pkts,
		   uint16_t n);

#ifdef __cplusplus
}
#endif
#endif
