/* See unix_socket.h. */
#include "unix_socket.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

enum { BACKLOG = 16 };

/* A socket, and the path as its address. */
static int open_for(const char *path, int type, struct sockaddr_un *addr)
{
	int fd;

	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	memcpy(addr->sun_path, path, strlen(path));
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

static int failed(int fd)
{
	int err = -errno;

	close(fd);
	return err;
}

int unix_socket_connect(const char *path, int type)
{
	struct sockaddr_un addr;
	int fd = open_for(path, type, &addr);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return failed(fd);
	return fd;
}

int unix_socket_listen(const char *path, int type, mode_t mode)
{
	struct sockaddr_un addr;
	int fd = open_for(path, type, &addr);

	if (fd < 0)
		return fd;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || chmod(path, mode) ||
	    listen(fd, BACKLOG))
		return failed(fd);
	return fd;
}

int unix_socket_share(const char *path, const char *group)
{
	const struct group *entry = getgrnam(group);

	if (chmod(path, 0600) || (entry && chown(path, (uid_t)-1, entry->gr_gid)) ||
	    (entry && chmod(path, 0660)))
		return -errno;
	return 0;
}

int unix_socket_offer(const char *path, int type, const char *group)
{
	int fd = unix_socket_listen(path, type, 0600);
	int err = fd < 0 ? 0 : unix_socket_share(path, group);

	if (err)
		log_warning("%s: not for group %s: %s", path, group, strerror(-err));
	return fd;
}
