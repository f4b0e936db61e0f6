/* Checks of memory: hugepages, where they are mounted, how much a process may lock. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examination.h"

#define NODES "/sys/devices/system/node"
#define PAGES "hugepages/hugepages-2048kB"

enum { NODES_MAX = 64, PAGE_MB = 2, HINT = 128 };

/* Pages by node, as the kernel has them and as instances that do not run yet would take them. */
struct pages {
	long total[NODES_MAX], free[NODES_MAX], wanted[NODES_MAX];
	bool there[NODES_MAX];
	long sum_total, sum_free, sum_wanted;
};

static long pages_of(const struct host_root *host, int node, const char *what)
{
	return host_number(host, -1, NODES "/node%d/" PAGES "/%s", node, what);
}

static void read_pages(const struct host_root *host, struct pages *p)
{
	for (int node = 0; node < NODES_MAX; node++) {
		p->total[node] = pages_of(host, node, "nr_hugepages");
		p->there[node] = p->total[node] >= 0;
		if (!p->there[node])
			continue;
		p->free[node] = pages_of(host, node, "free_hugepages");
		p->sum_total += p->total[node];
		p->sum_free += p->free[node];
	}
	/* promised to a process that has not touched them */
	p->sum_free -= host_number(host, 0, "/sys/kernel/mm/" PAGES "/resv_hugepages");
}

/* DPDK takes memory on the nodes of its lcores, by how many each has. */
static void want_pages(const struct host_root *host, const struct config *config, struct pages *p)
{
	long pages = (config->dataplane.memory_mb + PAGE_MB - 1) / PAGE_MB;
	cpu_set_t cpus;

	config_lcores(config, LCORES_FORWARDING | LCORES_MAIN, &cpus);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		int node = CPU_ISSET(cpu, &cpus) ? cpu_node(host, cpu) : NODES_MAX;

		if (node < NODES_MAX)
			p->wanted[node] += (pages + CPU_COUNT(&cpus) - 1) / CPU_COUNT(&cpus);
	}
	p->sum_wanted += pages;
}

static void count_pages(struct examination *e, struct pages *p)
{
	*p = (struct pages){ 0 };
	read_pages(e->host, p);
	for (size_t i = 0; i < e->configured->n; i++) {
		const struct configured_instance *instance = &e->configured->instance[i];

		if (instance->config && !instance->running)
			want_pages(e->host, instance->config, p);
	}
}

void look_hugepages(struct examination *e)
{
	struct pages p;
	char next[HINT];
	bool any = false;

	count_pages(e, &p);
	snprintf(next, sizeof(next),
		 "hugepages=%ld on the kernel's command line; now: bascule "
		 "doctor --fix",
		 p.sum_total + (p.sum_wanted > p.sum_free ? p.sum_wanted - p.sum_free : 0));
	for (int node = 0; node < NODES_MAX; node++) {
		any |= p.there[node];
		if (!p.there[node] || (!p.total[node] && !p.wanted[node]))
			continue;
		finding(e, p.wanted[node] > p.free[node] ? FINDING_WARNING : FINDING_OK,
			p.wanted[node] > p.free[node] ? next : NULL,
			"node %d: %ld of %ld pages are free, %ld are wanted there%s", node,
			p.free[node], p.total[node], p.wanted[node],
			p.wanted[node] > p.free[node] && p.sum_wanted <= p.sum_free
				? ": what lacks comes from another node, which is farther"
				: "");
	}
	if (!any)
		finding(e, FINDING_FAULT, "boot a kernel with CONFIG_HUGETLBFS",
			"this kernel has no 2 MB hugepages");
	else if (p.sum_wanted > p.sum_free)
		finding(e, FINDING_FAULT, next,
			"%ld MB are free, and instances that do not run "
			"want %ld MB",
			PAGE_MB * p.sum_free, PAGE_MB * p.sum_wanted);
	else if (!p.sum_total)
		finding(e, any_config(e) ? FINDING_OK : FINDING_WARNING,
			any_config(e) ? NULL : "hugepages=1100 on the kernel's command line",
			"there are none");
}

/* More where they are wanted; never fewer anywhere. */
void fix_hugepages(struct examination *e)
{
	struct pages p;

	count_pages(e, &p);
	for (int node = 0; node < NODES_MAX; node++) {
		char value[32], was[32];

		if (!p.there[node] || p.wanted[node] <= p.free[node])
			continue;
		snprintf(was, sizeof(was), "%ld", p.total[node]);
		snprintf(value, sizeof(value), "%ld",
			 p.total[node] + p.wanted[node] - p.free[node]);
		fix_write(e, value, was, NODES "/node%d/" PAGES "/nr_hugepages", node);
	}
}

/* --- hugetlbfs -------------------------------------------------------------------------------- */

static bool find_hugetlbfs(const struct host_root *host, char *at, size_t size)
{
	char *mounts = host_read_all(host, NULL, "/proc/mounts"), *line, *rest = mounts;
	bool found = false;

	while (!found && (line = strsep(&rest, "\n"))) {
		char dir[128], type[32], options[256];

		if (sscanf(line, "%*s %127s %31s %255s", dir, type, options) != 3 ||
		    strcmp(type, "hugetlbfs") || strstr(options, "pagesize=1024M"))
			continue;
		snprintf(at, size, "%s", dir);
		found = true;
	}
	free(mounts);
	return found;
}

void look_hugetlbfs(struct examination *e)
{
	char at[128];

	if (find_hugetlbfs(e->host, at, sizeof(at)))
		finding(e, FINDING_OK, NULL, "mounted on %s", at);
	else
		finding(e, FINDING_FAULT,
			"systemctl start dev-hugepages.mount; or bascule doctor --fix",
			"hugetlbfs with 2 MB pages is mounted nowhere");
}

void fix_hugetlbfs(struct examination *e)
{
	const char *const mkdir[] = { "/bin/mkdir", "-p", "/dev/hugepages", NULL };
	const char *const mount[] = { "/bin/mount",  "-t",    "hugetlbfs",	"-o",
				      "pagesize=2M", "nodev", "/dev/hugepages", NULL };

	host_run(e->host, NULL, 0, mkdir);
	fix_run(e, mount, "hugetlbfs is mounted on /dev/hugepages");
}

#define MEMLOCK "Max locked memory"

/* --- limits ----------------------------------------------------------------------------------- */

/* The soft limit of a process: RLIM_INFINITY as -1; 0: not known. */
static long long limit_of(const struct host_root *host, int pid, const char *name)
{
	char text[4096], process[16] = "self", value[32];
	const char *line;

	if (pid)
		snprintf(process, sizeof(process), "%d", pid);
	host_read(host, text, sizeof(text), "/proc/%s/limits", process);
	line = strstr(text, name);
	if (!line || sscanf(line + strlen(name), "%31s", value) != 1)
		return 0;
	return strcmp(value, "unlimited") ? strtoll(value, NULL, 10) : -1;
}

/* CAP_IPC_LOCK of capability.h: root locks what it likes. */
static bool locks_freely(const struct host_root *host, int pid)
{
	char text[4096], process[16] = "self";
	const char *line;

	if (pid)
		snprintf(process, sizeof(process), "%d", pid);
	host_read(host, text, sizeof(text), "/proc/%s/status", process);
	line = strstr(text, "CapEff:");
	return line && strtoull(line + strlen("CapEff:"), NULL, 16) >> 14 & 1;
}

static bool has_unit(const struct host_root *host)
{
	static const char *const folders[] = { "/etc/systemd/system",
					       "/usr/local/lib/systemd/system",
					       "/usr/lib/systemd/system", "/lib/systemd/system" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (host_exists(host, "%s/bascule-dataplane@.service", folders[i]))
			return true;
	}
	return false;
}

/* Of a dataplane that runs, its own; of one that does not, those that it would be started with from
 * here, unless its unit starts it. */
static void look_limit(struct examination *e, const struct configured_instance *instance,
		       const char *limit, long long need, const char *unit)
{
	const char *name = instance->config->instance.name;
	int pid = instance->running
			  ? (int)host_number(e->host, 0, "/run/bascule/%s/dataplane.lock", name)
			  : 0;
	long long have;

	if (!pid && has_unit(e->host)) {
		finding(e, FINDING_OK, NULL, "%s: its unit sets %s", name, limit);
		return;
	}
	have = limit_of(e->host, pid, limit);
	if (!strcmp(limit, MEMLOCK) && locks_freely(e->host, pid))
		have = -1;
	if (!have)
		finding(e, FINDING_UNKNOWN, NULL, "%s: %s cannot be read", name, limit);
	else if (have < 0 || have >= need)
		finding(e, FINDING_OK, NULL, "%s: %s is high enough", name, limit);
	else
		finding(e, FINDING_WARNING, unit, "%s: %s is %lld%s, and %lld are needed", name,
			limit, have, pid ? "" : " in this shell", need);
}

void look_limits(struct examination *e)
{
	bool vfio = ports_for_vfio(e) > 0;

	for (size_t i = 0; i < e->configured->n; i++) {
		const struct configured_instance *instance = &e->configured->instance[i];

		if (!instance->config)
			continue;
		if (vfio)
			look_limit(e, instance, MEMLOCK,
				   (long long)instance->config->dataplane.memory_mb << 20,
				   "LimitMEMLOCK=infinity in its unit, as the package's has; or "
				   "ulimit -l unlimited");
		look_limit(e, instance, "Max open files",
			   (long long)instance->config->nb_peers + 256,
			   "LimitNOFILE=8192 in its unit, as the package's has; or ulimit -n 8192");
	}
	if (!any_config(e))
		finding(e, FINDING_OK, NULL, "no instance to look at");
}
