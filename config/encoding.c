/* Byte-order marks (RFC 3629 6), and UTF-16 without one: its ASCII has a NUL in every other
 * octet. */
#include "encoding.h"

#include <stdint.h>
#include <string.h>

const char *encoding_fault(const void *text, size_t len)
{
	const uint8_t *at = text;

	if (len >= 3 && !memcmp(at, "\xef\xbb\xbf", 3))
		return "begins with a byte-order mark, allowed is UTF-8 without one";
	if (len >= 2 && (!memcmp(at, "\xff\xfe", 2) || !memcmp(at, "\xfe\xff", 2)))
		return "is in UTF-16, allowed is UTF-8";
	if (len >= 2 && !at[0] != !at[1])
		return "is in UTF-16, allowed is UTF-8";
	return NULL;
}
