/* Log lines, each formatted whole and written with one write(2), so that threads never
 * interleave. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *log_program = "bascule", *log_instance = "-";
static enum log_level log_max = LOG_LEVEL_INFO;
static bool log_journal;

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

void log_at(enum log_level level, const char *fmt, ...)
{
	char line[1024];
	va_list args;
	int n;

	if (level > log_max)
		return;
	n = line_begin(line, sizeof(line), level);
	va_start(args, fmt);
	n += vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, args);
	va_end(args);
	if (n > (int)sizeof(line) - 1)
		n = (int)sizeof(line) - 1;
	line[n++] = '\n';
	/* Nothing useful can be done when stderr is gone. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

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
