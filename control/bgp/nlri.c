/* Checking comes first and counts, so that iterating cannot fail and records can be sized before
 * they are filled. */
#include "nlri.h"

static struct prefix prefix_load(const uint8_t *at, uint8_t len)
{
	uint32_t addr = 0;

	for (uint8_t bits = 0; bits < len; bits += 8)
		addr |= (uint32_t)*at++ << (24 - bits);
	return prefix4_make(addr, len);
}

bool nlri_add(struct nlri *nlri, unsigned int part, struct cursor field)
{
	nlri->part[part] = field;
	while (cursor_left(&field)) {
		uint8_t len = cursor_u8(&field);
		const uint8_t *addr = cursor_take(&field, (len + 7u) / 8u);

		struct prefix prefix;

		if (len > 32 || !addr)
			return false;
		prefix = prefix_load(addr, len);
		if (!nlri_martian(prefix, nlri->allow_240))
			nlri->count++;
		else if (!nlri->martians++)
			nlri->martian = prefix;
	}
	return true;
}

bool nlri_next(struct nlri *nlri, struct prefix *prefix)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct cursor *c = &nlri->part[i];

		while (cursor_left(c)) {
			uint8_t len = cursor_u8(c);

			*prefix = prefix_load(cursor_take(c, (len + 7u) / 8u), len);
			if (!nlri_martian(*prefix, nlri->allow_240))
				return true;
		}
	}
	return false;
}
