/* How failures are said. */
#include "cli.h"

#include <stdarg.h>

enum cli_exit cli_fail(const struct cli *cli, const char *hint, const char *fmt, ...)
{
	va_list args;

	fputs("bascule: ", cli->err);
	va_start(args, fmt);
	vfprintf(cli->err, fmt, args);
	va_end(args);
	fputc('\n', cli->err);
	if (hint)
		fprintf(cli->err, "  %s\n", hint);
	return CLI_FAILED;
}
