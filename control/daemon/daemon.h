/* The shell of a daemon: what bascule-control and bascule-dataplane do alike before their own work
 * begins.
 *
 *   main() ─► daemon_options ─► daemon_load ─► daemon_lock ─► its own work, daemon_log_start
 *
 * Thread: the main thread, before there is another that logs. */
#ifndef BASCULE_DAEMON_H
#define BASCULE_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "log.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DAEMON_EXIT_CONFIG = 2 }; /* the command line or the configuration is refused */

/* Which one it is. All texts are borrowed, for ever. */
struct daemon {
	const char *program; /* "bascule-control" */
	const char *part;    /* "control": what an instance has one of, and the name of its lock */
	const char *what;    /* for --help: a sentence about it ... */
	const char *note;    /* ... and one about its end */
	uint64_t (*layout)(void); /* of the memory that both processes share: --layout */
};

struct daemon_options {
	const char *config; /* path; borrowed from argv */
	enum log_level log;
};

/* Read the command line (getopt_long(3): one call a process, but for tests). Returns -1 to go on,
 * or the status to exit with: 0 after --help, --version and --layout, which are printed to `out`;
 * DAEMON_EXIT_CONFIG after a complaint to `err`. */
int daemon_options(const struct daemon *daemon, int argc, char **argv,
		   struct daemon_options *options, FILE *out, FILE *err);

/* Open the log, read the configuration (waiting for the disk as long as it takes, and saying so),
 * and put the instance's name into the log's lines. The caller's to free; NULL: refused, every
 * error is in the log. */
struct config *daemon_load(const struct daemon *daemon, const struct daemon_options *options);
/* Put what there is to say of a configuration, at the start or at a reload, into the log. */
void daemon_log_report(const struct config_report *report);

/* Nobody who logs waits for whoever reads the log any more (log_start()), until log_stop(). */
void daemon_log_start(log_thread_create *create);

/* Be the instance's one. Returns a descriptor, which holds the lock until it is closed or the
 * process ends; or -errno, with a line in the log: -EWOULDBLOCK, there is another one. */
int daemon_lock(const struct daemon *daemon, const char *instance);
/* Does the instance have a running `part`? */
bool daemon_runs(const char *part, const char *instance);

#ifdef __cplusplus
}
#endif
#endif
