/* Checks of CPUs: who else runs on those of lcores, how fast and how steadily they go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_list.h"
#include "examination.h"

#define CPU "/sys/devices/system/cpu"

enum { LIST = 96 }; /* of CPUs, for people */

static bool read_cpus(const struct host_root *host, const char *path, cpu_set_t *cpus)
{
	char list[1024];

	CPU_ZERO(cpus);
	return host_read(host, list, sizeof(list), "%s", path) && cpu_list_parse(list, cpus);
}

/* What of `a` is not in `b`, or with `in` what is. */
static cpu_set_t part(const cpu_set_t *a, const cpu_set_t *b, bool in)
{
	cpu_set_t both;

	CPU_AND(&both, a, b);
	if (!in)
		CPU_XOR(&both, &both, a);
	return both;
}

/* Lcores of forwarding and of main lcores that never sleep: what disturbs these costs packets. */
static void polling(const struct examination *e, cpu_set_t *cpus)
{
	const struct config *config;

	CPU_ZERO(cpus);
	for (size_t i = 0; (config = next_config(e, &i));) {
		cpu_set_t own;

		if (config->dataplane.idle != IDLE_POLL)
			continue;
		config_lcores(config, LCORES_FORWARDING, &own);
		CPU_OR(cpus, cpus, &own);
	}
}

/* --- lcores, isolation ------------------------------------------------------------------------ */

static void look_shared(struct examination *e, const struct config *config)
{
	const char *name = config->instance.name;
	cpu_set_t own, others, shared;
	const struct config *other;
	char list[LIST];

	config_lcores(config, LCORES_FORWARDING, &own);
	config_lcores(config, LCORES_MAIN | LCORES_CONTROL, &others);
	shared = part(&own, &others, true);
	if (CPU_COUNT(&shared) && config->dataplane.idle == IDLE_POLL)
		finding(e, FINDING_WARNING,
			"give forwarding lcores CPUs of their own, or idle = \"adaptive\"",
			"%s: CPUs %s forward without a pause, and are main's or control's too",
			name, cpu_list_print(&shared, list, sizeof(list)));
	for (size_t i = 0; (other = next_config(e, &i));) {
		if (other == config)
			continue;
		config_lcores(other, LCORES_ALL, &others);
		shared = part(&own, &others, true);
		if (CPU_COUNT(&shared))
			finding(e, FINDING_WARNING, "give each instance CPUs of its own",
				"%s: %s has its forwarding CPUs %s too", name, other->instance.name,
				cpu_list_print(&shared, list, sizeof(list)));
	}
}

void look_lcores(struct examination *e)
{
	cpu_set_t online, all, missing;
	char list[LIST], there[LIST];
	const struct config *config;

	all_lcores(e, LCORES_ALL, &all);
	if (!read_cpus(e->host, CPU "/online", &online)) {
		finding(e, FINDING_UNKNOWN, NULL, CPU "/online cannot be read");
		return;
	}
	missing = part(&all, &online, false);
	cpu_list_print(&online, there, sizeof(there));
	if (CPU_COUNT(&missing))
		finding(e, FINDING_FAULT,
			"name CPUs that are there in lcores and forwarding_lcores",
			"CPUs %s are not online, %s are",
			cpu_list_print(&missing, list, sizeof(list)), there);
	else
		finding(e, FINDING_OK, NULL, "CPUs that are lcores: %s; online: %s",
			cpu_list_print(&all, list, sizeof(list)), there);
	for (size_t i = 0; (config = next_config(e, &i));)
		look_shared(e, config);
}

void look_isolation(struct examination *e)
{
	cpu_set_t isolated, ticking, poll, missing;
	char list[LIST], next[FINDING_TEXT];

	polling(e, &poll);
	read_cpus(e->host, CPU "/isolated", &isolated);
	read_cpus(e->host, CPU "/nohz_full", &ticking);
	if (!CPU_COUNT(&poll)) {
		finding(e, FINDING_OK, NULL, "no instance polls without a pause; isolated CPUs: %s",
			cpu_list_print(&isolated, list, sizeof(list)));
		return;
	}
	cpu_list_print(&poll, list, sizeof(list));
	snprintf(next, sizeof(next),
		 "isolcpus=%s nohz_full=%s rcu_nocbs=%s on the kernel's command "
		 "line",
		 list, list, list);
	missing = part(&poll, &isolated, false);
	if (CPU_COUNT(&missing))
		finding(e, FINDING_WARNING, next,
			"CPUs %s forward without a pause, and the kernel runs other tasks there",
			cpu_list_print(&missing, list, sizeof(list)));
	missing = part(&poll, &ticking, false);
	if (CPU_COUNT(&missing))
		finding(e, FINDING_WARNING, next, "CPUs %s have the kernel's tick (no nohz_full)",
			cpu_list_print(&missing, list, sizeof(list)));
	missing = part(&isolated, &ticking, true);
	missing = part(&poll, &missing, false);
	if (!CPU_COUNT(&missing))
		finding(e, FINDING_OK, NULL, "forwarding CPUs are isolated, without a tick");
}

/* --- siblings --------------------------------------------------------------------------------- */

void look_siblings(struct examination *e)
{
	cpu_set_t forwarding, all;
	bool any = false;

	all_lcores(e, LCORES_FORWARDING, &forwarding);
	all_lcores(e, LCORES_ALL, &all);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		char path[96], list[LIST];
		cpu_set_t siblings, used;
		int first;

		if (!CPU_ISSET(cpu, &forwarding))
			continue;
		snprintf(path, sizeof(path), CPU "/cpu%d/topology/thread_siblings_list", cpu);
		read_cpus(e->host, path, &siblings);
		used = part(&siblings, &all, true);
		for (first = 0; first < CPU_SETSIZE; first++) {
			if (CPU_ISSET(first, &used) && CPU_ISSET(first, &forwarding))
				break;
		}
		if (CPU_COUNT(&used) < 2 || first != cpu) /* once a core */
			continue;
		any = true;
		finding(e, FINDING_WARNING,
			"one lcore a core: lscpu -e says which CPUs are one, or switch SMT off in "
			"the firmware",
			"CPUs %s are one core's hyperthreads, and all lcores",
			cpu_list_print(&used, list, sizeof(list)));
	}
	if (!any)
		finding(e, FINDING_OK, NULL, "no forwarding lcore shares its core with another");
}

/* --- governor --------------------------------------------------------------------------------- */

static void look_governor_of(struct examination *e, const char *wrong, const cpu_set_t *cpus)
{
	char list[LIST];

	finding(e, FINDING_WARNING,
		"cpupower frequency-set -g performance at every boot; now: bascule doctor --fix",
		"CPUs %s have the governor %s", cpu_list_print(cpus, list, sizeof(list)), wrong);
}

void look_governor(struct examination *e)
{
	char first[32] = "", governor[32];
	cpu_set_t all, wrong;
	int scaled = 0;

	all_lcores(e, LCORES_ALL, &all);
	CPU_ZERO(&wrong);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all) || !host_read(e->host, governor, sizeof(governor),
							CPU "/cpu%d/cpufreq/scaling_governor", cpu))
			continue;
		scaled++;
		if (!strcmp(governor, "performance"))
			continue;
		if (first[0] && strcmp(first, governor)) { /* those of another one */
			look_governor_of(e, first, &wrong);
			CPU_ZERO(&wrong);
		}
		strcpy(first, governor);
		CPU_SET(cpu, &wrong);
	}
	if (CPU_COUNT(&wrong))
		look_governor_of(e, first, &wrong);
	else
		finding(e, FINDING_OK, NULL,
			scaled ? "performance" : "the kernel scales no frequency of lcores' CPUs");
}

void fix_governor(struct examination *e)
{
	char governor[32];
	cpu_set_t all;

	all_lcores(e, LCORES_ALL, &all);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &all) &&
		    host_read(e->host, governor, sizeof(governor),
			      CPU "/cpu%d/cpufreq/scaling_governor", cpu) &&
		    strcmp(governor, "performance"))
			fix_write(e, "performance", governor, CPU "/cpu%d/cpufreq/scaling_governor",
				  cpu);
	}
}

/* --- clock source ----------------------------------------------------------------------------- */

#define CLOCK "/sys/devices/system/clocksource/clocksource0"

static bool tsc_is_there(const struct host_root *host)
{
	char sources[256];

	host_read(host, sources, sizeof(sources), CLOCK "/available_clocksource");
	return strstr(sources, "tsc") == sources || strstr(sources, " tsc");
}

void look_clock(struct examination *e)
{
	/* what a process reads without a system call (vDSO) */
	static const char *const good[] = { "tsc", "kvm-clock", "hyperv_clocksource_tsc_page",
					    "arch_sys_counter" };
	char source[64];

	if (!host_read(e->host, source, sizeof(source), CLOCK "/current_clocksource")) {
		finding(e, FINDING_UNKNOWN, NULL, CLOCK " cannot be read");
		return;
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!strcmp(source, good[i])) {
			finding(e, FINDING_OK, NULL, "%s", source);
			return;
		}
	}
	finding(e, FINDING_WARNING,
		tsc_is_there(e->host)
			? "clocksource=tsc on the kernel's command line; now: bascule doctor --fix"
			: "dmesg | grep -i tsc says why the kernel does not trust the TSC",
		"%s: each look at the time is a system call, and a slow one", source);
}

void fix_clock(struct examination *e)
{
	char source[64];

	host_read(e->host, source, sizeof(source), CLOCK "/current_clocksource");
	if (tsc_is_there(e->host))
		fix_write(e, "tsc", source, CLOCK "/current_clocksource");
}

/* --- interrupts ------------------------------------------------------------------------------- */

/* Has the IRQ a handler? Its folder has one named so, beside the files that each has. */
static bool is_handled(const struct host_root *host, const char *irq)
{
	static const char *const files[] = {
		"affinity_hint", "effective_affinity", "effective_affinity_list",
		"node",		 "smp_affinity",       "smp_affinity_list",
		"spurious"
	};
	struct host_names names = host_list(host, "/proc/irq/%s", irq);
	size_t other = names.n;

	for (size_t i = 0; i < names.n; i++) {
		for (size_t k = 0; k < sizeof(files) / sizeof(files[0]); k++)
			other -= !strcmp(names.name[i], files[k]);
	}
	host_names_free(&names);
	return other > 0;
}

static void look_irqs(struct examination *e, const cpu_set_t *forwarding, enum finding_state state)
{
	struct host_names irqs = host_list(e->host, "/proc/irq");
	char numbers[128] = "";
	size_t n = 0, len = 0;

	for (size_t i = 0; i < irqs.n; i++) {
		char path[64 + HOST_NAME];
		cpu_set_t cpus, both;

		snprintf(path, sizeof(path), "/proc/irq/%s/effective_affinity_list", irqs.name[i]);
		if (!read_cpus(e->host, path, &cpus) || !CPU_COUNT(&cpus)) {
			/* one that nobody has asked for yet, or a kernel that does not say */
			snprintf(path, sizeof(path), "/proc/irq/%s/smp_affinity_list",
				 irqs.name[i]);
			read_cpus(e->host, path, &cpus);
		}
		both = part(&cpus, forwarding, true);
		if (!CPU_COUNT(&both) || !is_handled(e->host, irqs.name[i]))
			continue;
		if (n++ < 12)
			len += (size_t)snprintf(numbers + len, sizeof(numbers) - len, " %.8s",
						irqs.name[i]);
	}
	host_names_free(&irqs);
	if (n)
		finding(e, state,
			state == FINDING_OK
				? NULL
				: "echo CPUS >/proc/irq/N/smp_affinity_list, or irqaffinity= "
				  "on the kernel's command line",
			"%zu interrupts are served by forwarding CPUs:%s%s", n, numbers,
			n > 12 ? " ..." : "");
	else
		finding(e, FINDING_OK, NULL, "no interrupt is served by a forwarding CPU");
}

static void look_irqbalance(struct examination *e, const cpu_set_t *forwarding,
			    enum finding_state state)
{
	static const char setting[] = "\nIRQBALANCE_BANNED_CPULIST=";
	char text[4096] = "\n", list[LIST], *at, next[FINDING_TEXT];
	cpu_set_t banned, isolated, left;
	int pid = host_process(e->host, "irqbalance");

	if (!pid)
		return;
	CPU_ZERO(&banned);
	host_read(e->host, text + 1, sizeof(text) - 1, "/etc/default/irqbalance");
	at = strstr(text, setting);
	if (at) {
		at += strlen(setting);
		at += *at == '"' || *at == '\'';
		at[strcspn(at, "\"'\n")] = '\0';
		cpu_list_parse(at, &banned);
	}
	/* these it leaves alone by itself */
	read_cpus(e->host, CPU "/isolated", &isolated);
	CPU_OR(&banned, &banned, &isolated);
	left = part(forwarding, &banned, false);
	cpu_list_print(&left, list, sizeof(list));
	snprintf(next, sizeof(next),
		 "IRQBALANCE_BANNED_CPULIST=%s in /etc/default/irqbalance; "
		 "systemctl restart irqbalance",
		 list);
	if (CPU_COUNT(&left))
		finding(e, state, state == FINDING_OK ? NULL : next,
			"irqbalance (process %d) may move interrupts to forwarding CPUs %s", pid,
			list);
}

void look_interrupts(struct examination *e)
{
	enum finding_state state;
	cpu_set_t forwarding, poll;

	all_lcores(e, LCORES_FORWARDING, &forwarding);
	polling(e, &poll);
	/* who shares CPUs with everybody shares them with interrupts too */
	state = CPU_COUNT(&poll) ? FINDING_WARNING : FINDING_OK;
	look_irqs(e, CPU_COUNT(&poll) ? &poll : &forwarding, state);
	look_irqbalance(e, CPU_COUNT(&poll) ? &poll : &forwarding, state);
}
