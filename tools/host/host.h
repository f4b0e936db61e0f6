/* The host as the kernel shows it in files: sysfs, procfs, what lies in /etc and /run. Every path
 * is read below one directory, which is "" for the host itself; a test puts a made-up machine
 * there. */
#ifndef BASCULE_HOST_H
#define BASCULE_HOST_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { HOST_NAME = 64 }; /* buffer of a name in a directory; longer ones are left out */

struct host_root {
	const char *root; /* in front of every path; borrowed */
	/* NULL, or called after each write: a test that plays the kernel answers there */
	void (*wrote)(const struct host_root *host, const char *path, const char *text);
};

/* Paths are printf formats and begin with a '/'. */
#define HOST_PATH(n) __attribute__((format(printf, n, n + 1)))

/* The file's text into `buf`, as much as fits, without white space at its end. False: it cannot be
 * read, and `buf` is "". */
HOST_PATH(4)
bool host_read(const struct host_root *host, char *buf, size_t size, const char *fmt, ...);
/* The whole file, NUL-terminated, to be freed; *len (may be NULL) without that NUL. NULL: it cannot
 * be read, or there is no memory. */
HOST_PATH(3) char *host_read_all(const struct host_root *host, size_t *len, const char *fmt, ...);
/* The number that the file begins with; base 10, or 16 if it begins with 0x. `none` if there is
 * none. */
HOST_PATH(3) long host_number(const struct host_root *host, long none, const char *fmt, ...);
HOST_PATH(2) bool host_exists(const struct host_root *host, const char *fmt, ...);
/* The last component of what a symbolic link names. False: it is none, and `buf` is "". */
HOST_PATH(4)
bool host_link(const struct host_root *host, char *buf, size_t size, const char *fmt, ...);
/* Write `text` into a file that exists. 0, or -errno. */
HOST_PATH(3) int host_write(const struct host_root *host, const char *text, const char *fmt, ...);

/* Names in a directory but those that begin with a dot, in the order of strverscmp(3). */
struct host_names {
	char (*name)[HOST_NAME]; /* owned */
	size_t n;
};
/* None if it cannot be read. Release with host_names_free(). */
HOST_PATH(2) struct host_names host_list(const struct host_root *host, const char *fmt, ...);
void host_names_free(struct host_names *names);

/* Run a program of the host's, argv[0] being its path below the root, and wait for it; what it
 * says on either output goes to `out` (may be NULL with size 0), as much as fits. Its exit status,
 * or -errno: -ENOENT if there is no such program. */
int host_run(const struct host_root *host, char *out, size_t size, const char *const *argv);

/* The first process of this name (at most 15 octets of it, as the kernel keeps no more), or 0. */
int host_process(const struct host_root *host, const char *name);

#ifdef __cplusplus
}
#endif
#endif
