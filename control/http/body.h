/* Text that is made faster than its reader takes it: what has been made and not been taken yet. */
#ifndef BASCULE_BODY_H
#define BASCULE_BODY_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zeroed, it is empty. */
struct body {
	char *text; /* owned: [pos, len) is to be taken */
	size_t pos, len, size;
	bool failed; /* there was no memory: what is there is not all */
};

void body_put(struct body *body, const char *text, size_t len);
void body_puts(struct body *body, const char *text);
__attribute__((format(printf, 2, 3))) void body_printf(struct body *body, const char *fmt, ...);

/* Take at most `max` octets into `to`; how many there were. Memory is given back with the last. */
size_t body_take(struct body *body, char *to, size_t max);
void body_free(struct body *body);

static inline size_t body_left(const struct body *body)
{
	return body->len - body->pos;
}

#ifdef __cplusplus
}
#endif
#endif
