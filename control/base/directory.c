/* Directories. */
#include "directory.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

int directory_make_parents(const char *path)
{
	char copy[PATH_MAX];

	if (strlen(path) >= sizeof(copy))
		return -ENAMETOOLONG;
	strcpy(copy, path);
	for (char *at = copy; (at = strchr(at + 1, '/'));) {
		*at = '\0';
		if (mkdir(copy, 0755) && errno != EEXIST)
			return -errno;
		*at = '/';
	}
	return 0;
}
