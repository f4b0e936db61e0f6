/* Compares the ports of the dataplane that control has joined with those of control's
 * configuration. Changes nothing. */
#ifndef BASCULE_PORT_CHECK_H
#define BASCULE_PORT_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

struct fib;

/* Are names, roles, MTUs and addresses of all ports the same there and here? If not, `why` gets the
 * first setting that differs: "dataplane.ports.er0.mtu: 9000 here, 1500 in the dataplane". */
bool port_check_ports(const struct fib *fib, const struct config *config, char *why, size_t size);

#ifdef __cplusplus
}
#endif
#endif
