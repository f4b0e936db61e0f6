/* Instances, from /etc/bascule, and from the locks that their processes hold. (A look at a lock
 * itself would take it for a moment, and could keep a process from starting.) */
#include "configured.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WANTS "/etc/systemd/system/multi-user.target.wants/bascule-dataplane@%s.service"

static bool is_dataplane(const struct host_root *host, int pid)
{
	char comm[32];

	return pid > 0 && host_read(host, comm, sizeof(comm), "/proc/%d/comm", pid) &&
	       !strncmp(comm, "bascule-datapla", 15);
}

/* Does the text name an instance? Else it is a part that others include. */
static bool names_one(const char *path)
{
	const struct host_root here = { .root = "" };
	char *text = host_read_all(&here, NULL, "%s", path);
	bool names = text && (!strncmp(text, "instance", 8) || strstr(text, "\ninstance"));

	free(text);
	return names;
}

static void add(struct configured *c, const struct host_root *host, const char *path,
		const char *shown, const char *name)
{
	struct configured_instance *instance = &c->instance[c->n];
	struct config_report report;
	struct config *config = config_load(path, &report);
	bool ours = !name || (config ? !strcmp(config->instance.name, name) : names_one(path)) ||
		    host_exists(host, WANTS, name);

	if (ours) {
		*instance = (struct configured_instance){ .config = config };
		snprintf(instance->file, sizeof(instance->file), "%s", shown);
		if (!config && report.nb_errors)
			snprintf(instance->refused, sizeof(instance->refused), "%s",
				 report.errors[0]);
		if (config)
			instance->running = is_dataplane(
				host, (int)host_number(host, 0, "/run/bascule/%s/dataplane.lock",
						       config->instance.name));
		c->n++;
	} else {
		config_free(config);
	}
	config_report_free(&report);
}

struct configured configured_load(const struct host_root *host, const char *path)
{
	struct configured c = { .instance = calloc(CONFIGURED, sizeof(c.instance[0])) };
	struct host_names files = { 0 };

	if (!c.instance)
		return c;
	if (path)
		add(&c, host, path, path, NULL);
	else
		files = host_list(host, "/etc/bascule");
	for (size_t i = 0; i < files.n && c.n < CONFIGURED; i++) {
		char *dot = strrchr(files.name[i], '.'), full[PATH_MAX];

		if (!dot || strcmp(dot, ".conf"))
			continue;
		snprintf(full, sizeof(full), "%s/etc/bascule/%s", host->root, files.name[i]);
		*dot = '\0';
		add(&c, host, full, full + strlen(host->root), files.name[i]);
	}
	host_names_free(&files);
	return c;
}

void configured_free(struct configured *c)
{
	for (size_t i = 0; i < c->n; i++)
		config_free(c->instance[i].config);
	free(c->instance);
	*c = (struct configured){ 0 };
}

/* Is it the port's device, or a member of its bond? */
static bool is_on(const struct config_port *port, const char *address)
{
	char own[NIC_ADDRESS];
	const char *part;

	for (size_t k = 0; (part = config_port_part(port, k)); k++) {
		if (nic_address(part, own) && !strcmp(own, address))
			return true;
	}
	return false;
}

bool configured_port_of(const struct configured *c, const char *address, char *name, size_t size)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct config *config = c->instance[i].config;

		for (size_t p = 0; config && p < config->dataplane.nb_ports; p++) {
			const struct config_port *port = &config->dataplane.ports[p];

			if (!is_on(port, address))
				continue;
			snprintf(name, size, "%s/%s", config->instance.name, port->name);
			return true;
		}
	}
	return false;
}

int configured_holder(const struct host_root *host, const char *address, char *name, size_t size)
{
	char text[128];
	int pid = 0;

	if (!host_read(host, text, sizeof(text), "/run/bascule/devices/pci-%s", address) ||
	    sscanf(text, "%*[^,], process %d", &pid) != 1 || !is_dataplane(host, pid))
		return 0;
	snprintf(name, size, "%.*s", (int)strcspn(text, ","), text);
	return pid;
}
