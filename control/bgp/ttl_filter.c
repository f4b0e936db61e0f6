/* The program: what passes at any TTL; a comparison a rule, with a jump to the check of its TTL;
 * the checks, one for each TTL that is asked for. Data begins with the TCP header; SKF_NET_OFF is
 * where the IP header is. */
#include "ttl_filter.h"

#include <errno.h>
#include <stdbool.h>

enum {
	TCP_OFFSET = 12, /* octet whose upper half is the header's length in words */
	TCP_FLAGS = 13,
	FIN = 0x01,
	SYN = 0x02,
	RST = 0x04,
	IP_TTL_AT = SKF_NET_OFF + 8,
	IP_SOURCE_AT = SKF_NET_OFF + 12,
	PASS = -1, /* all octets of it */
	DROP = 0,
	RULE_HOST = 2, /* instructions */
	RULE_PREFIX = 4,
	CHECK = 4,
};

struct program {
	struct sock_filter *out;
	unsigned int n;
};

static void put(struct program *p, uint16_t code, int k, uint8_t yes, uint8_t no)
{
	p->out[p->n++] = (struct sock_filter)BPF_JUMP(code, (uint32_t)k, yes, no);
}

/* SYN, and what carries nothing but an acknowledgement. Leaves the source address in the
 * accumulator. */
static void put_passing(struct program *p)
{
	put(p, BPF_LD | BPF_B | BPF_ABS, TCP_FLAGS, 0, 0);
	put(p, BPF_JMP | BPF_JSET | BPF_K, SYN, 0, 1);
	put(p, BPF_RET | BPF_K, PASS, 0, 0);
	put(p, BPF_JMP | BPF_JSET | BPF_K, FIN | RST, 7, 0);
	put(p, BPF_LD | BPF_B | BPF_ABS, TCP_OFFSET, 0, 0);
	put(p, BPF_ALU | BPF_RSH | BPF_K, 2, 0, 0);
	put(p, BPF_ALU | BPF_AND | BPF_K, 0x3c, 0, 0);
	put(p, BPF_MISC | BPF_TAX, 0, 0, 0);
	put(p, BPF_LD | BPF_W | BPF_LEN, 0, 0, 0);
	put(p, BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1);
	put(p, BPF_RET | BPF_K, PASS, 0, 0);
	put(p, BPF_LD | BPF_W | BPF_ABS, IP_SOURCE_AT, 0, 0);
}

static void put_rule(struct program *p, const struct ttl_rule *rule, unsigned int check)
{
	bool host = rule->from.len == 32;

	if (!host)
		put(p, BPF_ALU | BPF_AND | BPF_K, (int)prefix4_mask(rule->from.len), 0, 0);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, (int)rule->from.addr.v4, 0, 1);
	put(p, BPF_JMP | BPF_JA, (int)(check - p->n - 1), 0, 0);
	if (!host)
		put(p, BPF_LD | BPF_W | BPF_ABS, IP_SOURCE_AT, 0, 0);
}

static void put_check(struct program *p, unsigned int ttl_min)
{
	put(p, BPF_LD | BPF_B | BPF_ABS, IP_TTL_AT, 0, 0);
	put(p, BPF_JMP | BPF_JGE | BPF_K, (int)ttl_min, 0, 1);
	put(p, BPF_RET | BPF_K, PASS, 0, 0);
	put(p, BPF_RET | BPF_K, DROP, 0, 0);
}

int ttl_filter_make(const struct ttl_rule *rules, size_t nb_rules, struct sock_filter *out)
{
	struct program p = { .out = out };
	unsigned int check[UINT8_MAX + 1] = { 0 }, end;

	put_passing(&p);
	end = p.n + 1; /* behind the rules, and the instruction that lets others pass */
	for (size_t i = 0; i < nb_rules; i++)
		end += rules[i].from.len == 32 ? RULE_HOST : RULE_PREFIX;
	for (size_t i = 0; i < nb_rules; i++) {
		if (check[rules[i].ttl_min])
			continue;
		check[rules[i].ttl_min] = end;
		end += CHECK;
	}
	if (end > BPF_MAXINSNS)
		return -E2BIG;
	for (size_t i = 0; i < nb_rules; i++)
		put_rule(&p, &rules[i], check[rules[i].ttl_min]);
	put(&p, BPF_RET | BPF_K, PASS, 0, 0);
	/* in the order in which they were given their places */
	for (size_t i = 0; i < nb_rules; i++)
		if (check[rules[i].ttl_min] == p.n)
			put_check(&p, rules[i].ttl_min);
	return (int)p.n;
}
