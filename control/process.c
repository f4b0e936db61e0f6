/* The loops, and the way out. */
#include "process.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include <rte_launch.h>
#include <rte_lcore.h>

#include "conductor.h"
#include "confine.h"
#include "ctl.h"
#include "daemon.h"
#include "desk.h"
#include "exchange.h"
#include "forwarding.h"
#include "http.h"
#include "idle.h"
#include "join.h"
#include "log.h"
#include "loop.h"
#include "maintenance.h"
#include "notification.h"
#include "partner_watch.h"
#include "rows.h"
#include "speaker.h"
#include "transport.h"
#include "show.h"
#include "version.h"
#include "watchdog.h"

enum {
	TO_RIB_SIZE = 8 << 20,	 /* octets: judged messages of one session lcore */
	FROM_RIB_SIZE = 1 << 20, /* commands, mostly pointers to shared buffers */
	STOP_MS = 3000,		 /* for the last NOTIFICATIONs to go out */
};

enum stop_reason {
	STOP_NONE,
	STOP_SIGNAL,
	STOP_DATAPLANE,
	STOP_SUCCESSOR, /* one comes at once: sessions end as if control had been killed, because
			 * after a Cease peers would not keep our routes (RFC 4724 section 4) */
};

/* Of the RIB lcore's desks. */
enum { DESK_MANAGEMENT, DESK_HTTP };

/* One session lcore. */
struct session_loop {
	struct speaker *speaker;	   /* owned */
	struct mailbox *to_rib, *from_rib; /* owned */
	struct idle idle;
	struct watchdog_loop *watched;
	uint32_t *quit;
};

static struct control {
	struct fib *fib;
	struct exchange exchange;
	struct maintenance maintenance;
	struct route_server *rs;
	struct session_loop *sessions; /* owned: nb_sessions */
	unsigned int nb_sessions, nb_loops;
	struct idle rib_idle;
	bool shared;			/* the one lcore runs the sessions too */
	struct rs_desk lines[RS_DESKS]; /* owned: mailboxes and eventfds between desk and RIB */
	struct desk *desks[RS_DESKS];	/* owned */
	int signals, dataplane;
	struct ctl *ctl;
	struct partner_watch *partner;
	struct http *http;
	struct watchdog_loop loops[WATCHDOG_LOOPS];
	pthread_t management, web;
	uint32_t stop; /* enum stop_reason; atomic */
	uint32_t quit; /* session loops and management end; atomic */
	char config_path[PATH_MAX], socket_path[PATH_MAX], show_path[PATH_MAX];
} control = { .signals = -1, .dataplane = -1 };

/* --- management ------------------------------------------------------------------------------- */

static void signal_take(void)
{
	struct signalfd_siginfo info;

	if (read(control.signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP) {
		log_info("SIGHUP: reading the configuration again");
		desk_reload(control.desks[DESK_MANAGEMENT], clock_ms());
		return;
	}
	if (info.ssi_signo == SIGUSR1) {
		log_info("SIGUSR1: stopping for a successor; peers are to keep our routes");
		__atomic_store_n(&control.stop, STOP_SUCCESSOR, __ATOMIC_RELEASE);
		return;
	}
	log_info("signal %u: stopping; the dataplane goes on forwarding", info.ssi_signo);
	__atomic_store_n(&control.stop, STOP_SIGNAL, __ATOMIC_RELEASE);
}

static void *manage(void *unused)
{
	enum {
		SIGNALS,
		DATAPLANE,
		PARTNER,
		DESK = PARTNER + PARTNER_WATCH_FDS,
		CTL = DESK + DESK_POLL_FDS
	};
	struct desk *desk = control.desks[DESK_MANAGEMENT];
	struct pollfd fds[CTL + CTL_POLL_FDS];

	(void)unused;
	while (!__atomic_load_n(&control.quit, __ATOMIC_ACQUIRE)) {
		bool lost = __atomic_load_n(&control.stop, __ATOMIC_RELAXED) == STOP_DATAPLANE;
		unsigned int n;
		int wait_ms;

		fds[SIGNALS] = (struct pollfd){ .fd = control.signals, .events = POLLIN };
		fds[DATAPLANE] =
			(struct pollfd){ .fd = lost ? -1 : control.dataplane, .events = POLLIN };
		wait_ms = partner_watch_poll(control.partner, fds + PARTNER, clock_ms());
		desk_poll(desk, fds + DESK);
		n = CTL + ctl_poll(control.ctl, fds + CTL);
		if (poll(fds, n, wait_ms) < 0)
			continue;
		if (fds[SIGNALS].revents)
			signal_take();
		if (fds[DATAPLANE].revents) {
			log_error("the dataplane has ended: nothing forwards what peers were "
				  "promised; stopping");
			__atomic_store_n(&control.stop, STOP_DATAPLANE, __ATOMIC_RELEASE);
		}
		desk_serve(desk, clock_ms());
		ctl_serve(control.ctl, fds + CTL, clock_ms());
		partner_watch_serve(control.partner, fds + PARTNER, clock_ms());
	}
	return NULL;
}

/* The HTTP thread. */
static void *serve_web(void *unused)
{
	(void)unused;
	http_run(control.http);
	return NULL;
}

/* Of either desk's thread. */
static void reloaded(const struct row_reload *row)
{
	http_configure(control.http, &row->http);
}

static int desk_open_line(struct rs_desk *line, struct desk **desk)
{
	struct desk_params params = { .config_path = control.config_path, .reloaded = reloaded };

	line->answered = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (line->answered < 0)
		return -errno;
	line->pages = mailbox_new(DESK_PAGES_SIZE);
	line->answers = mailbox_new(DESK_PAGES_SIZE);
	if (!line->pages || !line->answers)
		return -ENOMEM;
	mailbox_wakes(line->pages, &control.rib_idle.wake);
	params.to_rib = line->pages;
	params.from_rib = line->answers;
	params.answered = line->answered;
	return desk_open(&params, desk);
}

static void desk_close_line(struct rs_desk *line, struct desk *desk)
{
	if (desk)
		desk_close(desk);
	mailbox_free(line->pages);
	mailbox_free(line->answers);
	if (line->answered > 0)
		close(line->answered);
}

/* What the desks are asked by: sockets, the partner's watch, HTTP. */
static int fronts_open(const struct config *config)
{
	struct ctl_params params = { .socket_path = control.socket_path,
				     .show_path = control.show_path,
				     .desk = control.desks[DESK_MANAGEMENT] };
	int err = ctl_open(&params, &control.ctl);

	if (err)
		log_error("%s: %s", control.socket_path, strerror(-err));
	else
		err = partner_watch_open(control.desks[DESK_MANAGEMENT], control.socket_path,
					 &control.partner);
	if (!err)
		err = http_open(&config->http, config->instance.name, control.desks[DESK_HTTP],
				&control.http);
	return err;
}

static int management_open(const struct config *config)
{
	sigset_t set;
	int err;

	snprintf(control.config_path, sizeof(control.config_path), "%s", config->path);
	config_run_path(config->instance.name, "control.sock", control.socket_path,
			sizeof(control.socket_path));
	config_run_path(config->instance.name, "show.sock", control.show_path,
			sizeof(control.show_path));
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	/* Called for all but next hops and grace periods in the dataplane's memory, for which it
	 * has to look. */
	err = idle_open(&control.rib_idle, config->dataplane.idle == IDLE_ADAPTIVE,
			IDLE_CALLED_SPINS, IDLE_LOOK_US);
	if (err) {
		log_error("RIB lcore: %s", strerror(-err));
		return err;
	}
	control.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	err = control.signals < 0 ? -errno : 0;
	for (int i = 0; !err && i < RS_DESKS; i++)
		err = desk_open_line(&control.lines[i], &control.desks[i]);
	if (err) {
		log_error("management: %s", strerror(-err));
		return err;
	}
	return fronts_open(config);
}

static void management_close(void)
{
	if (control.partner)
		partner_watch_close(control.partner);
	if (control.ctl)
		ctl_close(control.ctl);
	if (control.http)
		http_close(control.http);
	for (int i = 0; i < RS_DESKS; i++)
		desk_close_line(&control.lines[i], control.desks[i]);
	if (control.signals >= 0)
		close(control.signals);
	if (control.dataplane >= 0)
		close(control.dataplane);
}

/* --- session lcores --------------------------------------------------------------------------- */

_Static_assert((int)SPEAKER_INTERFACES == (int)CONFIG_PORTS &&
		       (int)SPEAKER_ADDRESSES == (int)CONFIG_PORT_ADDRESSES + 1 &&
		       (int)SPEAKER_INTERFACE_NAME == (int)IFNAMSIZ,
	       "the ports' interfaces fit");

/* Those of the port, and with IPv6 the one that the dataplane has its interface have (RFC 4291
 * 2.1). */
static void addresses_fill(const struct config_port *port, struct speaker_interface *interface)
{
	bool has_ipv6 = false;

	for (size_t i = 0; i < port->nb_addresses; i++) {
		interface->addrs[interface->nb_addrs++] = port->addresses[i].addr;
		has_ipv6 |= port->addresses[i].addr.family == FAMILY_IPV6;
	}
	if (has_ipv6)
		interface->addrs[interface->nb_addrs++] = transport_link_local(interface->name);
}

/* A speaker's interfaces are the ports' LCP interfaces, in the order of the configuration. Hosts of
 * the virtual network speak no BGP. */
static void interfaces_fill(const struct config *config, struct speaker_params *params)
{
	params->nb_interfaces = (uint8_t)config->dataplane.nb_ports;
	for (size_t i = 0; i < config->dataplane.nb_ports; i++) {
		const struct config_port *port = &config->dataplane.ports[i];
		struct speaker_interface *interface = &params->interfaces[i];
		int len = snprintf(interface->name, sizeof(interface->name), "%s-%s",
				   config->instance.name, port->name);

		assert(len < (int)sizeof(interface->name)); /* config_load() refuses longer ones */
		(void)len;
		if (port->role != ROLE_VNET)
			addresses_fill(port, interface);
	}
}

/* One lcore for everything sleeps where its sockets call; what it leaves to itself needs no call.
 * Of several, each must look whether another has made room for more. */
static int session_idle_open(struct session_loop *loop, bool adaptive)
{
	int err = 0;

	if (control.shared) {
		idle_watch(&control.rib_idle, speaker_poller(loop->speaker));
		return 0;
	}
	err = idle_open(&loop->idle, adaptive, IDLE_KERNEL_SPINS, IDLE_LOOK_US);
	if (err)
		return err;
	idle_looks(&loop->idle);
	idle_looks(&control.rib_idle);
	control.rib_idle.spins = IDLE_KERNEL_SPINS;
	idle_watch(&loop->idle, speaker_poller(loop->speaker));
	mailbox_wakes(loop->from_rib, &loop->idle.wake);
	mailbox_wakes(loop->to_rib, &control.rib_idle.wake);
	mailbox_calls(loop->to_rib, &loop->idle.wake);
	mailbox_calls(loop->from_rib, &control.rib_idle.wake);
	return 0;
}

static int sessions_open(const struct config *config)
{
	struct speaker_params params = {
		.local_asn = config->instance.asn,
		.router_id = config->instance.router_id,
		.restart_s = config->control.restart_s,
		.nb_peers = CONFIG_PEERS,
		.allow_240 = config->martians == MARTIANS_ALLOW_240,
	};
	int err;

	interfaces_fill(config, &params);
	control.shared = config->control.nb_lcores == 1;
	control.nb_sessions = control.shared ? 1 : (unsigned int)config->control.nb_lcores - 1;
	control.sessions = calloc(control.nb_sessions, sizeof(*control.sessions));
	if (!control.sessions)
		return -ENOMEM;
	for (unsigned int i = 0; i < control.nb_sessions; i++) {
		struct session_loop *loop = &control.sessions[i];

		/* One listens; what it accepts for the others' peers is handed over
		 * (SPEAKER_ACCEPTED). */
		params.listen_port = i == SPEAKER_LISTENING ? config->control.listen_port : 0;
		loop->to_rib = mailbox_new(TO_RIB_SIZE);
		loop->from_rib = mailbox_new(FROM_RIB_SIZE);
		if (!loop->to_rib || !loop->from_rib)
			return -ENOMEM;
		err = speaker_new(&params, loop->to_rib, loop->from_rib, &loop->speaker);
		if (!err)
			err = session_idle_open(loop, config->dataplane.idle == IDLE_ADAPTIVE);
		if (err) {
			log_error("BGP cannot start: %s", strerror(-err));
			return err;
		}
	}
	return 0;
}

static void sessions_close(void)
{
	for (unsigned int i = 0; i < control.nb_sessions; i++) {
		if (control.sessions[i].speaker)
			speaker_free(control.sessions[i].speaker);
		mailbox_free(control.sessions[i].to_rib);
		mailbox_free(control.sessions[i].from_rib);
		idle_close(&control.sessions[i].idle);
	}
	free(control.sessions);
}

static int session_run(void *arg)
{
	struct session_loop *loop = arg;

	idle_thread();
	while (!__atomic_load_n(&control.quit, __ATOMIC_ACQUIRE)) {
		bool worked = speaker_turn(loop->speaker, clock_ms()) > 0;
		uint16_t us = idle_turn(&loop->idle, worked);

		watchdog_turn(loop->watched);
		if (us)
			idle_sleep(&loop->idle, us);
		else if (worked)
			idle_share(&loop->idle, clock_ns());
	}
	return 0;
}

/* --- the RIB lcore ---------------------------------------------------------------------------- */

static int rs_open(struct config *config)
{
	struct rs_speaker speakers[CONFIG_LCORES];
	struct rs_params params = {
		.config = config,
		.exchange = &control.exchange,
		.maintenance = &control.maintenance,
		.fib = control.fib,
		.speakers = speakers,
		.nb_speakers = control.nb_sessions,
		.answer = show_answer,
	};
	int err;

	memcpy(params.desks, control.lines, sizeof(params.desks));
	for (unsigned int i = 0; i < control.nb_sessions; i++)
		speakers[i] = (struct rs_speaker){
			.to_rib = control.sessions[i].to_rib,
			.from_rib = control.sessions[i].from_rib,
			.speaker = control.sessions[i].speaker,
		};
	err = rs_new(&params, &control.rs);
	if (err)
		log_error("route server: %s",
			  err == -EAGAIN ? "a forwarding lcore hangs" : strerror(-err));
	return err;
}

static void rs_begin_stop(enum stop_reason why)
{
	rs_stop(control.rs, NOTIFY_CEASE_SHUTDOWN,
		why == STOP_SIGNAL ? "" : "forwarding plane lost");
}

/* Until asked to stop, and then until the sessions are closed or STOP_MS have passed. */
static enum stop_reason rib_run(struct watchdog_loop *watched)
{
	enum stop_reason stop = STOP_NONE;
	uint64_t until = UINT64_MAX, now;

	idle_thread();
	do {
		unsigned int done;
		uint16_t us;

		now = clock_ms();
		if (!stop && (stop = __atomic_load_n(&control.stop, __ATOMIC_ACQUIRE))) {
			if (stop == STOP_SUCCESSOR)
				break;
			rs_begin_stop(stop);
			until = now + STOP_MS;
		}
		done = 0;
		/* first what peers say, for then it is decided at once */
		if (control.shared)
			done += speaker_turn(control.sessions[0].speaker, now);
		done += rs_turn(control.rs, now);
		us = idle_turn(&control.rib_idle, done > 0);
		watchdog_turn(watched);
		if (us)
			idle_sleep(&control.rib_idle, us);
		else if (done)
			idle_share(&control.rib_idle, clock_ns());
	} while (!stop || (!rs_stopped(control.rs) && now < until));
	return stop;
}

/* --- all of it -------------------------------------------------------------------------------- */

static struct watchdog_loop *watched_loop(const char *name, unsigned int i)
{
	struct watchdog_loop *loop = &control.loops[control.nb_loops++];

	snprintf(loop->name, sizeof(loop->name), "%s %u", name, i);
	return loop;
}

static int loops_start(void)
{
	unsigned int lcore, i = 0;
	int err;

	if (!control.shared)
		RTE_LCORE_FOREACH_WORKER (lcore) {
			control.sessions[i].watched = watched_loop("session lcore", lcore);
			rte_eal_remote_launch(session_run, &control.sessions[i], lcore);
			i++;
		}
	err = watchdog_start(control.loops, control.nb_loops);
	if (!err)
		err = rte_ctrl_thread_create(&control.management, "management", NULL, manage, NULL);
	if (!err)
		err = rte_ctrl_thread_create(&control.web, "http", NULL, serve_web, NULL);
	if (err)
		log_error("threads: %s", strerror(abs(err)));
	return err;
}

static void loops_stop(void)
{
	watchdog_stop();
	__atomic_store_n(&control.quit, 1, __ATOMIC_RELEASE);
	http_stop(control.http);
	pthread_join(control.management, NULL);
	pthread_join(control.web, NULL);
	rte_eal_mp_wait_lcore();
}

static int state_open(const struct config *config)
{
	char path[PATH_MAX];
	int err;

	config_state_path(config->instance.name, "exchange", path, sizeof(path));
	err = exchange_open(&control.exchange, path, config->exchange.enabled);
	if (!err) {
		config_state_path(config->instance.name, "maintenance", path, sizeof(path));
		err = maintenance_open(&control.maintenance, path);
	}
	if (err)
		log_error("%s: no thread to keep it: %s", path, strerror(-err));
	return err;
}

int control_run(struct config *config)
{
	struct watchdog_loop *rib = watched_loop("RIB lcore", config->control.lcores[0]);
	enum stop_reason stop;
	struct joined joined;
	int err = join_dataplane(config, &joined);

	if (!err) {
		control.fib = joined.fib;
		control.dataplane = joined.dataplane;
		daemon_log_start(rte_ctrl_thread_create);
		err = state_open(config);
	}
	if (!err)
		err = management_open(config);
	if (!err)
		err = sessions_open(config);
	if (!err)
		err = rs_open(config);
	if (err) {
		config_free(config);
		goto close;
	}
	err = confine_calls(CONFINE_SOCKETS);
	if (err)
		log_error("no filter of system calls: %s", strerror(-err));
	if (!err)
		err = loops_start();
	if (err)
		goto close;
	log_info("running, version %s", BASCULE_VERSION);
	sd_notify(0, "READY=1\nSTATUS=");
	stop = rib_run(rib);
	loops_stop();
	err = stop == STOP_DATAPLANE ? -ESRCH : 0;
close:
	/* Without rte_eal_cleanup(): it would take the dataplane's devices down with the buses. */
	if (control.rs)
		rs_free(control.rs);
	management_close();
	sessions_close();
	exchange_close(&control.exchange);
	maintenance_close(&control.maintenance);
	idle_close(&control.rib_idle);
	log_stop();
	return err == -EINTR ? 0 : err; /* told to stop while it waited for the dataplane */
}
