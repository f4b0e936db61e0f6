/* Any octets as an UPDATE, over each kind of session. Nothing is read outside them (the sanitizer's
 * part); what comes out is canonical: encoded again it decodes to the same, also over a session
 * with 2-octet AS numbers. */
#include <stdlib.h>
#include <string.h>

#include "attr.h"
#include "update.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static uint32_t walk(struct nlri nlri)
{
	struct prefix p;
	uint32_t count = 0;

	for (; nlri_next(&nlri, &p); count++)
		require(p.addr.family == nlri.family && p.len <= family_bits(p.addr.family) &&
			prefix_equal(p, prefix_make(p.addr, p.len)) &&
			!nlri_martian(p, nlri.allow_240));
	return count;
}

/* Encode `attrs` with one prefix, decode that, and compare with the canonical form `expect`. */
static void there_and_back(const struct update_ctx *ctx, uint8_t family, const uint8_t *attrs,
			   uint16_t len, const uint8_t *expect, uint16_t expect_len)
{
	static const uint8_t site[16] = { 0x20, 1, 0xd, 0xb8 };
	const struct prefix prefix = family == FAMILY_IPV4 ? prefix4_make(0x0a000000, 8)
							   : prefix_make(addr_make6(site), 32);
	uint8_t wire[BGP_MESSAGE_MAX], again[BGP_ATTRS_MAX];
	struct bgp_update u;
	size_t taken, size = update_encode_announce(wire, sizeof(wire), family, attrs, len, &prefix,
						    1, &taken);

	if (!size)
		return;
	require(update_decode(cursor_make(wire + BGP_HEADER_LEN, size - BGP_HEADER_LEN), ctx, again,
			      &u) == BGP_OK);
	require(u.announced.count == 1 && u.attrs_len == expect_len &&
		!memcmp(again, expect, expect_len));
}

static void decode(struct cursor body, const struct update_ctx *ctx)
{
	uint8_t attrs[BGP_ATTRS_MAX], narrow[BGP_ATTRS_MAX];
	struct attr_writer w = { .buf = narrow, .size = sizeof(narrow) };
	struct update_ctx wide = *ctx, old = *ctx;
	struct bgp_update u;
	enum bgp_verdict verdict = update_decode(body, ctx, attrs, &u);

	require((verdict == BGP_OK) == !u.fault);
	if (verdict == BGP_SESSION_RESET) {
		require(u.notify.code == NOTIFY_UPDATE && u.notify.subcode &&
			u.notify.len <= BGP_NOTIFY_DATA);
		return;
	}
	require(walk(u.withdrawn) == u.withdrawn.count && walk(u.announced) == u.announced.count);
	require(family_bit(u.family) & ctx->families & ~ctx->done);
	require(verdict < BGP_TREAT_AS_WITHDRAW || !u.attrs_len);
	if (u.rest) {
		struct update_ctx next = *ctx;

		next.done |= family_bit(u.family);
		require(update_decode(body, &next, narrow, &u) == verdict && !u.rest);
		return;
	}
	if (!u.attrs_len)
		return;
	update_loop(attrs, u.attrs_len, 65515, 0x0a000104);
	wide.as4 = true;
	wide.done = old.done = 0;
	there_and_back(&wide, u.family, attrs, u.attrs_len, attrs, u.attrs_len);
	old.as4 = false;
	attrs_downgrade(attrs, u.attrs_len, &w);
	if (!w.full)
		there_and_back(&old, u.family, narrow, (uint16_t)w.len, attrs, u.attrs_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t families[] = { 1 << FAMILY_IPV4, 1 << FAMILY_IPV6,
					    1 << FAMILY_IPV4 | 1 << FAMILY_IPV6, 1 << FAMILY_IPV4 };

	if (!size || size - 1 > BGP_MESSAGE_MAX - BGP_HEADER_LEN)
		return 0;

	struct update_ctx ctx = { .as4 = data[0] & 1,
				  .ebgp = data[0] & 2,
				  .local_addr = addr_make4(data[0] & 4 ? 0x0a000001 : 0),
				  .allow_240 = data[0] & 8,
				  .families = families[data[0] >> 4 & 3],
				  .extended_next_hop = data[0] & 64 };

	decode(cursor_make(data + 1, size - 1), &ctx);
	return 0;
}
