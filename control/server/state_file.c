/* The caller leaves its wish in a slot, from which the thread takes it; a wish that has not been
 * taken yet is replaced. What has become of the last one that was tried is one word. */
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
	TICKET_SHIFT = 16, /* of a result: below it is the errno */
	LOADING = 1,	   /* of `loaded`, which otherwise is 0 or an errno, negative */
};

struct wish {
	uint64_t ticket;
	char text[];
};

struct state_file {
	char path[PATH_MAX];
	size_t max; /* octets of the file when it is read */
	pthread_t thread;
	sem_t wake;	   /* of the thread: another wish, or the end */
	struct wish *left; /* atomic; owned by whoever takes it out: the wish left for the thread */
	uint64_t ticket;   /* the caller's: of the last wish; 0: there was none */
	uint64_t refused;  /* the caller's: that ticket's wish found no memory; 0: none */
	char *wanted;	   /* owned by the caller's side: the last wish; NULL: none, or no memory */
	uint64_t tried;	   /* atomic; the thread's: errno 0 is success */
	int loaded;	   /* atomic; the thread's */
	char *content;	   /* owned: what was read, when `loaded` says so */
	bool quit;	   /* atomic; the caller's */
	int ended;	   /* atomic; the thread's: it uses none of this any more */
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

/* All octets of a descriptor, with a NUL behind. */
static int read_all(int fd, size_t max, char *text)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, text + len, max + 1 - len);
		if (n < 0)
			return -errno;
		len += (size_t)n;
	} while (n && len <= max);
	if (len > max)
		return -EFBIG;
	text[len] = '\0';
	return strlen(text) == len ? 0 : -EINVAL;
}

static int load(struct state_file *file)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC);
	char *text;
	int err;

	if (fd < 0)
		return -errno;
	text = malloc(file->max + 2);
	err = text ? read_all(fd, file->max, text) : -ENOMEM;
	close(fd);
	if (err)
		free(text);
	else
		file->content = text;
	return err;
}

/* --- the thread ------------------------------------------------------------------------------- */

/* The wish that was left, or else the one at hand. */
static struct wish *wish_take(struct state_file *file, struct wish *at_hand, bool *fresh)
{
	struct wish *left = __atomic_exchange_n(&file->left, NULL, __ATOMIC_ACQUIRE);

	*fresh = left;
	if (!left)
		return at_hand;
	free(at_hand);
	return left;
}

static void *keep(void *arg)
{
	struct state_file *file = arg;
	struct wish *wish = NULL;
	int err = load(file);
	bool failed = false, fresh;

	__atomic_store_n(&file->loaded, err, __ATOMIC_RELEASE);
	for (;;) {
		bool quit = __atomic_load_n(&file->quit, __ATOMIC_ACQUIRE);
		struct timespec until;

		wish = wish_take(file, wish, &fresh);
		if (fresh || failed) { /* at the end, too: there is no later retry */
			err = replace(file->path, wish->text);
			failed = err;
			__atomic_store_n(&file->tried,
					 wish->ticket << TICKET_SHIFT | (uint64_t)-err,
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
	free(wish);
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

int state_file_open(const char *path, size_t max, char **text, int *err, struct state_file **out)
{
	struct state_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	snprintf(file->path, sizeof(file->path), "%s", path);
	file->max = max;
	file->loaded = LOADING;
	sem_init(&file->wake, 0, 0);
	if (rte_ctrl_thread_create(&file->thread, "state-file", NULL, keep, file)) {
		free(file);
		return -EAGAIN;
	}
	*text = NULL;
	*err = -ETIMEDOUT;
	if (await(&file->loaded, LOADING, STATE_FILE_LOAD_MS)) {
		*err = file->loaded;
		*text = file->content;
		file->content = NULL;
	}
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
	free(file->content);
	free(file->wanted);
	free(file);
}

/* Leave word. False: there is no memory for it. */
static bool leave(struct state_file *file, const char *text)
{
	size_t size = strlen(text) + 1;
	struct wish *wish = malloc(sizeof(*wish) + size);

	free(file->wanted);
	file->wanted = wish ? strdup(text) : NULL;
	if (!wish)
		return false;
	wish->ticket = file->ticket;
	memcpy(wish->text, text, size);
	free(__atomic_exchange_n(&file->left, wish, __ATOMIC_ACQ_REL));
	sem_post(&file->wake);
	return true;
}

uint64_t state_file_want(struct state_file *file, const char *text)
{
	int state = file->ticket ? state_file_state(file) : -ECANCELED;

	if ((state && state != -EINPROGRESS) || !file->wanted || strcmp(file->wanted, text)) {
		file->ticket++;
		if (!leave(file, text))
			file->refused = file->ticket;
	}
	return file->ticket;
}

int state_file_result(const struct state_file *file, uint64_t ticket)
{
	uint64_t tried = __atomic_load_n(&file->tried, __ATOMIC_ACQUIRE);

	if (ticket != file->ticket)
		return -ECANCELED;
	if (ticket && ticket == file->refused)
		return -ENOMEM;
	if (ticket != tried >> TICKET_SHIFT)
		return -EINPROGRESS;
	return -(int)(tried & 0xffff);
}

int state_file_state(const struct state_file *file)
{
	return state_file_result(file, file->ticket);
}
