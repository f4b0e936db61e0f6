/* Path attributes for tests: those of a good UPDATE, and what becomes of a body that is decoded. */
#ifndef BASCULE_TEST_ATTR_HARNESS_H
#define BASCULE_TEST_ATTR_HARNESS_H

#include <algorithm>
#include <map>
#include <memory>

#include "update.h"
#include "update_ctx.h"
#include "wire.h"

enum peer { EBGP, IBGP, OLD /* external, 2-octet AS numbers */ };

struct result {
	enum bgp_verdict verdict;
	struct bgp_update u;
	bytes attrs;
};

/* Copies the input to memory of exactly its size, so that the sanitizer sees every octet read too
 * far. */
static inline result decode(const bytes &body, peer p = EBGP, uint32_t local_addr = 0x0a000063)
{
	std::unique_ptr<uint8_t[]> exact(new uint8_t[body.size()]);
	std::copy(body.begin(), body.end(), exact.get());

	struct update_ctx ctx = update_ctx_of(p != OLD, p != IBGP);
	ctx.local_addr = addr_make4(local_addr);
	bytes buf(BGP_ATTRS_MAX);
	result r;

	r.verdict = update_decode(cursor_make(exact.get(), body.size()), &ctx, buf.data(), &r.u);
	if (r.verdict != BGP_SESSION_RESET)
		r.attrs = bytes(buf.begin(), buf.begin() + r.u.attrs_len);
	return r;
}

static const bytes reach = hex("10 0a01");

static inline std::map<uint8_t, bytes> good_attrs(peer p)
{
	std::map<uint8_t, bytes> m;

	m[1] = hex("40 01 01 00");
	m[2] = p == OLD ? hex("40 02 06 0202 fde9 fdea") : hex("40 02 0a 0202 0000fde9 0000fdea");
	m[3] = hex("40 03 04 0a000001");
	return m;
}

static inline bytes section_of(const std::map<uint8_t, bytes> &m)
{
	bytes out;

	for (const auto &a : m)
		out = out + a.second;
	return out;
}

#endif
