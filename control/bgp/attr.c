/* Three steps over the attributes of one UPDATE:
 *   1. attr_decode(), one by one as they come: framing, duplicates, flags, length, body; what is
 *   good is noted under its
 *      code as a view into the message, nothing is copied;
 *   2. the whole: mandatory ones, AS4_PATH merged, next hop settled, and what the worst fault comes
 *   to;
 *   3. canonical(): the noted ones are written out in order of code.
 * What a fault costs stands in the table, not in the code. */
#include "attr.h"

#include <assert.h>
#include <string.h>

#include "aspath.h"
#include "mp_attr.h"
#include "unique.h"

enum { F_OPT = ATTR_F_OPTIONAL, F_TRANS = ATTR_F_TRANSITIVE, ANY = UINT16_MAX };

/* One attribute as it stands in the message. */
struct raw {
	const uint8_t *start; /* of its header; NULL: synthesised */
	const uint8_t *body;
	uint16_t len; /* of the body */
	uint8_t flags, code;
};

struct section {
	const struct update_ctx *ctx;
	struct bgp_update *out;
	uint64_t seen[4]; /* a bit a code: has been met */
	uint64_t kept[4]; /* is well-formed and wanted: raw[code] is set */
	enum bgp_verdict verdict;
	uint8_t subcode;    /* NOTIFICATION 3/… for the worst fault, should it come to that, */
	struct raw culprit; /* and the attribute that goes with it; start NULL: none */
	struct attr_nlri *found;
	struct raw mp_next_hop; /* of MP_REACH, as the attribute that it stands in for */
	uint8_t mp_family;	/* that MP_REACH announces prefixes of ... */
	bool mp_nlri;		/* ... if it does */
	bool reachable;		/* something is announced, of whatever family */
	bool only_unreach;	/* nothing but MP_UNREACH so far */
	uint8_t eor_family;	/* of MP_UNREACH */
	struct raw raw[256];	/* not initialised but where `kept` says so */
};

static bool test(const uint64_t *bits, uint8_t code)
{
	return bits[code / 64] >> (code % 64) & 1;
}

static void set(uint64_t *bits, uint8_t code)
{
	bits[code / 64] |= UINT64_C(1) << (code % 64);
}

static void clear(uint64_t *bits, uint8_t code)
{
	bits[code / 64] &= ~(UINT64_C(1) << (code % 64));
}

/* Note a fault; the worst is what the verdict is about, among equals the first. */
static void fault(struct section *s, enum bgp_verdict verdict, uint8_t subcode,
		  const struct raw *culprit, const char *why)
{
	if (verdict <= s->verdict)
		return;
	s->verdict = verdict;
	s->subcode = subcode;
	s->culprit = *culprit;
	s->out->fault = why;
	s->out->fault_code = culprit->code;
}

/* --- bodies: NULL if well-formed, else what is wrong ------------------------------------------ */

static const char *check_origin(struct section *s, const struct raw *a)
{
	return a->body[0] > ORIGIN_INCOMPLETE ? "undefined ORIGIN, RFC 7606 7.1" : NULL;
}

static const char *check_path(struct section *s, const struct raw *a, size_t as_size,
			      uint8_t type_max)
{
	struct cursor c = cursor_make(a->body, a->len);

	while (cursor_left(&c)) {
		uint8_t type = cursor_u8(&c), count = cursor_u8(&c);
		const uint8_t *as = cursor_take(&c, count * as_size);

		if (type < AS_SET || type > type_max)
			return "AS_PATH segment type, RFC 7606 7.2";
		if (!as)
			return "AS_PATH segment overruns the attribute, RFC 7606 7.2";
		if (!count)
			return "AS_PATH segment is empty, RFC 7606 7.2";
		for (; count; count--, as += as_size) {
			if (as_size == 4 ? load_be32(as) : load_be16(as))
				continue;
			s->out->as_zero = true;
			return "AS 0 in AS_PATH, RFC 7607 2";
		}
	}
	return NULL;
}

/* We are in no confederation: its segments have no business here (RFC 5065 5, RFC 9774 3). An
 * AS_SET is well-formed: import policy refuses it (RFC 9774 3), unless the configuration allows
 * it. */
static const char *check_as_path(struct section *s, const struct raw *a)
{
	return check_path(s, a, s->ctx->as4 ? 4 : 2, AS_SEQUENCE);
}

static bool has_segment(const struct raw *path, uint8_t type)
{
	for (const uint8_t *at = path->body, *end = at + path->len; at < end; at += 2 + 4 * at[1])
		if (at[0] == type)
			return true;
	return false;
}

/* Confederation sequences are skipped by the merge (RFC 6793 6); a confederation set costs the
 * route (RFC 9774 3). */
static const char *check_as4_path(struct section *s, const struct raw *a)
{
	const char *why;

	if (s->ctx->as4)
		return "AS4_PATH from a peer with 4-octet AS numbers, RFC 6793 4.1";
	why = check_path(s, a, 4, AS_CONFED_SET);
	if (!why && has_segment(a, AS_CONFED_SET))
		fault(s, BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_OPTIONAL, a,
		      "AS_CONFED_SET in AS4_PATH, RFC 9774 3");
	return why;
}

static const char *check_next_hop(struct section *s, const struct raw *a)
{
	return mp_next_hop_check(a->body, (uint8_t)a->len, s->ctx);
}

static const char *check_aggregator(struct section *s, const struct raw *a)
{
	if (a->len != (s->ctx->as4 ? 8 : 6))
		return "AGGREGATOR length, RFC 7606 7.7";
	if (!(s->ctx->as4 ? load_be32(a->body) : load_be16(a->body)))
		return "AS 0 in AGGREGATOR, RFC 7607 2";
	return NULL;
}

static const char *check_as4_aggregator(struct section *s, const struct raw *a)
{
	if (s->ctx->as4)
		return "AS4_AGGREGATOR from a peer with 4-octet AS numbers, RFC 6793 4.1";
	return load_be32(a->body) ? NULL : "AS 0 in AS4_AGGREGATOR, RFC 7607 2";
}

static const char *check_mp_reach(struct section *s, const struct raw *a)
{
	struct cursor body = cursor_make(a->body, a->len);
	struct mp_attr mp;
	const char *why;

	s->reachable |= mp_reach_announces(body);
	why = mp_reach_read(body, s->ctx, &mp);
	if (why || mp.family == FAMILY_COUNT)
		return why;
	s->mp_family = mp.family;
	s->mp_nlri = cursor_left(&mp.nlri) > 0;
	s->mp_next_hop = (struct raw){
		.body = mp.next_hop, .len = mp.next_hop_len, .flags = F_TRANS, .code = ATTR_NEXT_HOP
	};
	if (!nlri_add(&s->found->announced[mp.family], 1, mp.nlri))
		return "malformed NLRI in MP_REACH_NLRI, RFC 7606 5.3";
	return NULL;
}

static const char *check_mp_unreach(struct section *s, const struct raw *a)
{
	struct mp_attr mp;

	mp_unreach_read(cursor_make(a->body, a->len), s->ctx, &mp);
	if (mp.family == FAMILY_COUNT)
		return NULL;
	/* if nothing else is there: the caller sees to that */
	s->out->eor = !cursor_left(&mp.nlri);
	s->eor_family = mp.family;
	if (!nlri_add(&s->found->withdrawn[mp.family], 1, mp.nlri))
		return "malformed NLRI in MP_UNREACH_NLRI, RFC 7606 5.3";
	return NULL;
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct spec {
	/* NULL: the length says it all */
	const char *(*check)(struct section *s, const struct raw *a);
	const char *bad_length;
	uint16_t min, unit, max; /* octets of body: min + n × unit, at most max */
	uint8_t flags;		 /* the OPTIONAL and TRANSITIVE bits that it must carry */
	uint8_t verdict;	 /* enum bgp_verdict for a malformed length or body */
	uint8_t subcode; /* NOTIFICATION 3/… for a malformed body, if it comes to a reset */
	bool internal;	 /* discarded unread if an external peer sends it */
	bool consumed;	 /* not part of the canonical form as it stands */
} specs[] = {
	[ATTR_ORIGIN] = { check_origin, "ORIGIN length, RFC 7606 7.1", 1, 1, 1, F_TRANS,
			  BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_ORIGIN },
	[ATTR_AS_PATH] = { check_as_path, "AS_PATH length, RFC 7606 7.2", 0, 1, ANY, F_TRANS,
			   BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_AS_PATH },
	[ATTR_NEXT_HOP] = { check_next_hop, "NEXT_HOP length, RFC 7606 7.3", 4, 1, 4, F_TRANS,
			    BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_NEXT_HOP },
	[ATTR_MED] = { NULL, "MULTI_EXIT_DISC length, RFC 7606 7.4", 4, 1, 4, F_OPT,
		       BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_OPTIONAL },
	[ATTR_LOCAL_PREF] = { NULL, "LOCAL_PREF length, RFC 7606 7.5", 4, 1, 4, F_TRANS,
			      BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_LENGTH, .internal = true },
	[ATTR_ATOMIC_AGGREGATE] = { NULL, "ATOMIC_AGGREGATE length, RFC 7606 7.6", 0, 1, 0, F_TRANS,
				    BGP_ATTR_DISCARD, NOTIFY_UPDATE_LENGTH },
	[ATTR_AGGREGATOR] = { check_aggregator, "AGGREGATOR length, RFC 7606 7.7", 6, 2, 8,
			      F_OPT | F_TRANS, BGP_ATTR_DISCARD, NOTIFY_UPDATE_OPTIONAL },
	[ATTR_COMMUNITIES] = { NULL, "COMMUNITIES length, RFC 7606 7.8", 4, 4, ANY, F_OPT | F_TRANS,
			       BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_OPTIONAL },
	[ATTR_ORIGINATOR_ID] = { NULL, "ORIGINATOR_ID length, RFC 7606 7.9", 4, 1, 4, F_OPT,
				 BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_OPTIONAL, .internal = true },
	[ATTR_CLUSTER_LIST] = { NULL, "CLUSTER_LIST length, RFC 7606 7.10", 4, 4, ANY, F_OPT,
				BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_OPTIONAL, .internal = true },
	[ATTR_MP_REACH] = { check_mp_reach, "MP_REACH_NLRI length, RFC 7606 7.11", 5, 1, ANY, F_OPT,
			    BGP_SESSION_RESET, NOTIFY_UPDATE_OPTIONAL, .consumed = true },
	[ATTR_MP_UNREACH] = { check_mp_unreach, "MP_UNREACH_NLRI length, RFC 7606 7.12", 3, 1, ANY,
			      F_OPT, BGP_SESSION_RESET, NOTIFY_UPDATE_OPTIONAL, .consumed = true },
	[ATTR_EXT_COMMUNITIES] = { NULL, "EXTENDED COMMUNITIES length, RFC 7606 7.14", 8, 8, ANY,
				   F_OPT | F_TRANS, BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_OPTIONAL },
	[ATTR_AS4_PATH] = { check_as4_path, "AS4_PATH length, RFC 6793 6", 6, 2, ANY,
			    F_OPT | F_TRANS, BGP_ATTR_DISCARD, NOTIFY_UPDATE_OPTIONAL },
	[ATTR_AS4_AGGREGATOR] = { check_as4_aggregator, "AS4_AGGREGATOR length, RFC 6793 6", 8, 1,
				  8, F_OPT | F_TRANS, BGP_ATTR_DISCARD, NOTIFY_UPDATE_OPTIONAL },
	[ATTR_LARGE_COMMUNITIES] = { NULL, "LARGE_COMMUNITY length, RFC 8092 6", 12, 12, ANY,
				     F_OPT | F_TRANS, BGP_TREAT_AS_WITHDRAW,
				     NOTIFY_UPDATE_OPTIONAL },
	[ATTR_OTC] = { NULL, "OTC length, RFC 9234 5", 4, 1, 4, F_OPT | F_TRANS,
		       BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_OPTIONAL },
};

static const struct spec *spec_of(uint8_t code)
{
	return code < sizeof(specs) / sizeof(specs[0]) && specs[code].bad_length ? &specs[code]
										 : NULL;
}

/* --- step 1: one attribute -------------------------------------------------------------------- */

/* Well-formed: kept, if policy lets it pass. */
static void keep(struct section *s, const struct raw *a)
{
	const struct attr_policy *policy = s->ctx->attributes;

	switch (policy ? attr_policy_action(policy, a->code) : ATTR_PASS) {
	case ATTR_STRIP: set(s->out->stripped, a->code); return;
	case ATTR_DROP: s->out->drop = a->code; break;
	case ATTR_PASS: break;
	}
	s->raw[a->code] = *a;
	set(s->kept, a->code);
}

/* Optional transitive ones travel on, marked Partial (RFC 4271 5); optional non-transitive ones end
 * here in silence. */
static void unknown(struct section *s, struct raw *a)
{
	if (!(a->flags & F_OPT)) {
		fault(s, BGP_SESSION_RESET, NOTIFY_UPDATE_UNRECOGNISED, a,
		      "unrecognised well-known attribute, RFC 4271 6.3");
	} else if (a->flags & F_TRANS) {
		a->flags = F_OPT | F_TRANS | ATTR_F_PARTIAL;
		keep(s, a);
	}
}

static bool length_good(const struct spec *spec, uint16_t len)
{
	return len >= spec->min && len <= spec->max && (len - spec->min) % spec->unit == 0;
}

static void known(struct section *s, struct raw *a, const struct spec *spec)
{
	const char *why = NULL;

	if (spec->internal && s->ctx->ebgp) {
		fault(s, BGP_ATTR_DISCARD, 0, a,
		      "internal attribute from an external peer, RFC 7606 7.5, 7.9, 7.10");
		return;
	}
	if (!length_good(spec, a->len)) {
		fault(s, spec->verdict, NOTIFY_UPDATE_LENGTH, a, spec->bad_length);
		return;
	}
	/* Decoded all the same: the NLRI may be in it that is to be withdrawn. */
	if ((a->flags ^ spec->flags) & (F_OPT | F_TRANS))
		fault(s, BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_FLAGS, a,
		      "attribute flags, RFC 7606 3 c");
	if (spec->check)
		why = spec->check(s, a);
	if (why) {
		fault(s, spec->verdict, spec->subcode, a, why);
		return;
	}
	if (spec->consumed)
		return;
	a->flags = spec->flags | (spec->flags == (F_OPT | F_TRANS) ? a->flags & ATTR_F_PARTIAL : 0);
	keep(s, a);
}

static void attr_decode(struct section *s, struct cursor *c)
{
	struct raw a = { .start = c->pos };

	a.flags = cursor_u8(c);
	a.code = cursor_u8(c);
	a.len = a.flags & ATTR_F_EXTENDED ? cursor_u16(c) : cursor_u8(c);
	a.body = cursor_take(c, a.len);
	s->only_unreach &= a.code == ATTR_MP_UNREACH;
	if (c->bad) {
		a.start = NULL; /* there is no whole attribute to show, nor to find prefixes in */
		s->only_unreach = false;
		fault(s, BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_LIST, &a,
		      "attribute overruns the rest, RFC 7606 4");
		return;
	}
	if (test(s->seen, a.code)) {
		struct raw nothing = { .code = a.code };

		if (a.code == ATTR_MP_REACH || a.code == ATTR_MP_UNREACH)
			fault(s, BGP_SESSION_RESET, NOTIFY_UPDATE_LIST, &nothing,
			      "second MP attribute, RFC 7606 3 g");
		else
			fault(s, BGP_ATTR_DISCARD, NOTIFY_UPDATE_LIST, &nothing,
			      "repeated attribute, RFC 7606 3 g");
		return;
	}
	set(s->seen, a.code);

	const struct spec *spec = spec_of(a.code);

	if (spec)
		known(s, &a, spec);
	else
		unknown(s, &a);
}

/* --- step 2: the whole ------------------------------------------------------------------------ */

/* The next hop of MP_REACH stands in for NEXT_HOP, which its prefixes have no use for; with IPv4
 * prefixes in both places the two must agree. */
static void settle_next_hop(struct section *s, bool nlri)
{
	const struct raw *mp = &s->mp_next_hop, *own = &s->raw[ATTR_NEXT_HOP];
	const char *why;

	if (!s->mp_nlri)
		return;
	why = check_next_hop(s, mp);
	if (why)
		fault(s, BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_OPTIONAL, mp, why);
	else if (!nlri)
		keep(s, mp);
	else if (s->mp_family == FAMILY_IPV4 && test(s->kept, ATTR_NEXT_HOP) &&
		 (mp->len != own->len || memcmp(own->body, mp->body, mp->len)))
		fault(s, BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_OPTIONAL, mp,
		      "NEXT_HOP and MP_REACH_NLRI disagree, RFC 7606 5.1");
}

/* Well-known mandatory attributes (RFC 7606 3 d). One that came but was malformed has been judged
 * already. */
static void check_mandatory(struct section *s)
{
	static const uint8_t mandatory[] = { ATTR_ORIGIN, ATTR_AS_PATH, ATTR_NEXT_HOP };

	for (size_t i = 0; i < sizeof(mandatory); i++) {
		struct raw missing = { .start = &mandatory[i],
				       .body = &mandatory[i],
				       .len = 1,
				       .code = mandatory[i] };

		if (!test(s->seen, mandatory[i]) && !test(s->kept, mandatory[i]))
			fault(s, BGP_TREAT_AS_WITHDRAW, NOTIFY_UPDATE_MISSING, &missing,
			      "missing well-known attribute, RFC 7606 3 d");
	}
}

/* Copy segments from a path with `as_size` octets an AS until `quota` (RFC 4271 9.1.2.2: a set
 * counts one) is used up; confederation segments are left out. Returns the end of what was written
 * at `at`. */
static uint8_t *copy_segments(uint8_t *at, const struct raw *path, size_t as_size,
			      unsigned int quota)
{
	struct cursor c = cursor_make(path->body, path->len);

	while (cursor_left(&c) && quota) {
		uint8_t type = cursor_u8(&c), count = cursor_u8(&c), take = count;
		const uint8_t *as = cursor_take(&c, count * as_size);

		if (type > AS_SEQUENCE)
			continue;
		if (type == AS_SEQUENCE && take > quota)
			take = (uint8_t)quota;
		quota -= type == AS_SET ? 1 : take;
		at[0] = type;
		at[1] = take;
		at += 2;
		for (; take; take--, as += as_size, at += 4)
			store_be32(at, as_size == 4 ? load_be32(as) : load_be16(as));
	}
	return at;
}

static unsigned int path_length(const struct raw *path, size_t as_size)
{
	struct cursor c = cursor_make(path->body, path->len);
	unsigned int length = 0;

	while (cursor_left(&c)) {
		uint8_t type = cursor_u8(&c), count = cursor_u8(&c);

		cursor_take(&c, count * as_size);
		length += type == AS_SET ? 1 : type == AS_SEQUENCE ? count : 0;
	}
	return length;
}

/* What a peer without 4-octet AS numbers sent, in 4-octet form (RFC 6793 4.2.3). `path` and
 * `aggregator` hold the new bodies: 2 × BGP_MESSAGE_MAX and 8 octets. */
static void widen(struct section *s, uint8_t *path, uint8_t *aggregator)
{
	struct raw *as_path = &s->raw[ATTR_AS_PATH], *as4_path = &s->raw[ATTR_AS4_PATH];
	struct raw *agg = &s->raw[ATTR_AGGREGATOR], *as4_agg = &s->raw[ATTR_AS4_AGGREGATOR];
	bool merge = test(s->kept, ATTR_AS4_PATH);

	if (test(s->kept, ATTR_AGGREGATOR)) {
		bool trans = load_be16(agg->body) == AS_TRANS;

		store_be32(aggregator, load_be16(agg->body));
		memcpy(aggregator + 4, agg->body + 2, 4);
		if (test(s->kept, ATTR_AS4_AGGREGATOR)) {
			if (trans) {
				memcpy(aggregator, as4_agg->body, 8);
				agg->flags |= as4_agg->flags & ATTR_F_PARTIAL;
			} else {
				merge = false;
			}
		}
		agg->body = aggregator;
		agg->len = 8;
	}
	if (test(s->kept, ATTR_AS_PATH)) {
		unsigned int length = path_length(as_path, 2),
			     length4 = merge ? path_length(as4_path, 4) : 0;
		uint8_t *end;

		merge &= length4 <= length;
		end = copy_segments(path, as_path, 2, merge ? length - length4 : length);
		if (merge)
			end = copy_segments(end, as4_path, 4, length4);
		as_path->body = path;
		as_path->len = (uint16_t)(end - path);
	}
	clear(s->kept, ATTR_AS4_PATH);
	clear(s->kept, ATTR_AS4_AGGREGATOR);
}

/* --- step 3 ----------------------------------------------------------------------------------- */

/* Octets of one member of an attribute that is a set; 0: it is none. */
static size_t set_member(uint8_t code)
{
	switch (code) {
	case ATTR_COMMUNITIES: return 4;
	case ATTR_EXT_COMMUNITIES: return 8;
	case ATTR_LARGE_COMMUNITIES: return 12;
	default: return 0;
	}
}

/* What a set has twice is redundant (RFC 8092 3); a message has room for so many octets of it. */
static void put_canonical(struct attr_writer *w, const struct raw *a)
{
	size_t member = set_member(a->code), len = a->len;
	uint8_t once[BGP_MESSAGE_MAX];

	if (member)
		len = member * unique_copy(once, a->body, a->len / member, member);
	attr_put(w, a->flags, a->code, member ? once : a->body, len);
}

static uint16_t canonical(const struct section *s, uint8_t *attrs)
{
	struct attr_writer w = { .buf = attrs, .size = BGP_ATTRS_MAX };

	for (unsigned int word = 0; word < 4; word++) {
		for (uint64_t bits = s->kept[word]; bits; bits &= bits - 1) {
			unsigned int code = word * 64 + (unsigned int)__builtin_ctzll(bits);

			put_canonical(&w, &s->raw[code]);
		}
	}
	assert(!w.full);
	return (uint16_t)w.len;
}

void attr_nlri_init(struct attr_nlri *nlri, bool allow_240)
{
	memset(nlri, 0, sizeof(*nlri));
	for (uint8_t family = 0; family < FAMILY_COUNT; family++) {
		nlri->withdrawn[family].family = nlri->announced[family].family = family;
		nlri->withdrawn[family].allow_240 = nlri->announced[family].allow_240 = allow_240;
	}
}

static bool any_octets(const struct nlri *nlri)
{
	return cursor_left(&nlri->part[0]) || cursor_left(&nlri->part[1]);
}

/* Without any prefixes it is the first of the families, which then are none of its. */
void attr_nlri_choose(const struct attr_nlri *nlri, const struct update_ctx *ctx,
		      struct bgp_update *out)
{
	uint8_t wanted = (uint8_t)(ctx->families & ~ctx->done), there = 0;

	assert(wanted);
	for (uint8_t family = 0; family < FAMILY_COUNT; family++)
		if (any_octets(&nlri->withdrawn[family]) || any_octets(&nlri->announced[family]))
			there |= wanted & family_bit(family);
	out->family = (uint8_t)__builtin_ctz(there ? there : wanted);
	out->rest = (uint8_t)(there & ~family_bit(out->family));
	out->withdrawn = nlri->withdrawn[out->family];
	out->announced = nlri->announced[out->family];
}

static enum bgp_verdict reset(const struct section *s)
{
	const struct raw *culprit = &s->culprit;
	size_t shown = culprit->start ? (size_t)(culprit->body + culprit->len - culprit->start) : 0;

	notify_set(&s->out->notify, NOTIFY_UPDATE, s->subcode, culprit->start, shown,
		   s->out->fault);
	return BGP_SESSION_RESET;
}

/* Are prefixes of the chosen family announced? */
static bool announces(const struct section *s, bool nlri)
{
	uint8_t family = s->out->family;

	return (nlri && family == FAMILY_IPV4) || (s->mp_nlri && family == s->mp_family);
}

enum bgp_verdict attr_section_decode(struct cursor section, bool nlri, const struct update_ctx *ctx,
				     struct attr_nlri *found, uint8_t *attrs,
				     struct bgp_update *out)
{
	uint8_t path[BGP_ATTRS_MAX], aggregator[8];
	struct section s;

	memset(&s, 0, offsetof(struct section, raw));
	s.ctx = ctx;
	s.out = out;
	s.found = found;
	s.only_unreach = true;
	s.reachable = nlri;
	while (cursor_left(&section) && s.verdict < BGP_SESSION_RESET)
		attr_decode(&s, &section);

	attr_nlri_choose(found, ctx, out);
	out->eor &= s.only_unreach && !any_octets(&found->withdrawn[FAMILY_IPV4]) && !nlri;
	if (out->eor)
		out->family = s.eor_family;
	if (nlri || s.mp_nlri) {
		settle_next_hop(&s, nlri);
		check_mandatory(&s);
	}
	/* Prefixes that cannot be found cannot be withdrawn (RFC 7606 5.2). */
	if (s.verdict == BGP_TREAT_AS_WITHDRAW && !s.reachable && !s.only_unreach)
		s.verdict = BGP_SESSION_RESET;
	if (s.verdict == BGP_SESSION_RESET)
		return reset(&s);
	if (announces(&s, nlri) && s.verdict < BGP_TREAT_AS_WITHDRAW) {
		if (s.mp_nlri && s.mp_family == out->family)
			s.raw[ATTR_NEXT_HOP] = s.mp_next_hop;
		if (!ctx->as4)
			widen(&s, path, aggregator);
		out->attrs_len = canonical(&s, attrs);
		attr_keys_parse(attrs, out->attrs_len, &out->keys);
	}
	return s.verdict;
}
