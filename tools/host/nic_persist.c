/* What a NIC is bound to at every boot: driverctl's memory, or lines of a udev rule. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nic_bind.h"

#define DRIVERCTL "/usr/sbin/driverctl"
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
	       (host_read(host, driver, sizeof(driver), "/etc/driverctl.d/pci-%s", nic->address) &&
		!strcmp(driver, "vfio-pci"));
}

/* --- driverctl -------------------------------------------------------------------------------- */

/* The binding is done already: to probe again would fail where the kernel has no driver of its. */
static void by_driverctl(const struct host_root *host, const struct nic *nic, struct bind_result *r)
{
	const char *const set[] = { DRIVERCTL,	  "--noprobe", "set-override",
				    nic->address, "vfio-pci",  NULL };
	const char *const unset[] = { DRIVERCTL, "--noprobe", "unset-override", nic->address,
				      NULL };
	char said[200];
	int status = host_run(host, said, sizeof(said), nic_on_vfio(nic) ? set : unset);

	r->done = r->changed = status == 0;
	if (status)
		snprintf(r->why, sizeof(r->why), "driverctl: %s",
			 status < 0 ? strerror(-status)
			 : said[0]  ? said
				    : "it says no more");
	else
		snprintf(r->note[r->nb_notes++], BIND_TEXT, "driverctl keeps it");
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

/* Into a file beside, which takes the place of the former: a boot in between finds one or the
 * other. 0 or -errno. */
static int replace_rules(const struct host_root *host, const struct nic *nic, const char *program)
{
	char path[PATH_MAX], fresh[PATH_MAX + 8], *rules = host_read_all(host, NULL, RULES);
	FILE *file;
	int err = 0;

	snprintf(path, sizeof(path), "%s" RULES, host->root);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	file = fopen(fresh, "we");
	if (file) {
		print_rules(file, rules, nic, program);
		if (fflush(file) || fsync(fileno(file)))
			err = -errno;
		fclose(file);
		if (!err && rename(fresh, path))
			err = -errno;
		if (err)
			unlink(fresh);
	} else {
		err = -errno;
	}
	free(rules);
	return err;
}

void nic_persist(const struct host_root *host, const struct nic *nic, const char *program,
		 struct bind_result *r)
{
	const char *const reload[] = { UDEVADM, "control", "--reload", NULL };
	int err;

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
	err = replace_rules(host, nic, program);
	r->done = r->changed = !err;
	if (err) {
		snprintf(r->why, sizeof(r->why), RULES ": %s", strerror(-err));
		if (err == -EACCES || err == -EPERM)
			snprintf(r->next, sizeof(r->next), "only root may");
		return;
	}
	host_run(host, NULL, 0, reload);
	snprintf(r->note[r->nb_notes++], BIND_TEXT, RULES " keeps it");
}
