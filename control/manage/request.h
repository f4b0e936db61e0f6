/* Turns what a client asks for, a line of JSON or a command with its arguments, into a question for
 * the RIB lcore. One const table says which commands there are and what arguments each takes. It
 * answers nothing. Of any thread that has a desk. */
#ifndef BASCULE_REQUEST_H
#define BASCULE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "page.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fill in the question of a zeroed page; a reload has no configuration yet. False: page->error (and
 * hint) says why not. */
bool request_parse(struct page *page, const char *line, size_t len);

/* The same of a command's words, and its arguments (an object; borrowed; NULL: none). */
bool request_read(struct page *page, const char *words, const json_t *arguments);

/* Is there a command of these words? */
bool request_exists(const char *words);
/* The value that stands as text in a URL, as JSON of the kind that the command's argument `key`
 * takes: "true", "42", "65001:1,65001:2" for a list. What is no such kind, or no argument, remains
 * a string, for request_read() to refuse. A new reference. */
json_t *request_value(const char *words, const char *key, const char *text);

/* Can the answer have one row at most? */
bool request_single(const struct page *page);

/* Does what it asks for change anything? Otherwise it only shows. */
bool request_changes(const struct page *page);

#ifdef __cplusplus
}
#endif
#endif
