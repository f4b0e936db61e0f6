/* Prefixes, and their text: strict, since what an operator wrote with host bits set or with
 * trailing characters was meant otherwise. */
#include "prefix.h"

#include <stdio.h>

/* The mask of octet `i` of an address in a prefix of length `len`. */
static uint8_t octet_mask(uint8_t len, int i)
{
	int bits = len - 8 * i;

	return (uint8_t)(bits >= 8 ? 0xff : bits <= 0 ? 0 : 0xff00 >> bits);
}

struct prefix prefix_make(struct addr addr, uint8_t len)
{
	struct prefix p;

	if (addr.family == FAMILY_IPV4)
		return prefix4_make(addr.v4, len);
	memset(&p, 0, sizeof(p));
	p.addr.family = FAMILY_IPV6;
	p.len = len;
	for (int i = 0; i < 16; i++)
		p.addr.v6[i] = addr.v6[i] & octet_mask(len, i);
	return p;
}

bool prefix_has(struct prefix p, struct addr addr)
{
	if (addr.family != p.addr.family)
		return false;
	if (addr.family == FAMILY_IPV4)
		return prefix4_has(p, addr.v4);
	return addr_equal(prefix_make(addr, p.len).addr, p.addr);
}

struct addr prefix_last(struct prefix p)
{
	struct addr last = p.addr;

	if (last.family == FAMILY_IPV4)
		last.v4 |= ~prefix4_mask(p.len);
	for (int i = 0; last.family == FAMILY_IPV6 && i < 16; i++)
		last.v6[i] |= (uint8_t)~octet_mask(p.len, i);
	return last;
}

int prefix_compare(struct prefix a, struct prefix b)
{
	int order = addr_compare(a.addr, b.addr);

	return order ? order : (int)a.len - (int)b.len;
}

/* One to three decimal digits, no sign, no leading zero, at most `max`. */
static bool len_parse(const char *text, uint8_t max, uint8_t *len)
{
	unsigned int value = 0;

	if (!text[0] || strlen(text) > 3 || (text[0] == '0' && text[1]))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned int)(*text - '0');
	}
	if (value > max)
		return false;
	*len = (uint8_t)value;
	return true;
}

bool addr_len_parse(const char *text, struct addr *addr, uint8_t *len)
{
	const char *slash = strchr(text, '/');
	char alone[ADDR_TEXT];
	struct addr a;
	uint8_t l;

	if (!slash || (size_t)(slash - text) >= sizeof(alone))
		return false;
	memcpy(alone, text, (size_t)(slash - text));
	alone[slash - text] = '\0';
	if (!addr_parse(alone, &a) || !len_parse(slash + 1, family_bits(a.family), &l))
		return false;
	*addr = a;
	*len = l;
	return true;
}

bool prefix_parse(const char *text, struct prefix *p)
{
	struct addr addr;
	uint8_t len;

	if (!addr_len_parse(text, &addr, &len) || !addr_equal(prefix_make(addr, len).addr, addr))
		return false;
	memset(p, 0, sizeof(*p));
	p->addr = addr;
	p->len = len;
	return true;
}

bool prefix4_parse(const char *text, struct prefix *p)
{
	struct prefix found;

	if (!prefix_parse(text, &found) || found.addr.family != FAMILY_IPV4)
		return false;
	*p = found;
	return true;
}

char *addr_len_text(struct addr addr, uint8_t len, char *buf)
{
	char alone[ADDR_TEXT];

	snprintf(buf, PREFIX_TEXT, "%s/%u", addr_text(addr, alone), len);
	return buf;
}

char *prefix_text(struct prefix p, char *buf)
{
	return addr_len_text(p.addr, p.len, buf);
}
