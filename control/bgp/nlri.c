/* Checking comes first and counts, so that iterating cannot fail and records can be sized before
 * they are filled. */
#include "nlri.h"

bool addr6_martian(const uint8_t addr[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, zero[12];

	return addr[0] == 0xff || !memcmp(addr, zero, sizeof(zero)) ||
	       !memcmp(addr, mapped, sizeof(mapped));
}

bool nlri_martian6(struct prefix p)
{
	return (p.len >= 8 && p.addr.v6[0] == 0xff) || (p.len >= 10 && addr_link_local(p.addr)) ||
	       (p.len >= 96 && addr6_martian(p.addr.v6));
}

/* These read no octet behind the prefix: it may be the message's last. */
static struct prefix prefix_load6(const uint8_t *at, uint8_t len)
{
	uint8_t octets[16] = { 0 };

	memcpy(octets, at, (len + 7u) / 8u);
	return prefix_make(addr_make6(octets), len);
}

static inline struct prefix prefix_load(const uint8_t *at, uint8_t family, uint8_t len)
{
	uint32_t addr = 0;

	if (family != FAMILY_IPV4)
		return prefix_load6(at, len);
	for (uint8_t bits = 0; bits < len; bits += 8)
		addr |= (uint32_t)*at++ << (24 - bits);
	return prefix4_make(addr, len);
}

/* Once for each family: the loop is as long as a table. */
static inline bool add(struct nlri *nlri, uint8_t family, struct cursor field)
{
	const uint8_t bits = family_bits(family);

	while (cursor_left(&field)) {
		uint8_t len = cursor_u8(&field);
		const uint8_t *addr = cursor_take(&field, (len + 7u) / 8u);
		struct prefix prefix;

		if (len > bits || !addr)
			return false;
		prefix = prefix_load(addr, family, len);
		if (!nlri_martian(prefix, nlri->allow_240))
			nlri->count++;
		else if (!nlri->martians++)
			nlri->martian = prefix;
	}
	return true;
}

bool nlri_add(struct nlri *nlri, unsigned int part, struct cursor field)
{
	nlri->part[part] = field;
	return nlri->family == FAMILY_IPV4 ? add(nlri, FAMILY_IPV4, field)
					   : add(nlri, FAMILY_IPV6, field);
}

bool nlri_next(struct nlri *nlri, struct prefix *prefix)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct cursor *c = &nlri->part[i];

		while (cursor_left(c)) {
			uint8_t len = cursor_u8(c);

			*prefix = prefix_load(cursor_take(c, (len + 7u) / 8u), nlri->family, len);
			if (!nlri_martian(*prefix, nlri->allow_240))
				return true;
		}
	}
	return false;
}

/* What is wanted of one field that has martians in it. Returns its end at `at`. */
static uint8_t *copy_wanted(const struct nlri *nlri, struct cursor field, uint8_t *at)
{
	while (cursor_left(&field)) {
		const uint8_t *start = field.pos;
		uint8_t len = cursor_u8(&field);
		const uint8_t *addr = cursor_take(&field, (len + 7u) / 8u);

		if (nlri_martian(prefix_load(addr, nlri->family, len), nlri->allow_240))
			continue;
		memcpy(at, start, (size_t)(field.pos - start));
		at += field.pos - start;
	}
	return at;
}

size_t nlri_copy(const struct nlri *nlri, uint8_t *at)
{
	uint8_t *start = at;

	for (unsigned int i = 0; i < 2; i++) {
		struct cursor field = nlri->part[i];
		size_t len = cursor_left(&field);

		if (nlri->martians) {
			at = copy_wanted(nlri, field, at);
		} else if (len) {
			memcpy(at, field.pos, len);
			at += len;
		}
	}
	return (size_t)(at - start);
}
