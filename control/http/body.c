/* See body.h. */
#include "body.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_FIRST = 4096 };

/* Room for `len` octets behind what there is. */
static bool reserve(struct body *body, size_t len)
{
	size_t size = body->size ? body->size : BODY_FIRST;
	char *bigger;

	while (size < body->len + len)
		size *= 2;
	if (size == body->size)
		return true;
	bigger = realloc(body->text, size);
	if (!bigger) {
		body->failed = true;
		return false;
	}
	body->text = bigger;
	body->size = size;
	return true;
}

void body_put(struct body *body, const char *text, size_t len)
{
	if (!reserve(body, len))
		return;
	memcpy(body->text + body->len, text, len);
	body->len += len;
}

void body_puts(struct body *body, const char *text)
{
	body_put(body, text, strlen(text));
}

void body_printf(struct body *body, const char *fmt, ...)
{
	enum { LIKELY = 256 };
	va_list args;
	int len;

	if (!reserve(body, LIKELY))
		return;
	va_start(args, fmt);
	len = vsnprintf(body->text + body->len, LIKELY, fmt, args);
	va_end(args);
	if (len >= LIKELY) {
		if (!reserve(body, (size_t)len + 1))
			return;
		va_start(args, fmt);
		vsnprintf(body->text + body->len, (size_t)len + 1, fmt, args);
		va_end(args);
	}
	body->len += (size_t)len;
}

size_t body_take(struct body *body, char *to, size_t max)
{
	size_t n = body_left(body);

	n = n < max ? n : max;
	if (n)
		memcpy(to, body->text + body->pos, n);
	body->pos += n;
	if (body->pos == body->len && !body->failed)
		body_free(body);
	return n;
}

void body_free(struct body *body)
{
	free(body->text);
	*body = (struct body){ 0 };
}
