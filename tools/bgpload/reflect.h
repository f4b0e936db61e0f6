/* A speaker that decides nothing: what one session says is sent to all others, octet for octet. It
 * is the bound of what this generator and the TCP between can do, to hold a speaker's figures
 * against. */
#ifndef BASCULE_REFLECT_H
#define BASCULE_REFLECT_H

#include <stdint.h>

/* Listen on `addr` and reflect until killed. Returns an exit code, after a message. */
int reflect(uint32_t addr, uint16_t port, uint32_t asn);

#endif
