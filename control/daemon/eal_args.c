/* Arguments of EAL. */
#include "eal_args.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"

void eal_args_init(struct eal_args *args, const char *instance)
{
	char dir[PATH_MAX];

	*args = (struct eal_args){ 0 };
	setenv("RUNTIME_DIRECTORY", config_run_path(instance, "", dir, sizeof(dir)), 1);
	snprintf(args->prefix, sizeof(args->prefix), "--file-prefix=bascule-%s", instance);
}

int eal_args_lcores(struct eal_args *args, const char *setting, const uint32_t *lcores, size_t nb)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		return -errno;
	for (size_t i = 0; i < nb; i++) {
		if (lcores[i] >= CPU_SETSIZE || !CPU_ISSET(lcores[i], &cpus)) {
			log_error("%s: %u is not a CPU that this process may use", setting,
				  lcores[i]);
			return -ENODEV;
		}
		if (!args->len)
			snprintf(args->main_lcore, sizeof(args->main_lcore), "--main-lcore=%u",
				 lcores[i]);
		args->len +=
			(size_t)snprintf(args->lcores + args->len, sizeof(args->lcores) - args->len,
					 "%s%u", args->len ? "," : "", lcores[i]);
	}
	return 0;
}
