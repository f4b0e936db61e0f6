/* The route exchange switch as last set, and where it survives: a state file (state_file.h).
 *
 * The configuration gives the value for a first start. From then on the switch belongs to whoever
 * last moved it: the operator with `bascule exchange enable|disable`, or the configuration when its
 * value is changed. So the file keeps both, the switch and the configured value that it was set
 * under. It knows nothing of routes or the gate; the route server asks it, moves what hangs on it,
 * and has it stored.
 *
 * Nothing here waits for the disk. Off is off at once, whatever becomes of the file. On is on once
 * the file says so: who wants it stored waits for exchange_stored() (exchange_wait.h), then moves
 * it. */
#ifndef BASCULE_EXCHANGE_H
#define BASCULE_EXCHANGE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct state_file;

struct exchange {
	char path[PATH_MAX];	 /* of the state file */
	struct state_file *file; /* owned */
	uint64_t now_ms;	 /* monotonic; the owner turns it */
	uint64_t wanted_ms;	 /* when the file was last wanted to say something else */
	bool enabled;		 /* the switch */
	bool configured; /* exchange.enabled of the configuration that it was last set under */
};

enum { EXCHANGE_SLOW_MS = 3000 }; /* a disk that takes longer is in trouble */

/* Read the state file at `path` and settle the switch: the file's, unless `configured` differs from
 * what the file was written under or there is no file. A file that cannot be read or says anything
 * else leaves the switch off and is an error in the log: a drawbridge of unknown position is
 * closed. The settled state is being written back when this returns. 0, or -errno: there is no
 * thread for the file. */
int exchange_open(struct exchange *exchange, const char *path, bool configured);
/* Close the file. A slow disk has two seconds for what is still to be stored. */
void exchange_close(struct exchange *exchange);

/* Have this state stored. Returns a ticket for exchange_stored(). */
uint64_t exchange_store(struct exchange *exchange, bool enabled, bool configured);
/* 0: it is on disk; -EINPROGRESS; -ECANCELED: another state came after it; else why it cannot be
 * written yet. */
int exchange_stored(const struct exchange *exchange, uint64_t ticket);

/* Turn the switch off at once, and have that stored. Returns a ticket. */
uint64_t exchange_off(struct exchange *exchange);
/* The configuration has been reloaded with another value: the switch takes it. If that is "on", the
 * caller has had it stored. */
void exchange_configure(struct exchange *exchange, bool configured);
/* What the switch will be after exchange_configure(): for who must shut the gate before a word of
 * it is written. */
bool exchange_if_configured(const struct exchange *exchange, bool configured);

/* What is wrong with the file at this moment: "cannot be written: ...". NULL: nothing. `buf` has
 * `size` octets. */
const char *exchange_trouble(const struct exchange *exchange, char *buf, size_t size);

#ifdef __cplusplus
}
#endif
#endif
