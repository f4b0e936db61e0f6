/* The neighbours of the configuration: permanent entries in the kernel's table, which keep there
 * whatever others do to them. Only the kernel's table is written here; what it then says is
 * monitor.h's, as with any other permanent entry. */
#ifndef BASCULE_STATICS_H
#define BASCULE_STATICS_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "slowpath_state.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	STATICS_AGAIN_MS = 1000, /* an entry is put back at once, but not more often than so */
	STATICS_SLICE = 64,	 /* entries put in a turn */
};

/* What a configuration names; those that it names no more are taken out of the kernel's table.
 * `port_ids`: port ids by index among the configuration's ports. -ENOMEM: nothing has
 * changed. */
int statics_configure(struct slowpath *s, const struct config *config, const uint16_t *port_ids);
void statics_free(struct statics *statics);

/* The kernel has said something about a host: its permanent address, or NULL for anything else. */
void statics_heard(struct slowpath *s, uint16_t port, const struct fib_addr *addr,
		   const uint8_t *mac);
/* The kernel's whole table has been read: entries that it did not have are to be put in. */
void statics_swept(struct slowpath *s);
/* Put a few of the missing entries in. */
void statics_turn(struct slowpath *s);

#ifdef __cplusplus
}
#endif
#endif
