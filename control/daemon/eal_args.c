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

/* The first lcore whose CPU this thread may not run on, or `nb`. Its mask does not say: what the
 * kernel's isolcpus= keeps others off is not in the mask that we were started with, and is ours to
 * take. */
static size_t first_unusable(const uint32_t *lcores, size_t nb)
{
	size_t i;

	for (i = 0; i < nb && lcores[i] < CPU_SETSIZE; i++) {
		cpu_set_t one;

		CPU_ZERO(&one);
		CPU_SET(lcores[i], &one);
		if (sched_setaffinity(0, sizeof(one), &one))
			break;
	}
	return i;
}

int eal_args_lcores(struct eal_args *args, const char *setting, const uint32_t *lcores, size_t nb)
{
	cpu_set_t before;
	size_t unusable;

	if (sched_getaffinity(0, sizeof(before), &before))
		return -errno;
	unusable = first_unusable(lcores, nb);
	if (sched_setaffinity(0, sizeof(before), &before))
		return -errno;
	if (unusable < nb) {
		log_error("%s: %u is not a CPU that this process may use", setting,
			  lcores[unusable]);
		return -ENODEV;
	}
	for (size_t i = 0; i < nb; i++) {
		if (!args->len)
			snprintf(args->main_lcore, sizeof(args->main_lcore), "--main-lcore=%u",
				 lcores[i]);
		args->len +=
			(size_t)snprintf(args->lcores + args->len, sizeof(args->lcores) - args->len,
					 "%s%u", args->len ? "," : "", lcores[i]);
	}
	return 0;
}
