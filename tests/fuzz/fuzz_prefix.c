/* Text of addresses and prefixes, as the configuration and commands bring it: what is accepted is
 * written so that it is read as the same, and writing that again gives the same text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "prefix.h"

static void check(int good)
{
	if (!good)
		abort();
}

static void check_addr(const char *text)
{
	char once[ADDR_TEXT], twice[ADDR_TEXT];
	struct addr addr, again;
	const char *zone;
	uint32_t v4;

	if (addr_zone_parse(text, &addr, &zone))
		check(!zone == !strchr(text, '%') && (!zone || addr_link_local(addr)));
	if (!addr_parse(text, &addr)) {
		check(!addr4_parse(text, &v4));
		return;
	}
	check(addr4_parse(text, &v4) == (addr.family == FAMILY_IPV4));
	check(addr_parse(addr_text(addr, once), &again) && addr_equal(addr, again));
	check(!strcmp(once, addr_text(again, twice)));
	check(!addr_compare(addr, again));
}

static void check_prefix(const char *text)
{
	char once[PREFIX_TEXT];
	struct prefix prefix, again, of;
	struct addr addr;
	uint8_t len;

	if (!addr_len_parse(text, &addr, &len)) {
		check(!prefix_parse(text, &prefix));
		return;
	}
	of = prefix_make(addr, len);
	check(prefix_has(of, addr) && prefix_has(of, prefix_last(of)));
	check(prefix_parse(text, &prefix) == addr_equal(addr, of.addr));
	check(prefix_parse(prefix_text(of, once), &again) && prefix_equal(of, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[256];

	if (size >= sizeof(text))
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	check_addr(text);
	check_prefix(text);
	return 0;
}
