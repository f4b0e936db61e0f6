/* A stream whose octets are cut into lines. */
#include "log_stream.h"

#include <string.h>

static ssize_t lines_write(void *level, const char *text, size_t len)
{
	const char *at = text, *end = text + len;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;

		if (stop > at)
			log_at(*(const enum log_level *)level, "%.*s", (int)(stop - at), at);
		at = stop + 1;
	}
	return (ssize_t)len;
}

FILE *log_stream(enum log_level level)
{
	static const enum log_level levels[] = { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO,
						 LOG_LEVEL_DEBUG };
	cookie_io_functions_t io = { .write = lines_write };
	FILE *stream = fopencookie((void *)&levels[level], "w", io);

	if (stream)
		setvbuf(stream, NULL, _IOLBF, 0);
	return stream;
}
