/* bascule-dataplane: the forwarding process of an instance. Command line, lock, signals, and the
 * main lcore's loop; all else is in dataplane.c. Exit codes: 0 clean stop, 1 it could not run, 2
 * bad command line or configuration. */
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

#include <rte_lcore.h>
#include <rte_pdump.h>

#include "config.h"
#include "dataplane.h"
#include "device_lock.h"
#include "eal.h"
#include "log.h"
#include "reading.h"
#include "telemetry.h"
#include "turn.h"

enum { EXIT_USAGE = 2 };

static volatile sig_atomic_t stop_signal, reload_wanted;

static const char usage[] = "usage: bascule-dataplane -c FILE [--log LEVEL]\n"
			    "  -c, --config FILE  the instance's configuration\n"
			    "      --log LEVEL    error, warning, info (default) or debug\n"
			    "      --version      print the version and exit\n"
			    "      --help         print this and exit\n";

struct options {
	const char *config;
	enum log_level level;
};

static bool level_parse(const char *text, enum log_level *level)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	for (size_t i = 0; i < RTE_DIM(names); i++) {
		if (!strcmp(text, names[i])) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

/* Returns -1 to go on, or the exit code. */
static int options_parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "log", required_argument, NULL, 'l' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*options = (struct options){ .level = LOG_LEVEL_INFO };
	while ((c = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
		switch (c) {
		case 'c': options->config = optarg; break;
		case 'h': fputs(usage, stdout); return EXIT_SUCCESS;
		case 'v': puts("bascule-dataplane " BASCULE_VERSION); return EXIT_SUCCESS;
		case 'l':
			if (level_parse(optarg, &options->level))
				break;
			fprintf(stderr, "bascule-dataplane: --log %s: no such level\n", optarg);
			/* fallthrough */
		default: fputs(usage, stderr); return EXIT_USAGE;
		}
	}
	if (options->config && optind == argc)
		return -1;
	fputs(usage, stderr);
	return EXIT_USAGE;
}

static void tell(const struct config_report *report)
{
	for (size_t i = 0; i < report->nb_warnings; i++)
		log_warning("%s", report->warnings[i]);
	for (size_t i = 0; i < report->nb_errors; i++)
		log_error("%s", report->errors[i]);
}

/* A disk that hangs, which nothing else would tell. */
static void say_late(const char *path, unsigned int seconds)
{
	log_warning("%s: still reading it, or a file that it names, after %u s", path, seconds);
}

/* NULL: all errors were printed. */
static struct config *load(const char *path)
{
	struct config_report report = { 0 };
	struct config *config = reading_wait(path, say_late, &report);

	tell(&report);
	config_report_free(&report);
	return config;
}

static void make_parents(char *path)
{
	for (char *at = path + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(path, 0755);
		*at = '/';
	}
}

/* One dataplane an instance. The descriptor stays open, and so the lock, until the process ends
 * however it ends. */
static int lock(const char *instance)
{
	char path[PATH_MAX], pid[16];
	int fd, len;

	config_run_path(instance, "dataplane.lock", path, sizeof(path));
	make_parents(path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0) {
		log_error("%s: %s", path, strerror(errno));
		return -errno;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		len = (int)read(fd, pid, sizeof(pid) - 1);
		pid[len > 0 ? len : 0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		log_error("instance %s has a dataplane already: process %s (%s)", instance, pid,
			  path);
		close(fd);
		return -EEXIST;
	}
	len = snprintf(pid, sizeof(pid), "%d\n", getpid());
	if (ftruncate(fd, 0) || write(fd, pid, (size_t)len) != len)
		log_warning("%s: %s", path, strerror(errno));
	return fd;
}

static void on_signal(int signal)
{
	if (signal == SIGHUP)
		reload_wanted = 1;
	else
		stop_signal = signal;
}

static void signals_open(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* What has been read: `wanted`, or NULL if it is refused. */
static void reload(struct dataplane *dp, const struct config *wanted)
{
	char what[128];

	if (!wanted) {
		log_error("reload: %s is refused, nothing changed", dp->config->path);
	} else if (config_dataplane_needs_restart(dp->config, wanted, what, sizeof(what))) {
		log_error("reload: %s changed, which needs a restart; nothing changed", what);
	} else {
		dataplane_reload(dp, wanted);
		log_info("reload: done");
	}
}

/* The main lcore waits for no disk: another thread reads the file, one at a time, and what is
 * wanted meanwhile is read when that is through. */
static void reload_turn(struct dataplane *dp, struct reading *reading)
{
	struct config_report report;
	struct config *wanted;
	int err;

	if (reading_take(reading, &wanted, &report)) {
		tell(&report);
		reload(dp, wanted);
		config_free(wanted);
		config_report_free(&report);
	}
	if (!reload_wanted || reading_under_way(reading))
		return;
	reload_wanted = 0;
	err = reading_begin(reading, dp->config->path, rte_ctrl_thread_create);
	if (err)
		log_error("reload: %s cannot be read: %s; nothing changed", dp->config->path,
			  strerror(-err));
}

/* The main lcore sleeps where it hears of frames and events from the kernel at once. */
static void watch(struct dataplane *dp)
{
	idle_forget(&dp->idle);
	for (uint16_t p = 0; p < dp->nb_ports; p++)
		idle_watch(&dp->idle, dp->lcp[p].fd);
	idle_watch(&dp->idle, mnl_socket_get_fd(dp->slowpath.events.sock));
}

static void run(struct dataplane *dp)
{
	unsigned int lcore = rte_lcore_id();
	struct reading reading = { -1 };
	uint32_t reopened = 0;

	idle_thread();
	watch(dp);
	while (!stop_signal) {
		bool worked = dataplane_turn(dp);
		uint16_t us = idle_turn(&dp->idle, worked);

		if (reload_wanted || reading_under_way(&reading))
			reload_turn(dp, &reading);
		if (reopened != dp->keeper.reopened) { /* an interface has another descriptor */
			reopened = dp->keeper.reopened;
			watch(dp);
		}
		if (us) {
			rte_rcu_qsbr_thread_offline(dp->fib->qsbr, lcore);
			idle_sleep(&dp->idle, us);
			rte_rcu_qsbr_thread_online(dp->fib->qsbr, lcore);
		} else if (worked) {
			idle_share(&dp->idle, clock_ns());
		}
	}
	reading_leave(&reading);
	log_info("stopping: %s", strsignal(stop_signal));
}

static int start(const struct config *config, enum log_level level)
{
	static struct dataplane dp;

	if (eal_open(config, level))
		return EXIT_FAILURE;
	signals_open(); /* after EAL, which sets its own */
	if (dataplane_open(&dp, config)) {
		eal_close(config);
		return EXIT_FAILURE;
	}
	if (rte_pdump_init())
		log_warning("packet capture (dpdk-dumpcap) will not work");
	telemetry_open(&dp);
	log_info("forwarding: %u ports, %u lcores, version " BASCULE_VERSION, dp.nb_ports,
		 dp.nb_workers);
	run(&dp);
	telemetry_close();
	rte_pdump_uninit();
	dataplane_close(&dp);
	eal_close(config);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct device_locks devices;
	struct options options;
	struct config *config;
	int code = options_parse(argc, argv, &options), fd;

	if (code >= 0)
		return code;
	log_open("bascule-dataplane", "-", options.level);
	config = load(options.config);
	if (!config)
		return EXIT_USAGE;
	log_open("bascule-dataplane", config->instance.name, options.level);
	code = EXIT_FAILURE;
	fd = lock(config->instance.name);
	if (fd >= 0) {
		if (!device_locks_take(&devices, config, DEVICE_LOCKS_DIR)) {
			code = start(config, options.level);
			device_locks_release(&devices);
		}
		close(fd);
	}
	config_free(config);
	return code;
}
