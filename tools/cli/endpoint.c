/* The two sockets. */
#include "endpoint.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config.h"

static int connect_to(const char *path, int type)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int endpoint_control(const char *instance)
{
	char path[PATH_MAX];

	return connect_to(config_run_path(instance, "control.sock", path, sizeof(path)),
			  SOCK_STREAM);
}

int endpoint_path(const char *path)
{
	return connect_to(path, SOCK_STREAM);
}

int endpoint_dataplane(const char *instance)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/var/run/dpdk/bascule-%s/dpdk_telemetry.v2", instance);
	return connect_to(path, SOCK_SEQPACKET);
}

void endpoint_close(int fd)
{
	if (fd >= 0)
		close(fd);
}
