/* Command line, log, configuration, lock. */
#include "daemon.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lock_file.h"
#include "reading.h"
#include "version.h"

/* --- command line ----------------------------------------------------------------------------- */

static void usage(const struct daemon *daemon, FILE *to)
{
	fprintf(to,
		"Usage: %s -c FILE [OPTION]...\n"
		"%s\n"
		"\n"
		"  -c, --config FILE   the instance's configuration\n"
		"      --log LEVEL     error, warning, info (default) or debug\n"
		"      --help          this text\n"
		"      --version       the version\n"
		"      --layout        a number: both processes of an instance must say the same\n"
		"\n"
		"Exit status: 0 after SIGTERM or SIGINT, 1 if it cannot run (any more), 2 if the "
		"command "
		"line or the configuration is refused.\n"
		"SIGHUP reads the configuration again. %s\n",
		daemon->program, daemon->what, daemon->note);
}

int daemon_options(const struct daemon *daemon, int argc, char **argv,
		   struct daemon_options *options, FILE *out, FILE *err)
{
	enum { OPT_LOG = 256, OPT_HELP, OPT_VERSION, OPT_LAYOUT };
	static const struct option table[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "log", required_argument, NULL, OPT_LOG },
		{ "help", no_argument, NULL, OPT_HELP },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ "layout", no_argument, NULL, OPT_LAYOUT },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*options = (struct daemon_options){ .log = LOG_LEVEL_INFO };
	while ((c = getopt_long(argc, argv, "c:", table, NULL)) != -1) {
		switch (c) {
		case 'c': options->config = optarg; break;
		case OPT_LOG:
			if (log_level_parse(optarg, &options->log))
				break;
			fprintf(err, "%s: --log %s: allowed are error, warning, info and debug\n",
				daemon->program, optarg);
			return DAEMON_EXIT_CONFIG;
		case OPT_HELP: usage(daemon, out); return EXIT_SUCCESS;
		case OPT_VERSION:
			fprintf(out, "%s " BASCULE_VERSION "\n", daemon->program);
			return EXIT_SUCCESS;
		case OPT_LAYOUT:
			fprintf(out, "%#" PRIx64 "\n", daemon->layout());
			return EXIT_SUCCESS;
		default:
			fprintf(err, "Try '%s --help'.\n", daemon->program);
			return DAEMON_EXIT_CONFIG;
		}
	}
	if (options->config && optind == argc)
		return -1;
	usage(daemon, err);
	return DAEMON_EXIT_CONFIG;
}

/* --- configuration ---------------------------------------------------------------------------- */

/* A disk that hangs: nothing else would say what the start waits for. */
static void say_late(const char *path, unsigned int seconds)
{
	log_warning("%s: still reading it, or a file that it names, after %u s", path, seconds);
}

void daemon_log_report(const struct config_report *report)
{
	for (size_t i = 0; i < report->nb_warnings; i++)
		log_warning("%s", report->warnings[i]);
	for (size_t i = 0; i < report->nb_errors; i++)
		log_error("%s", report->errors[i]);
}

void daemon_log_start(log_thread_create *create)
{
	int err = log_start(create);

	if (err)
		log_warning("log: no thread to write it: %s; who reads it must not hang",
			    strerror(-err));
}

struct config *daemon_load(const struct daemon *daemon, const struct daemon_options *options)
{
	static char instance[CONFIG_NAME]; /* the log's, which outlives the configuration */
	struct config_report report = { 0 };
	struct config *config;

	log_open(daemon->program, "-", options->log);
	config = reading_wait(options->config, say_late, &report);
	daemon_log_report(&report);
	if (!config)
		log_error("%s: %zu error%s", options->config, report.nb_errors,
			  report.nb_errors == 1 ? "" : "s");
	config_report_free(&report);
	if (!config)
		return NULL;
	memcpy(instance, config->instance.name, sizeof(instance));
	log_open(daemon->program, instance, options->log);
	return config;
}

/* --- lock ------------------------------------------------------------------------------------- */

static void lock_path(const char *part, const char *instance, char path[PATH_MAX])
{
	char file[32];

	snprintf(file, sizeof(file), "%s.lock", part);
	config_run_path(instance, file, path, PATH_MAX);
}

int daemon_lock(const struct daemon *daemon, const char *instance)
{
	char path[PATH_MAX], line[32], holder[LOCK_FILE_HOLDER];
	int fd;

	lock_path(daemon->part, instance, path);
	snprintf(line, sizeof(line), "%d", getpid());
	fd = lock_file_take(path, line, holder);
	if (fd == -EWOULDBLOCK)
		log_error("instance %s has a %s already: process %s (%s)", instance, daemon->part,
			  holder, path);
	else if (fd < 0)
		log_error("%s: %s", path, strerror(-fd));
	return fd;
}

bool daemon_runs(const char *part, const char *instance)
{
	char path[PATH_MAX];

	lock_path(part, instance, path);
	return lock_file_held(path);
}
