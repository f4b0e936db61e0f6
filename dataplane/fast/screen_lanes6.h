/* Screening of IPv6, by the same lanes and operations: included behind screen_lanes.h. */
#include "ip6.h"

/* The fields of LANES headers, in the order of the wire: the low octets of a lane come first. */
struct header6_lanes {
	vec mac, mac_rest, tail_type; /* as of IPv4 */
	vec start;		      /* version, traffic class, flow label */
	vec hop;		      /* payload length, next header, hop limit */
	vec src[4], dst;	      /* of the destination, the first word */
};

static inline struct header6_lanes lanes6_load(const uint8_t *const *frame)
{
	struct header6_lanes h;
	vec row[4];

	v_rows(frame, 0, row);
	columns_low(row, &h.mac, &h.mac_rest);
	v_rows(frame, 10, row);
	columns_low(row, &h.tail_type, &h.start);
	v_rows(frame, 18, row);
	columns_low(row, &h.hop, &h.src[0]);
	columns_high(row, &h.src[1], &h.src[2]);
	v_rows(frame, 34, row);
	columns_low(row, &h.src[3], &h.dst);
	return h;
}

/* What all packets of a burst are compared with. */
struct keys6 {
	struct header_key header;
	vec low_half, high_half; /* of sources->ip6.some */
};

static inline struct keys6 keys6_of(const struct screening *by)
{
	const uint64_t *some = by->sources->ip6.some;

	return (struct keys6){
		.header = lanes_key(by->mac, RTE_BE16(RTE_ETHER_TYPE_IPV6)),
		.low_half = v_table(some[0], some[1]),
		.high_half = v_table(some[2], some[3]),
	};
}

/* True in the lanes that have IPv6 for us. */
static inline mask lanes6_ours(const struct header6_lanes *h, const struct header_key *key)
{
	vec wrong = v_or(v_xor(h->mac, key->mac), v_xor(v_shl(h->mac_rest, 16), key->mac_rest));

	wrong = v_or(wrong, v_xor(v_shr(h->tail_type, 16), key->type));
	wrong = v_or(wrong, v_xor(v_and(h->start, v_all(0xf0)), v_all(0x60)));
	return v_eq(wrong, v_all(0));
}

/* True where neither address begins with 0, 0xfe or 0xff: martians, groups and addresses of the
 * link do. Both first octets are looked at in one lane. */
static inline mask lanes6_far(const struct header6_lanes *h)
{
	vec firsts =
		v_and(v_or(v_and(h->src[0], v_all(0xff)), v_shl(h->dst, 16)), v_all(0x00ff00ff));
	vec found = v_or(v_eq16(firsts, v_all(0)), v_gt16(firsts, v_all(0x00fd00fd)));

	return v_eq(found, v_all(0));
}

static inline uint64_t lanes6_guilty(const struct screening *by, const struct burst *b, uint16_t i,
				     uint64_t suspects)
{
	uint64_t guilty = 0;

	for (; suspects; suspects &= suspects - 1) {
		int k = __builtin_ctzll(suspects);
		struct fib_addr source = ip6_addr(b->frame[i + k] + RTE_ETHER_HDR_LEN +
						  offsetof(struct rte_ipv6_hdr, src_addr));

		guilty |= (uint64_t)sources6_has(&by->sources->ip6, &source) << k;
	}
	return guilty;
}

static inline void lanes6_headers(const struct screening *by, const struct keys6 *key,
				  struct burst *b, uint16_t i, struct screened *found)
{
	/* the payload length of each packet as a number */
	const vec length = v_table(0x8080040580800001, 0x80800c0d80800809);
	struct header6_lanes h = lanes6_load(&b->frame[i]);
	vec payload = v_lookup(h.hop, length), total_len = v_add(payload, v_all(IP6_HEADER));
	vec room = v_sub(v_load16(&b->frame_len[i]), v_add(total_len, v_all(RTE_ETHER_HDR_LEN)));
	vec fold = v_xor(v_xor(h.src[0], h.src[1]), v_xor(h.src[2], h.src[3]));
	mask bad = m_or(v_gt(v_all(0), room), v_eq(payload, v_all(0))), good;
	uint64_t suspects, everyday;

	v_store(&b->total_len[i], total_len);
	v_store(&b->hop[i], v_sub(h.hop, v_all(0x01000000)));
	v_store(&b->src_tail[i], v_and(h.tail_type, v_all(0xffff)));
	good = m_andnot(bad, m_and(lanes6_ours(&h, &key->header), lanes6_far(&h)));
	everyday = m_bits(good);
	suspects = everyday & m_bits(lanes_listed(v_shr(fold, 24), key->low_half, key->high_half));
	if (unlikely(suspects))
		everyday &= ~lanes6_guilty(by, b, i, suspects);
	found->odd_headers |= (everyday ^ LANES_MASK) << i;
	found->padded |= (everyday & m_bits(v_gt(room, v_all(0)))) << i;
}

/* The destinations, each word in host order. */
static inline void destinations6(struct burst *b)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

	for (uint16_t i = 0; i < b->n; i++) {
		const uint8_t *wire =
			b->frame[i] + RTE_ETHER_HDR_LEN + offsetof(struct rte_ipv6_hdr, dst_addr);
		__m128i addr = _mm_loadu_si128((const __m128i *)wire);

		_mm_storeu_si128((__m128i *)&b->dst6[i], _mm_shuffle_epi8(addr, swap));
	}
}

static struct screened burst6_lanes(const struct screening *by, struct burst *b)
{
	const struct keys6 key = keys6_of(by);
	const struct trie6_reader in = screen6_reader(by);
	struct screened found = { 0 };
	uint16_t n = b->n;

	for (uint16_t i = 0; i < n; i += LANES)
		lanes6_headers(by, &key, b, i, &found);
	destinations6(b);
	found.spoilt = by->lookup6->burst(&in, b->dst6, b->path_list, n);
	for (uint16_t i = n; i % LANES; i++)
		b->path_list[i] = PATH_LIST_NONE;
	lanes_ends(by, way_table(by->gates), b, FIB_IP6, &found);
	return found;
}
