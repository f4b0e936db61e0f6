/* What the checks share. */
#include "examination.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_list.h"

/* --- findings --------------------------------------------------------------------------------- */

const char *finding_state_name(enum finding_state state)
{
	static const char *const names[] = { "ok", "fixed", "unknown", "warning", "fault" };

	return names[state];
}

void finding(struct examination *e, enum finding_state state, const char *next, const char *fmt,
	     ...)
{
	struct findings *all = e->findings;
	struct finding *f;
	va_list args;

	if (!(all->n & (all->n - 1))) {
		void *more = realloc(all->finding, (all->n ? 2 * all->n : 1) * sizeof(*f));

		if (!more)
			return;
		all->finding = more;
	}
	f = &all->finding[all->n++];
	*f = (struct finding){ e->check->name, e->check->reads, state, "", "" };
	va_start(args, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
	snprintf(f->next, sizeof(f->next), "%s", next ? next : "");
}

void findings_free(struct findings *findings)
{
	free(findings->finding);
	*findings = (struct findings){ 0 };
}

/* --- configurations --------------------------------------------------------------------------- */

const struct config *next_config(const struct examination *e, size_t *i)
{
	while (*i < e->configured->n) {
		const struct config *config = e->configured->instance[(*i)++].config;

		if (config)
			return config;
	}
	return NULL;
}

bool configs_have(const struct examination *e, uint8_t family)
{
	const struct config *config;

	for (size_t i = 0; (config = next_config(e, &i));) {
		for (size_t p = 0; p < config->dataplane.nb_ports; p++) {
			if (config_port_has(&config->dataplane.ports[p], family))
				return true;
		}
	}
	return false;
}

bool any_config(const struct examination *e)
{
	size_t i = 0;

	return next_config(e, &i);
}

void look_configuration(struct examination *e)
{
	for (size_t i = 0; i < e->configured->n; i++) {
		const struct configured_instance *instance = &e->configured->instance[i];
		const struct config *config = instance->config;

		if (config)
			finding(e, FINDING_OK, NULL, "%s: instance %s, %zu ports, %s",
				instance->file, config->instance.name, config->dataplane.nb_ports,
				instance->running ? "its dataplane runs"
						  : "its dataplane does not run");
		else
			finding(e, FINDING_FAULT, "bascule config check FILE says all", "%s",
				instance->refused[0] ? instance->refused : instance->file);
	}
	if (!e->configured->n)
		finding(e, FINDING_UNKNOWN,
			"bascule doctor --config FILE; or write /etc/bascule/rs0.conf",
			"no instance is configured here: its ports and lcores cannot be looked at");
}

/* --- ports ------------------------------------------------------------------------------------ */

static void look_part(struct examination *e, struct port_device d, const char *part,
		      void (*fn)(struct examination *e, const struct port_device *p, void *ctx),
		      void *ctx)
{
	const char *at = part, *what;
	size_t len;

	d.device = part;
	d.pci = nic_address(part, d.address);
	if (d.pci)
		d.nic = nics_find(&e->nics, d.address);
	else if ((len = config_device_takes(&at, &what)) && len < IFNAMSIZ &&
		 config_device_slot(part, d.payload))
		memcpy(d.interface, what, len);
	fn(e, &d, ctx);
}

void each_port(struct examination *e,
	       void (*fn)(struct examination *e, const struct port_device *p, void *ctx), void *ctx)
{
	for (size_t i = 0; i < e->configured->n; i++) {
		const struct configured_instance *instance = &e->configured->instance[i];
		const struct config *config = instance->config;

		for (size_t p = 0; config && p < config->dataplane.nb_ports; p++) {
			const struct config_port *port = &config->dataplane.ports[p];
			const struct port_device d = {
				.config = config,
				.port = port,
				.payload = config_device_payload(&config->dataplane, p),
				.running = instance->running,
			};
			const char *part;

			if (config_device_first(&config->dataplane, p) != p)
				continue;
			for (size_t k = 0; (part = config_port_part(port, k)); k++)
				look_part(e, d, part, fn, ctx);
		}
	}
}

static void count_vfio(struct examination *e, const struct port_device *p, void *ctx)
{
	*(size_t *)ctx += p->pci && !(p->nic && p->nic->pmd[0] && p->nic->pmd_by_kernel);
}

size_t ports_for_vfio(struct examination *e)
{
	size_t n = 0;

	each_port(e, count_vfio, &n);
	return n;
}

/* --- lcores ----------------------------------------------------------------------------------- */

void config_lcores(const struct config *config, unsigned int uses, cpu_set_t *cpus)
{
	const struct config_dataplane *dataplane = &config->dataplane;

	CPU_ZERO(cpus);
	for (size_t i = 0; (uses & LCORES_FORWARDING) && i < dataplane->nb_forwarding_lcores; i++)
		CPU_SET(dataplane->forwarding_lcores[i], cpus);
	if (uses & LCORES_MAIN)
		CPU_SET(dataplane->main_lcore, cpus);
	for (size_t i = 0; (uses & LCORES_CONTROL) && i < config->control.nb_lcores; i++)
		CPU_SET(config->control.lcores[i], cpus);
}

void all_lcores(const struct examination *e, unsigned int uses, cpu_set_t *cpus)
{
	const struct config *config;

	CPU_ZERO(cpus);
	for (size_t i = 0; (config = next_config(e, &i));) {
		cpu_set_t own;

		config_lcores(config, uses, &own);
		CPU_OR(cpus, cpus, &own);
	}
}

int cpu_node(const struct host_root *host, int cpu)
{
	struct host_names nodes = host_list(host, "/sys/devices/system/node");
	int found = 0;

	for (size_t i = 0; i < nodes.n; i++) {
		char list[1024];
		cpu_set_t cpus;
		int node;

		if (sscanf(nodes.name[i], "node%d", &node) != 1)
			continue;
		host_read(host, list, sizeof(list), "/sys/devices/system/node/%s/cpulist",
			  nodes.name[i]);
		cpu_list_parse(list, &cpus);
		if (CPU_ISSET(cpu, &cpus))
			found = node;
	}
	host_names_free(&nodes);
	return found;
}

/* --- mending ---------------------------------------------------------------------------------- */

void fix_run(struct examination *e, const char *const *argv, const char *what)
{
	char said[128];
	int status = host_run(e->host, said, sizeof(said), argv);

	if (!status)
		finding(e, FINDING_FIXED, NULL, "%s", what);
}

void fix_write(struct examination *e, const char *value, const char *was, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list args;
	int err;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	err = host_write(e->host, value, "%s", path);
	if (!err)
		finding(e, FINDING_FIXED, NULL, "%s: %s, and was %s", path, value, was);
	else
		finding(e, FINDING_UNKNOWN, NULL, "%s cannot be written: %s", path, strerror(-err));
}
