/* vfio-pci, the IOMMU, Secure Boot. */
#include "vfio.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DRIVER	    "/sys/bus/pci/drivers/vfio-pci"
#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static bool word_of(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += len) {
		if ((at == text || at[-1] == ' ') && (!at[len] || strchr(" \n", at[len])))
			return true;
	}
	return false;
}

/* --- IOMMU ------------------------------------------------------------------------------------ */

static void explain(struct vfio *vfio, const char *why, const char *next)
{
	snprintf(vfio->why, sizeof(vfio->why), "%s", why);
	snprintf(vfio->next, sizeof(vfio->next), "%s", next);
}

/* The IOMMU is off: by the kernel's command line, by the firmware, or there is none. */
static void explain_iommu(const struct host_root *host, struct vfio *vfio)
{
	char cpu[8192], cmdline[4096];
	bool intel, asked, table;

	host_read(host, cpu, sizeof(cpu), "/proc/cpuinfo");
	host_read(host, cmdline, sizeof(cmdline), "/proc/cmdline");
	intel = strstr(cpu, "GenuineIntel");
	table = host_exists(host, "/sys/firmware/acpi/tables/%s", intel ? "DMAR" : "IVRS");
	asked = word_of(cmdline, "intel_iommu=on");
	if (word_of(cmdline, "iommu=off") || word_of(cmdline, "intel_iommu=off") ||
	    word_of(cmdline, "amd_iommu=off"))
		explain(vfio, "the kernel's command line switches the IOMMU off",
			"take iommu=off, intel_iommu=off or amd_iommu=off out of "
			"GRUB_CMDLINE_LINUX in "
			"/etc/default/grub; update-grub; reboot");
	else if (table && intel && !asked)
		explain(vfio, "the firmware offers an IOMMU, which the kernel was not asked to use",
			"add intel_iommu=on iommu=pt to GRUB_CMDLINE_LINUX in /etc/default/grub; "
			"update-grub; reboot");
	else if (table)
		explain(vfio, "the firmware offers an IOMMU, and the kernel could not start it",
			"dmesg | grep -i -e dmar -e iommu -e amd-vi says why");
	else if (strstr(cpu, "hypervisor"))
		explain(vfio, "this is a virtual machine without an IOMMU",
			"give it one (QEMU: -device intel-iommu); or, without protection of "
			"memory, "
			"echo Y >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode, and "
			"CAP_SYS_RAWIO and CAP_SYS_ADMIN for the dataplane's unit");
	else
		explain(vfio, "the firmware offers no IOMMU",
			intel ? "switch VT-d on in the firmware's setup, add intel_iommu=on "
				"iommu=pt to "
				"the kernel's command line; reboot"
			      : "switch the IOMMU (AMD-Vi, SMMU) on in the firmware's setup; "
				"reboot");
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Is vfio-pci among the modules of this kernel? */
static bool has_module(const struct host_root *host)
{
	char release[128], *modules;
	bool has;

	if (!host_read(host, release, sizeof(release), "/proc/sys/kernel/osrelease"))
		return false;
	modules = host_read_all(host, NULL, "/lib/modules/%s/modules.dep", release);
	has = modules && strstr(modules, "/vfio-pci.ko");
	free(modules);
	return has;
}

void vfio_look(const struct host_root *host, struct vfio *vfio)
{
	struct host_names groups = host_list(host, "/sys/kernel/iommu_groups");
	struct host_names units = host_list(host, "/sys/class/iommu");
	char text[64] = "";

	*vfio = (struct vfio){ 0 };
	/* A device without an IOMMU gets a group too once vfio has it: what has a group then is no
	 * sign of an IOMMU, but a unit is. */
	vfio->iommu = units.n > 0 && groups.n > 0;
	host_names_free(&groups);
	host_names_free(&units);
	vfio->driver = host_exists(host, DRIVER);
	vfio->module = has_module(host);
	if (host_read(host, text, sizeof(text),
		      "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"))
		vfio->noiommu = text[0] == 'Y' || text[0] == '1';
	host_read(host, text, sizeof(text), "/sys/kernel/security/lockdown");
	vfio->locked_down = strstr(text, "[integrity]") || strstr(text, "[confidentiality]");
	/* four octets of attributes, and one of value */
	text[4] = 0;
	host_read(host, text, sizeof(text), SECURE_BOOT);
	vfio->secure_boot = text[4] == 1;
	if (!vfio->iommu)
		explain_iommu(host, vfio);
}

bool vfio_load(const struct host_root *host, struct vfio *vfio, char why[VFIO_TEXT],
	       char next[VFIO_TEXT])
{
	const char *const modprobe[] = { "/sbin/modprobe", "vfio-pci", NULL };
	char said[200] = "";
	int status;

	why[0] = next[0] = '\0';
	if (vfio->driver)
		return true;
	status = host_run(host, said, sizeof(said), modprobe);
	vfio->driver = host_exists(host, DRIVER);
	if (vfio->driver)
		return true;
	if (!vfio->module) {
		snprintf(why, VFIO_TEXT, "this kernel has no vfio-pci, built in or as a module");
		snprintf(next, VFIO_TEXT,
			 "boot Debian's own kernel (apt install linux-image-amd64), or one with "
			 "CONFIG_VFIO_PCI");
		return false;
	}
	snprintf(why, VFIO_TEXT, "vfio-pci cannot be loaded: %s",
		 status < 0 ? strerror(-status)
		 : said[0]  ? said
			    : "modprobe says no more");
	if (vfio->secure_boot || vfio->locked_down)
		snprintf(next, VFIO_TEXT,
			 "Secure Boot lets a kernel load modules that are signed for it alone: use "
			 "those of the distribution's kernel, or enrol the key of yours (mokutil)");
	else
		snprintf(next, VFIO_TEXT, "modprobe vfio-pci; dmesg | tail");
	return false;
}

/* --- who has it ------------------------------------------------------------------------------- */

static bool has_open(const struct host_root *host, const char *pid, int group)
{
	struct host_names fds = host_list(host, "/proc/%s/fd", pid);
	char with[32], without[32];
	bool has = false;

	snprintf(with, sizeof(with), "%d", group);
	snprintf(without, sizeof(without), "noiommu-%d", group);
	for (size_t i = 0; i < fds.n && !has; i++) {
		char path[PATH_MAX], target[64];
		ssize_t len;

		snprintf(path, sizeof(path), "%s/proc/%s/fd/%s", host->root, pid, fds.name[i]);
		len = readlink(path, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		has = !strncmp(target, "/dev/vfio/", 10) &&
		      (!strcmp(target + 10, with) || !strcmp(target + 10, without));
	}
	host_names_free(&fds);
	return has;
}

int vfio_user(const struct host_root *host, int group, char *name, size_t size)
{
	struct host_names pids = host_list(host, "/proc");
	int found = 0;

	for (size_t i = 0; i < pids.n && !found && group >= 0; i++) {
		if (pids.name[i][0] < '1' || pids.name[i][0] > '9' ||
		    !has_open(host, pids.name[i], group))
			continue;
		host_read(host, name, size, "/proc/%s/comm", pids.name[i]);
		found = atoi(pids.name[i]);
	}
	host_names_free(&pids);
	return found;
}
