/* A bounds-checked window over borrowed octets, read from the front. A short read poisons the
 * window (`bad`, nothing left) and yields 0 or NULL, so that decoders read straight on and check
 * once. Copying one copies the position. */
#ifndef BASCULE_CURSOR_H
#define BASCULE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cursor {
	const uint8_t *pos, *end; /* borrowed */
	bool bad;
};

static inline struct cursor cursor_make(const void *data, size_t len)
{
	const uint8_t *at = (const uint8_t *)data;
	struct cursor c = { at, at + len, false };

	return c;
}

/* Octets left. */
static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->pos);
}

/* The next `n` octets, or NULL and poison. n = 0 yields a pointer that may not be read. */
static inline const uint8_t *cursor_take(struct cursor *c, size_t n)
{
	const uint8_t *at = c->pos;

	if (n > cursor_left(c)) {
		c->pos = c->end;
		c->bad = true;
		return NULL;
	}
	c->pos += n;
	return at;
}

/* The next `n` octets as a window of their own; if there are fewer, both windows are poisoned. */
static inline struct cursor cursor_sub(struct cursor *c, size_t n)
{
	const uint8_t *at = cursor_take(c, n);
	struct cursor sub = { at ? at : c->end, at ? at + n : c->end, c->bad };

	return sub;
}

/* Integers in network order, returned in host order; 0 and poison on a short read. */
static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *at = cursor_take(c, 1);

	return at ? at[0] : 0;
}

static inline uint16_t load_be16(const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return __builtin_bswap16(v);
}

static inline uint32_t load_be32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return __builtin_bswap32(v);
}

static inline void store_be16(uint8_t *at, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(at, &v, sizeof(v));
}

static inline void store_be32(uint8_t *at, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(at, &v, sizeof(v));
}

static inline uint16_t cursor_u16(struct cursor *c)
{
	const uint8_t *at = cursor_take(c, 2);

	return at ? load_be16(at) : 0;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	const uint8_t *at = cursor_take(c, 4);

	return at ? load_be32(at) : 0;
}

#ifdef __cplusplus
}
#endif
#endif
