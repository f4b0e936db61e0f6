/* See join.h. Each step waits for what the next one needs: EAL would end at once without a primary
 * process, and would spin while that one starts. */
#include "join.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>

#include <systemd/sd-daemon.h>

#include <rte_eal.h>
#include <rte_log.h>

#include "daemon.h"
#include "eal_args.h"
#include "forwarding.h"
#include "log.h"
#include "log_stream.h"
#include "port_check.h"

enum { LOOK_MS = 20 };

/* For LOOK_MS, or until a signal says that it is enough: false. */
static bool wait_a_moment(void)
{
	static const struct timespec moment = { .tv_nsec = LOOK_MS * 1000000L };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	return sigtimedwait(&set, NULL, &moment) < 0;
}

static void say(const char *instance, const char *what)
{
	log_info("bascule-dataplane of instance %s %s: waiting for it", instance, what);
	sd_notifyf(0, "STATUS=waiting: bascule-dataplane %s", what);
}

static bool runs(const char *instance)
{
	return daemon_runs("dataplane", instance);
}

/* Until its EAL has begun: it holds a lock on the file through which others join it. */
static int process_wait(const char *instance)
{
	char path[PATH_MAX];
	bool said = false;

	config_dpdk_path(instance, "config", path, sizeof(path));
	while (!runs(instance) || !rte_eal_primary_proc_alive(path)) {
		if (!said)
			say(instance, runs(instance) ? "is starting" : "is not running");
		said = true;
		if (!wait_a_moment())
			return -EINTR;
	}
	return 0;
}

static int eal_join(const struct config *config)
{
	struct eal_args args;
	char *argv[] = {
		"bascule-control", "--proc-type=secondary", args.prefix,     EAL_BASE_ADDRESS,
		"--no-pci",	   "--no-telemetry",	    "--log-level=4", "-l",
		args.lcores,	   args.main_lcore,
	};
	int err;

	rte_openlog_stream(log_stream(LOG_LEVEL_ERROR));
	eal_args_init(&args, config->instance.name);
	err = eal_args_lcores(&args, "control.lcores", config->control.lcores,
			      config->control.nb_lcores);
	if (err)
		return err;
	if (rte_eal_init(RTE_DIM(argv), argv) >= 0)
		return 0;
	log_error("cannot join the dataplane's memory (EAL, file prefix bascule-%s)",
		  config->instance.name);
	return -EIO;
}

/* Until its devices have started, and the FIB is whole. */
static int fib_wait(const char *instance, struct fib **fib)
{
	bool said = false;
	int err;

	while ((err = forwarding_attach(fib)) == -EAGAIN || err == -ENOENT) {
		if (!runs(instance)) {
			log_error("bascule-dataplane of instance %s ended before it was ready",
				  instance);
			return -ESRCH;
		}
		if (!said)
			say(instance, "is starting");
		said = true;
		if (!wait_a_moment())
			return -EINTR;
	}
	if (err == -EPROTO)
		log_error("the dataplane was built with another layout of the FIB; restart it");
	else if (err)
		log_error("no FIB in the dataplane's memory: %s", strerror(-err));
	return err;
}

int join_dataplane(const struct config *config, struct joined *joined)
{
	const char *instance = config->instance.name;
	char why[160];
	struct fib *fib;
	int err = process_wait(instance), fd;

	if (!err)
		err = eal_join(config);
	if (!err)
		err = fib_wait(instance, &fib);
	if (err)
		return err;
	if (!port_check_ports(fib, config, why, sizeof(why))) {
		log_error("%s; restart bascule-dataplane, or undo the change", why);
		return -EINVAL;
	}
	fd = pidfd_open(forwarding_dataplane(fib), 0);
	if (fd < 0) {
		err = -errno;
		log_error("dataplane, process %d: %s", forwarding_dataplane(fib), strerror(-err));
		return err;
	}
	*joined = (struct joined){ fib, fd };
	return 0;
}
