/* The names of drop reasons, events and punt classes, and sums over lcores. */
#include "counters.h"

#include <string.h>

static const char *const drop_names[DROP_REASONS] = {
	[DROP_NONE] = "none",
	[DROP_FRAME_SHORT] = "frame_short",
	[DROP_NOT_OUR_MAC] = "not_our_mac",
	[DROP_ETHERTYPE] = "ethertype",
	[DROP_VLAN_UNKNOWN] = "vlan_unknown",
	[DROP_UNTAGGED] = "untagged",
	[DROP_IP4_TRUNCATED] = "ip4_truncated",
	[DROP_IP4_VERSION] = "ip4_version",
	[DROP_IP4_HEADER_LENGTH] = "ip4_header_length",
	[DROP_IP4_TOTAL_LENGTH] = "ip4_total_length",
	[DROP_IP4_CHECKSUM] = "ip4_checksum",
	[DROP_IP4_OPTIONS] = "ip4_options",
	[DROP_SOURCE_ROUTE] = "source_route",
	[DROP_IP6_TRUNCATED] = "ip6_truncated",
	[DROP_IP6_VERSION] = "ip6_version",
	[DROP_IP6_PAYLOAD_LENGTH] = "ip6_payload_length",
	[DROP_MARTIAN_SOURCE] = "martian_source",
	[DROP_MARTIAN_DESTINATION] = "martian_destination",
	[DROP_MULTICAST] = "multicast",
	[DROP_BROADCAST] = "broadcast",
	[DROP_L2_BROADCAST] = "l2_broadcast",
	[DROP_LINK_LOCAL] = "link_local",
	[DROP_REDIRECT] = "redirect",
	[DROP_ND_HOP_LIMIT] = "nd_hop_limit",
	[DROP_BGP_WRONG_PORT] = "bgp_wrong_port",
	[DROP_URPF] = "urpf",
	[DROP_ACL_IN] = "acl_in",
	[DROP_ACL_OUT] = "acl_out",
	[DROP_ACL_FRAGMENT] = "acl_fragment",
	[DROP_ACL_HEADERS] = "acl_headers",
	[DROP_NO_ROUTE] = "no_route",
	[DROP_UNRESOLVED] = "unresolved",
	[DROP_GATE_CLOSED] = "gate_closed",
	[DROP_TTL_EXPIRED] = "ttl_expired",
	[DROP_TOO_BIG] = "too_big",
	[DROP_TABLE_SPOILT] = "table_spoilt",
	[DROP_BOUNCE] = "bounce",
	[DROP_NO_PORT] = "no_port",
	[DROP_NO_HEADROOM] = "no_headroom",
	[DROP_TX_FULL] = "tx_full",
	[DROP_RING_BGP] = "ring_full_bgp",
	[DROP_RING_ARP] = "ring_full_arp",
	[DROP_RING_ND] = "ring_full_nd",
	[DROP_RING_LOCAL] = "ring_full_local",
	[DROP_RING_FRAGMENT] = "ring_full_fragment",
	[DROP_RING_GLEAN] = "ring_full_glean",
	[DROP_METER_BGP] = "metered_bgp",
	[DROP_METER_ARP] = "metered_arp",
	[DROP_METER_ND] = "metered_nd",
	[DROP_METER_LOCAL] = "metered_local",
	[DROP_METER_FRAGMENT] = "metered_fragment",
	[DROP_METER_GLEAN] = "metered_glean",
	[DROP_LCP_REFUSED] = "lcp_refused",
	[DROP_LCP_FRAME] = "lcp_frame",
	[DROP_FRAGMENT_FAILED] = "fragment_failed",
	[DROP_GLEAN_FULL] = "glean_full",
	[DROP_HOST_UNREACHABLE] = "host_unreachable",
	[DROP_ROUTE_GONE] = "route_gone",
};

static const char *const event_names[COUNTER_EVENTS] = {
	[COUNTER_BGP_UNKNOWN_PEER] = "bgp_unknown_peer",
	[COUNTER_FLOW_METERED] = "flow_metered",
	[COUNTER_ICMP_SENT] = "icmp_sent",
	[COUNTER_ICMP_LIMITED] = "icmp_limited",
	[COUNTER_ICMP_FORBIDDEN] = "icmp_forbidden",
	[COUNTER_ICMP_RING_FULL] = "icmp_ring_full",
	[COUNTER_FRAGMENTS_MADE] = "fragments_made",
	[COUNTER_REPAIRED] = "repaired",
	[COUNTER_NEIGHBOUR_FULL] = "neighbour_full",
	[COUNTER_NEIGHBOUR_REFUSED] = "neighbour_refused",
	[COUNTER_KERNEL_REPAIRED] = "kernel_repaired",
	[COUNTER_DEVICE_LOST] = "device_lost",
	[COUNTER_DEVICE_REOPENED] = "device_reopened",
	[COUNTER_DEVICE_MTU] = "device_mtu",
	[COUNTER_MEMBER_LOST] = "member_lost",
	[COUNTER_MEMBER_JOINED] = "member_joined",
	[COUNTER_NETLINK_OVERRUN] = "netlink_overrun",
	[COUNTER_NETLINK_UNREAD] = "netlink_unread",
};

static const char *const class_names[PUNT_CLASSES] = {
	[PUNT_BGP] = "bgp",	[PUNT_ARP] = "arp",	      [PUNT_ND] = "nd",
	[PUNT_LOCAL] = "local", [PUNT_FRAGMENT] = "fragment", [PUNT_GLEAN] = "glean",
};

const char *drop_reason_name(enum drop_reason reason)
{
	return drop_names[reason];
}

const char *counter_event_name(enum counter_event event)
{
	return event_names[event];
}

const char *punt_class_name(enum punt_class class_)
{
	return class_names[class_];
}

/* struct counters is an array of 64-bit words and nothing else (but for padding at the end, which
 * stays zero). */
static void add(struct counters *sum, const struct counters *set)
{
	const uint64_t *from = (const uint64_t *)set;
	uint64_t *to = (uint64_t *)sum;

	for (size_t word = 0; word < sizeof(*sum) / sizeof(*to); word++)
		to[word] += __atomic_load_n(&from[word], __ATOMIC_RELAXED);
}

void counters_sum(const struct lcore_counters *each, size_t n, struct counters *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (size_t i = 0; i < n; i++) {
		for (int p = 0; p < FIB_PORTS; p++) {
			add(sum, &each[i].port[p]);
			add(sum, &each[i].device[p]);
		}
		add(sum, &each[i].rest);
	}
}

void counters_port_sum(const struct lcore_counters *each, size_t n, uint16_t port,
		       struct counters *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (size_t i = 0; i < n; i++)
		add(sum, &each[i].port[port]);
}

void counters_device_sum(const struct lcore_counters *each, size_t n, uint16_t device,
			 struct counters *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (size_t i = 0; i < n; i++)
		add(sum, &each[i].device[device]);
}
