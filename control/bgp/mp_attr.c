/* What implementations send as next hop of IPv6 prefixes has more shapes than RFC 2545 draws: all
 * of them come out as one of three. */
#include "mp_attr.h"

#include <string.h>

/* Families that were not negotiated are ignored (RFC 4760 6). */
static uint8_t read_family(struct cursor *c, const struct update_ctx *ctx)
{
	uint16_t afi = cursor_u16(c);
	uint8_t family = family_of_afi(afi, cursor_u8(c));

	return ctx->families & family_bit(family) ? family : FAMILY_COUNT;
}

/* RFC 4760 3, RFC 2545 3, RFC 8950 3. */
static bool length_good(uint8_t family, uint8_t len, bool extended)
{
	if (len == 4)
		return family == FAMILY_IPV4;
	return (len == 16 || len == 32) && (family == FAMILY_IPV6 || extended);
}

/* Of two addresses both are kept if they are a global and a link-local one. Some send nothing, or
 * the link-local one twice, for a global that they have not, or nothing for a link-local one. */
static void keep_sensible(struct mp_attr *out)
{
	struct addr first = addr_make6(out->next_hop), second = addr_make6(out->next_hop + 16);

	if (!addr_link_local(second)) {
		out->next_hop_len = 16;
	} else if (addr_unspecified(first) || addr_link_local(first)) {
		out->next_hop += 16;
		out->next_hop_len = 16;
	}
}

const char *mp_reach_read(struct cursor body, const struct update_ctx *ctx, struct mp_attr *out)
{
	out->family = read_family(&body, ctx);
	if (out->family == FAMILY_COUNT)
		return NULL;
	out->next_hop_len = cursor_u8(&body);
	if (!length_good(out->family, out->next_hop_len, ctx->extended_next_hop))
		return "length of the next hop in MP_REACH_NLRI, RFC 7606 7.11";
	out->next_hop = cursor_take(&body, out->next_hop_len);
	cursor_u8(&body); /* reserved */
	if (body.bad)
		return "MP_REACH_NLRI is cut short, RFC 7606 7.11";
	if (out->next_hop_len == 32)
		keep_sensible(out);
	out->nlri = body;
	return NULL;
}

void mp_unreach_read(struct cursor body, const struct update_ctx *ctx, struct mp_attr *out)
{
	out->family = read_family(&body, ctx);
	out->nlri = body;
}

bool mp_reach_announces(struct cursor body)
{
	cursor_take(&body, 3);
	cursor_take(&body, cursor_u8(&body));
	cursor_u8(&body); /* reserved */
	return !body.bad && cursor_left(&body);
}

static bool ours(const struct update_ctx *ctx, struct addr addr)
{
	return !addr_unspecified(addr) && addr_equal(addr, ctx->local_addr);
}

/* What a speaker says that looked for an address of its own on the wrong interface, or found
 * none. */
static bool is_nobody4(uint32_t addr)
{
	return !addr || addr >> 24 == 127;
}

static bool is_nobody6(const uint8_t *addr)
{
	static const uint8_t zeros[15];

	return !memcmp(addr, zeros, sizeof(zeros)) && addr[15] <= 1;
}

const char *mp_next_hop_check(const uint8_t *next_hop, uint8_t len, const struct update_ctx *ctx)
{
	bool v4 = len == 4, own;

	if (v4 ? is_nobody4(load_be32(next_hop)) : is_nobody6(next_hop))
		return "NEXT_HOP is unspecified or loopback: the peer found no address of its "
		       "own on the link, RFC 4271 6.3";
	if (v4 ? addr_martian(load_be32(next_hop), ctx->allow_240) : addr6_martian(next_hop))
		return "NEXT_HOP is not a host address, RFC 4271 6.3";
	own = ours(ctx, v4 ? addr_make4(load_be32(next_hop)) : addr_make6(next_hop)) ||
	      (len == 32 && ours(ctx, addr_make6(next_hop + 16)));
	return own ? "NEXT_HOP is our own address, RFC 4271 6.3" : NULL;
}
