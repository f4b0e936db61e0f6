/* EAL's arguments, and what it leaves behind. */
#include "eal.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <mntent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "port.h"

enum { ARGUMENTS = 24 + 2 * CONFIG_PORTS, LCORES_TEXT = CONFIG_LCORES * 5, SHORT_TEXT = 64 };

/* Main and secondary processes, sanitised or not, must map hugepages at one address. */
#define BASE_ADDRESS "--base-virtaddr=0x200000000000"

static int check_lcore(uint32_t lcore, const char *setting)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		return -errno;
	if (lcore < CPU_SETSIZE && CPU_ISSET(lcore, &cpus))
		return 0;
	log_error("dataplane.%s: %u is not a CPU that this process may use", setting, lcore);
	return -ENODEV;
}

static int check_lcores(const struct config_dataplane *dataplane)
{
	int err = check_lcore(dataplane->main_lcore, "main_lcore");

	for (size_t i = 0; !err && i < dataplane->nb_forwarding_lcores; i++) {
		err = check_lcore(dataplane->forwarding_lcores[i], "forwarding_lcores");
		if (!err && dataplane->forwarding_lcores[i] == dataplane->main_lcore) {
			log_error("dataplane.forwarding_lcores: %u is the main lcore",
				  dataplane->main_lcore);
			err = -EINVAL;
		}
	}
	return err;
}

static void lcores_text(const struct config_dataplane *dataplane, char text[LCORES_TEXT])
{
	int at = snprintf(text, LCORES_TEXT, "%u", dataplane->main_lcore);

	for (size_t i = 0; i < dataplane->nb_forwarding_lcores; i++)
		at += snprintf(text + at, (size_t)(LCORES_TEXT - at), ",%u",
			       dataplane->forwarding_lcores[i]);
}

int eal_open(const struct config *config, enum log_level level)
{
	const struct config_dataplane *dataplane = &config->dataplane;
	char prefix[SHORT_TEXT], main_lcore[SHORT_TEXT], memory[SHORT_TEXT], lcores[LCORES_TEXT];
	char *argv[ARGUMENTS], *devices[CONFIG_PORTS];
	bool any_pci = false;
	int argc = 0, err = check_lcores(dataplane);

	if (err)
		return err;
	snprintf(prefix, sizeof(prefix), "--file-prefix=bascule-%s", config->instance.name);
	snprintf(main_lcore, sizeof(main_lcore), "--main-lcore=%u", dataplane->main_lcore);
	snprintf(memory, sizeof(memory), "%u", dataplane->memory_mb);
	lcores_text(dataplane, lcores);
	argv[argc++] = (char *)"bascule-dataplane";
	argv[argc++] = (char *)"--proc-type=primary";
	argv[argc++] = prefix;
	argv[argc++] = (char *)"-l";
	argv[argc++] = lcores;
	argv[argc++] = main_lcore;
	argv[argc++] = (char *)"-m";
	argv[argc++] = memory;
	argv[argc++] = (char *)"--single-file-segments";
	argv[argc++] = (char *)BASE_ADDRESS;
	argv[argc++] =
		(char *)(level == LOG_LEVEL_DEBUG ? "--log-level=info" : "--log-level=error");
	for (size_t i = 0; i < dataplane->nb_ports; i++) {
		bool pci = port_is_pci(dataplane->ports[i].device);

		argv[argc++] = (char *)(pci ? "-a" : "--vdev");
		devices[i] = config_device_string(&dataplane->ports[i]);
		argv[argc++] = devices[i] ? devices[i] : dataplane->ports[i].device;
		any_pci |= pci;
	}
	if (!any_pci)
		argv[argc++] = (char *)"--no-pci";
	argv[argc] = NULL;
	err = rte_eal_init(argc, argv) >= 0 ? 0 : rte_errno ? -rte_errno : -EIO;
	for (size_t i = 0; i < dataplane->nb_ports; i++)
		free(devices[i]);
	if (!err)
		return 0;
	log_error("DPDK cannot start: %s (are %u MB of hugepages free, and is every device there?)",
		  strerror(-err), dataplane->memory_mb);
	return err;
}

static void unlink_matching(const char *pattern)
{
	glob_t found;

	if (!glob(pattern, GLOB_NOSORT, NULL, &found)) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			unlink(found.gl_pathv[i]);
		globfree(&found);
	}
}

static void unlink_hugepages(const char *instance)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	char pattern[PATH_MAX];
	struct mntent *mount;

	if (!mounts)
		return;
	while ((mount = getmntent(mounts))) {
		if (strcmp(mount->mnt_type, "hugetlbfs"))
			continue;
		snprintf(pattern, sizeof(pattern), "%s/bascule-%smap_*", mount->mnt_dir, instance);
		unlink_matching(pattern);
	}
	endmntent(mounts);
}

void eal_close(const struct config *config)
{
	char dir[PATH_MAX], pattern[PATH_MAX + 2];

	snprintf(dir, sizeof(dir), "%s", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	unlink_hugepages(config->instance.name);
	snprintf(pattern, sizeof(pattern), "%s/*", dir);
	unlink_matching(pattern);
	rmdir(dir);
}
