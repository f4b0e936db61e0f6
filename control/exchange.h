/* The route exchange switch as last set, and where it survives: one small state file, replaced whole.
 *
 * The configuration gives the value for a first start. From then on the switch belongs to whoever last moved it: the
 * operator with `bascule exchange enable|disable`, or the configuration when its value is changed. So the file keeps
 * both, the switch and the configured value that it was set under. It knows nothing of routes or the gate; the route
 * server asks it, moves what hangs on it, and stores it. */
#ifndef BASCULE_EXCHANGE_H
#define BASCULE_EXCHANGE_H

#include <limits.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct exchange {
	char path[PATH_MAX]; /* of the state file */
	bool enabled;	     /* the switch */
	bool configured;     /* exchange.enabled of the configuration that it was last set under */
};

/* Read the state file at `path` and settle the switch: the file's, unless `configured` differs from what the file was
 * written under or there is no file. A file that cannot be read or says anything else leaves the switch off and is
 * an error in the log: a drawbridge of unknown position is closed. The settled state is written back.
 * 0, or -errno of that write (the switch is settled all the same). */
int exchange_open(struct exchange *exchange, const char *path, bool configured);

/* Move the switch and store it: on disk, synchronised, before this returns. Off is off whatever becomes of the file; on is
 * on once the file says so. -errno: a restart may find the switch as it was; `enabled` tells whether it has moved. */
int exchange_set(struct exchange *exchange, bool enabled);

/* The configuration has been reloaded: if its value changed, the switch takes it. Off is off whatever becomes of the
 * file, and another reload tries the file again; on is on once the file says so. -errno: the file could not be written;
 * `enabled` tells whether the switch has moved. */
int exchange_configure(struct exchange *exchange, bool configured);

#ifdef __cplusplus
}
#endif
#endif
