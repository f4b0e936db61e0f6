/* A service manager, as far as sd_notify(3) sees of it: a socket that NOTIFY_SOCKET names while
 * this exists. */
#ifndef BASCULE_TEST_NOTIFY_SOCKET_H
#define BASCULE_TEST_NOTIFY_SOCKET_H

#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct notify_socket {
	int fd;

	notify_socket()
	{
		std::string name = "@bascule-test-" + std::to_string(getpid());
		struct sockaddr_un addr = {};

		addr.sun_family = AF_UNIX;
		memcpy(addr.sun_path + 1, name.data() + 1, name.size() - 1); /* abstract */
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (bind(fd, (struct sockaddr *)&addr,
			 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + name.size())))
			abort();
		setenv("NOTIFY_SOCKET", name.c_str(), 1);
	}
	~notify_socket()
	{
		unsetenv("NOTIFY_SOCKET");
		close(fd);
	}

	/* The next message; "" if none comes within so long. */
	std::string next(int ms)
	{
		struct pollfd ready = { fd, POLLIN, 0 };
		char text[256];
		ssize_t n = poll(&ready, 1, ms) > 0 ? recv(fd, text, sizeof(text), 0) : 0;

		return std::string(text, n > 0 ? (size_t)n : 0);
	}
};

#endif
