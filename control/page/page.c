/* Rows in a page, one behind the other. */
#include "page.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static size_t padded(size_t len)
{
	return (len + 7) & ~(size_t)7;
}

void *page_add(struct page *page, uint16_t type, size_t len)
{
	size_t size = sizeof(struct page_row) + padded(len);
	struct page_row *row = (struct page_row *)(page->rows + page->used);

	if (page->nb_rows == PAGE_ROWS || size > PAGE_BYTES - page->used)
		return NULL;
	memset(row, 0, size);
	row->type = type;
	row->len = (uint16_t)padded(len);
	page->nb_rows++;
	page->used += (uint32_t)size;
	return row + 1;
}

void page_trim(struct page *page, const void *row, size_t len)
{
	struct page_row *head = (struct page_row *)row - 1;

	assert((const uint8_t *)row + head->len == page->rows + page->used && len <= head->len);
	page->used -= head->len - (uint32_t)padded(len);
	head->len = (uint16_t)padded(len);
}

const void *page_next(const struct page *page, uint32_t *at, uint16_t *type)
{
	const struct page_row *row = (const struct page_row *)(page->rows + *at);

	if (*at >= page->used)
		return NULL;
	*at += (uint32_t)sizeof(*row) + row->len;
	*type = row->type;
	return row + 1;
}

void page_error(struct page *page, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(page->error, sizeof(page->error), fmt, args);
	va_end(args);
}

void page_hint(struct page *page, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(page->hint, sizeof(page->hint), fmt, args);
	va_end(args);
}
