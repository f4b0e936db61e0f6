/* What the checks of the doctor share: the facts, and how a finding is said. */
#ifndef BASCULE_EXAMINATION_H
#define BASCULE_EXAMINATION_H

#include <sched.h>

#include "configured.h"
#include "finding.h"
#include "host.h"
#include "nic.h"
#include "vfio.h"

struct examination {
	const struct host_root *host; /* borrowed, as is the following */
	const struct configured *configured;
	struct nics nics; /* owned */
	struct vfio vfio;
	const struct check *check; /* whose turn it is */
	struct findings *findings; /* borrowed */
};

struct check {
	const char *name, *reads;
	void (*look)(struct examination *e);
	void (*fix)(struct examination *e); /* NULL: nothing that is safe */
};

/* Say something; `next` may be NULL. */
__attribute__((format(printf, 4, 5))) void finding(struct examination *e, enum finding_state state,
						   const char *next, const char *fmt, ...);

/* The next configuration from *i on, which begins at 0; NULL: no more. Those of files that are
 * refused have none. */
const struct config *next_config(const struct examination *e, size_t *i);
/* Has a port of any of them an address of this family? */
bool configs_have(const struct examination *e, uint8_t family);
/* Is any of them there? */
bool any_config(const struct examination *e);

/* What ports are on: a device, or a member of a bond. */
struct port_device {
	const struct config *config;
	const struct config_port *port; /* the first one that is on the device */
	const char *device;		/* as configured */
	uint16_t payload;		/* of the largest frame: config_device_payload() */
	bool running;			/* the instance's dataplane does */
	bool pci;			/* a PCI address, which `address` is */
	char address[NIC_ADDRESS];
	const struct nic *nic;	  /* NULL: there is none there */
	char interface[IFNAMSIZ]; /* of the kernel's, for net_af_packet; "": none */
};
/* Call `fn` with each device of each configuration. */
void each_port(struct examination *e,
	       void (*fn)(struct examination *e, const struct port_device *p, void *ctx),
	       void *ctx);
/* How many ports need vfio-pci? */
size_t ports_for_vfio(struct examination *e);

enum lcore_use { LCORES_FORWARDING = 1, LCORES_MAIN = 2, LCORES_CONTROL = 4, LCORES_ALL = 7 };
/* The CPUs of one configuration's lcores. */
void config_lcores(const struct config *config, unsigned int uses, cpu_set_t *cpus);
/* Those of all configurations. */
void all_lcores(const struct examination *e, unsigned int uses, cpu_set_t *cpus);
/* The NUMA node of a CPU; 0 where there are none. */
int cpu_node(const struct host_root *host, int cpu);

/* Run a program that mends something, and say so. */
void fix_run(struct examination *e, const char *const *argv, const char *what);
/* Write a value that mends something; `was` and `path` are for people. */
__attribute__((format(printf, 4, 5))) void fix_write(struct examination *e, const char *value,
						     const char *was, const char *fmt, ...);

/* The checks: memory_checks.c, cpu_checks.c, nic_checks.c, kernel_checks.c, net_checks.c. */
void look_configuration(struct examination *e);
void look_hugepages(struct examination *e);
void fix_hugepages(struct examination *e);
void look_hugetlbfs(struct examination *e);
void fix_hugetlbfs(struct examination *e);
void look_limits(struct examination *e);
void look_devices(struct examination *e);
void look_iommu(struct examination *e);
void look_vfio(struct examination *e);
void look_secure_boot(struct examination *e);
void look_pmd(struct examination *e);
void look_firmware(struct examination *e);
void look_mtu(struct examination *e);
void look_numa(struct examination *e);
void look_lcores(struct examination *e);
void look_isolation(struct examination *e);
void look_siblings(struct examination *e);
void look_governor(struct examination *e);
void fix_governor(struct examination *e);
void look_clock(struct examination *e);
void fix_clock(struct examination *e);
void look_interrupts(struct examination *e);
void look_sysctl(struct examination *e);
void fix_sysctl(struct examination *e);
void look_ipv6(struct examination *e);
void look_tun(struct examination *e);
void fix_tun(struct examination *e);
void look_managers(struct examination *e);
void look_firewall(struct examination *e);
void look_listeners(struct examination *e);

#endif
