/* The program: what passes at any TTL; the rules, each with a jump to the check of its TTL; the
 * checks, one for each TTL that is asked for. An address is compared word by word: rules that
 * follow one another and have all words but the last in common are a run, for which those are
 * compared once. Data begins with the TCP header; SKF_NET_OFF is where the IP header is. */
#include "ttl_filter.h"

#include <errno.h>
#include <stdbool.h>

#include "cursor.h"

enum {
	TCP_OFFSET = 12, /* octet whose upper half is the header's length in words */
	TCP_FLAGS = 13,
	FIN = 0x01,
	SYN = 0x02,
	RST = 0x04,
	PASS = -1, /* all octets of it */
	DROP = 0,
	WORDS_MAX = 4,
};

/* Where the IP header has what is judged. */
static const struct layout {
	uint8_t ttl_at, source_at;
	uint8_t words; /* of 32 bits, of an address */
} layouts[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { 8, 12, 1 },
	[FAMILY_IPV6] = { 7, 8, 4 },
};

struct program {
	struct sock_filter *out;
	unsigned int n; /* more than BPF_MAXINSNS: it does not fit, and what is behind is lost */
	const struct layout *layout;
	unsigned int check[UINT8_MAX + 1]; /* where each TTL is checked; 0: not known yet */
};

static void put(struct program *p, uint16_t code, unsigned int k, uint8_t yes, uint8_t no)
{
	if (p->n < BPF_MAXINSNS)
		p->out[p->n] = (struct sock_filter)BPF_JUMP(code, k, yes, no);
	p->n++;
}

/* A jump to where the program goes on, once that is known: `at` is what put_jump() has given. */
static unsigned int put_jump(struct program *p)
{
	put(p, BPF_JMP | BPF_JA, 0, 0, 0);
	return p->n - 1;
}

static void jump_here(struct program *p, unsigned int at)
{
	if (at < BPF_MAXINSNS)
		p->out[at].k = p->n - at - 1;
}

static void put_load_word(struct program *p, uint8_t word)
{
	put(p, BPF_LD | BPF_W | BPF_ABS,
	    (unsigned int)SKF_NET_OFF + p->layout->source_at + 4u * word, 0, 0);
}

/* SYN, and what carries nothing but an acknowledgement. */
static void put_passing(struct program *p)
{
	put(p, BPF_LD | BPF_B | BPF_ABS, TCP_FLAGS, 0, 0);
	put(p, BPF_JMP | BPF_JSET | BPF_K, SYN, 0, 1);
	put(p, BPF_RET | BPF_K, (unsigned int)PASS, 0, 0);
	put(p, BPF_JMP | BPF_JSET | BPF_K, FIN | RST, 7, 0);
	put(p, BPF_LD | BPF_B | BPF_ABS, TCP_OFFSET, 0, 0);
	put(p, BPF_ALU | BPF_RSH | BPF_K, 2, 0, 0);
	put(p, BPF_ALU | BPF_AND | BPF_K, 0x3c, 0, 0);
	put(p, BPF_MISC | BPF_TAX, 0, 0, 0);
	put(p, BPF_LD | BPF_W | BPF_LEN, 0, 0, 0);
	put(p, BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1);
	put(p, BPF_RET | BPF_K, (unsigned int)PASS, 0, 0);
}

/* A word of a rule's prefix, and which of its bits count. */
static uint32_t word_of(struct prefix prefix, uint8_t word)
{
	return prefix.addr.family == FAMILY_IPV4 ? prefix.addr.v4
						 : load_be32(&prefix.addr.v6[4u * word]);
}

static uint32_t mask_of(struct prefix prefix, uint8_t word)
{
	int len = prefix.len - 32 * word;

	return prefix4_mask((uint8_t)(len < 0 ? 0 : len > 32 ? 32 : len));
}

static bool same_run(const struct program *p, struct prefix a, struct prefix b)
{
	for (uint8_t w = 0; w + 1 < p->layout->words; w++)
		if (mask_of(a, w) != mask_of(b, w) || word_of(a, w) != word_of(b, w))
			return false;
	return true;
}

/* The last word has been loaded, and is again. */
static void put_rule(struct program *p, const struct ttl_rule *rule)
{
	uint8_t last = p->layout->words - 1;
	uint32_t mask = mask_of(rule->from, last);

	if (mask != UINT32_MAX)
		put(p, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, word_of(rule->from, last), 0, 1);
	put(p, BPF_JMP | BPF_JA, p->check[rule->ttl_min] - p->n - 1, 0, 0);
	if (mask != UINT32_MAX)
		put_load_word(p, last);
}

/* Rules that are a run. */
static void put_run(struct program *p, const struct ttl_rule *rules, size_t n)
{
	unsigned int others[WORDS_MAX], nb_others = 0;
	uint8_t last = p->layout->words - 1;

	for (uint8_t w = 0; w < last && mask_of(rules->from, w); w++) {
		put_load_word(p, w);
		if (mask_of(rules->from, w) != UINT32_MAX)
			put(p, BPF_ALU | BPF_AND | BPF_K, mask_of(rules->from, w), 0, 0);
		put(p, BPF_JMP | BPF_JEQ | BPF_K, word_of(rules->from, w), 1, 0);
		others[nb_others++] = put_jump(p);
	}
	put_load_word(p, last);
	for (size_t i = 0; i < n; i++)
		put_rule(p, &rules[i]);
	while (nb_others)
		jump_here(p, others[--nb_others]);
}

static void put_rules(struct program *p, const struct ttl_rule *rules, size_t nb_rules)
{
	for (size_t at = 0, n; at < nb_rules; at += n) {
		for (n = 1; at + n < nb_rules; n++)
			if (!same_run(p, rules[at].from, rules[at + n].from))
				break;
		put_run(p, &rules[at], n);
	}
	put(p, BPF_RET | BPF_K, (unsigned int)PASS, 0, 0);
}

static void put_checks(struct program *p, const struct ttl_rule *rules, size_t nb_rules)
{
	bool there[UINT8_MAX + 1] = { false };

	for (size_t i = 0; i < nb_rules; i++) {
		uint8_t ttl_min = rules[i].ttl_min;

		if (there[ttl_min])
			continue;
		there[ttl_min] = true;
		p->check[ttl_min] = p->n;
		put(p, BPF_LD | BPF_B | BPF_ABS, (unsigned int)SKF_NET_OFF + p->layout->ttl_at, 0,
		    0);
		put(p, BPF_JMP | BPF_JGE | BPF_K, ttl_min, 0, 1);
		put(p, BPF_RET | BPF_K, (unsigned int)PASS, 0, 0);
		put(p, BPF_RET | BPF_K, DROP, 0, 0);
	}
}

int ttl_filter_make(const struct ttl_rule *rules, size_t nb_rules, struct sock_filter *out)
{
	struct program p = { .out = out, .layout = &layouts[FAMILY_IPV4] };

	if (nb_rules)
		p.layout = &layouts[rules->from.addr.family];
	/* once more, when it is known where the checks are */
	for (int pass = 0; pass < 2; pass++) {
		p.n = 0;
		put_passing(&p);
		put_rules(&p, rules, nb_rules);
		put_checks(&p, rules, nb_rules);
	}
	return p.n > BPF_MAXINSNS ? -E2BIG : (int)p.n;
}
