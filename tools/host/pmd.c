/* Which DPDK driver knows a NIC: each of DPDK's drivers has a line of JSON in its file, which
 * dpdk-pmdinfo.py shows too,
 *
 *   PMD_INFO_STRING= {"name": "net_e1000_em", "kmod": "* igb_uio | vfio-pci",
 *                     "pci_ids": [[32902, 4110, 65535, 65535], ...]}
 *
 * so that what is installed answers, and no list of ours grows old. */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic.h"

#define MARK "PMD_INFO_STRING= "

enum { ANY_ID = 0xffff };

/* Is `name` a driver's file as its package has it: "librte_net_e1000.so.23"? */
static bool is_net_driver(const char *name)
{
	const char *version = strstr(name, ".so.");

	if (strncmp(name, "librte_net_", 11) || !version)
		return false;
	for (version += 4; *version; version++) {
		if (!isdigit((unsigned char)*version))
			return false; /* ".so.23.0", which that links to */
	}
	return true;
}

static bool id_fits(const json_t *row, size_t i, uint16_t id)
{
	json_int_t want = json_integer_value(json_array_get(row, i));

	return want == id || (i >= 2 && want == ANY_ID);
}

static void match(const json_t *info, struct nic *nics, size_t n)
{
	const char *name = json_string_value(json_object_get(info, "name"));
	const char *kmod = json_string_value(json_object_get(info, "kmod"));
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(info, "pci_ids"), i, row)
	{
		for (size_t k = 0; k < n; k++) {
			struct nic *nic = &nics[k];

			if (nic->pmd[0] || !name || !id_fits(row, 0, nic->vendor) ||
			    !id_fits(row, 1, nic->device) || !id_fits(row, 2, nic->subvendor) ||
			    !id_fits(row, 3, nic->subdevice))
				continue;
			snprintf(nic->pmd, sizeof(nic->pmd), "%s", name);
			nic->pmd_by_kernel = kmod && !strstr(kmod, "vfio-pci");
		}
	}
}

/* All lines of one file. */
static void match_file(char *text, size_t len, struct nic *nics, size_t n)
{
	char *end = text + len, *at = text;

	while ((at = memmem(at, (size_t)(end - at), MARK, strlen(MARK)))) {
		json_t *info;

		at += strlen(MARK);
		info = json_loads(at, 0, NULL); /* up to the NUL behind it */
		if (info)
			match(info, nics, n);
		json_decref(info);
	}
}

static size_t match_folder(const struct host_root *host, const char *lib, const char *abi,
			   struct nic *nics, size_t n)
{
	struct host_names files = host_list(host, "/usr/lib/%s/dpdk/%s", lib, abi);
	size_t found = 0, len;

	for (size_t i = 0; i < files.n; i++) {
		char *text;

		if (!is_net_driver(files.name[i]))
			continue;
		text = host_read_all(host, &len, "/usr/lib/%s/dpdk/%s/%s", lib, abi, files.name[i]);
		if (text)
			match_file(text, len, nics, n);
		free(text);
		found++;
	}
	host_names_free(&files);
	return found;
}

size_t pmds_match(const struct host_root *host, struct nic *nics, size_t n)
{
	struct host_names libs = host_list(host, "/usr/lib");
	size_t found = 0;

	for (size_t i = 0; i < libs.n; i++) {
		struct host_names abis;

		if (!host_exists(host, "/usr/lib/%s/dpdk", libs.name[i]))
			continue;
		abis = host_list(host, "/usr/lib/%s/dpdk", libs.name[i]);
		for (size_t k = 0; k < abis.n; k++) {
			if (!strncmp(abis.name[k], "pmds-", 5))
				found += match_folder(host, libs.name[i], abis.name[k], nics, n);
		}
		host_names_free(&abis);
	}
	host_names_free(&libs);
	return found;
}
