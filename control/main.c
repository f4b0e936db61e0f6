/* bascule-control: reads the configuration, joins the dataplane's memory, and gives each lcore its
 * loop. The first lcore of control.lcores runs the route server, the others a speaker each; if
 * there is only one it does both. Two ordinary threads stand beside them: management (socket,
 * signals, the dataplane's life) and the watchdog. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "process.h"
#include "log.h"
#include "reading.h"

enum { EXIT_CONFIG = 2 };

static const char usage[] =
	"Usage: bascule-control -c FILE [OPTION]...\n"
	"The BGP process of a Bascule instance; bascule-dataplane must be running.\n"
	"\n"
	"  -c, --config FILE   the instance's configuration\n"
	"      --log LEVEL     error, warning, info (default) or debug\n"
	"      --help          this text\n"
	"      --version       the version\n"
	"\n"
	"Exit status: 0 after SIGTERM or SIGINT, 1 if it cannot run (any more), 2 if the "
	"configuration is refused.\n"
	"SIGHUP reads the configuration again. However this process ends, the dataplane goes on "
	"forwarding.\n";

struct options {
	const char *config;
	enum log_level log;
};

static bool parse_level(const char *text, enum log_level *level)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	for (int i = 0; i < 4; i++) {
		if (!strcmp(text, names[i])) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

/* -1: go on; else the exit status. */
static int parse_options(int argc, char **argv, struct options *options)
{
	enum { OPT_LOG = 256, OPT_HELP, OPT_VERSION };
	static const struct option table[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "log", required_argument, NULL, OPT_LOG },
		{ "help", no_argument, NULL, OPT_HELP },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:", table, NULL)) != -1) {
		switch (c) {
		case 'c': options->config = optarg; break;
		case OPT_LOG:
			if (parse_level(optarg, &options->log))
				break;
			fprintf(stderr,
				"bascule-control: --log %s: allowed are error, warning, info and "
				"debug\n",
				optarg);
			return EXIT_CONFIG;
		case OPT_HELP: fputs(usage, stdout); return EXIT_SUCCESS;
		case OPT_VERSION: puts("bascule-control " BASCULE_VERSION); return EXIT_SUCCESS;
		default: fputs("Try 'bascule-control --help'.\n", stderr); return EXIT_CONFIG;
		}
	}
	if (options->config && optind == argc)
		return -1;
	fputs(usage, stderr);
	return EXIT_CONFIG;
}

/* A disk that hangs, which nothing else would tell. */
static void say_late(const char *path, unsigned int seconds)
{
	log_warning("%s: still reading it, or a file that it names, after %u s", path, seconds);
}

static struct config *load(const char *path)
{
	struct config_report report = { 0 };
	struct config *config = reading_wait(path, say_late, &report);

	for (size_t i = 0; i < report.nb_warnings; i++)
		log_warning("%s", report.warnings[i]);
	for (size_t i = 0; i < report.nb_errors; i++)
		log_error("%s", report.errors[i]);
	if (!config)
		log_error("%s: %zu error%s", path, report.nb_errors,
			  report.nb_errors == 1 ? "" : "s");
	config_report_free(&report);
	return config;
}

/* The directories that `path` is to stand in; those that exist stay as they are. */
static int make_parents(const char *path)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *at = strchr(copy + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(copy, 0755) && errno != EEXIST)
			return -errno;
		*at = '/';
	}
	return 0;
}

/* Hold `path` for the life of the process. The descriptor, -EWOULDBLOCK if another process has it,
 * or -errno. */
static int lock(const char *path)
{
	int fd, err = make_parents(path);

	if (err)
		return err;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static bool lock_instance(const struct config *config)
{
	char path[PATH_MAX];
	int err;

	config_run_path(config->instance.name, "control.lock", path, sizeof(path));
	err = lock(path);
	if (err == -EWOULDBLOCK)
		log_error("instance %s has a control already (%s is held)", config->instance.name,
			  path);
	else if (err < 0)
		log_error("%s: %s", path, strerror(-err));
	return err >= 0;
}

/* Handled by the management thread, which reads them from a descriptor; so before there is any
 * thread. */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
	struct options options = { .log = LOG_LEVEL_INFO };
	int status = parse_options(argc, argv, &options);
	static char name[CONFIG_NAME];
	struct config *config;

	if (status >= 0)
		return status;
	log_open("bascule-control", "-", options.log);
	config = load(options.config);
	if (!config)
		return EXIT_CONFIG;
	memcpy(name, config->instance.name, sizeof(name));
	log_open("bascule-control", name, options.log);
	block_signals();
	if (!lock_instance(config)) {
		config_free(config);
		return EXIT_FAILURE;
	}
	return control_run(config) ? EXIT_FAILURE : EXIT_SUCCESS;
}
