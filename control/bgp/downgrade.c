/* Canonical attributes for peers with 2-octet AS numbers (RFC 6793 4.2.2). The way back is
 * attr.c's. */
#include <string.h>

#include "aspath.h"
#include "attr.h"

static uint16_t narrow_as(uint32_t asn)
{
	return asn > UINT16_MAX ? AS_TRANS : (uint16_t)asn;
}

static void put_narrow_path(struct attr_writer *out, const struct attr_view *v)
{
	uint16_t len = 0;

	for (const uint8_t *at = v->body, *end = at + v->len; at < end; at += 2 + 4 * at[1])
		len += 2 + 2 * at[1];

	uint8_t *to = attr_put(out, v->flags, ATTR_AS_PATH, NULL, len);

	if (!to)
		return;
	for (const uint8_t *at = v->body, *end = at + v->len; at < end;) {
		uint8_t count = at[1];

		memcpy(to, at, 2);
		to += 2;
		at += 2;
		for (; count; count--, at += 4, to += 2)
			store_be16(to, narrow_as(load_be32(at)));
	}
}

static void put_narrow(struct attr_writer *out, const struct attr_view *v)
{
	uint8_t aggregator[6];

	switch (v->code) {
	case ATTR_AS_PATH: put_narrow_path(out, v); break;
	case ATTR_AGGREGATOR:
		store_be16(aggregator, narrow_as(load_be32(v->body)));
		memcpy(aggregator + 2, v->body + 4, 4);
		attr_put(out, v->flags, v->code, aggregator, sizeof(aggregator));
		break;
	default: attr_put(out, v->flags, v->code, v->body, v->len);
	}
}

/* AS4_PATH and AS4_AGGREGATOR, only where AS_TRANS had to stand in (RFC 6793 4.2.2). */
static void put_as4(struct attr_writer *out, const uint8_t *attrs, uint16_t len)
{
	const uint8_t optional = ATTR_F_OPTIONAL | ATTR_F_TRANSITIVE;
	struct attr_view v;
	bool wide = false;

	if (attr_find(attrs, len, ATTR_AS_PATH, &v)) {
		struct aspath_iter it = aspath_walk(v.body, v.len);

		for (uint32_t asn; !wide && aspath_next(&it, &asn);)
			wide = asn > UINT16_MAX;
		if (wide)
			attr_put(out, optional, ATTR_AS4_PATH, v.body, v.len);
	}
	if (attr_find(attrs, len, ATTR_AGGREGATOR, &v) && load_be32(v.body) > UINT16_MAX)
		attr_put(out, optional | (v.flags & ATTR_F_PARTIAL), ATTR_AS4_AGGREGATOR, v.body,
			 v.len);
}

void attrs_downgrade(const uint8_t *attrs, uint16_t len, struct attr_writer *out)
{
	struct attr_view v;
	uint16_t at = 0;
	bool more;

	while ((more = attr_next(attrs, len, &at, &v)) && v.code < ATTR_AS4_PATH)
		put_narrow(out, &v);
	put_as4(out, attrs, len);
	for (; more; more = attr_next(attrs, len, &at, &v))
		put_narrow(out, &v);
}
