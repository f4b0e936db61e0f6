/* A small text file, kept as it should be by a thread of its own: who wants it to say something
 * else leaves word and goes on, however long the disk takes. The file is written beside and renamed
 * over the old one, with it and its directory synchronised, so that a crash at any point leaves the
 * old text or the new one. What cannot be written is tried again once a second until it can, or
 * until another text is wanted; the latest wins.
 *
 * Thread: all calls by one; the disk is waited for by the state file's own. */
#ifndef BASCULE_STATE_FILE_H
#define BASCULE_STATE_FILE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	STATE_FILE_LOAD_MS = 3000, /* a file that has not been read by then counts as unreadable */
	STATE_FILE_CLOSE_MS = 2000,
};

struct state_file;

/* Read the file at `path`, which has at most `max` octets; its directories are made when it is
 * written. *text becomes what it says, for the caller to free, or NULL if it could not be read;
 * *err then is -ENOENT (no file), -EFBIG (it is longer), -EINVAL (no text: it has a NUL),
 * -ETIMEDOUT (the disk hangs) or the error of the read, and otherwise 0. Returns 0; -ENOMEM or
 * -EAGAIN: there is no state file. */
int state_file_open(const char *path, size_t max, char **text, int *err, struct state_file **file);
/* Wait up to STATE_FILE_CLOSE_MS for the text that is still to be written. If a write has failed,
 * it is tried once more. */
void state_file_close(struct state_file *file);

/* The file is to say this text from now on; it is copied. Returns the ticket of the wish, which is
 * the last one's if that asked for the same text and is on its way. */
uint64_t state_file_want(struct state_file *file, const char *text);
/* What has become of a wish: 0, it is on disk; -EINPROGRESS; -ECANCELED, another one came after it;
 * -ENOMEM, there was no memory to leave word; else why it could not be written, and is tried
 * again. */
int state_file_result(const struct state_file *file, uint64_t ticket);
/* The same of the last wish. */
int state_file_state(const struct state_file *file);

#ifdef __cplusplus
}
#endif
#endif
