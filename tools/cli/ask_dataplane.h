/* Asking bascule-dataplane: rte_telemetry's socket (dataplane/telemetry.h has the commands), so
 * that its answers can be had while control is down. */
#ifndef BASCULE_ASK_DATAPLANE_H
#define BASCULE_ASK_DATAPLANE_H

#include <jansson.h>

#include "cli.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Connect to cli->instance's dataplane. The descriptor, or below 0: said on cli->err, with what to
 * do. */
int telemetry_connect(const struct cli *cli);

/* Ask on a connected socket; the greeting has been read. `request` is "/bascule/ports" or
 * "/bascule/neighbours,64". Returns the reply's data (a new reference; JSON null if it refused), or
 * NULL: said on cli->err. */
json_t *telemetry_ask(const struct cli *cli, int fd, const char *request);

/* Read the greeting that a connection begins with. False: said on cli->err. */
bool telemetry_greeted(const struct cli *cli, int fd);

#ifdef __cplusplus
}
#endif
#endif
