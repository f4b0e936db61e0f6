/* Checks of what the kernel is to give beside memory and devices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examination.h"
#include "sysctl_rows.h" /* made of config/deploy/sysctl.conf */

static void sysctl_path(const char *name, char *path, size_t size)
{
	snprintf(path, size, "/proc/sys/%s", name);
	for (char *at = path; *at; at++) {
		if (*at == '.')
			*at = '/';
	}
}

void look_sysctl(struct examination *e)
{
	for (size_t i = 0; i < sizeof(sysctl_rows) / sizeof(sysctl_rows[0]); i++) {
		const char *name = sysctl_rows[i].name;
		long least = sysctl_rows[i].least, have;
		char path[128], next[FINDING_TEXT];

		sysctl_path(name, path, sizeof(path));
		have = host_number(e->host, -1, "%s", path);
		snprintf(next, sizeof(next),
			 "sysctl -w %s=%ld, and into /etc/sysctl.d; now: bascule "
			 "doctor --fix",
			 name, least);
		if (have < 0)
			finding(e, FINDING_UNKNOWN, NULL,
				"%s is not to be seen here: in a namespace it is the host's", name);
		else
			finding(e, have < least ? FINDING_WARNING : FINDING_OK,
				have < least ? next : NULL, "%s is %ld%s", name, have,
				have < least ? ", too low" : "");
	}
}

void fix_sysctl(struct examination *e)
{
	for (size_t i = 0; i < sizeof(sysctl_rows) / sizeof(sysctl_rows[0]); i++) {
		char path[128], value[32], was[32];
		long have;

		sysctl_path(sysctl_rows[i].name, path, sizeof(path));
		have = host_number(e->host, -1, "%s", path);
		if (have < 0 || have >= sysctl_rows[i].least)
			continue;
		snprintf(was, sizeof(was), "%ld", have);
		snprintf(value, sizeof(value), "%ld", sysctl_rows[i].least);
		fix_write(e, value, was, "%s", path);
	}
}

/* Whoever boots with ipv6.disable=1 has none of it in any namespace. */
void look_ipv6(struct examination *e)
{
	if (!configs_have(e, FAMILY_IPV6))
		finding(e, FINDING_OK, NULL, "no port has an address of IPv6");
	else if (host_exists(e->host, "/proc/sys/net/ipv6"))
		finding(e, FINDING_OK, NULL, "the kernel has IPv6");
	else
		finding(e, FINDING_FAULT,
			"take ipv6.disable=1 off the kernel's command line, and reboot",
			"ports have addresses of IPv6, which this kernel has shut off");
}

void look_tun(struct examination *e)
{
	if (host_exists(e->host, "/dev/net/tun"))
		finding(e, FINDING_OK, NULL, "/dev/net/tun is there");
	else
		finding(e, FINDING_FAULT, "modprobe tun; or bascule doctor --fix",
			"/dev/net/tun is missing: there would be no LCP interface");
}

void fix_tun(struct examination *e)
{
	const char *const modprobe[] = { "/sbin/modprobe", "tun", NULL };

	fix_run(e, modprobe, "the tun driver is loaded");
}
