/* Lock files. */
#include "lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "directory.h"
#include "log.h"

static void holder_read(int fd, char holder[LOCK_FILE_HOLDER])
{
	ssize_t len = read(fd, holder, LOCK_FILE_HOLDER - 1);

	holder[len > 0 ? len : 0] = '\0';
	holder[strcspn(holder, "\n")] = '\0';
	if (!holder[0])
		strcpy(holder, "?");
}

static void holder_write(int fd, const char *path, const char *line)
{
	char text[LOCK_FILE_HOLDER + 1];
	int len = snprintf(text, sizeof(text), "%s\n", line);

	if (ftruncate(fd, 0) || write(fd, text, (size_t)len) != len)
		log_warning("%s: %s", path, strerror(errno));
}

int lock_file_take(const char *path, const char *line, char holder[LOCK_FILE_HOLDER])
{
	int err = directory_make_parents(path), fd;

	if (err)
		return err;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB)) {
		holder_write(fd, path, line);
		return fd;
	}
	err = -errno;
	holder_read(fd, holder);
	close(fd);
	return err;
}

bool lock_file_held(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool held;

	if (fd < 0)
		return false;
	/* Shared, as others that ask hold it exclusively no more than we do. */
	held = flock(fd, LOCK_SH | LOCK_NB) != 0;
	close(fd);
	return held;
}
