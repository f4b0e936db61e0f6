/* AS paths in canonical form: the body of an AS_PATH attribute with 4-octet AS numbers (RFC 6793),
 * segments of (type, count, AS numbers). Bodies given here are well-formed: the decoder has seen to
 * that. The body of an empty path may be NULL. */
#ifndef BASCULE_ASPATH_H
#define BASCULE_ASPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Types of segments (RFC 4271 4.3, RFC 5065 3). */
enum { AS_SET = 1, AS_SEQUENCE = 2, AS_CONFED_SEQUENCE = 3, AS_CONFED_SET = 4 };

enum { AS_TRANS = 23456, ASPATH_SEGMENT_MAX = 255 /* AS numbers in one segment */ };

/* A walk over every AS number of a path, left to right. Begin with aspath_walk(). */
struct aspath_iter {
	const uint8_t *pos, *end; /* borrowed */
	uint8_t type;		  /* AS_SET ... of the segment that the last AS stood in */
	uint8_t left;		  /* AS numbers left in this segment */
	bool first;		  /* the last AS was the first of its segment */
};
struct aspath_iter aspath_walk(const uint8_t *body, uint16_t len);
bool aspath_next(struct aspath_iter *it, uint32_t *asn);

/* For the decision (RFC 4271 9.1.2.2 a, RFC 5065 5.3): a set counts one, confederation segments
 * nothing. */
uint16_t aspath_length(const uint8_t *body, uint16_t len);
bool aspath_contains(const uint8_t *body, uint16_t len, uint32_t asn);
/* The neighbour: first AS of a leading AS_SEQUENCE, or 0 (empty, or begins with a set). */
uint32_t aspath_first(const uint8_t *body, uint16_t len);
/* The origin: last AS of a trailing AS_SEQUENCE, or 0. */
uint32_t aspath_origin(const uint8_t *body, uint16_t len);

/* Which AS numbers do not count when the tails of two paths are compared. */
struct aspath_tail {
	uint32_t without[2]; /* in neither path */
	bool remove_private; /* in the shorter one those for private use do not count either */
};
/* Does the path end with `tail`, segments aside, and is anything left of that? Returns how many AS
 * numbers stand before it; below 0: it does not. Two walks over each; if both are one segment, as
 * most are, one from the end, as far as they are the same. */
int aspath_before(const uint8_t *body, uint16_t len, const uint8_t *tail, uint16_t tail_len,
		  const struct aspath_tail *rule);

/* Write the path with `count` times `asn` in front (RFC 4271 5.1.2 b) to `out`, which has room for
 * aspath_prepend_max() octets; `out` may not overlap `body`. A leading AS_SEQUENCE is filled up to
 * 255 AS numbers, then others are begun. Returns the length written. count <= 255. */
static inline size_t aspath_prepend_max(uint16_t len, uint8_t count)
{
	return (size_t)len + 4u * count + 4u;
}
size_t aspath_prepend(uint8_t *out, const uint8_t *body, uint16_t len, uint32_t asn, uint8_t count);

/* Is it for private use (RFC 6996)? */
static inline bool asn_private(uint32_t asn)
{
	return (asn >= 64512 && asn <= 65534) || (asn >= 4200000000u && asn <= 4294967294u);
}

/* What to change in a path that is passed on. */
struct aspath_edit {
	uint32_t from, to; /* every `from` becomes `to`; 0: none does */
	/* then AS numbers for private use go, and segments that they leave empty */
	bool remove_private;
};
/* Write the edited path to `out`, which has room for `len` octets and may not overlap `body`.
 * Returns the length written. */
size_t aspath_edit(uint8_t *out, const uint8_t *body, uint16_t len, const struct aspath_edit *edit);

/* "65001 65002 {65003 65004} (65005)": sequences bare, sets in braces, confederation sequences in
 * parentheses, sets of them in brackets; asplain (RFC 5396). Cut with "..." at `size`. Returns
 * buf. */
char *aspath_text(const uint8_t *body, uint16_t len, char *buf, size_t size);

#ifdef __cplusplus
}
#endif
#endif
