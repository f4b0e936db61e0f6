/* Is this host fit for its instances? A table of checks, each of which reads what the kernel shows
 * and compares it with what the configuration asks for. Nothing is changed unless it is to be
 * mended, and mended is only what a reboot would undo, and what nobody can miss. */
#ifndef BASCULE_DOCTOR_H
#define BASCULE_DOCTOR_H

#include <stdbool.h>

#include "configured.h"
#include "finding.h"
#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Go through all checks, in the order of the table; with `fix` mend first what can be. At least one
 * finding a check. Release with findings_free(). */
struct findings doctor_examine(const struct host_root *host, const struct configured *configured,
			       bool fix);
#ifdef __cplusplus
}
#endif
#endif
