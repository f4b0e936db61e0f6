/* A table of flows by address and port, in sets that are searched whole. */
#include "flows.h"

#include <stdlib.h>
#include <string.h>

#include <rte_jhash.h>

#include "ip6.h"

enum {
	UNKNOWN_SCALE = 14, /* its SYN was not seen: the largest that there is */
	SLACK = 64 << 10,   /* octets beside the window: what is sent twice, probes */
	SEGMENT_COST = 64,  /* octets of window, at least: acknowledgements carry none */
	FORGIVEN_MS = 1000, /* what was used and never acknowledged */
	BGP = 179,
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_SCALE = 3,
};

/* Of the options of a SYN. */
static uint8_t scale_of(const struct rte_tcp_hdr *tcp)
{
	const uint8_t *at = (const uint8_t *)(tcp + 1);
	const uint8_t *end = (const uint8_t *)tcp + (tcp->data_off >> 4) * 4;

	while (at < end && *at != OPTION_END) {
		if (*at == OPTION_NOP) {
			at++;
			continue;
		}
		if (end - at < 2 || at[1] < 2 || at[1] > end - at)
			break;
		if (*at == OPTION_SCALE && at[1] == 3)
			return RTE_MIN(at[2], UNKNOWN_SCALE);
		at += at[1];
	}
	return 0;
}

static struct fib_addr source_of(const struct tcp_segment *s)
{
	return s->ip6 ? ip6_addr(((const struct rte_ipv6_hdr *)s->ip)->src_addr)
		      : fib_addr_ip4(
				rte_be_to_cpu_32(((const struct rte_ipv4_hdr *)s->ip)->src_addr));
}

static struct fib_addr destination_of(const struct tcp_segment *s)
{
	return s->ip6 ? ip6_addr(((const struct rte_ipv6_hdr *)s->ip)->dst_addr)
		      : fib_addr_ip4(
				rte_be_to_cpu_32(((const struct rte_ipv4_hdr *)s->ip)->dst_addr));
}

static struct flow *set_of(struct flows *flows, const struct flow_key *key)
{
	bool bgp = key->local_port == RTE_BE16(BGP) || key->remote_port == RTE_BE16(BGP);
	uint32_t hash = rte_jhash_32b((const uint32_t *)key, sizeof(*key) / sizeof(uint32_t), 0);

	return flows->set[bgp][hash % FLOWS_SETS];
}

static struct flow *find(struct flows *flows, const struct flow_key *key)
{
	struct flow *set = set_of(flows, key);

	for (int i = 0; i < FLOWS_WAYS; i++) {
		if (set[i].taken && !memcmp(&set[i].key, key, sizeof(*key)))
			return &set[i];
	}
	return NULL;
}

/* Rather that of a flow that goes: one that is free, or not known, or was not heard of for long. */
static bool goes_before(const struct flow *a, const struct flow *b, uint32_t now_ms)
{
	if (a->taken != b->taken)
		return !a->taken;
	if (a->known != b->known)
		return !a->known;
	return now_ms - a->at_ms > now_ms - b->at_ms;
}

static struct flow *place_for(struct flows *flows, const struct flow_key *key, uint32_t now_ms)
{
	struct flow *set = set_of(flows, key), *place = set;

	for (int i = 1; i < FLOWS_WAYS; i++) {
		if (goes_before(&set[i], place, now_ms))
			place = &set[i];
	}
	*place = (struct flow){
		.key = *key, .at_ms = now_ms, .scale = UNKNOWN_SCALE, .taken = true
	};
	return place;
}

/* What was used up and was never acknowledged was somebody else's, or came twice. */
static void forgive(struct flow *flow, uint32_t limit, uint32_t now_ms)
{
	uint32_t ms = RTE_MIN(now_ms - flow->at_ms, (uint32_t)FORGIVEN_MS);

	flow->used -= RTE_MIN(flow->used, (uint32_t)((uint64_t)limit * ms / FORGIVEN_MS));
	flow->at_ms = now_ms;
}

static void give_back(struct flow *flow, uint32_t octets)
{
	flow->used -= RTE_MIN(flow->used, octets);
}

struct flows *flows_new(void)
{
	return calloc(1, sizeof(struct flows));
}

void flows_sent(struct flows *flows, struct tcp_segment s, uint64_t now_ms)
{
	uint32_t ack, now = (uint32_t)now_ms;
	struct flow_key key;
	struct flow *flow;

	if (!s.tcp)
		return;
	key = (struct flow_key){ source_of(&s), destination_of(&s), s.tcp->src_port,
				 s.tcp->dst_port };
	flow = find(flows, &key);
	if (s.tcp->tcp_flags & RTE_TCP_RST_FLAG) {
		if (flow)
			flow->taken = flow->known = false;
		return;
	}
	if (!flow)
		flow = place_for(flows, &key, now);
	if (s.tcp->tcp_flags & RTE_TCP_SYN_FLAG) {
		flow->scale = scale_of(s.tcp);
		flow->known = false;
		return;
	}
	if (!(s.tcp->tcp_flags & RTE_TCP_ACK_FLAG))
		return;
	ack = rte_be_to_cpu_32(s.tcp->recv_ack);
	if (flow->known && (int32_t)(ack - flow->ack) > 0)
		give_back(flow, ack - flow->ack);
	give_back(flow, s.payload); /* acknowledgements may come for it */
	flow->ack = ack;
	flow->window = (uint32_t)rte_be_to_cpu_16(s.tcp->rx_win) << flow->scale;
	flow->known = true;
}

/* The flow that a segment for us is of; NULL: none that is known. */
static struct flow *known(struct flows *flows, const struct tcp_segment *s)
{
	struct flow_key key;
	struct flow *flow;

	if (!s->tcp || (s->tcp->tcp_flags & RTE_TCP_SYN_FLAG))
		return NULL;
	key = (struct flow_key){ destination_of(s), source_of(s), s->tcp->dst_port,
				 s->tcp->src_port };
	flow = find(flows, &key);
	return flow && flow->known ? flow : NULL;
}

bool flows_holds(struct flows *flows, const struct rte_mbuf *m)
{
	struct tcp_segment s = tcp_segment_of(m);

	return known(flows, &s) != NULL;
}

bool flows_admit(struct flows *flows, const struct rte_mbuf *m, uint64_t now_ms)
{
	struct tcp_segment s = tcp_segment_of(m);
	struct flow *flow = known(flows, &s);
	uint32_t cost, limit;

	if (!flow)
		return false;
	limit = flow->window + SLACK;
	cost = RTE_MAX(s.payload, (uint32_t)SEGMENT_COST);
	forgive(flow, limit, (uint32_t)now_ms);
	if (cost > limit - RTE_MIN(flow->used, limit))
		return false;
	flow->used += cost;
	return true;
}
