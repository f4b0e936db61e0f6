/* config_load() in a thread of its own, for those who may not wait for a disk: the file, and what
 * it names (password files, included ones), may lie on one that hangs.
 *
 *   reading_begin ─► readable ─► reading_take            or, at any moment, reading_leave
 *   reading_wait                                         who has nothing else to do, but is to say
 *                                                        what it waits for
 *
 * One reading at a time. A thread that hangs in the disk cannot be ended; it keeps what it needs
 * until the disk lets it go. */
#ifndef BASCULE_READING_H
#define BASCULE_READING_H

#include <pthread.h>
#include <stdbool.h>

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

struct reading {
	int fd; /* for poll(2): readable when it is through; -1: none is under way */
};

/* How to start a thread that keeps away from busy CPUs: as rte_ctrl_thread_create(), which `config`
 * does not know. 0, or an error, of either sign. */
typedef int reading_start(pthread_t *thread, const char *name, const pthread_attr_t *attr,
			  void *(*run)(void *), void *arg);

/* Read `path`. None may be under way. 0 or -errno: there is no thread, or no memory. */
int reading_begin(struct reading *reading, const char *path, reading_start *start);
/* Is it through? Then `config` and `report` are as after config_load(), and none is under way.
 * Never waits. */
bool reading_take(struct reading *reading, struct config **config, struct config_report *report);
/* Whatever comes of it is not wanted any more. None is under way afterwards, but the thread may go
 * on for a while. */
void reading_leave(struct reading *reading);

/* config_load(), but for as long as it takes `late` is called with the path, after READING_LATE_MS
 * and then each minute. */
enum { READING_LATE_MS = 2000 };
typedef void reading_late(const char *path, unsigned int seconds);
struct config *reading_wait(const char *path, reading_late *late, struct config_report *report);

static inline bool reading_under_way(const struct reading *reading)
{
	return reading->fd >= 0;
}

#ifdef __cplusplus
}
#endif
#endif
