/* Commands, by a table of them that the parser, the help and the completion read. A command is a
 * pattern of words:
 *
 *   "show routes [PREFIX|ADDRESS]"   lower case stands for itself, capitals for an operand,
 *                                    brackets for one that may be left out
 *
 * and the options that it takes. "--all" stands where an operand may, for all that it could name.
 * --instance, --json, --help and --version go with every command. */
#ifndef BASCULE_COMMAND_H
#define BASCULE_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "cli.h"

#ifdef __cplusplus
extern "C" {
#endif

enum command_option {
	OPTION_INSTANCE,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_PEER,
	OPTION_RECEIVED,
	OPTION_LEARNED,
	OPTION_ADVERTISED,
	OPTION_VIEW,
	OPTION_FAMILY,
	OPTION_SOFT_IN,
	OPTION_SOFT_OUT,
	OPTION_FOLLOW,
	OPTION_AS_PATH,
	OPTION_COMMUNITIES,
	OPTION_ORIGIN,
	OPTION_MED,
	OPTION_PREFIXES,
	OPTION_LONGER,
	OPTION_EXACT,
	OPTION_ORIGIN_AS,
	OPTION_COMMUNITY,
	OPTION_NEXT_HOP,
	OPTION_ROLE,
	OPTION_USABLE,
	OPTION_UNUSABLE,
	OPTION_FILTERED,
	OPTION_BACKUP,
	OPTION_COUNT,
	OPTION_LIMIT,
	OPTION_FORCE,
	OPTION_CONFIG,
	OPTION_FIX,
	OPTION_WAIT,
	OPTION_TIMEOUT,
	OPTIONS
};

#define COMMAND_ALL "--all"

enum { COMMAND_OPERANDS = 2 };

/* A command line, taken apart. All text is borrowed from argv. */
struct command_args {
	const struct command *command; /* NULL: none was named (--help or --version alone) */
	const char *operand[COMMAND_OPERANDS]; /* NULL: left out */
	const char *option[OPTIONS];	       /* its value, "" for one without; NULL: not given */
	const char *words[8]; /* what stood there besides options: for help about a part */
	size_t nb_words;
};

struct command {
	const char *pattern;
	uint64_t options; /* bit mask of enum command_option */
	enum cli_exit (*run)(struct cli *cli, const struct command_args *args);
	const char *help;
};

/* Take argv apart. Returns CLI_OK, or CLI_USAGE with what is wrong and what there is on `err`. */
enum cli_exit command_parse(const struct command *table, int argc, char *const *argv,
			    struct command_args *args, FILE *err);

/* Help about every command that begins with args->words. */
void command_help(const struct command *table, const struct command_args *args, FILE *out);

/* A bash completion script. */
void command_completion(const struct command *table, FILE *out);

#ifdef __cplusplus
}
#endif
#endif
