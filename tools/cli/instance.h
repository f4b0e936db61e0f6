/* Which instances run on this host. */
#ifndef BASCULE_CLI_INSTANCE_H
#define BASCULE_CLI_INSTANCE_H

#include "cli.h"

#ifdef __cplusplus
extern "C" {
#endif

/* See that cli->instance is set: if none was given and exactly one runs, it is that one. Otherwise
 * CLI_USAGE, with what there is on cli->err. An instance runs if one of its two processes does. */
enum cli_exit instance_settle(struct cli *cli);

#ifdef __cplusplus
}
#endif
#endif
