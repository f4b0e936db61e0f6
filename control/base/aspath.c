/* Walks over AS_PATH bodies. Everything but the text and prepending is the one iterator. */
#include "aspath.h"

#include <stdio.h>
#include <string.h>

#include "cursor.h"

struct aspath_iter aspath_walk(const uint8_t *body, uint16_t len)
{
	struct aspath_iter it = { .pos = body, .end = len ? body + len : body };

	return it;
}

bool aspath_next(struct aspath_iter *it, uint32_t *asn)
{
	it->first = false;
	while (!it->left) {
		if (it->pos == it->end)
			return false;
		it->type = it->pos[0];
		it->left = it->pos[1];
		it->pos += 2;
		it->first = true;
	}
	*asn = load_be32(it->pos);
	it->pos += 4;
	it->left--;
	return true;
}

uint16_t aspath_length(const uint8_t *body, uint16_t len)
{
	uint16_t length = 0;

	for (size_t at = 0; at < len; at += 2 + 4u * body[at + 1]) {
		if (body[at] == AS_SEQUENCE)
			length += body[at + 1];
		else if (body[at] == AS_SET)
			length++;
	}
	return length;
}

bool aspath_contains(const uint8_t *body, uint16_t len, uint32_t asn)
{
	struct aspath_iter it = aspath_walk(body, len);

	for (uint32_t as; aspath_next(&it, &as);) {
		if (as == asn)
			return true;
	}
	return false;
}

uint32_t aspath_first(const uint8_t *body, uint16_t len)
{
	return len && body[0] == AS_SEQUENCE ? load_be32(body + 2) : 0;
}

uint32_t aspath_origin(const uint8_t *body, uint16_t len)
{
	struct aspath_iter it = aspath_walk(body, len);
	uint32_t as = 0;

	while (aspath_next(&it, &as)) {
	}
	return it.type == AS_SEQUENCE ? as : 0;
}

/* The next AS number that counts. */
static bool tail_next(struct aspath_iter *it, const struct aspath_tail *rule, bool remove_private,
		      uint32_t *asn)
{
	while (aspath_next(it, asn)) {
		if (*asn != rule->without[0] && *asn != rule->without[1] &&
		    !(remove_private && asn_private(*asn)))
			return true;
	}
	return false;
}

static int tail_length(struct aspath_iter it, const struct aspath_tail *rule, bool remove_private)
{
	int n = 0;

	for (uint32_t asn; tail_next(&it, rule, remove_private, &asn);)
		n++;
	return n;
}

static bool is_one_segment(const uint8_t *body, uint16_t len)
{
	return len > 2 && len == 2 + 4u * body[1];
}

/* The AS number before `*end` that counts; it ends there. False: there is none. */
static bool tail_previous(const uint8_t *begin, const uint8_t **end, const struct aspath_tail *rule,
			  bool remove_private, uint32_t *asn)
{
	while (*end > begin) {
		*end -= 4;
		*asn = load_be32(*end);
		if (*asn != rule->without[0] && *asn != rule->without[1] &&
		    !(remove_private && asn_private(*asn)))
			return true;
	}
	return false;
}

/* From their ends: paths that do not belong together differ soon, and others are walked over
 * once. */
static int segment_before(const uint8_t *body, uint16_t len, const uint8_t *tail, uint16_t tail_len,
			  const struct aspath_tail *rule)
{
	const uint8_t *a = body + len, *b = tail + tail_len;
	int matched = 0, before = 0;
	uint32_t x, y;

	for (; tail_previous(tail + 2, &b, rule, rule->remove_private, &y); matched++) {
		if (!tail_previous(body + 2, &a, rule, false, &x) || x != y)
			return -1;
	}
	while (tail_previous(body + 2, &a, rule, false, &x))
		before++;
	return matched ? before : -1;
}

int aspath_before(const uint8_t *body, uint16_t len, const uint8_t *tail, uint16_t tail_len,
		  const struct aspath_tail *rule)
{
	if (is_one_segment(body, len) && is_one_segment(tail, tail_len))
		return segment_before(body, len, tail, tail_len, rule);

	struct aspath_iter a = aspath_walk(body, len), b = aspath_walk(tail, tail_len);
	int left = tail_length(b, rule, rule->remove_private);
	int before = tail_length(a, rule, false) - left;
	uint32_t x, y;

	if (!left || before < 0)
		return -1;
	for (int i = 0; i < before; i++)
		tail_next(&a, rule, false, &x);
	while (tail_next(&b, rule, rule->remove_private, &y)) {
		tail_next(&a, rule, false, &x);
		if (x != y)
			return -1;
	}
	return before;
}

static uint8_t *put_as(uint8_t *at, uint32_t asn, uint8_t count)
{
	for (; count; count--, at += 4)
		store_be32(at, asn);
	return at;
}

size_t aspath_prepend(uint8_t *out, const uint8_t *body, uint16_t len, uint32_t asn, uint8_t count)
{
	uint8_t have = len && body[0] == AS_SEQUENCE ? body[1] : 0;
	uint8_t fits = ASPATH_SEGMENT_MAX - have, join = 0;
	uint8_t *at = out;

	if (have)
		join = count < fits ? count : fits;
	if (count >
	    join) { /* what the leading sequence cannot take stands in a new one before it */
		*at++ = AS_SEQUENCE;
		*at++ = count - join;
		at = put_as(at, asn, count - join);
	}
	if (join) {
		*at++ = AS_SEQUENCE;
		*at++ = have + join;
		at = put_as(at, asn, join);
		body += 2;
		len -= 2;
	}
	if (len)
		memcpy(at, body, len);
	return (size_t)(at - out) + len;
}

/* The AS numbers of one segment. Returns the end of those that stay. */
static uint8_t *edit_segment(uint8_t *at, const uint8_t *body, uint8_t count,
			     const struct aspath_edit *edit)
{
	for (; count; count--, body += 4) {
		uint32_t asn = load_be32(body);

		if (edit->from && asn == edit->from)
			asn = edit->to;
		if (edit->remove_private && asn_private(asn))
			continue;
		store_be32(at, asn);
		at += 4;
	}
	return at;
}

size_t aspath_edit(uint8_t *out, const uint8_t *body, uint16_t len, const struct aspath_edit *edit)
{
	const uint8_t *end = len ? body + len : body;
	uint8_t *at = out;

	for (; body < end; body += 2 + 4u * body[1]) {
		uint8_t *segment = at;

		at = edit_segment(segment + 2, body + 2, body[1], edit);
		segment[0] = body[0];
		segment[1] = (uint8_t)((at - segment - 2) / 4);
		if (!segment[1])
			at = segment;
	}
	return (size_t)(at - out);
}

static const char brackets[][2] = {
	[AS_SET] = { '{', '}' },
	[AS_CONFED_SEQUENCE] = { '(', ')' },
	[AS_CONFED_SET] = { '[', ']' },
};

/* One AS number with what stands around it. */
static int as_text(const struct aspath_iter *it, bool leading, uint32_t asn, char *buf, size_t size)
{
	bool bare = it->type == AS_SEQUENCE || it->type > AS_CONFED_SET;
	const char *pair = bare ? "" : brackets[it->type];

	return snprintf(buf, size, "%s%.*s%u%.*s", leading ? "" : " ", it->first && !bare, pair,
			asn, !it->left && !bare, bare ? "" : pair + 1);
}

/* End the text with dots, at `at` or as far before it as they need. */
static void mark_cut(char *buf, size_t at, size_t size)
{
	const char dots[] = "...";

	if (size < sizeof(dots))
		buf[0] = '\0';
	else
		memcpy(buf + (at + sizeof(dots) <= size ? at : size - sizeof(dots)), dots,
		       sizeof(dots));
}

char *aspath_text(const uint8_t *body, uint16_t len, char *buf, size_t size)
{
	struct aspath_iter it = aspath_walk(body, len);
	size_t at = 0;

	if (!size)
		return buf;
	buf[0] = '\0';
	for (uint32_t as; aspath_next(&it, &as);) {
		int n = as_text(&it, !at, as, buf + at, size - at);

		if ((size_t)n >= size - at) {
			mark_cut(buf, at, size);
			break;
		}
		at += (size_t)n;
	}
	return buf;
}
