/* Names that an operator writes: what they may be, and which one was probably meant. */
#ifndef BASCULE_CONFIG_NAME_H
#define BASCULE_CONFIG_NAME_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of an instance, a port, a gateway, a peer, a list: buffer size; name_valid() says what it may
 * be. */
enum { CONFIG_NAME = 32 };

/* [a-z][a-z0-9-]*, shorter than CONFIG_NAME. Such a name is safe in a path, a socket's name and a
 * metric's label. */
bool name_valid(const char *name);

/* How many letters must be put in, taken out or exchanged to make `b` of `a`; texts past 63 octets
 * are far from all. */
size_t name_distance(const char *a, const char *b);

#ifdef __cplusplus
}
#endif
#endif
