/* EAL for an instance: its arguments follow from the configuration, everything that it leaves in
 * the file system is named after the instance and removed at a clean end. */
#ifndef BASCULE_EAL_H
#define BASCULE_EAL_H

#include <stdbool.h>

#include "config.h"
#include "log.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Initialise EAL as the primary process of the instance; the caller becomes its main lcore. Logs
 * what is wrong; -errno. */
int eal_open(const struct config *config, enum log_level level);

/* Are the hugepages that it would take another user's, as the package's are if root starts us by
 * hand? */
bool eal_memory_of_others(void);

/* Clean up, and unlink the instance's hugepage files and run-time directory. */
void eal_close(const struct config *config);

#ifdef __cplusplus
}
#endif
#endif
