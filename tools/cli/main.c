/* bascule: the command line interface of a running instance. */
#include "program.h"

int main(int argc, char **argv)
{
	enum cli_exit result = cli_run(argc, argv, stdout, stderr);

	if (fflush(stdout) || ferror(stdout)) {
		perror("bascule: standard output");
		return CLI_FAILED;
	}
	return result;
}
