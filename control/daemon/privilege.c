/* Whose the files are, and what that asks for. */
#include "privilege.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "confine.h"
#include "log.h"

enum { CALL_NAME = 64 };

bool privilege_of_others(const char *path)
{
	char at[PATH_MAX];
	struct stat status;

	snprintf(at, sizeof(at), "%s", path);
	while (stat(at, &status)) {
		char *slash = strrchr(at, '/');

		if (errno != ENOENT || !slash || slash == at)
			return false;
		*slash = '\0';
	}
	return status.st_uid != geteuid();
}

static bool ours_are_of_others(const char *instance)
{
	char run[PATH_MAX], state[PATH_MAX];

	config_run_path(instance, "", run, sizeof(run));
	config_state_path(instance, "", state, sizeof(state));
	return privilege_of_others(run) || privilege_of_others(state);
}

uint64_t privilege_for_files(const char *instance, bool others)
{
	uint64_t keep = 0;

	if (others || ours_are_of_others(instance))
		keep |= CONFINE_CAPABILITY(CAP_DAC_OVERRIDE);
	if (getgrnam(CONFIG_GROUP_STEER) || getgrnam(CONFIG_GROUP_SHOW))
		keep |= CONFINE_CAPABILITY(CAP_CHOWN);
	return keep;
}

int privilege_give_up(uint64_t keep)
{
	int err = confine_capabilities(keep);

	if (err)
		log_error("capabilities cannot be given up: %s", strerror(-err));
	return err;
}

/* Who tries that is not our code any more, or our code has learnt what the filter has not. */
void privilege_tell_refused(void)
{
	char call[CALL_NAME];

	while (confine_refused(call, sizeof(call)))
		log_error("the system call %s was refused: this process has no use for it", call);
}
