/* Screening several packets at once: a packet to each 32-bit lane of a vector. Included once by
 * each variant, which says before what a `vec` is, how many LANES it has, what a `mask` is, which
 * is true or false in each of them, and the operations (screen_sse4.c says what they mean). Signed
 * compares do for all numbers here but one: none has its highest bit set. */
#include <string.h>

#include <rte_byteorder.h>

#include "hop.h"
#include "ip4.h"

static_assert(BURST_STEP % LANES == 0, "whole vectors");

/* Turn 4 rows (16 octets of each packet, as v_rows() loads them) into columns: column k holds the
 * k-th 32 bits of each packet, the packets in order. */
static inline void columns_low(const vec row[4], vec *first, vec *second)
{
	vec a = v_low32(row[0], row[1]), b = v_low32(row[2], row[3]);

	*first = v_low64(a, b);
	*second = v_high64(a, b);
}

static inline void columns_high(const vec row[4], vec *third, vec *fourth)
{
	vec a = v_high32(row[0], row[1]), b = v_high32(row[2], row[3]);

	*third = v_low64(a, b);
	*fourth = v_high64(a, b);
}

/* The fields of LANES headers, in the order of the wire: the low octets of a lane come first. */
struct header_lanes {
	vec mac;       /* destination MAC address: the first 4 octets, and then 2 */
	vec mac_rest;  /* (and 2 of the source) */
	vec tail_type; /* the last 2 of the source, and the EtherType */
	vec start;     /* of the IP header: version and length, TOS, total length */
	vec fragment;  /* identification, flags and offset */
	vec hop;       /* TTL, protocol, checksum */
	vec src, dst;
};

static inline struct header_lanes lanes_load(const uint8_t *const *frame)
{
	struct header_lanes h;
	vec row[4];

	v_rows(frame, 0, row);
	columns_low(row, &h.mac, &h.mac_rest);
	v_rows(frame, 10, row);
	columns_low(row, &h.tail_type, &h.start);
	v_rows(frame, 18, row);
	columns_low(row, &h.fragment, &h.hop);
	columns_high(row, &h.src, &h.dst);
	return h;
}

/* What the frame has to begin with, but for the source. */
struct header_key {
	vec mac, mac_rest, type;
};

static inline struct header_key lanes_key(const struct rte_ether_addr *mac, rte_be16_t type)
{
	struct header_key key;
	uint32_t first;
	uint16_t rest;

	memcpy(&first, &mac->addr_bytes[0], sizeof(first));
	memcpy(&rest, &mac->addr_bytes[4], sizeof(rest));
	key.mac = v_all(first);
	key.mac_rest = v_all((uint32_t)rest << 16);
	key.type = v_all(type);
	return key;
}

/* True in the lanes that have IPv4 without options for us. */
static inline mask lanes_ours(const struct header_lanes *h, const struct header_key *key)
{
	vec wrong = v_or(v_xor(h->mac, key->mac), v_xor(v_shl(h->mac_rest, 16), key->mac_rest));

	wrong = v_or(wrong, v_xor(v_shr(h->tail_type, 16), key->type));
	wrong = v_or(wrong, v_xor(v_and(h->start, v_all(0xff)), v_all(0x45)));
	return v_eq(wrong, v_all(0));
}

/* True where the header's 10 words of 16 bits add up to what a right checksum makes of them.
 * Multiplication takes the words for signed ones, so 0x8000 is taken from each before and added
 * after. */
static inline mask lanes_summed(const struct header_lanes *h)
{
	const vec half = v_all(0x80008000), ones = v_all(0x00010001);
	vec sum =
		v_add(v_madd(v_xor(h->start, half), ones), v_madd(v_xor(h->fragment, half), ones));

	sum = v_add(sum, v_madd(v_xor(h->hop, half), ones));
	sum = v_add(sum, v_madd(v_xor(h->src, half), ones));
	sum = v_add(sum, v_madd(v_xor(h->dst, half), ones));
	sum = v_add(sum, v_all(10 * 0x8000));
	sum = v_add(v_and(sum, v_all(0xffff)), v_shr(sum, 16));
	return v_eq(sum, v_all(0xffff));
}

/* True where neither the source nor the destination begins with 0, 127, or 224 and more. Both
 * first octets are looked at in one lane. */
static inline mask lanes_no_martian(const struct header_lanes *h)
{
	vec firsts = v_and(v_or(v_and(h->src, v_all(0xff)), v_shl(h->dst, 16)), v_all(0x00ff00ff));
	vec found = v_or(v_eq16(firsts, v_all(0)), v_eq16(firsts, v_all(0x007f007f)));

	return v_eq(v_or(found, v_gt16(firsts, v_all(0x00df00df))), v_all(0));
}

/* True where sources_maybe() is true of what ends with these octets: one bit of 256, of which each
 * half is a table of 16 octets. */
static inline mask lanes_listed(vec octet, vec low_half, vec high_half)
{
	const vec bits = v_table(0x8040201008040201, 0);
	vec at = v_shr(octet, 3), found;

	/* an index with its highest bit set finds 0, and only the lower 4 bits of others are looked
	 * at */
	found = v_or(v_lookup(low_half, v_add(at, v_all(0x70))),
		     v_lookup(high_half, v_sub(at, v_all(16))));
	found = v_and(found, v_lookup(bits, v_or(v_and(octet, v_all(7)), v_all(0x80808000))));
	return v_gt(found, v_all(0));
}

/* Octets 8 to 11 with one taken from the TTL and the checksum risen by as much:
 * ip4_ttl_decrement(). */
static inline vec lanes_hop(vec hop)
{
	const vec end_around = v_all(0xfffe0000);
	vec carry = v_keep(v_eq(v_max(hop, end_around), hop), v_all(0x00010000));

	return v_add(v_add(hop, v_all(0x0000ffff)), carry);
}

/* What all packets of a burst are compared with. */
struct keys {
	struct header_key header;
	vec low_half, high_half; /* of sources->some */
	vec may;		 /* see way_table() */
	uint32_t miss;		 /* the path-list of destinations that are not in the table */
	const uint32_t *tbl24, *tbl8;
};

/* Which actions and egress roles may be met, as a table for octets: roles from 0, actions from
 * 8. */
static inline vec way_table(uint8_t gates)
{
	uint64_t roles = 0;

	for (int role = 0; role < FIB_VIEWS; role++)
		roles |= (uint64_t)(gates >> role & 1) << (8 * role);
	return v_table(roles, UINT64_C(1) << (8 * ADJACENCY_FORWARD));
}

static inline struct keys keys_of(const struct screening *by)
{
	const uint64_t *some = by->sources->some;

	return (struct keys){
		.header = lanes_key(by->mac, RTE_BE16(RTE_ETHER_TYPE_IPV4)),
		.low_half = v_table(some[0], some[1]),
		.high_half = v_table(some[2], some[3]),
		.may = way_table(by->gates),
		.miss = __atomic_load_n(&by->view->default_path_list[FIB_IP4], __ATOMIC_RELAXED),
		.tbl24 = (const uint32_t *)by->view->lpm->tbl24,
		.tbl8 = (const uint32_t *)by->view->lpm->tbl8,
	};
}

/* Have the entries of destinations fetched. Of those that have only just been found the CPU would
 * wait for the destinations, so it is done a step late. */
static inline void lanes_ask(const struct keys *key, const struct burst *b, uint16_t i)
{
	for (uint16_t k = 0; k < LANES; k++)
		rte_prefetch0(&key->tbl24[b->dst[i + k] >> 8]);
}

/* Of lanes that sources_maybe() suspects, and perhaps others, those that sources_has(): for each
 * last octet among them, all addresses that end so are compared with all lanes. */
static inline uint64_t lanes_guilty(const struct sources *sources, vec src, uint64_t suspects)
{
	uint32_t octets[LANES];
	uint64_t guilty = 0;
	vec octet = v_shr(src, 24);

	v_store(octets, octet);
	while (suspects) {
		uint32_t last = octets[__builtin_ctzll(suspects)];

		for (uint16_t k = sources->first[last]; k < sources->first[last + 1]; k++)
			guilty |= m_bits(v_eq(src, v_all(rte_cpu_to_be_32(sources->addr[k]))));
		suspects &= ~m_bits(v_eq(octet, v_all(last)));
	}
	return guilty;
}

static inline void lanes_headers(const struct screening *by, const struct keys *key,
				 struct burst *b, uint16_t i, struct screened *found)
{
	/* the total length of each packet as a number */
	const vec length = v_table(0x8080060780800203, 0x80800e0f80800a0b);
	const vec swap = v_table(0x0405060700010203, 0x0c0d0e0f08090a0b);
	struct header_lanes h = lanes_load(&b->frame[i]);
	vec total_len = v_lookup(h.start, length);
	vec room = v_sub(v_load16(&b->frame_len[i]), v_add(total_len, v_all(RTE_ETHER_HDR_LEN)));
	mask bad = m_or(v_gt(v_all(0), room), v_gt(v_all(IP4_HEADER), total_len)), good;
	uint64_t suspects, everyday;

	v_store(&b->dst[i], v_lookup(h.dst, swap));
	if (i)
		lanes_ask(key, b, i - LANES);
	v_store(&b->total_len[i], total_len);
	v_store(&b->hop[i], lanes_hop(h.hop));
	v_store(&b->src_tail[i], v_and(h.tail_type, v_all(0xffff)));
	good = m_and(m_and(lanes_ours(&h, &key->header), lanes_summed(&h)), lanes_no_martian(&h));
	good = m_andnot(bad, good);
	everyday = m_bits(good);
	suspects = everyday & m_bits(lanes_listed(v_shr(h.src, 24), key->low_half, key->high_half));
	if (unlikely(suspects))
		everyday &= ~lanes_guilty(by->sources, h.src, suspects);
	found->odd_headers |= (everyday ^ LANES_MASK) << i;
	found->padded |= (everyday & m_bits(v_gt(room, v_all(0)))) << i;
}

/* The entries of those whose entry names a tbl8 group. */
static inline vec lanes_long(const struct screening *by, const struct keys *key, vec dst, vec entry,
			     mask longer, uint16_t i, struct screened *found)
{
	vec group = v_and(entry, v_all(FIB_LPM_VALUE));
	mask there = m_and(longer, v_gt(v_all(by->tbl8_groups), group));
	vec at = v_add(v_shl(group, 8), v_and(dst, v_all(0xff)));

	found->spoilt |= m_bits(m_andnot(there, longer)) << i;
	entry = v_select(longer, v_all(RTE_LPM_LOOKUP_SUCCESS | PATH_LIST_NONE), entry);
	return v_select(there, v_gather(key->tbl8, v_keep(there, at)), entry);
}

/* fib_lookup_burst(). */
static inline void lanes_entries(const struct screening *by, const struct keys *key,
				 struct burst *b, uint16_t i, struct screened *found)
{
	const vec ext = v_all(RTE_LPM_VALID_EXT_ENTRY_BITMASK);
	vec dst = v_load(&b->dst[i]), entry = v_gather(key->tbl24, v_shr(dst, 8));
	mask longer = v_eq(v_and(entry, ext), ext);

	if (unlikely(m_bits(longer)))
		entry = lanes_long(by, key, dst, entry, longer, i, found);
	entry = v_select(v_gt(v_and(entry, v_all(RTE_LPM_LOOKUP_SUCCESS)), v_all(0)), entry,
			 v_all(key->miss));
	v_store(&b->path_list[i], v_and(entry, v_all(FIB_PATH_LISTS - 1)));
}

/* What hop_hash() mixes: if the packet has ports, and if it has none. `frame` is its header, in 38
 * octets of buffer, with a right length and without options. */
struct hop_hashes {
	uint32_t with_ports, without;
};

static inline struct hop_hashes hop_hashes(const struct rte_mbuf *m, const uint8_t *frame)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(frame + RTE_ETHER_HDR_LEN);
	struct hop_hashes hashes;
	uint64_t addrs;
	uint32_t ports;

	memcpy(&addrs, &ip->src_addr, sizeof(addrs));
	if (unlikely(ip4_is_fragment(ip))) {
		hashes.without = (uint32_t)_mm_crc32_u64(0, addrs);
		hashes.with_ports = hashes.without;
	} else if (m->ol_flags & RTE_MBUF_F_RX_RSS_HASH) {
		hashes.with_ports = hashes.without = m->hash.rss;
	} else {
		memcpy(&ports, ip + 1, sizeof(ports));
		hashes.without = (uint32_t)_mm_crc32_u64(ip->next_proto_id, addrs);
		hashes.with_ports = _mm_crc32_u32(hashes.without, ports);
	}
	return hashes;
}

/* hop_hash() of packets of which `with_ports` and `without` hold hop_hashes(). */
static inline vec lanes_hash(const struct burst *b, uint16_t i, const uint32_t *with_ports,
			     const uint32_t *without)
{
	/* one was taken from the TTL, which was 0 perhaps */
	vec protocol = v_and(v_shr(v_add(v_load(&b->hop[i]), v_all(1)), 8), v_all(0xff)), hash;
	mask ports = m_or(v_eq(protocol, v_all(IPPROTO_TCP)), v_eq(protocol, v_all(IPPROTO_UDP)));

	ports = m_and(ports, v_gt(v_load(&b->total_len[i]), v_all(IP4_HEADER + 3)));
	hash = v_select(ports, v_load(with_ports), v_load(without));
	return v_add(v_mul_high(hash, v_all((uint32_t)HOP_MIX)),
		     v_mul(hash, v_all((uint32_t)(HOP_MIX >> 32))));
}

/* Of several path-lists: nb_members, and member[0]. */
static inline vec lanes_lists(const struct path_list *lists, const struct burst *b, uint16_t i)
{
	return v_gather((const uint32_t *)lists, v_shl(v_load(&b->path_list[i]), 5));
}

static inline void lanes_take(const struct screening *by, struct burst *b, uint16_t i, vec member)
{
	v_pointers(by->generation->adjacencies, v_shl(v_and(member, v_all(FIB_ADJACENCIES - 1)), 6),
		   (const void **)&b->adjacency[i]);
}

/* hop_member(). */
static inline vec lanes_members(const struct path_list *lists, const struct burst *b, uint16_t i,
				vec hash)
{
	vec first = lanes_lists(lists, b, i), nb_members = v_and(first, v_all(0xffff));
	vec list = v_load(&b->path_list[i]), at, member;

	at = v_add(v_and(hash, v_all(PATH_LIST_BUCKETS - 1)),
		   v_all(offsetof(struct path_list, bucket)));
	at = v_gather8((const uint8_t *)lists, v_add(v_shl(list, 7), at));
	at = v_add(v_and(at, v_all(PATH_LIST_MEMBERS - 1)),
		   v_all(offsetof(struct path_list, member) / sizeof(uint16_t)));
	member = v_gather16((const uint16_t *)lists, v_add(v_shl(list, 6), at));
	member = v_select(v_eq(nb_members, v_all(1)), v_shr(first, 16), member);
	return v_keep(v_gt(nb_members, v_all(0)), member);
}

/* For bursts in which a list has several members, or none. Out of line: nearly all have one. The
 * hashes are made one packet after the other, without a branch between them, so that the CPU has
 * several under way. */
static __rte_noinline void paths_several(const struct screening *by, struct burst *b)
{
	const struct path_list *lists = by->generation->path_lists;
	uint32_t with_ports[FORWARD_BURST], without[FORWARD_BURST];
	uint16_t n = b->n, i;

	for (i = 0; i < n; i++) {
		struct hop_hashes hashes = hop_hashes(b->pkt[i], b->frame[i]);

		with_ports[i] = hashes.with_ports;
		without[i] = hashes.without;
	}
	for (; i % LANES; i++)
		with_ports[i] = without[i] = 0;
	for (i = 0; i < n; i += LANES)
		lanes_take(
			by, b, i,
			lanes_members(lists, b, i, lanes_hash(b, i, &with_ports[i], &without[i])));
}

/* hop_member(), of lists that have one. Returns a bit for each of the others. */
static inline uint64_t lanes_paths(const struct screening *by, struct burst *b, uint16_t i)
{
	vec first = lanes_lists(by->generation->path_lists, b, i);

	lanes_take(by, b, i, v_shr(first, 16));
	return (m_bits(v_eq(v_and(first, v_all(0xffff)), v_all(1))) ^ LANES_MASK) << i;
}

/* The same of IPv6. Odd headers are not walked: their lengths may be wrong. */
static __rte_noinline void paths6_several(const struct screening *by, struct burst *b, uint64_t odd)
{
	uint32_t hash[FORWARD_BURST];
	uint16_t n = b->n, i;

	for (i = 0; i < n; i++)
		hash[i] = odd >> i & 1 ? 0 : hop6_hash(b->pkt[i]);
	for (; i % LANES; i++)
		hash[i] = 0;
	for (i = 0; i < n; i += LANES)
		lanes_take(by, b, i,
			   lanes_members(by->generation->path_lists, b, i, v_load(&hash[i])));
}

/* What decides whether adjacencies are met, in the order of memory. */
struct way_lanes {
	vec tail;  /* (2 octets of `rewrite`) and those at ADJACENCY_TAIL */
	vec port;  /* and MTU */
	vec state; /* action, egress role (and what is no matter) */
};

static inline struct way_lanes lanes_ways(const struct burst *b, uint16_t i)
{
	struct way_lanes ways;
	vec row[4], unused;

	v_rows((const uint8_t *const *)&b->adjacency[i], ADJACENCY_TAIL - 2, row);
	columns_low(row, &ways.tail, &ways.port);
	columns_high(row, &ways.state, &unused);
	return ways;
}

/* The same one in all lanes. */
static inline struct way_lanes lanes_way(const struct adjacency *adjacency)
{
	uint32_t words[3];

	memcpy(words, &adjacency->rewrite[ADJACENCY_TAIL - 2], sizeof(words));
	return (struct way_lanes){ v_all(words[0]), v_all(words[1]), v_all(words[2]) };
}

/* TTL or hop limit, from which `hop` has taken one. */
static inline vec lanes_ttl(const struct burst *b, uint16_t i, enum fib_family family)
{
	vec hop = v_load(&b->hop[i]);

	return v_and(v_add(family == FIB_IP4 ? hop : v_shr(hop, 24), v_all(1)), v_all(0xff));
}

static inline void lanes_met(const struct screening *by, vec may, struct burst *b, uint16_t i,
			     struct way_lanes ways, enum fib_family family, struct screened *found)
{
	vec tail = v_shr(ways.tail, 16), out = v_and(ways.port, v_all(0xffff)), state;
	vec ttl = lanes_ttl(b, i, family);
	mask bad;

	v_store(&b->port[i], out);
	/* of the action's octet more than 7 is as good as 7, which is none; of the role's, 3 bits
	 * count */
	state = v_min8(v_and(ways.state, v_all(0x07ff)), v_all(0x0707));
	state = v_lookup(may, v_or(state, v_all(0x80800008)));
	bad = m_or(v_gt(v_load(&b->total_len[i]), v_shr(ways.port, 16)), v_gt(v_all(2), ttl));
	bad = m_or(bad, m_and(v_eq(out, v_all(by->port)), v_eq(tail, v_load(&b->src_tail[i]))));
	found->odd_ways |= (m_bits(m_andnot(bad, v_eq(state, v_all(0x0101)))) ^ LANES_MASK) << i;
	found->apart |= (m_bits(v_eq(out, v_all(b->port[0]))) ^ LANES_MASK) << i;
}

/* The only member of the path-list that all packets have; NULL: they have several. */
static inline const struct adjacency *burst_way(const struct screening *by, const struct burst *b,
						uint64_t all)
{
	const struct path_list *list = &by->generation->path_lists[b->path_list[0]];
	const vec first = v_all(b->path_list[0]);
	uint64_t others = 0;

	for (uint16_t i = 0; i < b->n; i += LANES)
		others |= (m_bits(v_eq(v_load(&b->path_list[i]), first)) ^ LANES_MASK) << i;
	if ((others & all) || list->nb_members != 1)
		return NULL;
	return fib_adjacency(by->generation, list->member[0]);
}

static inline void burst_one_way(const struct screening *by, vec may, struct burst *b,
				 const struct adjacency *way, enum fib_family family,
				 struct screened *found)
{
	const struct way_lanes ways = lanes_way(way);

	for (uint16_t i = 0; i < b->n; i += LANES) {
		v_pointers(way, v_all(0), (const void **)&b->adjacency[i]);
		lanes_met(by, may, b, i, ways, family, found);
	}
}

static inline void burst_ways(const struct screening *by, vec may, struct burst *b, uint64_t all,
			      enum fib_family family, struct screened *found)
{
	uint64_t several = 0;

	for (uint16_t i = 0; i < b->n; i += LANES)
		several |= lanes_paths(by, b, i);
	if (unlikely(several & all & ~found->odd_headers)) {
		if (family == FIB_IP4)
			paths_several(by, b);
		else
			paths6_several(by, b, found->odd_headers);
	}
	for (uint16_t i = 0; i < b->n; i += LANES)
		lanes_met(by, may, b, i, lanes_ways(b, i), family, found);
}

/* Where path-lists have been found: ways; and nothing is said of lanes without a packet. */
static inline void lanes_ends(const struct screening *by, vec may, struct burst *b,
			      enum fib_family family, struct screened *found)
{
	uint64_t all = burst_mask(b->n);

	found->way = burst_way(by, b, all);
	if (found->way)
		burst_one_way(by, may, b, found->way, family, found);
	else
		burst_ways(by, may, b, all, family, found);
	found->odd_headers &= all;
	found->padded &= all;
	found->odd_ways &= all & ~found->odd_headers;
	found->spoilt &= all & ~found->odd_headers;
	found->apart &= all;
}

/* A stage for the whole burst after the other: so the CPU has many lanes of each under way. */
static struct screened burst_lanes(const struct screening *by, struct burst *b)
{
	const struct keys key = keys_of(by);
	struct screened found = { 0 };
	uint16_t n = b->n;

	for (uint16_t i = 0; i < n; i += LANES)
		lanes_headers(by, &key, b, i, &found);
	lanes_ask(&key, b, (uint16_t)((n - 1) / LANES * LANES));
	for (uint16_t i = 0; i < n; i += LANES)
		lanes_entries(by, &key, b, i, &found);
	lanes_ends(by, key.may, b, FIB_IP4, &found);
	return found;
}

static uint64_t leaving_lanes(const struct burst *b, uint16_t port)
{
	uint64_t found = 0;

	for (uint16_t i = 0; i < b->n; i += LANES)
		found |= m_bits(v_eq(v_load(&b->port[i]), v_all(port))) << i;
	return found & burst_mask(b->n);
}
