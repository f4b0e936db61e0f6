/* The exchange switch and its state file: two lines of text, written beside and renamed over the old one, with the
 * file and its directory synchronised, so that a crash at any point leaves the old state or the new one. */
#include "exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

enum { STATE_MAX = 64 }; /* octets; the longest file that state_text() makes is shorter */

static int state_text(bool enabled, bool configured, char *buf, size_t size)
{
	return snprintf(buf, size, "exchange %s\nconfigured %s\n", enabled ? "on" : "off",
			configured ? "on" : "off");
}

static int write_file(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len)
		err = errno ? -errno : -ENOSPC;
	else if (fsync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	return err;
}

static int sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int fd, err = 0;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd))
		err = -errno;
	close(fd);
	return err;
}

/* When it returns 0 the file is the new one; sync_directory() sees to it that it stays so. */
static int replace(const char *path, bool enabled, bool configured)
{
	char fresh[PATH_MAX + 8], text[STATE_MAX];
	int len = state_text(enabled, configured, text, sizeof(text));
	int err;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	err = write_file(fresh, text, (size_t)len);
	if (!err && rename(fresh, path))
		err = -errno;
	if (err)
		unlink(fresh);
	return err;
}

/* What the file says. -ENOENT: there is none; -EINVAL: it is not one of the four texts that replace() writes. */
static int load(const char *path, bool *enabled, bool *configured)
{
	char text[STATE_MAX], wanted[STATE_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, text, sizeof(text));
	close(fd);
	if (len < 0)
		return -EIO;
	for (int i = 0; i < 4; i++) {
		int n = state_text(i & 1, i & 2, wanted, sizeof(wanted));

		if (len == n && !memcmp(text, wanted, (size_t)n)) {
			*enabled = i & 1;
			*configured = i & 2;
			return 0;
		}
	}
	return -EINVAL;
}

int exchange_open(struct exchange *exchange, const char *path, bool configured)
{
	bool enabled = false, under = false;
	int err;

	snprintf(exchange->path, sizeof(exchange->path), "%s", path);
	err = load(path, &enabled, &under);
	exchange->configured = configured;
	if (err == -ENOENT)
		exchange->enabled = configured;
	else if (err)
		exchange->enabled = false;
	else
		exchange->enabled = under == configured ? enabled : configured;
	if (err && err != -ENOENT)
		log_error("%s: %s; route exchange stays off until it is set again", path,
			  err == -EINVAL ? "not a state file of the exchange switch"
					 : strerror(-err));
	else if (!err && under != configured)
		log_info("exchange.enabled was changed in the configuration: route exchange is %s",
			 configured ? "on" : "off");
	err = replace(path, exchange->enabled, configured);
	return err ? err : sync_directory(path);
}

int exchange_set(struct exchange *exchange, bool enabled)
{
	int err;

	exchange->enabled &= enabled;
	err = replace(exchange->path, enabled, exchange->configured);
	if (err)
		return err;
	exchange->enabled = enabled;
	return sync_directory(exchange->path);
}

int exchange_configure(struct exchange *exchange, bool configured)
{
	int err;

	if (configured == exchange->configured)
		return 0;
	exchange->enabled &= configured;
	err = replace(exchange->path, configured, configured);
	if (err)
		return err;
	exchange->enabled = exchange->configured = configured;
	err = sync_directory(exchange->path);
	if (err)
		log_error("%s: %s; the switch may be as it was after a crash", exchange->path,
			  strerror(-err));
	return 0;
}
