/* Addresses of either family as rtnetlink messages have them, and their text. */
#ifndef BASCULE_KERNEL_ADDR_H
#define BASCULE_KERNEL_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#include "addr.h"
#include "fib_prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An address of the configuration, as the FIB has it; 0.0.0.0 and :: are nobody's. */
struct fib_addr kernel_addr_of(struct addr addr);
/* AF_INET or AF_INET6. */
uint8_t kernel_addr_family(const struct fib_addr *addr);
void kernel_addr_put(struct nlmsghdr *request, uint16_t type, const struct fib_addr *addr);
/* The address that an attribute of a message of `family` holds. False: it holds none, and `addr` is
 * untouched. */
bool kernel_addr_get(const struct nlattr *attr, uint8_t family, struct fib_addr *addr);

/* Returns `text`. */
char *kernel_addr_text(const struct fib_addr *addr, char text[ADDR_TEXT]);

#ifdef __cplusplus
}
#endif
#endif
