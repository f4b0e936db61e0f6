/* The names of what ports take, and a lock file for each (lock_file.h). */
#include "device_lock.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_pci.h>

#include "lock_file.h"
#include "log.h"
#include "device_name.h"

enum { NAME = 64 };

/* The name of a lock: "pci-0000:3b:00.0", or "netdev-4026531840-eth1" for an interface, which is of
 * a network namespace. */
static int lock_name(const char *what, size_t len, char name[NAME])
{
	char text[PCI_PRI_STR_SIZE + 1];
	struct rte_pci_addr addr;
	struct stat ns;

	if (len < sizeof(text)) {
		memcpy(text, what, len);
		text[len] = '\0';
		if (!rte_pci_addr_parse(text, &addr)) {
			rte_pci_device_name(&addr, text, sizeof(text));
			snprintf(name, NAME, "pci-%s", text);
			return 0;
		}
	}
	if (len >= IFNAMSIZ || memchr(what, '/', len))
		return -ENODEV; /* EAL will say so */
	if (stat("/proc/self/ns/net", &ns))
		return -errno;
	snprintf(name, NAME, "netdev-%lu-%.*s", (unsigned long)ns.st_ino, (int)len, what);
	return 0;
}

/* The descriptor, or -errno: logged. */
static int lock(const struct config_port *port, const char *path, const char *instance)
{
	char line[LOCK_FILE_HOLDER], holder[LOCK_FILE_HOLDER];
	int fd;

	snprintf(line, sizeof(line), "%s, process %d", instance, getpid());
	fd = lock_file_take(path, line, holder);
	if (fd == -EWOULDBLOCK) {
		log_error("port %s: device %s: the dataplane of instance %s, has it already (%s)",
			  port->name, port->device, holder, path);
		return -EEXIST;
	}
	if (fd < 0)
		log_error("%s: %s", path, strerror(-fd));
	return fd;
}

/* One thing that a port takes. It may take one twice: to receive by and to send by. */
static int take(struct device_locks *locks, const struct config *config,
		const struct config_port *port, const char *dir, const char *name,
		const char *before)
{
	char path[PATH_MAX];
	int fd;

	if (locks->n == DEVICE_LOCKS || !strcmp(name, before))
		return 0;
	snprintf(path, sizeof(path), "%s%s", dir, name);
	fd = lock(port, path, config->instance.name);
	if (fd < 0)
		return fd;
	locks->fd[locks->n++] = fd;
	return 0;
}

/* A device, or a member of a bond. */
static int take_part(struct device_locks *locks, const struct config *config,
		     const struct config_port *port, const char *part, const char *dir)
{
	const char *device = strncmp(part, "pci:", 4) ? part : part + 4;
	char name[NAME], before[NAME] = "";
	const char *at = device, *what;
	size_t len;
	int err = 0;

	if (device_is_pci(device) && !lock_name(device, strcspn(device, ","), name))
		return take(locks, config, port, dir, name, before);
	while (!err && (len = config_device_takes(&at, &what))) {
		if (lock_name(what, len, name))
			continue;
		err = take(locks, config, port, dir, name, before);
		memcpy(before, name, sizeof(before));
	}
	return err;
}

static int take_port(struct device_locks *locks, const struct config *config,
		     const struct config_port *port, const char *dir)
{
	const char *part;
	int err = 0;

	for (size_t k = 0; !err && (part = config_port_part(port, k)); k++)
		err = take_part(locks, config, port, part, dir);
	return err;
}

int device_locks_take(struct device_locks *locks, const struct config *config, const char *dir)
{
	int err = 0;

	locks->n = 0;
	for (size_t i = 0; !err && i < config->dataplane.nb_ports; i++) {
		if (config_device_first(&config->dataplane, i) == i)
			err = take_port(locks, config, &config->dataplane.ports[i], dir);
	}
	if (err)
		device_locks_release(locks);
	return err;
}

void device_locks_release(struct device_locks *locks)
{
	while (locks->n)
		close(locks->fd[--locks->n]);
}
