/* Two words are all that passes between the threads: the wish, and what has become of the last one
 * that was tried. */
#include "state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <rte_lcore.h>

#include "directory.h"

enum {
	RETRY_S = 1,
	TICKET_SHIFT = 16, /* below it: the text of a wish, the errno of a result */
	LOADING = 1, /* of `loaded`, which is an errno, negative, or a text, doubled, otherwise */
};

struct state_file {
	char path[PATH_MAX];
	const char *const *texts; /* borrowed */
	int nb_texts;
	pthread_t thread;
	sem_t wake;	 /* of the thread: another wish, or the end */
	uint64_t wanted; /* atomic; the caller's */
	uint64_t tried;	 /* atomic; the thread's: errno 0 is success */
	int loaded;	 /* atomic; the thread's */
	bool quit;	 /* atomic; the caller's */
	int ended;	 /* atomic; the thread's: it uses none of this any more */
};

/* --- the disk: blocks ------------------------------------------------------------------------- */

static int write_file(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	ssize_t n;
	int err = 0;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n != (ssize_t)len)
		err = n < 0 ? -errno : -ENOSPC;
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

static int replace(const char *path, const char *text)
{
	char fresh[PATH_MAX + 8];
	int err;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	err = write_file(fresh, text, strlen(text));
	if (err == -ENOENT) {
		directory_make_parents(
			path); /* what cannot be made shows when the file is opened */
		err = write_file(fresh, text, strlen(text));
	}
	if (!err && rename(fresh, path))
		err = -errno;
	if (!err)
		return sync_directory(path);
	unlink(fresh);
	return err;
}

static int load(const struct state_file *file)
{
	char text[STATE_FILE_TEXT];
	int fd = open(file->path, O_RDONLY | O_CLOEXEC);
	ssize_t len;
	int err;

	if (fd < 0)
		return -errno;
	len = read(fd, text, sizeof(text));
	err = len < 0 ? -errno : -EINVAL;
	close(fd);
	for (int i = 0; i < file->nb_texts; i++)
		if (len == (ssize_t)strlen(file->texts[i]) &&
		    !memcmp(text, file->texts[i], (size_t)len))
			return i;
	return err;
}

/* --- the thread ------------------------------------------------------------------------------- */

static void *keep(void *arg)
{
	struct state_file *file = arg;
	uint64_t wanted, tried = 0;
	int text = load(file);
	bool failed = false;

	__atomic_store_n(&file->loaded, text < 0 ? text : text * 2, __ATOMIC_RELEASE);
	for (;;) {
		bool quit = __atomic_load_n(&file->quit, __ATOMIC_ACQUIRE);
		struct timespec until;

		wanted = __atomic_load_n(&file->wanted, __ATOMIC_ACQUIRE);
		if (wanted != tried || failed) { /* at the end, too: there is no later retry */
			int err = replace(file->path, file->texts[wanted & 0xff]);

			tried = wanted;
			failed = err;
			__atomic_store_n(&file->tried,
					 wanted >> TICKET_SHIFT << TICKET_SHIFT | (uint64_t)-err,
					 __ATOMIC_RELEASE);
		}
		if (quit)
			break;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += RETRY_S;
		if (failed)
			sem_clockwait(&file->wake, CLOCK_MONOTONIC, &until);
		else
			sem_wait(&file->wake);
	}
	__atomic_store_n(&file->ended, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* --- the caller ------------------------------------------------------------------------------- */

/* Wait for the thread to write something else into a word of its own; false: in vain. */
static bool await(const int *word, int than, uint32_t ms)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == than && ms--)
		usleep(1000);
	return __atomic_load_n(word, __ATOMIC_ACQUIRE) != than;
}

int state_file_open(const char *path, const char *const *texts, int nb_texts, int *text,
		    struct state_file **out)
{
	struct state_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	snprintf(file->path, sizeof(file->path), "%s", path);
	file->texts = texts;
	file->nb_texts = nb_texts;
	file->loaded = LOADING;
	sem_init(&file->wake, 0, 0);
	if (rte_ctrl_thread_create(&file->thread, "state-file", NULL, keep, file)) {
		free(file);
		return -EAGAIN;
	}
	if (await(&file->loaded, LOADING, STATE_FILE_LOAD_MS))
		*text = file->loaded < 0 ? file->loaded : file->loaded / 2;
	else
		*text = -ETIMEDOUT;
	*out = file;
	return 0;
}

void state_file_close(struct state_file *file)
{
	if (!file)
		return;
	__atomic_store_n(&file->quit, true, __ATOMIC_RELEASE);
	sem_post(&file->wake);
	if (!await(&file->ended, 0, STATE_FILE_CLOSE_MS)) {
		pthread_detach(file->thread); /* the disk has it, and it has its memory */
		return;
	}
	pthread_join(file->thread, NULL);
	sem_destroy(&file->wake);
	free(file);
}

uint64_t state_file_want(struct state_file *file, int text)
{
	uint64_t ticket = file->wanted >> TICKET_SHIFT;
	int state = ticket ? state_file_state(file) : -ECANCELED;

	if ((state && state != -EINPROGRESS) || (int)(file->wanted & 0xff) != text) {
		ticket++;
		__atomic_store_n(&file->wanted, ticket << TICKET_SHIFT | (uint64_t)text,
				 __ATOMIC_RELEASE);
		sem_post(&file->wake);
	}
	return ticket;
}

int state_file_result(const struct state_file *file, uint64_t ticket)
{
	uint64_t tried = __atomic_load_n(&file->tried, __ATOMIC_ACQUIRE);

	if (ticket != file->wanted >> TICKET_SHIFT)
		return -ECANCELED;
	if (ticket != tried >> TICKET_SHIFT)
		return -EINPROGRESS;
	return -(int)(tried & 0xffff);
}

int state_file_state(const struct state_file *file)
{
	return state_file_result(file, file->wanted >> TICKET_SHIFT);
}
