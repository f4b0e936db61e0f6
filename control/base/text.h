/* Text from elsewhere (peers, files, command lines) for logs and JSON, which want UTF-8 that moves
 * no cursor. */
#ifndef BASCULE_TEXT_H
#define BASCULE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Copy whole characters of `len` octets into the `size` octets of `to`; what is not well-formed
 * UTF-8 (RFC 3629 4) or a control character becomes '?', each octet. In place is fine. Cut between
 * characters; NUL-terminated. Returns the octets written. */
size_t text_harmless(char *to, size_t size, const uint8_t *from, size_t len);

/* Is it all well-formed UTF-8 without control characters? */
bool text_is_harmless(const char *text);

#ifdef __cplusplus
}
#endif
#endif
