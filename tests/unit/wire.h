/* Octets for tests: written in hex as the RFCs draw them, put together with +. */
#ifndef BASCULE_TEST_WIRE_H
#define BASCULE_TEST_WIRE_H

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "cursor.h"

using bytes = std::vector<uint8_t>;

/* "40 01 01 00" or "40010100". */
static inline bytes hex(const std::string &text)
{
	bytes out;
	std::string pair;

	for (char c : text) {
		if (c == ' ')
			continue;
		pair += c;
		if (pair.size() == 2) {
			out.push_back((uint8_t)std::strtoul(pair.c_str(), nullptr, 16));
			pair.clear();
		}
	}
	return out;
}

static inline bytes operator+(bytes a, const bytes &b)
{
	a.insert(a.end(), b.begin(), b.end());
	return a;
}

static inline bytes be16(size_t v)
{
	return { (uint8_t)(v >> 8), (uint8_t)v };
}

static inline bytes be32(uint32_t v)
{
	return be16(v >> 16) + be16(v & 0xffff);
}

/* One path attribute; extended length where the flags say so. */
static inline bytes attribute(uint8_t flags, uint8_t code, const bytes &body)
{
	bytes head = { flags, code };

	return head + (flags & 0x10 ? be16(body.size()) : bytes{ (uint8_t)body.size() }) + body;
}

/* The body of an UPDATE. */
static inline bytes update_body(const bytes &withdrawn, const bytes &attrs, const bytes &nlri)
{
	return be16(withdrawn.size()) + withdrawn + be16(attrs.size()) + attrs + nlri;
}

static inline bytes message(uint8_t type, const bytes &body)
{
	return bytes(16, 0xff) + be16(19 + body.size()) + bytes{ type } + body;
}

static inline struct cursor cursor_of(const bytes &b)
{
	return cursor_make(b.data(), b.size());
}

#endif
