/* The frame of an UPDATE: withdrawn routes, path attributes (attr.c), NLRI. */
#include "update.h"

#include <assert.h>
#include <string.h>

#include "aspath.h"
#include "attr.h"

enum { UPDATE_HEAD = BGP_HEADER_LEN + 4 /* both length fields */ };

static enum bgp_verdict reset(struct bgp_update *out, uint8_t subcode, const char *why)
{
	out->fault = why;
	notify_set(&out->notify, NOTIFY_UPDATE, subcode, NULL, 0, why);
	return BGP_SESSION_RESET;
}

enum bgp_verdict update_decode(struct cursor body, const struct update_ctx *ctx, uint8_t *attrs,
			       struct bgp_update *out)
{
	struct attr_nlri found;
	struct cursor withdrawn, section;

	assert(cursor_left(&body) <= BGP_MESSAGE_MAX - BGP_HEADER_LEN);
	attr_nlri_init(&found, ctx->allow_240);
	out->attrs_len = 0;
	out->eor = false;
	out->as_zero = false;
	out->drop = out->fault_code = 0;
	memset(out->stripped, 0, sizeof(out->stripped));
	out->fault = NULL;

	withdrawn = cursor_sub(&body, cursor_u16(&body));
	section = cursor_sub(&body, cursor_u16(&body));
	if (body.bad)
		return reset(out, NOTIFY_UPDATE_LIST, "lengths exceed the message, RFC 7606 3 a");
	if (!nlri_add(&found.withdrawn[FAMILY_IPV4], 0, withdrawn))
		return reset(out, NOTIFY_UPDATE_NETWORK,
			     "malformed withdrawn routes, RFC 7606 3 i, 5.3");
	if (!nlri_add(&found.announced[FAMILY_IPV4], 0, body))
		return reset(out, NOTIFY_UPDATE_NETWORK, "malformed NLRI, RFC 7606 3 j, 5.3");
	if (!cursor_left(&section) && !cursor_left(&body)) {
		attr_nlri_choose(&found, ctx, out);
		out->eor = !cursor_left(&withdrawn) && out->family == FAMILY_IPV4;
		return BGP_OK;
	}
	return attr_section_decode(section, cursor_left(&body) > 0, ctx, &found, attrs, out);
}

enum speaker_loop update_loop(const uint8_t *attrs, uint16_t attrs_len, uint32_t local_asn,
			      uint32_t router_id)
{
	struct attr_view v;

	for (uint16_t at = 0; attr_next(attrs, attrs_len, &at, &v);) {
		switch (v.code) {
		case ATTR_AS_PATH:
			if (aspath_contains(v.body, v.len, local_asn))
				return SPEAKER_LOOP_AS;
			break;
		case ATTR_ORIGINATOR_ID:
			if (load_be32(v.body) == router_id)
				return SPEAKER_LOOP_ORIGINATOR;
			break;
		case ATTR_CLUSTER_LIST:
			for (uint16_t i = 0; i < v.len; i += 4) {
				if (load_be32(v.body + i) == router_id)
					return SPEAKER_LOOP_CLUSTER;
			}
			break;
		}
	}
	return SPEAKER_LOOP_NONE;
}

/* Once for each family, as nlri_add() is. */
static inline uint8_t *put_all(uint8_t *at, const uint8_t *end, uint8_t family,
			       const struct prefix *nlri, size_t n, size_t *taken)
{
	size_t i = 0;

	for (; i < n && nlri_size(nlri[i]) <= (size_t)(end - at); i++)
		at += nlri_put_family(at, nlri[i], family);
	*taken = i;
	return at;
}

/* Write prefixes at `at` while they fit before `end`. Returns the end of the last one. */
static uint8_t *put_prefixes(uint8_t *at, const uint8_t *end, uint8_t family,
			     const struct prefix *nlri, size_t n, size_t *taken)
{
	return family == FAMILY_IPV4 ? put_all(at, end, FAMILY_IPV4, nlri, n, taken)
				     : put_all(at, end, FAMILY_IPV6, nlri, n, taken);
}

static size_t message_room(size_t size)
{
	return size < BGP_MESSAGE_MAX ? size : BGP_MESSAGE_MAX;
}

/* Where the prefixes of a family go: the fields of the message, if it has any, else the MP
 * attributes. */
static const struct family_row {
	uint16_t afi;
	bool own_fields;
} rows[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { BGP_AFI_IPV4, true },
	[FAMILY_IPV6] = { BGP_AFI_IPV6, false },
};

enum {
	MP_HEAD = 4,   /* of an attribute with extended length */
	MP_FAMILY = 3, /* AFI and SAFI */
	IPV4_HOP = 4,  /* octets of a NEXT_HOP that the message's own fields go with */
	MP_UNREACH_HEAD = MP_HEAD + MP_FAMILY,
};

/* Head of an MP attribute, whose length is still to come: returns where what follows the family
 * goes. */
static uint8_t *put_mp_head(uint8_t *at, uint8_t code, uint8_t family)
{
	at[0] = ATTR_F_OPTIONAL | ATTR_F_EXTENDED;
	at[1] = code;
	store_be16(at + MP_HEAD, rows[family].afi);
	at[MP_HEAD + 2] = BGP_SAFI_UNICAST;
	return at + MP_HEAD + MP_FAMILY;
}

/* The message from `buf` to `end` is done: its lengths. Its attributes begin at `section`, and
 * prefixes of its own fields, if there are any, at `nlri`. */
static size_t finish(uint8_t *buf, const uint8_t *section, const uint8_t *nlri, const uint8_t *end)
{
	store_be16(buf + BGP_HEADER_LEN, 0);
	store_be16(buf + BGP_HEADER_LEN + 2, (uint16_t)(nlri - section));
	message_header(buf, BGP_UPDATE, (uint16_t)(end - buf));
	return (size_t)(end - buf);
}

/* MP_REACH first (RFC 7606 5.1), with the next hop out of NEXT_HOP, which stays away. */
static size_t announce_mp(uint8_t *buf, size_t room, uint8_t family, const uint8_t *attrs,
			  uint16_t attrs_len, const struct attr_view *hop,
			  const struct prefix *nlri, size_t n, size_t *taken)
{
	const uint8_t *behind = hop->body + hop->len; /* of the attributes after NEXT_HOP */
	const uint8_t *before = hop->body - (hop->flags & ATTR_F_EXTENDED ? 4 : 3);
	size_t others = (size_t)(before - attrs) + (size_t)(attrs + attrs_len - behind);
	uint8_t *section = buf + UPDATE_HEAD, *at, *start;

	if (room < (size_t)UPDATE_HEAD + MP_HEAD + MP_FAMILY + 2 + hop->len + others)
		return 0;
	at = put_mp_head(section, ATTR_MP_REACH, family);
	*at++ = (uint8_t)hop->len;
	memcpy(at, hop->body, hop->len);
	at += hop->len;
	*at++ = 0; /* reserved */
	start = at;
	at = put_prefixes(start, buf + room - others, family, nlri, n, taken);
	if (at == start)
		return 0;
	store_be16(section + 2, (uint16_t)(at - section - MP_HEAD));
	memcpy(at, attrs, (size_t)(before - attrs));
	at += before - attrs;
	memcpy(at, behind, (size_t)(attrs + attrs_len - behind));
	at += attrs + attrs_len - behind;
	return finish(buf, section, at, at);
}

size_t update_encode_announce(uint8_t *buf, size_t size, uint8_t family, const uint8_t *attrs,
			      uint16_t attrs_len, const struct prefix *nlri, size_t n,
			      size_t *taken)
{
	size_t room = message_room(size);
	uint8_t *section = buf + UPDATE_HEAD, *start = section + attrs_len, *at;
	struct attr_view hop;

	*taken = 0;
	if (attr_find(attrs, attrs_len, ATTR_NEXT_HOP, &hop) &&
	    (!rows[family].own_fields || hop.len != IPV4_HOP))
		return announce_mp(buf, room, family, attrs, attrs_len, &hop, nlri, n, taken);
	assert(rows[family].own_fields);
	if (room < (size_t)UPDATE_HEAD + attrs_len)
		return 0;
	memcpy(section, attrs, attrs_len);
	at = put_prefixes(start, buf + room, family, nlri, n, taken);
	return at == start ? 0 : finish(buf, section, start, at);
}

static size_t withdraw_mp(uint8_t *buf, size_t room, uint8_t family, const struct prefix *nlri,
			  size_t n, size_t *taken)
{
	uint8_t *section = buf + UPDATE_HEAD, *start, *at;

	if (room < UPDATE_HEAD + MP_UNREACH_HEAD)
		return 0;
	start = put_mp_head(section, ATTR_MP_UNREACH, family);
	at = put_prefixes(start, buf + room, family, nlri, n, taken);
	if (at == start && n)
		return 0;
	store_be16(section + 2, (uint16_t)(at - section - MP_HEAD));
	return finish(buf, section, at, at);
}

size_t update_encode_withdraw(uint8_t *buf, size_t size, uint8_t family, const struct prefix *nlri,
			      size_t n, size_t *taken)
{
	size_t room = message_room(size);
	uint8_t *start = buf + BGP_HEADER_LEN + 2, *at;

	*taken = 0;
	if (!rows[family].own_fields)
		return n ? withdraw_mp(buf, room, family, nlri, n, taken) : 0;
	if (room < UPDATE_HEAD)
		return 0;
	at = put_prefixes(start, buf + room - 2, family, nlri, n, taken);
	if (at == start)
		return 0;
	store_be16(start - 2, (uint16_t)(at - start));
	store_be16(at, 0);
	at += 2;
	message_header(buf, BGP_UPDATE, (uint16_t)(at - buf));
	return (size_t)(at - buf);
}

size_t update_encode_eor(uint8_t *buf, size_t size, uint8_t family)
{
	size_t taken;

	if (!rows[family].own_fields)
		return withdraw_mp(buf, size, family, NULL, 0, &taken);
	if (size < UPDATE_HEAD)
		return 0;
	message_header(buf, BGP_UPDATE, UPDATE_HEAD);
	memset(buf + BGP_HEADER_LEN, 0, 4);
	return UPDATE_HEAD;
}
