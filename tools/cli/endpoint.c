/* The two sockets. */
#include "endpoint.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "config.h"
#include "unix_socket.h"

int endpoint_control(const char *instance)
{
	char path[PATH_MAX];
	int fd = unix_socket_connect(config_run_path(instance, "control.sock", path, sizeof(path)),
				     SOCK_STREAM);

	if (fd != -EACCES)
		return fd;
	return unix_socket_connect(config_run_path(instance, "show.sock", path, sizeof(path)),
				   SOCK_STREAM);
}

int endpoint_path(const char *path)
{
	return unix_socket_connect(path, SOCK_STREAM);
}

int endpoint_dataplane(const char *instance)
{
	char path[PATH_MAX];

	config_dpdk_path(instance, "dpdk_telemetry.v2", path, sizeof(path));
	return unix_socket_connect(path, SOCK_SEQPACKET);
}

void endpoint_close(int fd)
{
	if (fd >= 0)
		close(fd);
}
