/* Files, links, directories and programs below a root. */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The path below the root into `path`; false: too long. */
#define PATH_OF(host, path, fmt) \
	({ \
		va_list args_; \
		bool fits_; \
\
		va_start(args_, fmt); \
		fits_ = path_below((host)->root, path, fmt, args_); \
		va_end(args_); \
		fits_; \
	})

static bool path_below(const char *root, char path[PATH_MAX], const char *fmt, va_list args)
{
	size_t len = strlen(root);
	int more;

	if (len >= PATH_MAX)
		return false;
	memcpy(path, root, len);
	more = vsnprintf(path + len, PATH_MAX - len, fmt, args);
	return more >= 0 && (size_t)more < PATH_MAX - len;
}

static size_t trimmed(char *text, size_t len)
{
	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	text[len] = '\0';
	return len;
}

/* Read up to size - 1 octets; -1: not at all. */
static ssize_t read_up_to(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = -1, sum = 0;

	buf[0] = '\0';
	if (fd < 0)
		return -1;
	while ((size_t)sum + 1 < size && (n = read(fd, buf + sum, size - 1 - (size_t)sum)) > 0)
		sum += n;
	close(fd);
	buf[sum] = '\0';
	return n < 0 && !sum ? -1 : sum;
}

bool host_read(const struct host_root *host, char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	ssize_t len;

	buf[0] = '\0';
	if (!PATH_OF(host, path, fmt))
		return false;
	len = read_up_to(path, buf, size);
	if (len < 0)
		return false;
	trimmed(buf, (size_t)len);
	return true;
}

char *host_read_all(const struct host_root *host, size_t *len, const char *fmt, ...)
{
	char path[PATH_MAX], *text = NULL;
	size_t size = 0, sum = 0;
	FILE *file;

	if (!PATH_OF(host, path, fmt))
		return NULL;
	file = fopen(path, "re");
	while (file) {
		if (size - sum < 2) {
			char *more = realloc(text, size = size ? 2 * size : 4096);

			if (!more)
				break;
			text = more;
		}
		size_t n = fread(text + sum, 1, size - 1 - sum, file);

		if (!n) {
			text[sum] = '\0';
			fclose(file);
			if (len)
				*len = sum;
			return text;
		}
		sum += n;
	}
	if (file)
		fclose(file);
	free(text);
	return NULL;
}

long host_number(const struct host_root *host, long none, const char *fmt, ...)
{
	char path[PATH_MAX], text[64], *end;
	long number;

	if (!PATH_OF(host, path, fmt) || read_up_to(path, text, sizeof(text)) <= 0)
		return none;
	number = strtol(text, &end, strncmp(text, "0x", 2) ? 10 : 16);
	return end == text ? none : number;
}

bool host_exists(const struct host_root *host, const char *fmt, ...)
{
	char path[PATH_MAX];

	return PATH_OF(host, path, fmt) && !access(path, F_OK);
}

bool host_link(const struct host_root *host, char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t len = PATH_OF(host, path, fmt) ? readlink(path, target, sizeof(target) - 1) : -1;
	const char *last;

	buf[0] = '\0';
	if (len < 0)
		return false;
	target[len] = '\0';
	last = strrchr(target, '/');
	snprintf(buf, size, "%s", last ? last + 1 : target);
	return true;
}

int host_write(const struct host_root *host, const char *text, const char *fmt, ...)
{
	char path[PATH_MAX];
	size_t len = strlen(text);
	int fd, err = 0;

	if (!PATH_OF(host, path, fmt))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len)
		err = errno ? -errno : -EIO;
	close(fd);
	if (!err && host->wrote)
		host->wrote(host, path + strlen(host->root), text);
	return err;
}

/* --- directories ------------------------------------------------------------------------------ */

static int by_version(const void *a, const void *b)
{
	return strverscmp(a, b);
}

struct host_names host_list(const struct host_root *host, const char *fmt, ...)
{
	struct host_names names = { 0 };
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir = PATH_OF(host, path, fmt) ? opendir(path) : NULL;

	while (dir && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);

		if (entry->d_name[0] == '.' || len >= HOST_NAME)
			continue;
		if (!(names.n & (names.n - 1))) {
			size_t room = names.n ? 2 * names.n : 1;
			void *more = realloc(names.name, room * sizeof(names.name[0]));

			if (!more)
				break;
			names.name = more;
		}
		memcpy(names.name[names.n++], entry->d_name, len + 1);
	}
	if (dir)
		closedir(dir);
	if (names.n)
		qsort(names.name, names.n, sizeof(names.name[0]), by_version);
	return names;
}

void host_names_free(struct host_names *names)
{
	free(names->name);
	*names = (struct host_names){ 0 };
}

/* --- programs, processes ---------------------------------------------------------------------- */

/* What comes out of the pipe; what does not fit is read all the same, so that nobody waits. */
static void collect(int fd, char *out, size_t size)
{
	char rest[4096];
	size_t sum = 0;

	for (;;) {
		bool room = sum + 1 < size;
		ssize_t n =
			room ? read(fd, out + sum, size - 1 - sum) : read(fd, rest, sizeof(rest));

		if (n <= 0 && !(n < 0 && errno == EINTR))
			break;
		if (room && n > 0)
			sum += (size_t)n;
	}
	if (size)
		trimmed(out, sum);
}

int host_run(const struct host_root *host, char *out, size_t size, const char *const *argv)
{
	char path[PATH_MAX];
	int ends[2], status;
	pid_t pid;

	if (size)
		out[0] = '\0';
	if ((size_t)snprintf(path, sizeof(path), "%s%s", host->root, argv[0]) >= sizeof(path))
		return -ENAMETOOLONG;
	if (access(path, X_OK))
		return -errno;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		execv(path, (char *const *)argv);
		_exit(127);
	}
	close(ends[1]);
	if (pid > 0)
		collect(ends[0], out, size);
	close(ends[0]);
	if (pid < 0)
		return -EAGAIN;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

int host_process(const struct host_root *host, const char *name)
{
	struct host_names names = host_list(host, "/proc");
	int pid = 0;

	for (size_t i = 0; i < names.n && !pid; i++) {
		char comm[32];

		if (names.name[i][0] < '1' || names.name[i][0] > '9' ||
		    !host_read(host, comm, sizeof(comm), "/proc/%s/comm", names.name[i]))
			continue;
		if (!strncmp(comm, name, 15) && strlen(comm) <= 15)
			pid = atoi(names.name[i]);
	}
	host_names_free(&names);
	return pid;
}
