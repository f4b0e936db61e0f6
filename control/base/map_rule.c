/* Communities, as rules of route maps name them. */
#include "map_rule.h"

#include <ctype.h>
#include <stdlib.h>

#include "attrs.h"

bool community_reserved(uint32_t community)
{
	static const uint32_t reserved[] = {
		COMMUNITY(65517, 12001), COMMUNITY(65517, 12002), COMMUNITY(65517, 12003),
		COMMUNITY(65517, 12005), COMMUNITY(65517, 12006), COMMUNITY(65517, 12076),
		COMMUNITY(65517, 65517), COMMUNITY(65518, 65518), COMMUNITY(65518, 12076),
		COMMUNITY(65515, 10000), COMMUNITY(65515, 20000),
	};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		if (community == reserved[i])
			return true;
	}
	return false;
}

/* One half: decimal digits, at most 65535. Returns what follows, NULL if it is none. */
static const char *half_parse(const char *text, uint32_t *half)
{
	const char *at = text;
	uint32_t value = 0;

	for (; isdigit((unsigned char)*at) && at - text < 5; at++)
		value = value * 10 + (uint32_t)(*at - '0');
	*half = value;
	return at == text || value > UINT16_MAX ? NULL : at;
}

bool community_parse(const char *text, uint32_t *community)
{
	uint32_t high, low;

	text = half_parse(text, &high);
	if (!text || *text != ':')
		return false;
	text = half_parse(text + 1, &low);
	if (!text || *text)
		return false;
	*community = COMMUNITY(high, low);
	return true;
}
