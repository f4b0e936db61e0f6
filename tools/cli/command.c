/* The parser, the help and the completion of a table of commands. */
#include "command.h"

#include <string.h>

#include "name.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(option)   (UINT64_C(1) << (option))

#define GLOBAL (BIT(OPTION_INSTANCE) | BIT(OPTION_JSON) | BIT(OPTION_HELP) | BIT(OPTION_VERSION))

enum { WORD = 64 }; /* octets of a pattern's word */

static const struct {
	const char *name, *value,
		*help; /* value: what it is called, NULL for an option without one */
} options[OPTIONS] = {
	[OPTION_INSTANCE] = { "--instance", "NAME",
			      "which instance; needed if more than one runs" },
	[OPTION_JSON] = { "--json", NULL, "answer in JSON" },
	[OPTION_HELP] = { "--help", NULL, "what there is, or what a command does" },
	[OPTION_VERSION] = { "--version", NULL, "the version" },
	[OPTION_PEER] = { "--peer", "NAME", "the routes of this peer alone" },
	[OPTION_RECEIVED] = { "--received", NULL,
			      "those that it announced to us, before its inbound route map" },
	[OPTION_LEARNED] = { "--learned", NULL, "the same after it: those in use" },
	[OPTION_ADVERTISED] = { "--advertised", NULL, "those that we announce to it, as sent" },
	[OPTION_FAMILY] = { "--family", "FAMILY", "ipv4 or ipv6: of this one alone" },
	[OPTION_VIEW] = { "--view", "ROLE", "of packets from ports of this role (required)" },
	[OPTION_SOFT_IN] = { "--soft-in", NULL,
			     "only ask it for its routes again; the session stays" },
	[OPTION_SOFT_OUT] = { "--soft-out", NULL,
			      "only send it our routes again; the session stays" },
	[OPTION_FOLLOW] = { "--follow", NULL,
			    "and those to come, as they happen; in JSON, one a line" },
	[OPTION_AS_PATH] = { "--as-path", "PATH",
			     "to be tested: instead of the route that there is, one with this "
			     "path, \"65001 65010\"; to be shown: those whose path matches this "
			     "regular expression, _65001_ or ^65001_" },
	[OPTION_COMMUNITIES] = { "--communities", "LIST",
				 "one with these communities: 65001:1,3356:70" },
	[OPTION_ORIGIN] = { "--origin", "ORIGIN", "one of this origin: igp, egp or incomplete" },
	[OPTION_MED] = { "--med", "NUMBER", "one with this MED" },
	[OPTION_FORCE] = { "--force", NULL,
			   "also if more than half of the peers would go; of a NIC: also if it is "
			   "up, "
			   "or no DPDK driver knows it" },
	[OPTION_CONFIG] = { "--config", "FILE",
			    "the configuration; without it, those in /etc/bascule" },
	[OPTION_FIX] = { "--fix", NULL,
			 "mend what is safe and lasts until the next boot, and say "
			 "so" },
	[OPTION_WAIT] = { "--wait", NULL,
			  "return when no packet has passed through for 5 s, or say what still "
			  "comes" },
	[OPTION_TIMEOUT] = { "--timeout", "SECONDS", "wait so long at most, instead of 60 s" },
	[OPTION_LONGER] = { "--longer-prefixes", NULL, "the prefix and all that lie within it" },
	[OPTION_EXACT] = { "--exact", NULL,
			   "this prefix alone; of an address: its host route, not the longest "
			   "match" },
	[OPTION_ORIGIN_AS] = { "--origin-as", "ASN", "those whose path ends with this AS" },
	[OPTION_COMMUNITY] = { "--community", "LIST",
			       "those that have all of these: 65001:100, or large ones, "
			       "65001:1:2; * stands for any number" },
	[OPTION_NEXT_HOP] = { "--next-hop", "ADDRESS", "those by this next hop" },
	[OPTION_ROLE] = { "--role", "ROLE",
			  "those of peers of this role: expressroute, vpn, nva or vnet" },
	[OPTION_USABLE] = { "--usable", NULL, "those that may be used" },
	[OPTION_UNUSABLE] = { "--unusable", NULL, "those that may not, and why" },
	[OPTION_FILTERED] = { "--filtered", NULL,
			      "of --received: those that the inbound route map does not let pass" },
	[OPTION_BACKUP] = { "--backup", NULL, "those that are told to peers as a backup" },
	[OPTION_COUNT] = { "--count", NULL, "how many prefixes and paths, instead of which" },
	[OPTION_LIMIT] = { "--limit", "N", "the first N, 1000 at most, in the order of prefixes" },
	[OPTION_PREFIXES] = { "--prefixes", NULL, "each prefix too, and what becomes of it" },
};

/* --- patterns --------------------------------------------------------------------------------- */

/* The next word of a pattern into `word`; returns what follows, NULL at the end. */
static const char *pattern_next(const char *pattern, char word[WORD])
{
	size_t len = strcspn(pattern, " ");

	if (!len)
		return NULL;
	memcpy(word, pattern, len);
	word[len] = '\0';
	return pattern + len + strspn(pattern + len, " ");
}

static bool is_operand(const char *word)
{
	return word[0] == '[' || (word[0] >= 'A' && word[0] <= 'Z');
}

/* How many of the words does the pattern take, from the first on? `complete`: it needs no more than
 * these. */
static size_t pattern_match(const char *pattern, const char *const *words, size_t nb,
			    bool *complete)
{
	char word[WORD];
	size_t n = 0;

	*complete = false;
	while ((pattern = pattern_next(pattern, word))) {
		if (n == nb) {
			*complete = word[0] == '[';
			return n;
		}
		if (!is_operand(word) && strcmp(word, words[n]))
			return n;
		n++;
	}
	*complete = true;
	return n;
}

static void pattern_operands(const char *pattern, struct command_args *args)
{
	char word[WORD];
	size_t operand = 0;

	for (size_t i = 0; i < args->nb_words && (pattern = pattern_next(pattern, word)); i++) {
		if (is_operand(word) && operand < COMMAND_OPERANDS)
			args->operand[operand++] = args->words[i];
	}
}

/* --- parser ----------------------------------------------------------------------------------- */

static int option_find(const char *text, size_t len)
{
	for (int i = 0; i < OPTIONS; i++) {
		if (strlen(options[i].name) == len && !strncmp(options[i].name, text, len))
			return i;
	}
	return -1;
}

/* One argument that begins with a dash, "--name", "--name value" or "--name=value". Returns how
 * many it took; 0: wrong. */
static int option_parse(int argc, char *const *argv, struct command_args *args, FILE *err)
{
	size_t len = strcspn(argv[0], "=");
	int option = option_find(argv[0], len);
	bool has_value = argv[0][len] == '=';

	if (option < 0) {
		fprintf(err, "bascule: %s is not an option; see bascule --help\n", argv[0]);
		return 0;
	}
	if (!options[option].value) {
		if (has_value) {
			fprintf(err, "bascule: %s takes no value\n", options[option].name);
			return 0;
		}
		args->option[option] = "";
		return 1;
	}
	if (has_value) {
		args->option[option] = argv[0] + len + 1;
		return 1;
	}
	if (argc < 2) {
		fprintf(err, "bascule: %s needs a value: %s %s\n", options[option].name,
			options[option].name, options[option].value);
		return 0;
	}
	args->option[option] = argv[1];
	return 2;
}

static void print_usage(const struct command *command, FILE *out)
{
	fprintf(out, "  bascule %s", command->pattern);
	for (int i = 0; i < OPTIONS; i++) {
		if (command->options & BIT(i))
			fprintf(out, options[i].value ? " [%s %s]" : " [%s]", options[i].name,
				options[i].value);
	}
	fputc('\n', out);
}

/* Nothing matches: say from which word on, and what there is up to there. */
static enum cli_exit unknown(const struct command *table, const struct command_args *args,
			     FILE *err)
{
	size_t best = 0;

	for (const struct command *c = table; c->pattern; c++) {
		bool complete;
		size_t n = pattern_match(c->pattern, args->words, args->nb_words, &complete);

		best = n > best ? n : best;
	}
	fputs("bascule:", err);
	for (size_t i = 0; i < args->nb_words; i++)
		fprintf(err, " %s", args->words[i]);
	fputs(best < args->nb_words ? ": there is no such command; there are\n"
				    : " is not a whole command; there are\n",
	      err);
	for (const struct command *c = table; c->pattern; c++) {
		bool complete;

		if (pattern_match(c->pattern, args->words, best, &complete) == best)
			print_usage(c, err);
	}
	return CLI_USAGE;
}

static enum cli_exit check_options(const struct command_args *args, FILE *err)
{
	for (int i = 0; i < OPTIONS; i++) {
		if (!args->option[i] || ((GLOBAL | args->command->options) & BIT(i)))
			continue;
		fprintf(err, "bascule: %s does not go with this command, which is\n",
			options[i].name);
		print_usage(args->command, err);
		return CLI_USAGE;
	}
	return CLI_OK;
}

/* Does some command begin with the words? */
static bool begins(const struct command *table, const struct command_args *args)
{
	bool complete;

	for (const struct command *c = table; c->pattern; c++) {
		if (pattern_match(c->pattern, args->words, args->nb_words, &complete) ==
		    args->nb_words)
			return true;
	}
	return false;
}

enum cli_exit command_parse(const struct command *table, int argc, char *const *argv,
			    struct command_args *args, FILE *err)
{
	*args = (struct command_args){ 0 };
	for (int i = 1, n; i < argc; i += n) {
		n = 1;
		if (argv[i][0] == '-' && argv[i][1] && strcmp(argv[i], COMMAND_ALL)) {
			n = option_parse(argc - i, argv + i, args, err);
			if (!n)
				return CLI_USAGE;
		} else if (args->nb_words < ARRAY_SIZE(args->words)) {
			args->words[args->nb_words++] = argv[i];
		} else {
			fprintf(err, "bascule: %s: more words than any command has\n", argv[i]);
			return CLI_USAGE;
		}
	}
	if (args->option[OPTION_VERSION] || (args->option[OPTION_HELP] && begins(table, args)))
		return CLI_OK;
	for (const struct command *c = table; c->pattern; c++) {
		bool complete;

		if (pattern_match(c->pattern, args->words, args->nb_words, &complete) ==
			    args->nb_words &&
		    complete) {
			args->command = c;
			pattern_operands(c->pattern, args);
			return check_options(args, err);
		}
	}
	return unknown(table, args, err);
}

/* --- help, completion ------------------------------------------------------------------------- */

static void print_option(int option, FILE *out)
{
	char text[WORD];

	snprintf(text, sizeof(text), "%s%s%s", options[option].name,
		 options[option].value ? " " : "",
		 options[option].value ? options[option].value : "");
	fprintf(out, "      %-18s %s\n", text, options[option].help);
}

void command_help(const struct command *table, const struct command_args *args, FILE *out)
{
	bool complete, all = args->nb_words == 0;

	if (all)
		fputs("bascule: see and steer a running Bascule, the DPDK fast-path route "
		      "server.\n\n",
		      out);
	for (const struct command *c = table; c->pattern; c++) {
		if (pattern_match(c->pattern, args->words, args->nb_words, &complete) !=
		    args->nb_words)
			continue;
		print_usage(c, out);
		fprintf(out, "      %s\n", c->help);
		for (int i = 0; i < OPTIONS && !all; i++) {
			if (c->options & BIT(i))
				print_option(i, out);
		}
	}
	fputs("\nwith every command\n", out);
	for (int i = 0; i < OPTIONS; i++) {
		if (GLOBAL & BIT(i))
			print_option(i, out);
	}
	if (all)
		fputs("\nexit code: 0 done, 1 failed, 2 not understood or a bad configuration "
		      "file\n",
		      out);
}

/* "show" of "show peers": what stands before `end`, as a bash pattern in which an operand matches
 * anything. */
static void print_before(const char *pattern, const char *end, FILE *out)
{
	char word[WORD];

	fputc('"', out);
	for (const char *p = pattern, *next; p < end && (next = pattern_next(p, word)); p = next)
		fprintf(out, "%s%s", p == pattern ? "" : " ", is_operand(word) ? "\"*\"" : word);
	fputc('"', out);
}

/* Words complete by position: after "show", those that follow it in some pattern. An operand
 * completes to nothing. */
void command_completion(const struct command *table, FILE *out)
{
	fputs("# bash completion of bascule; load it with: source <(bascule completion)\n"
	      "_bascule() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=() skip= w\n"
	      "\tfor w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	      "\t\tif [[ $skip ]]; then skip=; continue; fi\n"
	      "\t\tcase $w in\n",
	      out);
	for (int i = 0; i < OPTIONS; i++) {
		if (options[i].value)
			fprintf(out, "\t\t%s) skip=1 ;;\n", options[i].name);
	}
	fputs("\t\t-*) ;;\n\t\t*) words+=(\"$w\") ;;\n\t\tesac\n\tdone\n"
	      "\tCOMPREPLY=()\n"
	      "\tif [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '",
	      out);
	for (int i = 0; i < OPTIONS; i++)
		fprintf(out, "%s%s", i ? " " : "", options[i].name);
	fputs("' -- \"$cur\")); return; fi\n\tcase \"${words[*]}\" in\n", out);
	for (const struct command *c = table; c->pattern; c++) {
		char word[WORD];

		for (const char *p = c->pattern, *next; (next = pattern_next(p, word)); p = next) {
			if (is_operand(word))
				continue;
			fputc('\t', out);
			print_before(c->pattern, p, out);
			fprintf(out, ") COMPREPLY+=($(compgen -W '%s' -- \"$cur\")) ;;&\n", word);
		}
	}
	fputs("\tesac\n}\ncomplete -o default -F _bascule bascule\n", out);
}
