/* Text of addresses. inet_pton() reads both families as strictly as we want it; what it takes for
 * IPv6 has many forms, and the one that is written is RFC 5952's. */
#include "addr.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { GROUPS = 8 }; /* of 16 bits */

bool addr_unspecified(struct addr addr)
{
	static const uint8_t none[16];

	return addr.family == FAMILY_IPV4 ? !addr.v4 : !memcmp(addr.v6, none, sizeof(none));
}

bool addr_link_local(struct addr addr)
{
	return addr.family == FAMILY_IPV6 && addr.v6[0] == 0xfe && (addr.v6[1] & 0xc0) == 0x80;
}

int addr_compare(struct addr a, struct addr b)
{
	if (a.family != b.family)
		return a.family < b.family ? -1 : 1;
	if (a.family == FAMILY_IPV6)
		return memcmp(a.v6, b.v6, sizeof(a.v6));
	return (a.v4 > b.v4) - (a.v4 < b.v4);
}

const char *family_name(uint8_t family)
{
	return family == FAMILY_IPV4 ? "ipv4" : "ipv6";
}

const char *family_title(uint8_t family)
{
	return family == FAMILY_IPV4 ? "IPv4" : "IPv6";
}

bool addr4_parse(const char *text, uint32_t *addr)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*addr = ntohl(in.s_addr);
	return true;
}

bool addr_parse(const char *text, struct addr *addr)
{
	uint8_t v6[16];
	uint32_t v4;

	if (addr4_parse(text, &v4))
		*addr = addr_make4(v4);
	else if (inet_pton(AF_INET6, text, v6) == 1)
		*addr = addr_make6(v6);
	else
		return false;
	return true;
}

bool addr_zone_parse(const char *text, struct addr *addr, const char **zone)
{
	const char *percent = strchr(text, '%');
	size_t len = percent ? (size_t)(percent - text) : strlen(text);
	char alone[ADDR_TEXT];
	struct addr found;

	if (len >= sizeof(alone))
		return false;
	memcpy(alone, text, len);
	alone[len] = '\0';
	if (!addr_parse(alone, &found) || (percent && (!addr_link_local(found) || !percent[1])))
		return false;
	*addr = found;
	*zone = percent ? percent + 1 : NULL;
	return true;
}

char *addr4_text(uint32_t addr, char *buf)
{
	snprintf(buf, ADDR_TEXT, "%u.%u.%u.%u", addr >> 24, addr >> 16 & 255, addr >> 8 & 255,
		 addr & 255);
	return buf;
}

static uint32_t group_of(const uint8_t *v6, int i)
{
	return (uint32_t)v6[2 * i] << 8 | v6[2 * i + 1];
}

/* The longest run of two groups of zeros or more, the first of those (RFC 5952 4.2). Its length;
 * 0: there is none. */
static int longest_run(const uint8_t *v6, int *first)
{
	int longest = 1;

	for (int i = 0; i < GROUPS; i++) {
		int n = 0;

		while (i + n < GROUPS && !group_of(v6, i + n))
			n++;
		if (n > longest) {
			longest = n;
			*first = i;
		}
	}
	return longest > 1 ? longest : 0;
}

static char *text6(const uint8_t *v6, char *buf)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	int first = GROUPS, run = longest_run(v6, &first);
	char *at = buf;

	if (!memcmp(v6, mapped, sizeof(mapped))) { /* RFC 5952 5 */
		snprintf(buf, ADDR_TEXT, "::ffff:%u.%u.%u.%u", v6[12], v6[13], v6[14], v6[15]);
		return buf;
	}
	for (int i = 0; i < GROUPS;) {
		if (i == first) {
			at += snprintf(at, 3, "::");
			i += run;
			continue;
		}
		at += snprintf(at, 6, "%s%x", i && i != first + run ? ":" : "", group_of(v6, i));
		i++;
	}
	return buf;
}

char *addr_text(struct addr addr, char *buf)
{
	return addr.family == FAMILY_IPV4 ? addr4_text(addr.v4, buf) : text6(addr.v6, buf);
}
