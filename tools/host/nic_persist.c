/* What a NIC is bound to at every boot: driverctl's memory, or lines of a udev rule. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nic_bind.h"

#define DRIVERCTL "/usr/sbin/driverctl"
#define OVERRIDES "/etc/driverctl.d" /* of driverctl's: a file a device, with its driver's name */
#define UDEVADM	  "/usr/bin/udevadm"
#define RULES	  "/etc/udev/rules.d/61-bascule-nic.rules"

static const char header[] =
	"# NICs for vfio-pci at every boot. Made by bascule nic persist, a line a NIC; the IDs are "
	"there so that no\n# other card that has come to the same address is taken.\n";

/* "KERNEL==\"0000:3b:00.0\"", by which a line is found again. */
static void key_of(const struct nic *nic, char *key, size_t size)
{
	snprintf(key, size, "KERNEL==\"%s\"", nic->address);
}

/* The rule runs first of all that udev runs for the device, so that the kernel's driver is not
 * loaded before it; and it rebinds a device that a driver of the initramfs has. */
static void print_line(FILE *file, const struct nic *nic, const char *program)
{
	char key[48];

	key_of(nic, key, sizeof(key));
	fprintf(file,
		"ACTION==\"add\", SUBSYSTEM==\"pci\", %s, ATTR{vendor}==\"0x%04x\", "
		"ATTR{device}==\"0x%04x\", RUN+=\"%s nic bind --force %s\"\n",
		key, nic->vendor, nic->device, program, nic->address);
}

static bool in_rules(const struct host_root *host, const struct nic *nic)
{
	char key[48], *rules = host_read_all(host, NULL, RULES);
	bool has;

	key_of(nic, key, sizeof(key));
	has = rules && strstr(rules, key);
	free(rules);
	return has;
}

bool nic_persists(const struct host_root *host, const struct nic *nic)
{
	char driver[NIC_DRIVER];

	return in_rules(host, nic) ||
	       (host_read(host, driver, sizeof(driver), OVERRIDES "/pci-%s", nic->address) &&
		!strcmp(driver, "vfio-pci"));
}

/* A file that takes the place of the former one when it is whole: a boot in between finds one or
 * the other. */
struct fresh_file {
	char path[PATH_MAX], beside[PATH_MAX + 8];
	FILE *file;
};

static int fresh_begin(struct fresh_file *fresh, const struct host_root *host, const char *path)
{
	snprintf(fresh->path, sizeof(fresh->path), "%s%s", host->root, path);
	snprintf(fresh->beside, sizeof(fresh->beside), "%s.new", fresh->path);
	fresh->file = fopen(fresh->beside, "we");
	return fresh->file ? 0 : -errno;
}

static int fresh_end(struct fresh_file *fresh)
{
	int err = 0;

	if (fflush(fresh->file) || fsync(fileno(fresh->file)))
		err = -errno;
	fclose(fresh->file);
	if (!err && rename(fresh->beside, fresh->path))
		err = -errno;
	if (err)
		unlink(fresh->beside);
	return err;
}

static void conclude(struct bind_result *r, const char *path, int err)
{
	r->done = r->changed = !err;
	if (!err) {
		snprintf(r->note[r->nb_notes++], BIND_TEXT, "%s keeps it", path);
		return;
	}
	snprintf(r->why, sizeof(r->why), "%s: %s", path, strerror(-err));
	if (err == -EACCES || err == -EPERM)
		snprintf(r->next, sizeof(r->next), "only root may");
}

/* --- driverctl -------------------------------------------------------------------------------- */

static int keep(const struct host_root *host, const char *path)
{
	struct fresh_file fresh;
	char dir[PATH_MAX];
	int err;

	snprintf(dir, sizeof(dir), "%s" OVERRIDES, host->root);
	if (mkdir(dir, 0755) && errno != EEXIST)
		return -errno;
	err = fresh_begin(&fresh, host, path);
	if (err)
		return err;
	fputs("vfio-pci\n", fresh.file);
	return fresh_end(&fresh);
}

static int forget(const struct host_root *host, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", host->root, path);
	return unlink(full) && errno != ENOENT ? -errno : 0;
}

/* What it reads at every boot is written here. To have driverctl write it would take the NIC from
 * its driver first, and from a dataplane that has it open. */
static void by_driverctl(const struct host_root *host, const struct nic *nic, struct bind_result *r)
{
	char path[sizeof(OVERRIDES) + NIC_ADDRESS + 8];

	snprintf(path, sizeof(path), OVERRIDES "/pci-%s", nic->address);
	conclude(r, path, nic_on_vfio(nic) ? keep(host, path) : forget(host, path));
}

/* --- a rule of ours --------------------------------------------------------------------------- */

/* The lines of others, then `nic`'s own if it is on vfio-pci. */
static void print_rules(FILE *file, const char *rules, const struct nic *nic, const char *program)
{
	char key[48];

	key_of(nic, key, sizeof(key));
	fputs(header, file);
	for (const char *line = rules; line && *line;) {
		size_t len = strcspn(line, "\n");
		const char *at = memmem(line, len, key, strlen(key));

		if (*line != '#' && !at)
			fprintf(file, "%.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
	if (nic_on_vfio(nic))
		print_line(file, nic, program);
}

static int replace_rules(const struct host_root *host, const struct nic *nic, const char *program)
{
	char *rules = host_read_all(host, NULL, RULES);
	struct fresh_file fresh;
	int err = fresh_begin(&fresh, host, RULES);

	if (!err) {
		print_rules(fresh.file, rules, nic, program);
		err = fresh_end(&fresh);
	}
	free(rules);
	return err;
}

void nic_persist(const struct host_root *host, const struct nic *nic, const char *program,
		 struct bind_result *r)
{
	const char *const reload[] = { UDEVADM, "control", "--reload", NULL };

	*r = (struct bind_result){ 0 };
	if (nic_persists(host, nic) == nic_on_vfio(nic)) {
		r->done = true;
		return;
	}
	/* what a rule of ours keeps is ours to forget, whatever was installed since */
	if (host_exists(host, DRIVERCTL) && (nic_on_vfio(nic) || !in_rules(host, nic))) {
		by_driverctl(host, nic, r);
		return;
	}
	conclude(r, RULES, replace_rules(host, nic, program));
	if (r->done)
		host_run(host, NULL, 0, reload);
}
