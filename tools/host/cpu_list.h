/* CPUs as the kernel lists them: "0-3,8". */
#ifndef BASCULE_CPU_LIST_H
#define BASCULE_CPU_LIST_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* False: it is no such list; `cpus` has what could be read of it. An empty one is one. */
bool cpu_list_parse(const char *text, cpu_set_t *cpus);
/* The list into `buf`, cut to `size`; "none" of none. Returns buf. */
char *cpu_list_print(const cpu_set_t *cpus, char *buf, size_t size);

#ifdef __cplusplus
}
#endif
#endif
