/* Waits until no packet passes through the dataplane any more, by its counters. */
#ifndef BASCULE_CLI_TRANSIT_WAIT_H
#define BASCULE_CLI_TRANSIT_WAIT_H

#include <jansson.h>

#include "cli.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TRANSIT_WINDOW_S = 5, TRANSIT_WAIT_S = 60 };

/* Until none has for TRANSIT_WINDOW_S, or `seconds` have passed. CLI_OK: none does; *moving becomes
 * an empty object. CLI_FAILED with *moving: packets by port still pass, {name: how many left by it
 * in the last window}; without: said on cli->err. */
enum cli_exit transit_wait(struct cli *cli, unsigned int seconds, json_t **moving);

#ifdef __cplusplus
}
#endif
#endif
