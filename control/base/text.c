/* UTF-8 as far as it takes to tell harmless text from other octets. */
#include "text.h"

#include <string.h>

/* Octets of the character at `at`, 0 if it is not well-formed UTF-8 (RFC 3629 4) or a control
 * character. */
static size_t character(const uint8_t *at, size_t left)
{
	uint8_t lead = at[0];
	size_t n = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	uint8_t low = 0x80, high = 0xbf; /* of the second octet */

	if (lead < 0x80)
		return lead >= 0x20 && lead != 0x7f;
	if (lead < 0xc2 || lead > 0xf4 || n > left)
		return 0;
	switch (lead) {
	case 0xc2: low = 0xa0; break;  /* below: control characters again */
	case 0xe0: low = 0xa0; break;  /* below: overlong */
	case 0xed: high = 0x9f; break; /* above: surrogates */
	case 0xf0: low = 0x90; break;  /* below: overlong */
	case 0xf4: high = 0x8f; break; /* above: past U+10FFFF */
	}
	if (at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

size_t text_harmless(char *to, size_t size, const uint8_t *from, size_t len)
{
	size_t at = 0;

	if (!size)
		return 0;
	for (size_t i = 0; i < len;) {
		size_t n = character(from + i, len - i), take = n ? n : 1;

		if (at + take >= size)
			break;
		if (n)
			memmove(to + at, from + i, n); /* in place too */
		else
			to[at] = '?';
		at += take;
		i += take;
	}
	to[at] = '\0';
	return at;
}

bool text_is_harmless(const char *text)
{
	size_t left = strlen(text), n;

	for (; left; text += n, left -= n) {
		n = character((const uint8_t *)text, left);
		if (!n)
			return false;
	}
	return true;
}
