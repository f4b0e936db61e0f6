/* How a text file is encoded. */
#ifndef BASCULE_CONFIG_ENCODING_H
#define BASCULE_CONFIG_ENCODING_H

#include <stddef.h>

/* Editors of other systems leave marks that nobody sees. NULL: there are none in these octets, the
 * beginning of a file; else what is wrong with it, as the end of a sentence: "is in UTF-16, allowed
 * is UTF-8". Static text. */
const char *encoding_fault(const void *text, size_t len);

#endif
