/* The process as a whole: threads, lcores and what joins them. */
#ifndef BASCULE_PROCESS_H
#define BASCULE_PROCESS_H

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Join the dataplane and run until a signal or the dataplane's end. Takes the configuration.
 * Signals are blocked, the instance's lock is held. 0: stopped by a signal; -errno otherwise, with
 * a line in the log. */
int control_run(struct config *config);

#ifdef __cplusplus
}
#endif
#endif
