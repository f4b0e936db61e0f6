/* What the thread has read goes through a socket pair as one pointer: who has it owns it, and if
 * nobody takes it any more the thread learns that from its end. */
#include "reading.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The thread's, then the taker's. */
struct result {
	int fd; /* the thread's end */
	char *path;
	struct config *config;
	struct config_report report;
};

static void result_free(struct result *result)
{
	config_free(result->config);
	config_report_free(&result->report);
	free(result->path);
	free(result);
}

static void *read_file(void *arg)
{
	struct result *result = arg;
	int fd = result->fd;

	result->config = config_load(result->path, &result->report);
	if (send(fd, &result, sizeof(result), MSG_NOSIGNAL) != (ssize_t)sizeof(result))
		result_free(result);
	close(fd);
	return NULL;
}

int reading_begin(struct reading *reading, const char *path, reading_start *start)
{
	struct result *result = calloc(1, sizeof(*result));
	pthread_t thread;
	int pair[2], err;

	if (!result)
		return -ENOMEM;
	result->path = strdup(path);
	if (!result->path || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		err = result->path ? -errno : -ENOMEM;
		result_free(result);
		return err;
	}
	result->fd = pair[1];
	err = start(&thread, "config", NULL, read_file, result);
	if (err) {
		close(pair[0]);
		close(pair[1]);
		result_free(result);
		return -abs(err);
	}
	pthread_detach(thread);
	reading->fd = pair[0];
	return 0;
}

bool reading_take(struct reading *reading, struct config **config, struct config_report *report)
{
	struct result *result;

	if (reading->fd < 0 ||
	    recv(reading->fd, &result, sizeof(result), MSG_DONTWAIT) != (ssize_t)sizeof(result))
		return false;
	*config = result->config;
	*report = result->report;
	result->config = NULL;
	result->report = (struct config_report){ 0 };
	result_free(result);
	close(reading->fd);
	reading->fd = -1;
	return true;
}

void reading_leave(struct reading *reading)
{
	struct config_report report;
	struct config *config;

	if (reading_take(reading, &config, &report)) {
		config_free(config);
		config_report_free(&report);
	} else if (reading->fd >= 0) {
		close(reading->fd);
		reading->fd = -1;
	}
}

static int start_anywhere(pthread_t *thread, const char *name, const pthread_attr_t *attr,
			  void *(*run)(void *), void *arg)
{
	(void)name;
	return pthread_create(thread, attr, run, arg);
}

struct config *reading_wait(const char *path, reading_late *late, struct config_report *report)
{
	const int again_ms = 60000;
	struct reading reading = { -1 };
	struct config *config;
	int ms = READING_LATE_MS;
	unsigned int seconds = 0;

	if (reading_begin(&reading, path, start_anywhere))
		return config_load(path, report);
	while (!reading_take(&reading, &config, report)) {
		struct pollfd fd = { .fd = reading.fd, .events = POLLIN };

		if (poll(&fd, 1, ms))
			continue;
		seconds += (unsigned int)ms / 1000;
		late(path, seconds);
		ms = again_ms;
	}
	return config;
}
