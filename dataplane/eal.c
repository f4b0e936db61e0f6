/* EAL's arguments, and what it leaves behind. */
#include "eal.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include "eal_args.h"
#include "log_stream.h"
#include "device_name.h"
#include "privilege.h"

enum { PARTS = CONFIG_PORTS * CONFIG_MEMBERS, ARGUMENTS = 24 + 2 * PARTS };

#define HUGE_DIR "/bascule" /* below a mount of hugetlbfs */

/* --- hugepages -------------------------------------------------------------------------------- */

/* Call `fn` with the directory of each mount of hugetlbfs, until it returns true: then it is
 * true. */
static bool each_hugetlbfs(bool (*fn)(const char *dir, void *ctx), void *ctx)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *mount;
	bool done = false;

	while (mounts && !done && (mount = getmntent(mounts)))
		done = !strcmp(mount->mnt_type, "hugetlbfs") && fn(mount->mnt_dir, ctx);
	if (mounts)
		endmntent(mounts);
	return done;
}

/* A directory of our own in it, as the package's unit makes it for a user who may write nowhere
 * else. */
static bool takes_ours(const char *dir, void *arg)
{
	snprintf(arg, PATH_MAX, "%s" HUGE_DIR, dir);
	return !access(arg, W_OK | X_OK);
}

bool eal_memory_of_others(void)
{
	char dir[PATH_MAX];

	return each_hugetlbfs(takes_ours, dir) && privilege_of_others(dir);
}

/* --- EAL -------------------------------------------------------------------------------------- */

int eal_open(const struct config *config, enum log_level level)
{
	const struct config_dataplane *dataplane = &config->dataplane;
	char *argv[ARGUMENTS], *devices[PARTS], memory[16], huge_dir[PATH_MAX];
	struct eal_args args;
	bool any_pci = false;
	int argc = 0, nb_devices = 0, err;

	rte_openlog_stream(
		log_stream(level == LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR));
	eal_args_init(&args, config->instance.name);
	err = eal_args_lcores(&args, "dataplane.main_lcore", &dataplane->main_lcore, 1);
	if (!err)
		err = eal_args_lcores(&args, "dataplane.forwarding_lcores",
				      dataplane->forwarding_lcores,
				      dataplane->nb_forwarding_lcores);
	if (err)
		return err;
	snprintf(memory, sizeof(memory), "%u", dataplane->memory_mb);
	argv[argc++] = (char *)"bascule-dataplane";
	argv[argc++] = (char *)"--proc-type=primary";
	argv[argc++] = args.prefix;
	argv[argc++] = (char *)"-l";
	argv[argc++] = args.lcores;
	argv[argc++] = args.main_lcore;
	argv[argc++] = (char *)"-m";
	argv[argc++] = memory;
	argv[argc++] = (char *)"--single-file-segments";
	argv[argc++] = (char *)EAL_BASE_ADDRESS;
	if (each_hugetlbfs(takes_ours, huge_dir)) {
		argv[argc++] = (char *)"--huge-dir";
		argv[argc++] = huge_dir;
	}
	argv[argc++] =
		(char *)(level == LOG_LEVEL_DEBUG ? "--log-level=info" : "--log-level=error");
	for (size_t i = 0; i < dataplane->nb_ports; i++) {
		uint16_t payload = config_device_payload(dataplane, i);
		const char *part;

		if (config_device_first(dataplane, i) != i)
			continue;
		for (size_t k = 0; (part = config_port_part(&dataplane->ports[i], k)); k++) {
			bool pci = device_is_pci(part);
			char *device = config_device_string(part, payload);

			argv[argc++] = (char *)(pci ? "-a" : "--vdev");
			argv[argc++] = device ? device : (char *)part;
			devices[nb_devices++] = device;
			any_pci |= pci;
		}
	}
	if (!any_pci)
		argv[argc++] = (char *)"--no-pci";
	argv[argc] = NULL;
	err = rte_eal_init(argc, argv) >= 0 ? 0 : rte_errno ? -rte_errno : -EIO;
	while (nb_devices)
		free(devices[--nb_devices]);
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

static bool unlink_hugepages(const char *dir, void *instance)
{
	static const char *const places[] = { "", HUGE_DIR };
	char pattern[PATH_MAX];

	for (size_t i = 0; i < RTE_DIM(places); i++) {
		snprintf(pattern, sizeof(pattern), "%s%s/bascule-%smap_*", dir, places[i],
			 (const char *)instance);
		unlink_matching(pattern);
	}
	return false;
}

void eal_close(const struct config *config)
{
	char dir[PATH_MAX], pattern[PATH_MAX + 2];

	snprintf(dir, sizeof(dir), "%s", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	each_hugetlbfs(unlink_hugepages, (void *)config->instance.name);
	snprintf(pattern, sizeof(pattern), "%s/*", dir);
	unlink_matching(pattern);
	rmdir(dir);
}
