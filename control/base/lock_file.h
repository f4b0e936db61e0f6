/* A lock that is a file: one process of the host holds it (flock(2)), until that process lets it go
 * or ends, however it ends. The file has a line that says who holds it. It stays when nobody does:
 * to remove it would let two processes hold locks of one name. */
#ifndef BASCULE_LOCK_FILE_H
#define BASCULE_LOCK_FILE_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { LOCK_FILE_HOLDER = 96 }; /* octets of the longest line, with its NUL */

/* Take the lock at `path`, whose directories are made if need be, and write `line` into it, without
 * a newline and shorter than LOCK_FILE_HOLDER. Returns a descriptor, the caller's: close(2) lets
 * go. Or -EWOULDBLOCK: `holder` has the line of the process that holds it, "?" if there is none; or
 * another -errno. A line that cannot be written is a warning in the log. */
int lock_file_take(const char *path, const char *line, char holder[LOCK_FILE_HOLDER]);

/* Does some process hold it? */
bool lock_file_held(const char *path);

#ifdef __cplusplus
}
#endif
#endif
