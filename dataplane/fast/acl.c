/* Compiles access lists for librte_acl, and asks it. */
#include "acl.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "burst.h"
#include "ip6.h"

enum {
	TCP_LEAST = 16, /* octets of TCP in a first part: RFC 1858 3.1's TMIN */
	ICMP_LEAST = 4, /* type, code, checksum */
};

enum { IP4_WORDS = 1, IP6_WORDS = 4 }; /* of an address */

/* What a packet is, for rules: in network order, and grouped in words as librte_acl wants it. */
struct key {
	uint8_t protocol, unused[3];
	struct key_upper {
		uint16_t source_port, destination_port; /* of ICMP: type and code */
		uint8_t flags;				/* of TCP */
		uint8_t part;				/* LATER_PART, or 0 */
		uint16_t zero;
	} upper;
	uint32_t address[2 * IP6_WORDS]; /* source, then destination; of IPv4, the first two */
};

enum { LATER_PART = 1 };

/* Of an entry; of an address, a field for each word. */
enum field {
	PROTOCOL,
	SOURCE_PORT,
	DESTINATION_PORT,
	FLAGS,
	PART,
	ZERO,
	SOURCE,
	DESTINATION = SOURCE + IP6_WORDS,
	FIELDS = DESTINATION + IP6_WORDS
};

RTE_ACL_RULE_DEF(entry, FIELDS);

#define FIELD(index, type_, word, member) \
	{ \
		.type = type_, .size = sizeof(((struct key *)0)->member), .field_index = index, \
		.input_index = word, .offset = offsetof(struct key, member) \
	}
/* A word of an address, which is word `at` of all addresses. */
#define ADDRESS(field, at) FIELD(field, RTE_ACL_FIELD_TYPE_MASK, 1 + (at), address[at])
/* What is behind the addresses, from that word on. */
#define UPPER(word) \
	FIELD(SOURCE_PORT, RTE_ACL_FIELD_TYPE_RANGE, word, upper.source_port), \
		FIELD(DESTINATION_PORT, RTE_ACL_FIELD_TYPE_RANGE, word, upper.destination_port), \
		FIELD(FLAGS, RTE_ACL_FIELD_TYPE_BITMASK, (word) + 1, upper.flags), \
		FIELD(PART, RTE_ACL_FIELD_TYPE_BITMASK, (word) + 1, upper.part), \
		FIELD(ZERO, RTE_ACL_FIELD_TYPE_BITMASK, (word) + 1, upper.zero)

/* In the order in which they are looked at. */
static const struct rte_acl_field_def fields4[] = {
	FIELD(PROTOCOL, RTE_ACL_FIELD_TYPE_BITMASK, 0, protocol),
	ADDRESS(SOURCE, 0),
	ADDRESS(DESTINATION, 1),
	UPPER(3),
};
static const struct rte_acl_field_def fields6[] = {
	FIELD(PROTOCOL, RTE_ACL_FIELD_TYPE_BITMASK, 0, protocol),
	ADDRESS(SOURCE, 0),
	ADDRESS(SOURCE + 1, 1),
	ADDRESS(SOURCE + 2, 2),
	ADDRESS(SOURCE + 3, 3),
	ADDRESS(DESTINATION, 4),
	ADDRESS(DESTINATION + 1, 5),
	ADDRESS(DESTINATION + 2, 6),
	ADDRESS(DESTINATION + 3, 7),
	UPPER(9),
};

/* What differs between families. */
static const struct key_family {
	enum family family; /* of the configuration's addresses */
	uint32_t words;	    /* of one */
	/* librte_acl finds wrong rules unless an entry has its fields in this order, and no others:
	 * so theirs are packed (add()) */
	const struct rte_acl_field_def *fields;
	uint32_t nb_fields;
} key_families[FIB_FAMILIES] = {
	[FIB_IP4] = { FAMILY_IPV4, IP4_WORDS, fields4, RTE_DIM(fields4) },
	[FIB_IP6] = { FAMILY_IPV6, IP6_WORDS, fields6, RTE_DIM(fields6) },
};

/* --- compiling -------------------------------------------------------------------------------- */

/* A list under way to its entries of one family. */
struct entries {
	const struct key_family *kind;
	struct entry *list; /* owned */
	uint32_t n;
};

static void mask(struct entry *entry, enum field field, uint8_t value, uint8_t of)
{
	entry->field[field].value.u8 = value;
	entry->field[field].mask_range.u8 = of;
}

static void range(struct entry *entry, enum field field, struct config_port_range range)
{
	entry->field[field].value.u16 = range.first;
	entry->field[field].mask_range.u16 = range.last;
}

/* Element `i` of those that there are; if there is none, any. False: it is of another family. */
static bool prefix(const struct key_family *kind, struct entry *entry, enum field field,
		   const struct config_acl_prefixes *list, size_t i)
{
	const struct prefix *p = &list->value[i];

	if (!list->n)
		return true;
	if (p->addr.family != kind->family)
		return false;
	for (uint32_t w = 0; w < kind->words; w++) {
		uint32_t word = p->addr.v4;

		if (kind->family == FAMILY_IPV6) {
			memcpy(&word, &p->addr.v6[w * sizeof(word)], sizeof(word));
			word = rte_be_to_cpu_32(word);
		}
		entry->field[field + w].value.u32 = word;
		entry->field[field + w].mask_range.u32 =
			p->len > 32 * w ? RTE_MIN(p->len - 32 * w, 32u) : 0;
	}
	return true;
}

static void ports(struct entry *entry, enum field field, const struct config_acl_ports *list,
		  size_t i)
{
	range(entry, field, list->n ? list->value[i] : (struct config_port_range){ 0, UINT16_MAX });
}

/* The first rule that fits wins: it has the highest priority. */
static struct entry entry_begin(const struct acl *acl, size_t r)
{
	const struct config_acl_rule *rule = &acl->config.rules[r];
	struct entry entry = { .data = { .category_mask = 1,
					 .priority = RTE_ACL_MAX_PRIORITY - (int32_t)r,
					 .userdata = (uint32_t)r + 1 } };

	if (rule->protocol != CONFIG_ACL_ANY)
		mask(&entry, PROTOCOL, (uint8_t)rule->protocol, UINT8_MAX);
	entry.field[SOURCE_PORT].mask_range.u16 = UINT16_MAX;
	entry.field[DESTINATION_PORT].mask_range.u16 = UINT16_MAX;
	return entry;
}

static void add(struct entries *to, const struct entry *entry)
{
	const struct key_family *kind = to->kind;
	struct entry *packed = &to->list[to->n++];

	packed->data = entry->data;
	for (uint32_t i = 0; i < kind->nb_fields; i++)
		packed->field[i] = entry->field[kind->fields[i].field_index];
}

/* An established connection's segments have one flag or the other: two entries. */
static void add_flags(struct entries *to, struct entry entry, bool established)
{
	static const uint8_t flags[] = { RTE_TCP_ACK_FLAG, RTE_TCP_RST_FLAG };

	for (size_t i = 0; established && i < RTE_DIM(flags); i++) {
		mask(&entry, FLAGS, flags[i], flags[i]);
		add(to, &entry);
	}
	if (!established)
		add(to, &entry);
}

static size_t at_least_one(size_t n)
{
	return n ? n : 1;
}

static void icmp(struct entry *entry, const struct config_acl_rule *rule)
{
	uint16_t type = rule->icmp_type, code = rule->icmp_code;

	if (type != CONFIG_ACL_ANY)
		range(entry, SOURCE_PORT, (struct config_port_range){ type, type });
	if (code != CONFIG_ACL_ANY)
		range(entry, DESTINATION_PORT, (struct config_port_range){ code, code });
}

/* What packets and first parts have. */
static void add_deep(struct entries *to, struct entry entry, const struct config_acl_rule *rule)
{
	mask(&entry, PART, 0, LATER_PART);
	if (rule->icmp_type != CONFIG_ACL_ANY) {
		icmp(&entry, rule);
		add_flags(to, entry, false);
		return;
	}
	for (size_t s = 0; s < at_least_one(rule->source_ports.n); s++) {
		for (size_t d = 0; d < at_least_one(rule->destination_ports.n); d++) {
			ports(&entry, SOURCE_PORT, &rule->source_ports, s);
			ports(&entry, DESTINATION_PORT, &rule->destination_ports, d);
			add_flags(to, entry, rule->established);
		}
	}
}

static void add_rule(struct entries *to, const struct acl *acl, size_t r)
{
	const struct config_acl_rule *rule = &acl->config.rules[r];
	bool deep = config_acl_looks_deep(rule);
	struct entry entry = entry_begin(acl, r);

	for (size_t s = 0; s < at_least_one(rule->source.n); s++) {
		for (size_t d = 0; d < at_least_one(rule->destination.n); d++) {
			if (!prefix(to->kind, &entry, SOURCE, &rule->source, s) ||
			    !prefix(to->kind, &entry, DESTINATION, &rule->destination, d))
				continue;
			mask(&entry, PART, LATER_PART, deep || rule->fragments ? LATER_PART : 0);
			if (deep)
				add_deep(to, entry, rule);
			if (!deep || !rule->deny)
				add(to, &entry);
		}
	}
}

static int build(struct rte_acl_ctx *ctx, const struct entries *entries)
{
	const struct key_family *kind = entries->kind;
	struct rte_acl_config config = { .num_categories = 1, .num_fields = kind->nb_fields };
	int err = rte_acl_add_rules(ctx, (const struct rte_acl_rule *)entries->list, entries->n);

	for (uint32_t i = 0; i < kind->nb_fields; i++) {
		config.defs[i] = kind->fields[i];
		config.defs[i].field_index = (uint8_t)i;
	}
	return err ? err : rte_acl_build(ctx, &config);
}

/* The context of the list's entries for IPv4. */
/* Of one family: NULL into `*ctx` if no rule is of it. */
static int compile(struct rte_acl_ctx **ctx, const struct entries *entries)
{
	static uint32_t number; /* contexts are found by name: each has its own */
	char name[RTE_ACL_NAMESIZE];
	const struct rte_acl_param param = {
		.name = name,
		.socket_id = SOCKET_ID_ANY,
		.rule_size = RTE_ACL_RULE_SZ(FIELDS),
		.max_rule_num = entries->n,
	};
	int err;

	if (!entries->n)
		return 0;
	snprintf(name, sizeof(name), "acl_%u", __atomic_fetch_add(&number, 1, __ATOMIC_RELAXED));
	*ctx = rte_acl_create(&param);
	if (!*ctx)
		return -ENOMEM;
	err = build(*ctx, entries);
	if (err) {
		rte_acl_free(*ctx);
		*ctx = NULL;
	}
	return err;
}

int acl_compile(struct acl *acl)
{
	struct entries entries = { 0 };
	size_t room = 0;
	int err = 0;

	for (size_t r = 0; r < acl->config.nb_rules; r++)
		room += config_acl_entries(&acl->config.rules[r]);
	if (!room)
		return 0;
	entries.list = calloc(room, sizeof(*entries.list));
	if (!entries.list)
		return -ENOMEM;
	for (int family = 0; !err && family < FIB_FAMILIES; family++) {
		entries.kind = &key_families[family];
		entries.n = 0;
		for (size_t r = 0; r < acl->config.nb_rules; r++)
			add_rule(&entries, acl, r);
		err = compile(&acl->ctx[family], &entries);
	}
	free(entries.list);
	return err;
}

struct acl *acl_new(const struct config_acl *config, uint16_t nb_lcores)
{
	struct acl *acl = calloc(1, sizeof(*acl));
	size_t verdicts = config->nb_rules + 1;

	if (!acl || config_acl_copy(config, &acl->config)) {
		free(acl);
		return NULL;
	}
	acl->refs = 1;
	acl->nb_lcores = nb_lcores;
	acl->row = (uint32_t)RTE_CACHE_LINE_ROUNDUP(verdicts * sizeof(*acl->hits)) /
		   sizeof(*acl->hits);
	acl->deny = calloc(verdicts, sizeof(*acl->deny));
	acl->hits = aligned_alloc(RTE_CACHE_LINE_SIZE,
				  (size_t)nb_lcores * acl->row * sizeof(*acl->hits));
	if (!acl->deny || !acl->hits) {
		acl_put(acl);
		return NULL;
	}
	memset(acl->hits, 0, (size_t)nb_lcores * acl->row * sizeof(*acl->hits));
	acl->deny[0] = config->deny;
	for (size_t r = 0; r < config->nb_rules; r++)
		acl->deny[1 + r] = config->rules[r].deny;
	return acl;
}

void acl_put(struct acl *acl)
{
	if (!acl || --acl->refs)
		return;
	for (int family = 0; family < FIB_FAMILIES; family++)
		rte_acl_free(acl->ctx[family]);
	free(acl->config.rules);
	free(acl->deny);
	free(acl->hits);
	free(acl);
}

/* --- judging ---------------------------------------------------------------------------------- */

enum judgeable { JUDGEABLE, BROKEN, HIDDEN };

static bool key_deep(const uint8_t *l4, uint32_t len, uint8_t protocol, struct key_upper *upper)
{
	bool tcp = protocol == IPPROTO_TCP;

	if (tcp || protocol == IPPROTO_UDP) {
		if (len < (tcp ? (uint32_t)TCP_LEAST : sizeof(struct rte_udp_hdr)))
			return false;
		memcpy(upper, l4, 2 * sizeof(upper->source_port));
		upper->flags = tcp ? l4[offsetof(struct rte_tcp_hdr, tcp_flags)] : 0;
	} else if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6) {
		if (len < ICMP_LEAST)
			return false;
		upper->source_port = rte_cpu_to_be_16(l4[0]);
		upper->destination_port = rte_cpu_to_be_16(l4[1]);
	}
	return true;
}

/* All but the addresses. `offset` of the part of a packet, in 8 octets; `len` octets lie at
 * `l4`. */
static enum judgeable key_rest(struct key *key, uint8_t protocol, uint16_t offset,
			       const uint8_t *l4, uint32_t len)
{
	key->protocol = protocol;
	key->upper = (struct key_upper){ 0 };
	if (likely(!offset))
		return key_deep(l4, len, protocol, &key->upper) ? JUDGEABLE : BROKEN;
	key->upper.part = LATER_PART;
	return protocol == IPPROTO_TCP && offset == 1 ? BROKEN : JUDGEABLE;
}

static enum judgeable key4_make(const uint8_t *frame, struct key *key)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(frame + RTE_ETHER_HDR_LEN);
	uint32_t header_len = (ip->version_ihl & 15) * 4u;

	key->address[0] = ip->src_addr;
	key->address[1] = ip->dst_addr;
	return key_rest(key, ip->next_proto_id,
			rte_be_to_cpu_16(ip->fragment_offset) & RTE_IPV4_HDR_OFFSET_MASK,
			(const uint8_t *)ip + header_len,
			rte_be_to_cpu_16(ip->total_length) - header_len);
}

static enum judgeable key6_make(const uint8_t *frame, struct key *key)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)(frame + RTE_ETHER_HDR_LEN);
	struct ip6_upper upper = { .at = IP6_HEADER, .proto = ip->proto };

	if (upper.proto != IPPROTO_TCP && upper.proto != IPPROTO_UDP)
		upper = ip6_upper(ip);
	if (unlikely(ip6_upper_hidden(&upper)))
		return HIDDEN;
	memcpy(key->address, (const uint8_t *)ip + offsetof(struct rte_ipv6_hdr, src_addr),
	       sizeof(key->address)); /* both: they follow one another */
	return key_rest(key, upper.proto, upper.offset, (const uint8_t *)ip + upper.at,
			ip6_total_len(ip) - upper.at);
}

/* Those that can be judged, together and in order; returns how many. Made once for each family. */
static __rte_always_inline uint32_t keys_make(enum fib_family family, const uint8_t *const *frame,
					      uint64_t some, struct key *key,
					      struct acl_verdict *verdict)
{
	uint32_t n = 0;

	for (; some; some &= some - 1) {
		const uint8_t *at = frame[__builtin_ctzll(some)];
		enum judgeable judgeable =
			family == FIB_IP4 ? key4_make(at, &key[n]) : key6_make(at, &key[n]);

		if (likely(judgeable == JUDGEABLE))
			n++;
		else if (judgeable == BROKEN)
			verdict->broken |= some & -some;
		else
			verdict->hidden |= some & -some;
	}
	return n;
}

struct acl_verdict acl_judge(const struct acl *acl, enum fib_family family, uint16_t lcore,
			     const uint8_t *const *frame, uint64_t some)
{
	struct key key[FORWARD_BURST];
	const uint8_t *keys[FORWARD_BURST];
	uint32_t found[FORWARD_BURST] = { 0 };
	uint64_t *hits = lcore == ACL_UNCOUNTED ? NULL : &acl->hits[lcore * (size_t)acl->row];
	struct acl_verdict verdict = { 0 };
	uint32_t n = family == FIB_IP4 ? keys_make(FIB_IP4, frame, some, key, &verdict)
				       : keys_make(FIB_IP6, frame, some, key, &verdict);

	for (uint32_t i = 0; i < n; i++)
		keys[i] = (const uint8_t *)&key[i];
	if (acl->ctx[family] && n)
		rte_acl_classify(acl->ctx[family], keys, found, n, 1);
	n = 0;
	for (uint64_t left = some & ~(verdict.broken | verdict.hidden); left; left &= left - 1) {
		uint32_t rule = found[n++];

		verdict.denied |= (uint64_t)acl->deny[rule] << __builtin_ctzll(left);
		if (hits)
			hits[rule]++;
	}
	return verdict;
}

uint64_t acl_hits(const struct acl *acl, uint32_t rule)
{
	uint64_t sum = 0;

	for (uint16_t i = 0; i < acl->nb_lcores; i++)
		sum += __atomic_load_n(&acl->hits[i * (size_t)acl->row + rule], __ATOMIC_RELAXED);
	return sum;
}
