/* bascule-control: what comes before control_run() (process.h): command line, configuration, lock,
 * signals. */
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>

#include "config.h"
#include "confine.h"
#include "daemon.h"
#include "forwarding.h"
#include "privilege.h"
#include "process.h"

static const struct daemon control = {
	.program = "bascule-control",
	.part = "control",
	.what = "The BGP process of a Bascule instance. It waits for bascule-dataplane to run.",
	.note = "SIGUSR1 ends it for a successor, without a word to peers, which then restart "
		"gracefully.\nHowever this process ends, the dataplane goes on forwarding.",
	.layout = forwarding_layout,
};

/* Handled by the management thread, which reads them from a descriptor; so they are blocked before
 * there is any thread. */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* BGP's port is below 1024; a listener is opened anew when an interface is. To hold a socket to an
 * interface needs nothing the first time, but CAP_NET_RAW when it has to follow one that was made
 * anew (Linux, SO_BINDTODEVICE). TCP-MD5 needs nothing. */
static int give_up_capabilities(const char *instance)
{
	return privilege_give_up(CONFINE_CAPABILITY(CAP_NET_BIND_SERVICE) |
				 CONFINE_CAPABILITY(CAP_NET_RAW) |
				 privilege_for_files(instance, false));
}

int main(int argc, char **argv)
{
	struct daemon_options options;
	int status = daemon_options(&control, argc, argv, &options, stdout, stderr);
	struct config *config;

	if (status >= 0)
		return status;
	config = daemon_load(&control, &options);
	if (!config)
		return DAEMON_EXIT_CONFIG;
	block_signals();
	if (give_up_capabilities(config->instance.name) ||
	    daemon_lock(&control, config->instance.name) < 0) { /* held until the process ends */
		config_free(config);
		return EXIT_FAILURE;
	}
	return control_run(config) ? EXIT_FAILURE : EXIT_SUCCESS;
}
