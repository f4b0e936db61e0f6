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

enum {
	TCP_LEAST = 16, /* octets of TCP in a first part: RFC 1858 3.1's TMIN */
	ICMP_LEAST = 4, /* type, code, checksum */
};

/* What a packet is, for rules: in network order, and grouped in words as librte_acl wants it. */
struct key4 {
	uint8_t protocol, unused[3];
	uint32_t source, destination;
	uint16_t source_port, destination_port; /* of ICMP: type and code */
	uint8_t flags;				/* of TCP */
	uint8_t part;				/* LATER_PART, or 0 */
	uint16_t zero;
};

enum { LATER_PART = 1 };

enum field4 { PROTOCOL, SOURCE, DESTINATION, SOURCE_PORT, DESTINATION_PORT, FLAGS, PART, ZERO };
enum { FIELDS4 = ZERO + 1 };

RTE_ACL_RULE_DEF(entry4, FIELDS4);

#define FIELD(index, type_, word, member) \
	[index] = { .type = type_, \
		    .size = sizeof(((struct key4 *)0)->member), \
		    .field_index = index, \
		    .input_index = word, \
		    .offset = offsetof(struct key4, member) }

static const struct rte_acl_field_def fields4[FIELDS4] = {
	FIELD(PROTOCOL, RTE_ACL_FIELD_TYPE_BITMASK, 0, protocol),
	FIELD(SOURCE, RTE_ACL_FIELD_TYPE_MASK, 1, source),
	FIELD(DESTINATION, RTE_ACL_FIELD_TYPE_MASK, 2, destination),
	FIELD(SOURCE_PORT, RTE_ACL_FIELD_TYPE_RANGE, 3, source_port),
	FIELD(DESTINATION_PORT, RTE_ACL_FIELD_TYPE_RANGE, 3, destination_port),
	FIELD(FLAGS, RTE_ACL_FIELD_TYPE_BITMASK, 4, flags),
	FIELD(PART, RTE_ACL_FIELD_TYPE_BITMASK, 4, part),
	FIELD(ZERO, RTE_ACL_FIELD_TYPE_BITMASK, 4, zero),
};

/* --- compiling -------------------------------------------------------------------------------- */

/* A list under way to its entries. */
struct entries {
	struct entry4 *list; /* owned */
	uint32_t n;
};

static void mask(struct entry4 *entry, enum field4 field, uint8_t value, uint8_t of)
{
	entry->field[field].value.u8 = value;
	entry->field[field].mask_range.u8 = of;
}

static void range(struct entry4 *entry, enum field4 field, struct config_port_range range)
{
	entry->field[field].value.u16 = range.first;
	entry->field[field].mask_range.u16 = range.last;
}

/* Element `i` of those that there are; if there is none, any. */
static void prefix(struct entry4 *entry, enum field4 field, const struct config_acl_prefixes *list,
		   size_t i)
{
	if (!list->n)
		return;
	entry->field[field].value.u32 = list->value[i].addr.v4;
	entry->field[field].mask_range.u32 = list->value[i].len;
}

static void ports(struct entry4 *entry, enum field4 field, const struct config_acl_ports *list,
		  size_t i)
{
	range(entry, field, list->n ? list->value[i] : (struct config_port_range){ 0, UINT16_MAX });
}

/* The first rule that fits wins: it has the highest priority. */
static struct entry4 entry_begin(const struct acl *acl, size_t r)
{
	const struct config_acl_rule *rule = &acl->config.rules[r];
	struct entry4 entry = { .data = { .category_mask = 1,
					  .priority = RTE_ACL_MAX_PRIORITY - (int32_t)r,
					  .userdata = (uint32_t)r + 1 } };

	if (rule->protocol != CONFIG_ACL_ANY)
		mask(&entry, PROTOCOL, (uint8_t)rule->protocol, UINT8_MAX);
	entry.field[SOURCE_PORT].mask_range.u16 = UINT16_MAX;
	entry.field[DESTINATION_PORT].mask_range.u16 = UINT16_MAX;
	return entry;
}

/* An established connection's segments have one flag or the other: two entries. */
static void add_flags(struct entries *to, struct entry4 entry, bool established)
{
	static const uint8_t flags[] = { RTE_TCP_ACK_FLAG, RTE_TCP_RST_FLAG };

	for (size_t i = 0; established && i < RTE_DIM(flags); i++) {
		mask(&entry, FLAGS, flags[i], flags[i]);
		to->list[to->n++] = entry;
	}
	if (!established)
		to->list[to->n++] = entry;
}

static size_t at_least_one(size_t n)
{
	return n ? n : 1;
}

static void icmp(struct entry4 *entry, const struct config_acl_rule *rule)
{
	uint16_t type = rule->icmp_type, code = rule->icmp_code;

	if (type != CONFIG_ACL_ANY)
		range(entry, SOURCE_PORT, (struct config_port_range){ type, type });
	if (code != CONFIG_ACL_ANY)
		range(entry, DESTINATION_PORT, (struct config_port_range){ code, code });
}

/* What packets and first parts have. */
static void add_deep(struct entries *to, struct entry4 entry, const struct config_acl_rule *rule)
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
	struct entry4 entry = entry_begin(acl, r);

	for (size_t s = 0; s < at_least_one(rule->source.n); s++) {
		for (size_t d = 0; d < at_least_one(rule->destination.n); d++) {
			prefix(&entry, SOURCE, &rule->source, s);
			prefix(&entry, DESTINATION, &rule->destination, d);
			mask(&entry, PART, LATER_PART, deep || rule->fragments ? LATER_PART : 0);
			if (deep)
				add_deep(to, entry, rule);
			if (!deep || !rule->deny)
				to->list[to->n++] = entry;
		}
	}
}

static int build(struct rte_acl_ctx *ctx, const struct entries *entries)
{
	struct rte_acl_config config = { .num_categories = 1, .num_fields = FIELDS4 };
	int err = rte_acl_add_rules(ctx, (const struct rte_acl_rule *)entries->list, entries->n);

	memcpy(config.defs, fields4, sizeof(fields4));
	return err ? err : rte_acl_build(ctx, &config);
}

/* The context of the list's entries for IPv4. */
static int compile(struct acl *acl, const struct entries *entries)
{
	static uint32_t number; /* contexts are found by name: each has its own */
	char name[RTE_ACL_NAMESIZE];
	const struct rte_acl_param param = {
		.name = name,
		.socket_id = SOCKET_ID_ANY,
		.rule_size = RTE_ACL_RULE_SZ(FIELDS4),
		.max_rule_num = entries->n,
	};
	int err;

	snprintf(name, sizeof(name), "acl_%u", __atomic_fetch_add(&number, 1, __ATOMIC_RELAXED));
	acl->ip4 = rte_acl_create(&param);
	if (!acl->ip4)
		return -ENOMEM;
	err = build(acl->ip4, entries);
	if (err) {
		rte_acl_free(acl->ip4);
		acl->ip4 = NULL;
	}
	return err;
}

int acl_compile(struct acl *acl)
{
	struct entries entries = { 0 };
	size_t room = 0;
	int err;

	for (size_t r = 0; r < acl->config.nb_rules; r++)
		room += config_acl_entries(&acl->config.rules[r]);
	if (!room)
		return 0;
	entries.list = calloc(room, sizeof(*entries.list));
	if (!entries.list)
		return -ENOMEM;
	for (size_t r = 0; r < acl->config.nb_rules; r++)
		add_rule(&entries, acl, r);
	err = compile(acl, &entries);
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
	rte_acl_free(acl->ip4);
	free(acl->config.rules);
	free(acl->deny);
	free(acl->hits);
	free(acl);
}

/* --- judging ---------------------------------------------------------------------------------- */

static bool key_deep(const uint8_t *l4, uint32_t len, struct key4 *key)
{
	bool tcp = key->protocol == IPPROTO_TCP;

	if (tcp || key->protocol == IPPROTO_UDP) {
		if (len < (tcp ? (uint32_t)TCP_LEAST : sizeof(struct rte_udp_hdr)))
			return false;
		memcpy(&key->source_port, l4, sizeof(uint16_t));
		memcpy(&key->destination_port, l4 + sizeof(uint16_t), sizeof(uint16_t));
		key->flags = tcp ? l4[offsetof(struct rte_tcp_hdr, tcp_flags)] : 0;
	} else if (key->protocol == IPPROTO_ICMP) {
		if (len < ICMP_LEAST)
			return false;
		key->source_port = rte_cpu_to_be_16(l4[0]);
		key->destination_port = rte_cpu_to_be_16(l4[1]);
	}
	return true;
}

/* False: broken. */
static bool key_make(const uint8_t *frame, struct key4 *key)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(frame + RTE_ETHER_HDR_LEN);
	uint32_t header_len = (ip->version_ihl & 15) * 4u;
	uint16_t offset = ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK);

	*key = (struct key4){ .protocol = ip->next_proto_id,
			      .source = ip->src_addr,
			      .destination = ip->dst_addr };
	if (likely(!offset))
		return key_deep((const uint8_t *)ip + header_len,
				rte_be_to_cpu_16(ip->total_length) - header_len, key);
	key->part = LATER_PART;
	return key->protocol != IPPROTO_TCP || offset != RTE_BE16(1);
}

struct acl_verdict acl_judge(const struct acl *acl, uint16_t lcore, const uint8_t *const *frame,
			     uint64_t some)
{
	struct key4 key[FORWARD_BURST];
	const uint8_t *keys[FORWARD_BURST];
	uint32_t found[FORWARD_BURST] = { 0 };
	uint64_t *hits = lcore == ACL_UNCOUNTED ? NULL : &acl->hits[lcore * (size_t)acl->row];
	struct acl_verdict verdict = { 0 };
	uint32_t n = 0;

	for (uint64_t left = some; left; left &= left - 1) {
		int i = __builtin_ctzll(left);

		if (key_make(frame[i], &key[n]))
			keys[n] = (const uint8_t *)&key[n], n++;
		else
			verdict.broken |= UINT64_C(1) << i;
	}
	if (acl->ip4 && n)
		rte_acl_classify(acl->ip4, keys, found, n, 1);
	n = 0;
	for (uint64_t left = some & ~verdict.broken; left; left &= left - 1) {
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
