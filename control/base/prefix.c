/* Text of IPv4 addresses and prefixes. inet_pton() does the quad; the rest is strictness: what an
 * operator wrote with host bits set or with trailing characters was meant otherwise, and is
 * refused. */
#include "prefix.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

int prefix_compare(struct prefix a, struct prefix b)
{
	if (a.addr != b.addr)
		return a.addr < b.addr ? -1 : 1;
	return (int)a.len - (int)b.len;
}

bool addr_parse(const char *text, uint32_t *addr)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*addr = ntohl(in.s_addr);
	return true;
}

/* One or two decimal digits, no sign, no leading zero, at most 32. */
static bool len_parse(const char *text, uint8_t *len)
{
	unsigned int value = 0;

	if (!text[0] || strlen(text) > 2 || (text[0] == '0' && text[1]))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned int)(*text - '0');
	}
	if (value > 32)
		return false;
	*len = (uint8_t)value;
	return true;
}

bool addr_len_parse(const char *text, uint32_t *addr, uint8_t *len)
{
	const char *slash = strchr(text, '/');
	char quad[ADDR_TEXT];

	if (!slash || (size_t)(slash - text) >= sizeof(quad))
		return false;
	memcpy(quad, text, (size_t)(slash - text));
	quad[slash - text] = '\0';

	uint32_t a;
	uint8_t l;

	if (!addr_parse(quad, &a) || !len_parse(slash + 1, &l))
		return false;
	*addr = a;
	*len = l;
	return true;
}

bool prefix_parse(const char *text, struct prefix *p)
{
	uint32_t addr;
	uint8_t len;

	if (!addr_len_parse(text, &addr, &len) || (addr & ~prefix_mask(len)))
		return false;
	*p = prefix_make(addr, len);
	return true;
}

char *addr_text(uint32_t addr, char *buf)
{
	snprintf(buf, ADDR_TEXT, "%u.%u.%u.%u", addr >> 24, addr >> 16 & 255, addr >> 8 & 255,
		 addr & 255);
	return buf;
}

char *prefix_text(struct prefix p, char *buf)
{
	char quad[ADDR_TEXT];

	snprintf(buf, PREFIX_TEXT, "%s/%u", addr_text(p.addr, quad), p.len);
	return buf;
}
