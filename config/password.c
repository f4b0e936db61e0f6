/* TCP-MD5 keys: one line in a file of its own, so that the configuration can be read by more people
 * than the keys. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "encoding.h"
#include "file.h"
#include "reader.h"

/* A relative path begins at the configuration file's folder: a daemon's working directory is
 * nothing to rely on. */
static void key_path(const char *config_path, const char *name, char *path, size_t size)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", config_path);
	if (name[0] == '/')
		snprintf(path, size, "%s", name);
	else
		snprintf(path, size, "%s/%s", dirname(copy), name);
}

/* The octets of `path` without the line's end, LF or CR LF, into `key`; its length, or -errno.
 * -EMSGSIZE: more than a key can have; -EBADMSG: more than one line; -EILSEQ: `*fault` says what
 * else no peer's key would have. */
static ssize_t key_read(int fd, uint8_t key[CONFIG_PASSWORD], const char **fault)
{
	/* a key, CR, LF, and one octet more to notice what is too long */
	char text[CONFIG_PASSWORD + 3];
	ssize_t len = read(fd, text, sizeof(text));

	if (len < 0)
		return -errno;
	*fault = encoding_fault(text, (size_t)len);
	if (!*fault && memchr(text, '\0', (size_t)len))
		*fault = "has a NUL in it, allowed is text";
	if (*fault)
		return -EILSEQ;
	if (len && text[len - 1] == '\n') {
		len--;
		if (len && text[len - 1] == '\r')
			len--;
	}
	if (memchr(text, '\n', (size_t)len))
		return -EBADMSG;
	if (memchr(text, '\r', (size_t)len)) {
		*fault = "has a carriage return that ends no line, allowed is one line: the key";
		return -EILSEQ;
	}
	if (len > CONFIG_PASSWORD)
		return -EMSGSIZE;
	memcpy(key, text, (size_t)len);
	return len;
}

static bool password_refuse(struct complaints *c, config_setting_t *at, const char *path,
			    ssize_t err, const char *fault)
{
	if (err == -EILSEQ)
		complain(c, at, NULL, "\"%s\" %s", path, fault);
	else if (err == 0)
		complain(c, at, NULL, "\"%s\" is empty, allowed are keys of 1..%d octets", path,
			 CONFIG_PASSWORD);
	else if (err == -EMSGSIZE)
		complain(c, at, NULL, "the key in \"%s\" is too long, allowed are 1..%d octets",
			 path, CONFIG_PASSWORD);
	else if (err == -EBADMSG)
		complain(c, at, NULL, "\"%s\" has more than one line, allowed is one: the key",
			 path);
	else
		complain(c, at, NULL,
			 "\"%s\" cannot be read (%s), allowed are files that hold a key", path,
			 strerror((int)-err));
	return false;
}

bool read_password(struct complaints *c, const struct setting *spec, config_setting_t *at,
		   void *out)
{
	struct config_peer *peer = out;
	const char *fault = NULL;
	char path[PATH_MAX];
	struct stat st;
	ssize_t len;
	int fd;

	if (config_setting_type(at) != CONFIG_TYPE_STRING || !config_setting_get_string(at)[0])
		return refuse(c, spec, at, "is not a path");
	key_path(c->file, config_setting_get_string(at), path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */
	if (fd < 0)
		return password_refuse(c, at, path, -errno, NULL);
	if (fstat(fd, &st) == 0 && (st.st_mode & S_IROTH))
		warn(c, at, NULL, "\"%s\" can be read by everybody; chmod o= it", path);
	len = key_read(fd, peer->password, &fault);
	close(fd);
	if (len <= 0)
		return password_refuse(c, at, path, len, fault);
	peer->password_len = (uint8_t)len;
	return true;
}
