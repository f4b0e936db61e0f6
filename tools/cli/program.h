/* The whole program. */
#ifndef BASCULE_CLI_PROGRAM_H
#define BASCULE_CLI_PROGRAM_H

#include <stdio.h>

#include "command.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All commands. Ends with a row without a pattern. */
extern const struct command commands[];

/* The whole program: parse, run, answer on `out`, complain on `err`. */
enum cli_exit cli_run(int argc, char *const *argv, FILE *out, FILE *err);

#ifdef __cplusplus
}
#endif
#endif
