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

/* Write prefixes at `at` while they fit before `end`. Returns the end of the last one. */
static uint8_t *put_prefixes(uint8_t *at, const uint8_t *end, const struct prefix *nlri, size_t n,
			     size_t *taken)
{
	size_t i = 0;

	for (; i < n && nlri_size(nlri[i]) <= (size_t)(end - at); i++)
		at += nlri_put(at, nlri[i]);
	*taken = i;
	return at;
}

static size_t message_room(size_t size)
{
	return size < BGP_MESSAGE_MAX ? size : BGP_MESSAGE_MAX;
}

size_t update_encode_announce(uint8_t *buf, size_t size, const uint8_t *attrs, uint16_t attrs_len,
			      const struct prefix *nlri, size_t n, size_t *taken)
{
	size_t room = message_room(size);
	uint8_t *at = buf + BGP_HEADER_LEN, *start;

	*taken = 0;
	if (room < (size_t)UPDATE_HEAD + attrs_len)
		return 0;
	store_be16(at, 0);
	store_be16(at + 2, attrs_len);
	memcpy(at + 4, attrs, attrs_len);
	start = at + 4 + attrs_len;
	at = put_prefixes(start, buf + room, nlri, n, taken);
	if (at == start)
		return 0;
	message_header(buf, BGP_UPDATE, (uint16_t)(at - buf));
	return (size_t)(at - buf);
}

size_t update_encode_withdraw(uint8_t *buf, size_t size, const struct prefix *nlri, size_t n,
			      size_t *taken)
{
	size_t room = message_room(size);
	uint8_t *start = buf + BGP_HEADER_LEN + 2, *at;

	*taken = 0;
	if (room < UPDATE_HEAD)
		return 0;
	at = put_prefixes(start, buf + room - 2, nlri, n, taken);
	if (at == start)
		return 0;
	store_be16(start - 2, (uint16_t)(at - start));
	store_be16(at, 0);
	at += 2;
	message_header(buf, BGP_UPDATE, (uint16_t)(at - buf));
	return (size_t)(at - buf);
}

size_t update_encode_eor(uint8_t *buf, size_t size)
{
	if (size < UPDATE_HEAD)
		return 0;
	message_header(buf, BGP_UPDATE, UPDATE_HEAD);
	memset(buf + BGP_HEADER_LEN, 0, 4);
	return UPDATE_HEAD;
}
