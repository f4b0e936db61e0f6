/* Log lines, each formatted whole by the thread that has it, and written with one write(2), so that
 * threads never interleave. */
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "line_ring.h"

static const char *log_program = "bascule", *log_instance = "-";
static enum log_level log_max = LOG_LEVEL_INFO;
static bool log_journal;

static struct {
	struct line_ring ring;
	sem_t more; /* goes up with each line that is put, and at the end */
	pthread_t thread;
	bool runs, ends; /* atomic: lines go by the thread; it is to end */
} writer;

/* A name of each level, and its priority for syslog (RFC 5424 6.2.1). */
static const struct {
	const char *name;
	int priority;
} levels[] = { { "error", 3 }, { "warning", 4 }, { "info", 6 }, { "debug", 7 } };

bool log_level_parse(const char *name, enum log_level *level)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(name, levels[i].name))
			continue;
		*level = (enum log_level)i;
		return true;
	}
	return false;
}

/* Is stderr what systemd opened for the journal? It may have been redirected since
 * (systemd.exec(5), JOURNAL_STREAM). */
static bool journal_takes(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       !fstat(STDERR_FILENO, &st) && st.st_dev == device && st.st_ino == inode;
}

void log_open(const char *program, const char *instance, enum log_level max)
{
	log_program = program;
	log_instance = instance;
	log_max = max;
	log_journal = journal_takes();
}

/* What stands before the text. Returns its length, which is well below 512. */
static int line_begin(char *line, size_t size, enum log_level level)
{
	struct timespec now;
	struct tm tm;
	int n;

	if (log_journal)
		return snprintf(line, size, "<%d>%.64s: ", levels[level].priority, log_instance);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = (int)strftime(line, size, "%Y-%m-%dT%H:%M:%S", &tm);
	return n + snprintf(line + n, size - (size_t)n,
			    ".%03ldZ %.64s %.64s %s: ", now.tv_nsec / 1000000, log_program,
			    log_instance, levels[level].name);
}

static size_t line_make(char line[LINE_RING_LEN], enum log_level level, const char *fmt,
			va_list args)
{
	int n = line_begin(line, LINE_RING_LEN, level);

	n += vsnprintf(line + n, LINE_RING_LEN - (size_t)n, fmt, args);
	if (n > LINE_RING_LEN - 1)
		n = LINE_RING_LEN - 1;
	line[n++] = '\n';
	return (size_t)n;
}

/* Wait for stderr as long as it takes. Nothing useful can be done when it is gone. */
static void line_write(const char *text, size_t len)
{
	struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };

	while (len) {
		ssize_t n = write(STDERR_FILENO, text, len);

		if (n < 0 && errno == EAGAIN)
			poll(&fd, 1, -1);
		else if (n < 0 && errno != EINTR)
			return;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

void log_at(enum log_level level, const char *fmt, ...)
{
	char line[LINE_RING_LEN];
	va_list args;
	size_t len;

	if (level > log_max)
		return;
	va_start(args, fmt);
	len = line_make(line, level, fmt, args);
	va_end(args);
	if (!__atomic_load_n(&writer.runs, __ATOMIC_ACQUIRE))
		line_write(line, len);
	else if (line_ring_put(&writer.ring, line, len))
		sem_post(&writer.more);
}

/* --- the log's thread ------------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
	char line[LINE_RING_LEN];
	va_list args;

	va_start(args, fmt);
	line_write(line, line_make(line, LOG_LEVEL_WARNING, fmt, args));
	va_end(args);
}

static void say_refused(uint32_t n)
{
	if (n)
		say("log: %u lines are lost here: what reads them was too slow", n);
}

static void *write_lines(void *unused)
{
	const struct line *line;
	bool ends;

	do {
		while (sem_wait(&writer.more))
			;
		while (!sem_trywait(&writer.more))
			;
		ends = __atomic_load_n(&writer.ends, __ATOMIC_ACQUIRE);
		while ((line = line_ring_peek(&writer.ring))) {
			say_refused(line->refused);
			line_write(line->text, line->len);
			line_ring_done(&writer.ring);
		}
		say_refused(line_ring_refused(&writer.ring));
	} while (!ends);
	return unused;
}

static void fatal(int signal)
{
	log_flush();
	raise(signal); /* by default now, when the handler returns */
}

static void fatal_signals_take(void)
{
	static const int signals[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV };
	struct sigaction action = { .sa_handler = fatal, .sa_flags = (int)SA_RESETHAND }, before;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &before) && before.sa_handler == SIG_DFL)
			sigaction(signals[i], &action, NULL);
}

int log_start(log_thread_create *create)
{
	sigset_t all, before;
	int err;

	line_ring_init(&writer.ring);
	writer.ends = false;
	if (sem_init(&writer.more, 0, 0))
		return -errno;
	sigfillset(&all);
	sigdelset(&all, SIGSYS); /* of a system call of its own that is refused */
	pthread_sigmask(SIG_SETMASK, &all, &before); /* which the thread inherits */
	err = create(&writer.thread, "log", NULL, write_lines, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		return -abs(err);
	fatal_signals_take();
	__atomic_store_n(&writer.runs, true, __ATOMIC_RELEASE);
	return 0;
}

bool log_flush(void)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	uint64_t all = line_ring_count(&writer.ring);

	for (int ms = 0; line_ring_through(&writer.ring) < all; ms++) {
		if (ms == LOG_FLUSH_MS)
			return false;
		nanosleep(&tick, NULL);
	}
	return true;
}

bool log_stop(void)
{
	struct timespec until;

	if (!__atomic_load_n(&writer.runs, __ATOMIC_ACQUIRE))
		return true;
	if (!log_flush())
		return false;
	__atomic_store_n(&writer.ends, true, __ATOMIC_RELEASE);
	sem_post(&writer.more);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LOG_FLUSH_MS / 1000;
	if (pthread_timedjoin_np(writer.thread, NULL, &until))
		return false;
	__atomic_store_n(&writer.runs, false, __ATOMIC_RELEASE);
	return true;
}

/* --- limits ----------------------------------------------------------------------------------- */

bool log_limit(struct log_limit *limit, uint64_t now_ms, uint32_t *held)
{
	uint64_t earned = (now_ms - limit->since_ms) / limit->period_ms;

	if (earned) {
		limit->spent = earned >= limit->spent ? 0 : limit->spent - (uint32_t)earned;
		limit->since_ms += earned * limit->period_ms;
	}
	if (limit->spent >= limit->burst) {
		limit->held++;
		return false;
	}
	limit->spent++;
	*held = limit->held;
	limit->held = 0;
	return true;
}
