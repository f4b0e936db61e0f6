/* What became of every packet, by name. Each lcore has its own counters and alone writes them, a
 * set for each port and one for each device; whoever reads them (telemetry, tests) adds them up and
 * may be a packet behind.
 *
 * A packet that a forwarding lcore received is counted once more and once only: as sent (tx), as
 * punted, or as dropped for one reason. A punted packet, or one that came from the kernel, ends on
 * the main lcore in the same way: sent, given to the kernel, or dropped for one reason. */
#ifndef BASCULE_COUNTERS_H
#define BASCULE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_lcore.h>

#include "fib_layout.h"

#ifdef __cplusplus
extern "C" {
#endif

enum drop_reason {
	DROP_NONE, /* not dropped: what a check returns for a good packet */
	/* the frame */
	DROP_FRAME_SHORT,
	DROP_NOT_OUR_MAC,
	DROP_ETHERTYPE,
	DROP_VLAN_UNKNOWN, /* tags that no port of its device has */
	DROP_UNTAGGED,	   /* none, and all ports of its device have tags */
	/* the IPv4 header (RFC 1812 5.2.2) */
	DROP_IP4_TRUNCATED,
	DROP_IP4_VERSION,
	DROP_IP4_HEADER_LENGTH,
	DROP_IP4_TOTAL_LENGTH,
	DROP_IP4_CHECKSUM,
	DROP_IP4_OPTIONS,
	DROP_SOURCE_ROUTE,
	/* the IPv6 header (RFC 8200 3) */
	DROP_IP6_TRUNCATED,
	DROP_IP6_VERSION,
	DROP_IP6_PAYLOAD_LENGTH,
	/* addresses of either */
	DROP_MARTIAN_SOURCE,
	DROP_MARTIAN_DESTINATION,
	DROP_MULTICAST,
	DROP_BROADCAST,
	DROP_L2_BROADCAST,
	DROP_LINK_LOCAL,   /* a source that other links do not know (RFC 4291 2.5.6) */
	DROP_REDIRECT,	   /* ICMP, to us */
	DROP_ND_HOP_LIMIT, /* neighbour discovery that was forwarded (RFC 4861 6.1, 7.1) */
	/* BGP to us from a peer's address, but not by the port that the peer is behind */
	DROP_BGP_WRONG_PORT,
	/* filters of ports (filter.h) */
	DROP_URPF,
	DROP_ACL_IN,
	DROP_ACL_OUT,
	/* by a port with an access list, which nobody can judge: acl.h */
	DROP_ACL_FRAGMENT,
	DROP_ACL_HEADERS,
	/* forwarding */
	DROP_NO_ROUTE,
	DROP_TABLE_SPOILT, /* its entry names what the table does not have: a stray store */
	DROP_UNRESOLVED,
	DROP_GATE_CLOSED, /* when it came, or when it had waited */
	DROP_TTL_EXPIRED,
	DROP_TOO_BIG,
	DROP_BOUNCE, /* its next hop is the neighbour that it came from */
	DROP_NO_PORT,
	DROP_NO_HEADROOM, /* for its port's tags, in the buffer that it came in */
	DROP_TX_FULL,
	/* punting: a ring or a meter for each class, in the order of enum punt_class */
	DROP_RING_BGP,
	DROP_RING_ARP,
	DROP_RING_ND,
	DROP_RING_LOCAL,
	DROP_RING_FRAGMENT,
	DROP_RING_GLEAN,
	DROP_METER_BGP,
	DROP_METER_ARP,
	DROP_METER_ND,
	DROP_METER_LOCAL,
	DROP_METER_FRAGMENT,
	DROP_METER_GLEAN,
	/* the main lcore */
	DROP_LCP_REFUSED,
	DROP_LCP_FRAME, /* the kernel's, and no frame that a port can send */
	DROP_FRAGMENT_FAILED,
	DROP_GLEAN_FULL,
	DROP_HOST_UNREACHABLE,
	DROP_ROUTE_GONE, /* it waited for a host, and its route to there went meanwhile */
	DROP_REASONS
};

/* Things worth counting that are not the end of a packet. */
enum counter_event {
	/* TCP/179 from an address that is no configured peer: punted with the LOCAL class */
	COUNTER_BGP_UNKNOWN_PEER,
	/* segments of flows that the kernel holds that a meter stopped, past their window */
	COUNTER_FLOW_METERED,
	COUNTER_ICMP_SENT,	/* errors that we built and handed to a port */
	COUNTER_ICMP_LIMITED,	/* not built: a rate limit */
	COUNTER_ICMP_FORBIDDEN, /* not built: RFC 1812 4.3.2.7 */
	COUNTER_ICMP_RING_FULL, /* not built: the main lcore has too many to do */
	COUNTER_FRAGMENTS_MADE,
	COUNTER_REPAIRED,	/* packets whose next hop was lost and that went by another one */
	COUNTER_NEIGHBOUR_FULL, /* a host found no room in the neighbour table */
	COUNTER_NEIGHBOUR_REFUSED, /* the kernel refused to resolve a host */
	/* what we put into the kernel was gone or changed, and was put back */
	COUNTER_KERNEL_REPAIRED,
	COUNTER_DEVICE_LOST,	 /* a port whose device failed, or was deleted */
	COUNTER_DEVICE_REOPENED, /* and made anew */
	COUNTER_DEVICE_MTU,	 /* its MTU was changed below ours, or put back */
	COUNTER_MEMBER_LOST,	 /* a bond's, that carries nothing any more */
	COUNTER_MEMBER_JOINED,	 /* and one that does */
	COUNTER_NETLINK_OVERRUN, /* kernel events lost; the table was read again */
	/* a read of the table that the kernel refused or did not finish; it is repeated */
	COUNTER_NETLINK_UNREAD,
	COUNTER_EVENTS
};

enum punt_class {
	PUNT_BGP, /* TCP port 179, ours, from a configured peer by the port that it is behind */
	PUNT_ARP,
	PUNT_ND,       /* solicitations and advertisements of IPv6, from the link (RFC 4861) */
	PUNT_LOCAL,    /* everything else that is addressed to us */
	PUNT_FRAGMENT, /* must be cut for its egress port */
	PUNT_GLEAN,    /* on link, but its host is not resolved yet */
	PUNT_CLASSES
};

struct __rte_cache_aligned counters {
	uint64_t rx, tx;
	/* octets of frames without their tags; of ports that share their device or have tags */
	uint64_t rx_bytes, tx_bytes;
	uint64_t punted[PUNT_CLASSES];	 /* forwarding lcores: put into a ring */
	uint64_t taken[PUNT_CLASSES];	 /* main lcore: taken out of it */
	uint64_t to_kernel, from_kernel; /* main lcore: through the LCP interfaces */
	uint64_t originated;		 /* main lcore: ICMP errors and fragments after the first */
	uint64_t drop[DROP_REASONS];
	uint64_t event[COUNTER_EVENTS];
};

/* snake_case and stable: what operators and programs see. */
const char *drop_reason_name(enum drop_reason reason);
const char *counter_event_name(enum counter_event event);
const char *punt_class_name(enum punt_class class_);

/* The counters of one lcore. A packet is counted at the port that it came by until it is handed
 * over, and then at the port that it leaves by. */
struct lcore_counters {
	struct counters port[FIB_PORTS];   /* by port id */
	struct counters device[FIB_PORTS]; /* in their order: frames that are of no port */
	struct counters rest;		   /* of neither */
};

/* Add the counters of `n` lcores up into `sum`: all; of a port; of a device. */
void counters_sum(const struct lcore_counters *each, size_t n, struct counters *sum);
void counters_port_sum(const struct lcore_counters *each, size_t n, uint16_t port,
		       struct counters *sum);
void counters_device_sum(const struct lcore_counters *each, size_t n, uint16_t device,
			 struct counters *sum);

#ifdef __cplusplus
}
#endif
#endif
