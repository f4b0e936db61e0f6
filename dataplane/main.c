/* bascule-dataplane: the forwarding process of an instance. Signals, and the main lcore's loop;
 * what comes before that is in daemon.c, all else in dataplane.c. */
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include <rte_lcore.h>
#include <rte_pdump.h>

#include "config.h"
#include "confine.h"
#include "daemon.h"
#include "dataplane.h"
#include "device_lock.h"
#include "eal.h"
#include "fib.h"
#include "heartbeat.h"
#include "log.h"
#include "pci_device.h"
#include "privilege.h"
#include "reading.h"
#include "telemetry.h"
#include "turn.h"
#include "version.h"

static volatile sig_atomic_t stop_signal, reload_wanted;

static const struct daemon dataplane = {
	.program = "bascule-dataplane",
	.part = "dataplane",
	.what = "The forwarding process of a Bascule instance.",
	.note = "bascule-control stops when this process ends.",
	.layout = fib_layout,
};

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
		dataplane_reload(dp, wanted); /* which says when it is done */
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
		daemon_log_report(&report);
		reload(dp, wanted);
		config_free(wanted);
		config_report_free(&report);
	}
	if (!reload_wanted || reading_under_way(reading) || dataplane_reloading(dp))
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
		uint16_t us = idle_turn(&dp->idle, worked || slowpath_waits(&dp->slowpath));

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

/* If root starts us by hand. Interfaces, neighbours, routes and their settings, also of a device
 * that comes back, need CAP_NET_ADMIN; AF_PACKET CAP_NET_RAW; memory that a device writes to is
 * locked. Without an IOMMU it is given physical addresses, which the kernel tells
 * (/proc/self/pagemap), as it hands over the device, for CAP_SYS_ADMIN and CAP_SYS_RAWIO. Before
 * there is any thread. */
static int give_up_capabilities(const struct config *config)
{
	uint64_t keep = CONFINE_CAPABILITY(CAP_NET_ADMIN) | CONFINE_CAPABILITY(CAP_NET_RAW) |
			CONFINE_CAPABILITY(CAP_IPC_LOCK);

	if (pci_physical("", &config->dataplane))
		keep |= CONFINE_CAPABILITY(CAP_SYS_ADMIN) | CONFINE_CAPABILITY(CAP_SYS_RAWIO);
	return privilege_give_up(
		keep | privilege_for_files(config->instance.name, eal_memory_of_others()));
}

static int give_up_calls(void)
{
	int err = confine_calls(CONFINE_DEVICES);

	if (err)
		log_error("no filter of system calls: %s", strerror(-err));
	return err;
}

/* EAL is there. */
static int forward(const struct config *config)
{
	static struct dataplane dp;
	static struct heartbeat heartbeat;

	sd_notify(0, "STATUS=starting devices");
	if (dataplane_open(&dp, config))
		return EXIT_FAILURE;
	if (give_up_calls()) {
		dataplane_close(&dp);
		return EXIT_FAILURE;
	}
	if (heartbeat_start(&heartbeat, dp.fib->qsbr)) {
		log_error("heartbeat: no thread");
		dataplane_close(&dp);
		return EXIT_FAILURE;
	}
	if (rte_pdump_init())
		log_warning("packet capture (dpdk-dumpcap) will not work");
	telemetry_open(&dp);
	log_info("forwarding: %u ports, %u lcores, version " BASCULE_VERSION, dp.nb_ports,
		 dp.nb_workers);
	sd_notify(0, "READY=1\nSTATUS=");
	run(&dp);
	heartbeat_stop(&heartbeat);
	telemetry_close();
	rte_pdump_uninit();
	dataplane_close(&dp);
	return EXIT_SUCCESS;
}

static int start(const struct config *config, enum log_level level)
{
	int status;

	pci_wait(&config->dataplane);
	if (give_up_capabilities(config) || eal_open(config, level))
		return EXIT_FAILURE;
	signals_open(); /* after EAL, which sets its own */
	daemon_log_start(rte_ctrl_thread_create);
	status = forward(config);
	log_stop();
	eal_close(config);
	return status;
}

int main(int argc, char **argv)
{
	struct device_locks devices;
	struct daemon_options options;
	int status = daemon_options(&dataplane, argc, argv, &options, stdout, stderr), lock;
	struct config *config;

	if (status >= 0)
		return status;
	config = daemon_load(&dataplane, &options);
	if (!config)
		return DAEMON_EXIT_CONFIG;
	status = EXIT_FAILURE;
	lock = daemon_lock(&dataplane, config->instance.name);
	if (lock >= 0) {
		if (!device_locks_take(&devices, config, DEVICE_LOCKS_DIR)) {
			status = start(config, options.log);
			device_locks_release(&devices);
		}
		close(lock);
	}
	config_free(config);
	return status;
}
