/* bascule-control: what comes before control_run() (process.h): command line, configuration, lock,
 * signals. */
#include <signal.h>
#include <stdlib.h>

#include "config.h"
#include "daemon.h"
#include "forwarding.h"
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
	if (daemon_lock(&control, config->instance.name) < 0) { /* held until the process ends */
		config_free(config);
		return EXIT_FAILURE;
	}
	return control_run(config) ? EXIT_FAILURE : EXIT_SUCCESS;
}
