/* Optional parameters hold capabilities and nothing else these days. One table row a capability
 * that we know. */
#include "open.h"

#include <string.h>

#include "aspath.h"

enum { PARAM_CAPABILITIES = 2, PARAM_EXTENDED = 255 };
enum { CAP_MP = 1, CAP_REFRESH = 2, CAP_EXTENDED_NEXT_HOP = 5, CAP_GR = 64, CAP_AS4 = 65 };
enum { GR_R = 0x8000, GR_TIME = 0x0fff, GR_F = 0x80 };
enum { GR_CAPS = SPEAKER_CAP_GR | SPEAKER_CAP_GR_IPV6 };

/* A row a family: the bits of its capabilities. */
static const struct {
	uint16_t mp, gr, forwarding;
} family_caps[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { SPEAKER_CAP_MP_IPV4, SPEAKER_CAP_GR, SPEAKER_CAP_GR_FORWARDING },
	[FAMILY_IPV6] = { SPEAKER_CAP_MP_IPV6, SPEAKER_CAP_GR_IPV6,
			  SPEAKER_CAP_GR_FORWARDING_IPV6 },
};

uint8_t open_families(uint16_t caps)
{
	uint8_t families = 0;

	for (uint8_t family = 0; family < FAMILY_COUNT; family++)
		if (caps & family_caps[family].mp)
			families |= family_bit(family);
	return families;
}

uint16_t open_caps(uint8_t families, uint8_t forwarding)
{
	uint16_t caps = 0;

	for (uint8_t family = 0; family < FAMILY_COUNT; family++) {
		if (!(families & family_bit(family)))
			continue;
		caps |= family_caps[family].mp | family_caps[family].gr;
		if (forwarding & family_bit(family))
			caps |= family_caps[family].forwarding;
	}
	return caps;
}

uint16_t open_negotiated(uint16_t theirs, uint16_t ours)
{
	uint8_t families = open_families(theirs) & open_families(ours);

	for (uint8_t family = 0; family < FAMILY_COUNT; family++)
		if (!(families & family_bit(family)))
			theirs &= (uint16_t) ~(family_caps[family].mp | family_caps[family].gr |
					       family_caps[family].forwarding);
	if (!(families & family_bit(FAMILY_IPV4)) || !(ours & SPEAKER_CAP_EXTENDED_NEXT_HOP))
		theirs &= (uint16_t)~SPEAKER_CAP_EXTENDED_NEXT_HOP;
	return theirs;
}

struct decoding {
	struct bgp_open *open;
	bool any_mp; /* some MP capability was there */
};

static void decode_mp(struct decoding *d, struct cursor body)
{
	uint32_t value = cursor_u32(&body); /* AFI, reserved, SAFI */
	uint8_t family = family_of_afi((uint16_t)(value >> 16), (uint8_t)value);

	d->any_mp = true;
	if (family < FAMILY_COUNT)
		d->open->caps |= family_caps[family].mp;
}

/* AFI and SAFI of prefixes, AFI of next hops. */
static void decode_extended_next_hop(struct decoding *d, struct cursor body)
{
	while (cursor_left(&body)) {
		uint32_t what = cursor_u32(&body);

		if (cursor_u16(&body) == BGP_AFI_IPV6 &&
		    what == (BGP_AFI_IPV4 << 16 | BGP_SAFI_UNICAST))
			d->open->caps |= SPEAKER_CAP_EXTENDED_NEXT_HOP;
	}
}

static void decode_refresh(struct decoding *d, struct cursor body)
{
	d->open->caps |= SPEAKER_CAP_REFRESH;
}

static void decode_as4(struct decoding *d, struct cursor body)
{
	d->open->asn = cursor_u32(&body);
	d->open->caps |= SPEAKER_CAP_AS4;
}

/* The last instance counts (RFC 4724 3). */
static void decode_gr(struct decoding *d, struct cursor body)
{
	uint16_t head = cursor_u16(&body), caps = SPEAKER_CAP_GR_AWARE;

	if (head & GR_R)
		caps |= SPEAKER_CAP_GR_RESTARTING;
	while (cursor_left(&body)) {
		uint16_t afi = cursor_u16(&body);
		uint8_t safi = cursor_u8(&body), flags = cursor_u8(&body);
		uint8_t family = family_of_afi(afi, safi);

		if (family == FAMILY_COUNT)
			continue;
		caps |= family_caps[family].gr;
		if (flags & GR_F)
			caps |= family_caps[family].forwarding;
	}
	d->open->restart_s = head & GR_TIME;
	d->open->caps &= (uint16_t) ~(GR_CAPS | SPEAKER_CAP_GR_RESTARTING |
				      SPEAKER_CAP_GR_FORWARDING | SPEAKER_CAP_GR_FORWARDING_IPV6);
	d->open->caps |= caps;
}

static const struct {
	uint8_t code, min, unit, max; /* octets of value: min + n × unit <= max */
	void (*decode)(struct decoding *d, struct cursor body);
} capabilities[] = {
	{ CAP_MP, 4, 1, 4, decode_mp }, /* RFC 4760 8 */
	{ CAP_REFRESH, 0, 1, 255,
	  decode_refresh }, /* RFC 2918 2: length 0, but nothing hangs on it */
	{ CAP_EXTENDED_NEXT_HOP, 6, 6, 252, decode_extended_next_hop }, /* RFC 8950 4 */
	{ CAP_GR, 2, 4, 254, decode_gr },				/* RFC 4724 3 */
	{ CAP_AS4, 4, 1, 4, decode_as4 },				/* RFC 6793 3 */
};

/* One capability; an unknown one is fine (RFC 5492 3). False: the value of a known one has the
 * wrong length. */
static bool decode_capability(struct decoding *d, uint8_t code, struct cursor body)
{
	size_t len = cursor_left(&body);

	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
		if (capabilities[i].code != code)
			continue;
		if (len < capabilities[i].min || len > capabilities[i].max ||
		    (len - capabilities[i].min) % capabilities[i].unit)
			return false;
		capabilities[i].decode(d, body);
	}
	return true;
}

static bool decode_capabilities(struct decoding *d, struct cursor c)
{
	while (cursor_left(&c)) {
		uint8_t code = cursor_u8(&c), len = cursor_u8(&c);
		struct cursor body = cursor_sub(&c, len);

		if (c.bad || !decode_capability(d, code, body))
			return false;
	}
	return true;
}

static bool refuse(struct bgp_notify *notify, uint8_t subcode, const char *why)
{
	notify_set(notify, NOTIFY_OPEN, subcode, NULL, 0, why);
	return false;
}

/* The optional parameters, from their length octet on, in either format (RFC 4271 4.2, RFC 9072
 * 2). */
static bool decode_params(struct decoding *d, struct cursor c, struct bgp_notify *notify)
{
	size_t size = cursor_u8(&c);
	bool extended = size && cursor_left(&c) && c.pos[0] == PARAM_EXTENDED;

	if (extended) {
		cursor_u8(&c);
		size = cursor_u16(&c);
	}
	if (c.bad || cursor_left(&c) != size)
		return refuse(notify, 0, "length of the optional parameters, RFC 4271 6.2");
	while (cursor_left(&c)) {
		uint8_t type = cursor_u8(&c);
		uint16_t len = extended ? cursor_u16(&c) : cursor_u8(&c);
		struct cursor body = cursor_sub(&c, len);

		if (c.bad)
			return refuse(notify, 0, "optional parameter cut short, RFC 4271 6.2");
		if (type != PARAM_CAPABILITIES)
			return refuse(notify, NOTIFY_OPEN_PARAMETER,
				      "optional parameter type, RFC 4271 6.2");
		if (!decode_capabilities(d, body))
			return refuse(notify, 0, "malformed capability, RFC 5492");
	}
	return true;
}

bool open_decode(struct cursor body, struct bgp_open *out, struct bgp_notify *notify)
{
	static const uint8_t our_version[2] = { 0, BGP_VERSION };
	uint8_t version = cursor_u8(&body);
	uint16_t my_as = cursor_u16(&body);
	struct decoding d = { .open = out };

	*out = (struct bgp_open){ .asn = my_as };
	out->hold_s = cursor_u16(&body);
	out->router_id = cursor_u32(&body);
	if (version != BGP_VERSION) {
		notify_set(notify, NOTIFY_OPEN, NOTIFY_OPEN_VERSION, our_version, 2,
			   "BGP version, RFC 4271 6.2");
		return false;
	}
	if (!my_as)
		return refuse(notify, NOTIFY_OPEN_AS, "AS 0, RFC 7607 2");
	if (out->hold_s == 1 || out->hold_s == 2)
		return refuse(notify, NOTIFY_OPEN_HOLD, "hold time below 3 s, RFC 4271 6.2");
	if (!out->router_id)
		return refuse(notify, NOTIFY_OPEN_ID, "router ID 0, RFC 6286 2.2");
	if (!decode_params(&d, body, notify))
		return false;
	if (!out->asn)
		return refuse(notify, NOTIFY_OPEN_AS,
			      "AS 0 in the 4-octet AS capability, RFC 7607 2");
	if (out->asn != my_as && my_as != AS_TRANS)
		return refuse(notify, NOTIFY_OPEN_AS, "two different AS numbers, RFC 6793 4.1");
	if (!d.any_mp)
		out->caps |= SPEAKER_CAP_MP_IPV4;
	return true;
}

/* Append a capability's head; returns where its value goes. */
static uint8_t *put_capability(uint8_t *at, uint8_t code, uint8_t len)
{
	at[0] = code;
	at[1] = len;
	return at + 2;
}

static uint8_t *put_mp(uint8_t *at, uint8_t families)
{
	for (uint8_t family = 0; family < FAMILY_COUNT; family++) {
		if (!(families & family_bit(family)))
			continue;
		at = put_capability(at, CAP_MP, 4);
		store_be32(at, (uint32_t)family_afi(family) << 16 | BGP_SAFI_UNICAST);
		at += 4;
	}
	return at;
}

/* The NOTIFICATION names what is missing, as capabilities. */
static bool refuse_families(uint8_t families, struct bgp_notify *notify)
{
	static const char *const whys[] = {
		[1 << FAMILY_IPV4] =
			"families of addresses, and not IPv4 unicast among them, RFC 5492 3",
		[1 << FAMILY_IPV6] =
			"families of addresses, and not IPv6 unicast among them, RFC 5492 3",
		[1 << FAMILY_IPV4 | 1 << FAMILY_IPV6] =
			"families of addresses, and neither IPv4 nor IPv6 unicast among them, "
			"RFC 5492 3",
	};
	uint8_t missing[6 * FAMILY_COUNT];

	notify_set(notify, NOTIFY_OPEN, NOTIFY_OPEN_CAPABILITY, missing,
		   (size_t)(put_mp(missing, families) - missing), whys[families]);
	return false;
}

bool open_check(const struct bgp_open *open, uint32_t peer_asn, uint32_t local_asn,
		uint32_t router_id, uint8_t families, struct bgp_notify *notify)
{

	if (open->asn != peer_asn)
		return refuse(notify, NOTIFY_OPEN_AS,
			      "not the AS that is configured, RFC 4271 6.2");
	if (peer_asn == local_asn && open->router_id == router_id)
		return refuse(notify, NOTIFY_OPEN_ID, "our own router ID, RFC 6286 2.2");
	return (open_families(open->caps) & families) || refuse_families(families, notify);
}

static uint8_t *put_gr(uint8_t *at, const struct bgp_open *open)
{
	uint16_t restart = open->restart_s & GR_TIME;
	uint8_t *head = at;

	if (!(open->caps & GR_CAPS))
		return at;
	at += 2;
	store_be16(at, open->caps & SPEAKER_CAP_GR_RESTARTING ? GR_R | restart : restart);
	at += 2;
	for (uint8_t family = 0; family < FAMILY_COUNT; family++) {
		if (!(open->caps & family_caps[family].gr))
			continue;
		store_be16(at, family_afi(family));
		at[2] = BGP_SAFI_UNICAST;
		at[3] = open->caps & family_caps[family].forwarding ? GR_F : 0;
		at += 4;
	}
	put_capability(head, CAP_GR, (uint8_t)(at - head - 2));
	return at;
}

static uint8_t *put_capabilities(uint8_t *at, const struct bgp_open *open)
{
	at = put_mp(at, open_families(open->caps));
	if (open->caps & SPEAKER_CAP_REFRESH)
		at = put_capability(at, CAP_REFRESH, 0);
	if (open->caps & SPEAKER_CAP_EXTENDED_NEXT_HOP) {
		at = put_capability(at, CAP_EXTENDED_NEXT_HOP, 6);
		store_be32(at, BGP_AFI_IPV4 << 16 | BGP_SAFI_UNICAST);
		store_be16(at + 4, BGP_AFI_IPV6);
		at += 6;
	}
	at = put_gr(at, open);
	if (open->caps & SPEAKER_CAP_AS4) {
		at = put_capability(at, CAP_AS4, 4);
		store_be32(at, open->asn);
		at += 4;
	}
	return at;
}

size_t open_encode(uint8_t *buf, size_t size, const struct bgp_open *open)
{
	uint8_t caps[64]; /* all that there are take 40 */
	size_t nb = (size_t)(put_capabilities(caps, open) - caps), params = nb ? nb + 2 : 0;
	size_t len = BGP_HEADER_LEN + 10 + params;
	uint8_t *at = buf + BGP_HEADER_LEN;

	if (size < len)
		return 0;
	message_header(buf, BGP_OPEN, (uint16_t)len);
	at[0] = BGP_VERSION;
	store_be16(at + 1, open->asn > UINT16_MAX ? AS_TRANS : (uint16_t)open->asn);
	store_be16(at + 3, open->hold_s);
	store_be32(at + 5, open->router_id);
	at[9] = (uint8_t)params;
	if (nb) {
		at[10] = PARAM_CAPABILITIES;
		at[11] = (uint8_t)nb;
		memcpy(at + 12, caps, nb);
	}
	return len;
}
