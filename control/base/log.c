/* Log lines, each formatted whole and written with one write(2), so that threads never interleave. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *log_program = "bascule", *log_instance = "-";
static enum log_level log_max = LOG_LEVEL_INFO;

void log_open(const char *program, const char *instance, enum log_level max)
{
	log_program = program;
	log_instance = instance;
	log_max = max;
}

void log_at(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	char line[1024];
	struct timespec now;
	struct tm tm;
	va_list args;
	int n;

	if (level > log_max)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = (int)strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &tm);
	n += snprintf(line + n, sizeof(line) - (size_t)n,
		      ".%03ldZ %.64s %.64s %s: ", now.tv_nsec / 1000000, log_program, log_instance,
		      names[level]);
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
