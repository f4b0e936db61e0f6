/* Lists of CPUs. */
#include "cpu_list.h"

#include <stdio.h>
#include <stdlib.h>

bool cpu_list_parse(const char *text, cpu_set_t *cpus)
{
	CPU_ZERO(cpus);
	while (*text && *text != '\n') {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (end == text)
			return false;
		if (*end == '-') {
			text = end + 1;
			last = strtoul(text, &end, 10);
			if (end == text)
				return false;
		}
		for (unsigned long cpu = first; cpu <= last && cpu < CPU_SETSIZE; cpu++)
			CPU_SET(cpu, cpus);
		if (*end && *end != ',' && *end != '\n')
			return false;
		text = *end == ',' ? end + 1 : end;
	}
	return true;
}

char *cpu_list_print(const cpu_set_t *cpus, char *buf, size_t size)
{
	size_t len = 0;

	snprintf(buf, size, "none");
	for (int cpu = 0; cpu < CPU_SETSIZE && len < size; cpu++) {
		int last = cpu;

		if (!CPU_ISSET(cpu, cpus))
			continue;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus))
			last++;
		len += (size_t)snprintf(buf + len, size - len, "%s%d", len ? "," : "", cpu);
		if (last > cpu && len < size)
			len += (size_t)snprintf(buf + len, size - len, "-%d", last);
		cpu = last;
	}
	return buf;
}
