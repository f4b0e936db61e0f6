/* What every command of the CLI is given, and what it returns. */
#ifndef BASCULE_CLI_H
#define BASCULE_CLI_H

#include <stdbool.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CLI_NAME = 64 };

enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1, /* asked for, and not done */
	CLI_USAGE = 2,	/* not understood, or a configuration file that is refused */
};

struct cli {
	char instance[CLI_NAME]; /* empty: none given, and none looked for yet */
	bool json;
	FILE *out, *err; /* borrowed */
};

/* Say on cli->err what went wrong and, if `hint` is not NULL, what to do next. Returns
 * CLI_FAILED. */
__attribute__((format(printf, 3, 4))) enum cli_exit cli_fail(const struct cli *cli,
							     const char *hint, const char *fmt,
							     ...);

#ifdef __cplusplus
}
#endif
#endif
