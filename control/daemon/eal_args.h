/* The arguments of EAL that are alike for the primary process (dataplane) and the secondary one
 * (control): by which name the two find each other, where hugepages are mapped, and which CPUs are
 * theirs. */
#ifndef BASCULE_EAL_ARGS_H
#define BASCULE_EAL_ARGS_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Both processes, sanitised or not, must map hugepages at one address. */
#define EAL_BASE_ADDRESS "--base-virtaddr=0x200000000000"

enum { EAL_ARGS_LCORES = CONFIG_LCORES + 1 }; /* of one process at most */

struct eal_args {
	char prefix[CONFIG_NAME + 32];	   /* "--file-prefix=bascule-rs0" */
	char main_lcore[32];		   /* "--main-lcore=1" */
	char lcores[11 * EAL_ARGS_LCORES]; /* "1,2,3", for -l */
	size_t len;			   /* of `lcores` */
};

/* Begin with an instance's name and no lcore. Sets RUNTIME_DIRECTORY of the environment: what EAL
 * keeps of this process lies beside the instance's sockets, whoever runs it. */
void eal_args_init(struct eal_args *args, const char *instance);
/* Add the lcores that `setting` ("control.lcores") gives; the first one ever added is the main
 * lcore. At most EAL_ARGS_LCORES in all. EAL would only say that it cannot start, so this names a
 * CPU that the process may not use in the log, and adds none: -ENODEV; or -errno of
 * sched_setaffinity(2). */
int eal_args_lcores(struct eal_args *args, const char *setting, const uint32_t *lcores, size_t nb);

#ifdef __cplusplus
}
#endif
#endif
