/* One line a fact, to stderr, for a terminal, a file or a pipe:
 *   2026-11-23T05:00:00.123Z bascule-control rs0 warning: peer nva-a: ...
 * If stderr is the journal's (systemd says so in JOURNAL_STREAM), in its form, with a priority and
 * without what the journal adds itself:
 *   <4>rs0: peer nva-a: ...
 * Safe from any thread. Not for hot loops: a burst of equal lines is the caller's to limit
 * (log_limit).
 *
 * Whoever reads stderr may hang: a journal behind a hung disk, a pipe that nobody empties. At
 * first, and in programs that end soon, a line is written by the thread that has it. Between
 * log_start() and log_stop() a thread of the log's own writes, and nobody else waits:
 *
 *   log_at ─► line_ring ─► the log's thread ─► stderr
 *
 * Lines for which the ring has no room are lost, and the log says in their place how many. */
#ifndef BASCULE_LOG_H
#define BASCULE_LOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* "error", "warning", "info" or "debug". False: none of them, and `*level` is untouched. */
bool log_level_parse(const char *name, enum log_level *level);

/* `program` and `instance` are borrowed for the life of the process. Lines above `max` are dropped.
 * Finds out what stderr is. */
void log_open(const char *program, const char *instance, enum log_level max);

__attribute__((format(printf, 2, 3))) void log_at(enum log_level level, const char *fmt, ...);

#define log_error(...)	 log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)	 log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* How to start a thread that keeps away from busy CPUs: as rte_ctrl_thread_create(). 0, or an
 * error, of either sign. */
typedef int log_thread_create(pthread_t *thread, const char *name, const pthread_attr_t *attr,
			      void *(*run)(void *), void *arg);

enum { LOG_FLUSH_MS = 1000 };

/* Lines are written by a thread of their own from now on. It blocks all signals but SIGSYS. A
 * signal that ends the process for a fault of its own (SIGABRT, SIGSEGV, ...) waits for log_flush()
 * first, unless it has a handler. 0 or -errno: there is no such thread, and lines are written as
 * before. */
int log_start(log_thread_create *create);
/* Wait until what has been said so far is written, for LOG_FLUSH_MS at most. False: it is not. Safe
 * in a signal handler. */
bool log_flush(void);
/* Likewise, and lines are written by the threads that have them again. False: the thread still
 * waits for whoever reads; all stays as it is. Of one thread, when no other one logs. */
bool log_stop(void);

/* A token bucket for one kind of line: burst of `burst`, then one each `period_ms`. log_limit()
 * says whether this line may be written, and hands over how many were held back since the last one
 * that was. Used by one thread. */
struct log_limit {
	uint32_t burst, period_ms;
	uint32_t spent, held;
	uint64_t since_ms;
};
bool log_limit(struct log_limit *limit, uint64_t now_ms, uint32_t *held);

#ifdef __cplusplus
}
#endif
#endif
