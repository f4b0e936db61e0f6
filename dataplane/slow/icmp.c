/* Builds ICMP errors. */
#include "icmp.h"

#include <netinet/in.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_hash_crc.h>
#include <rte_icmp.h>
#include <rte_ip.h>

#include "frame_ip.h"
#include "icmp6.h"

enum {
	ICMP_UNREACHABLE = 3,
	ICMP_SOURCE_QUENCH = 4,
	ICMP_REDIRECT = 5,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER_PROBLEM = 12,

	ICMP_PACKET_MAX = 576,
	ICMP_TTL = 64,
	ICMP_TOS = 0xc0, /* precedence 6, internetwork control: RFC 1812 4.3.2.5 */
	ICMP_TOKEN = 1000,
};

static const struct {
	uint8_t type, code;
} kinds[] = {
	[PUNT_ERROR_NET_UNREACHABLE] = { ICMP_UNREACHABLE, 0 },
	[PUNT_ERROR_HOST_UNREACHABLE] = { ICMP_UNREACHABLE, 1 },
	[PUNT_ERROR_TOO_BIG] = { ICMP_UNREACHABLE, 4 },
	[PUNT_ERROR_TTL_EXPIRED] = { ICMP_TIME_EXCEEDED, 0 },
};

/* `rate` errors a second, which are `rate` thousandths a millisecond; a second's worth may come at
 * once. */
static void bucket_fill(struct icmp_bucket *bucket, uint32_t rate, uint64_t now_ms)
{
	uint64_t tokens = bucket->tokens + (now_ms - bucket->since_ms) * rate,
		 full = (uint64_t)rate * ICMP_TOKEN;

	bucket->tokens = (uint32_t)(!bucket->primed || tokens > full ? full : tokens);
	bucket->primed = 1;
	bucket->since_ms = now_ms;
}

/* Of its /24, or /64. */
static uint32_t network_hash(const struct fib_addr *addr)
{
	if (fib_addr_is_ip4(addr))
		return rte_hash_crc_4byte(addr->word[3] >> 8, 0);
	return rte_hash_crc_4byte(addr->word[1], rte_hash_crc_4byte(addr->word[0], 0));
}

bool icmp_limit(struct icmp_limits *limits, uint16_t port, const struct fib_addr *source,
		uint64_t now_ms)
{
	struct icmp_bucket *of_port = &limits->port[port];
	struct icmp_bucket *of_source = &limits->source[network_hash(source) % ICMP_SOURCES];

	bucket_fill(of_port, ICMP_PORT_RATE, now_ms);
	bucket_fill(of_source, ICMP_SOURCE_RATE, now_ms);
	if (of_port->tokens < ICMP_TOKEN || of_source->tokens < ICMP_TOKEN)
		return false;
	of_port->tokens -= ICMP_TOKEN;
	of_source->tokens -= ICMP_TOKEN;
	return true;
}

static bool is_icmp_error(const struct rte_ipv4_hdr *ip)
{
	uint32_t header_len = rte_ipv4_hdr_len(ip);
	const uint8_t *type = (const uint8_t *)ip + header_len;

	if (ip->next_proto_id != IPPROTO_ICMP)
		return false;
	if (rte_be_to_cpu_16(ip->total_length) <= header_len)
		return true; /* its type is not known: say nothing */
	switch (*type) {
	case ICMP_UNREACHABLE:
	case ICMP_SOURCE_QUENCH:
	case ICMP_REDIRECT:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETER_PROBLEM: return true;
	default: return false;
	}
}

bool icmp_permitted(const struct rte_mbuf *m)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_ipv4_hdr *ip = frame_ip4(m);

	if (!rte_is_valid_assigned_ether_addr(&ether->src_addr))
		return false;
	if (frame_is_ip6(m))
		return icmp6_permitted(frame_ip6(m));
	return !(ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK)) && !is_icmp_error(ip);
}

/* Appends an error about `cause` of IPv4. */
static void append4(struct rte_mbuf *answer, const struct rte_ipv4_hdr *cause,
		    enum punt_error error, uint16_t mtu, uint32_t from)
{
	uint16_t quoted = RTE_MIN(rte_be_to_cpu_16(cause->total_length),
				  ICMP_PACKET_MAX - sizeof(struct rte_ipv4_hdr) -
					  sizeof(struct rte_icmp_hdr));
	uint16_t total =
		(uint16_t)(sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_icmp_hdr) + quoted);
	struct rte_ipv4_hdr *ip = (void *)rte_pktmbuf_append(answer, total);
	struct rte_icmp_hdr *icmp = (void *)(ip + 1);

	*ip = (struct rte_ipv4_hdr){
		.version_ihl = RTE_IPV4_VHL_DEF,
		.type_of_service = ICMP_TOS,
		.total_length = rte_cpu_to_be_16(total),
		.time_to_live = ICMP_TTL,
		.next_proto_id = IPPROTO_ICMP,
		.src_addr = rte_cpu_to_be_32(from),
		.dst_addr = cause->src_addr,
	};
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	*icmp = (struct rte_icmp_hdr){ .icmp_type = kinds[error].type,
				       .icmp_code = kinds[error].code };
	if (error == PUNT_ERROR_TOO_BIG)
		icmp->icmp_seq_nb = rte_cpu_to_be_16(mtu); /* octets 6 and 7: RFC 1191 4 */
	memcpy(icmp + 1, cause, quoted);
	icmp->icmp_cksum = (rte_be16_t)~rte_raw_cksum(icmp, sizeof(*icmp) + quoted);
}

struct rte_mbuf *icmp_error(const struct rte_mbuf *m, enum punt_error error, uint16_t mtu,
			    const struct port *port, const struct fib_addr *from,
			    struct rte_mempool *pool)
{
	const struct rte_ether_hdr *cause = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	struct rte_mbuf *answer = rte_pktmbuf_alloc(pool);
	struct rte_ether_hdr *ether;

	if (!answer)
		return NULL;
	ether = (void *)rte_pktmbuf_append(answer, sizeof(*ether));
	ether->dst_addr = cause->src_addr;
	ether->src_addr = port->mac;
	ether->ether_type = cause->ether_type;
	if (frame_is_ip6(m))
		icmp6_append(answer, frame_ip6(m), error, mtu, from);
	else
		append4(answer, frame_ip4(m), error, mtu, fib_addr_to_ip4(from));
	return answer;
}
