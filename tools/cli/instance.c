/* Instances are folders in /run/bascule; one runs if a process answers on one of its sockets.
 * (A look at the locks would take them for a moment, and could keep a process from starting.) */
#include "instance.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "endpoint.h"
#include "name.h"

static bool runs(const char *instance)
{
	int control = endpoint_control(instance);
	int dataplane = control < 0 ? endpoint_dataplane(instance) : -1;

	endpoint_close(control);
	endpoint_close(dataplane);
	/* one that may not be asked runs too: the command will say so */
	return control >= 0 || control == -EACCES || dataplane >= 0 || dataplane == -EACCES;
}

enum cli_exit instance_settle(struct cli *cli)
{
	char path[PATH_MAX], names[1024] = "", found[CLI_NAME] = "";
	size_t count = 0, len = 0;
	struct dirent *entry;
	DIR *dir;

	if (cli->instance[0])
		return CLI_OK;
	dir = opendir(config_run_path("", "", path, sizeof(path)));
	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (!name_valid(name) || !runs(name))
			continue;
		snprintf(found, sizeof(found), "%.*s", CLI_NAME - 1, name);
		if (len < sizeof(names))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
						count ? ", " : "", name);
		count++;
	}
	if (dir)
		closedir(dir);
	if (count == 1) {
		memcpy(cli->instance, found, sizeof(found));
		return CLI_OK;
	}
	if (!count)
		return cli_fail(cli,
				"start one: bascule-dataplane --config FILE and bascule-control "
				"--config FILE",
				"no instance runs here");
	cli_fail(cli, "say which one: bascule --instance NAME ...", "%zu instances run here: %s",
		 count, names);
	return CLI_USAGE;
}
