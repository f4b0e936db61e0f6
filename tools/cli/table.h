/* Rows for people: aligned columns, or one row as a list of its fields. A table holds its first
 * rows back to learn how wide its columns are, and to sort them if they turn out to be all; what
 * follows streams, however much it is. */
#ifndef BASCULE_TABLE_H
#define BASCULE_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cell.h"
#include "prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TABLE_COLUMNS = 24, TABLE_HELD = 4096 };

struct column {
	const char *title, *field;
	cell_fn *cell;
	bool right; /* aligned to the right */
};

struct table; /* owned by table_new()'s caller */

/* What a row is sorted by; without it, 0.0.0.0/0. */
typedef struct prefix table_key_fn(const json_t *row);

/* `columns` ends with one without a title. `key` (may be NULL) is what a short table is sorted by;
 * equal rows keep their order. NULL: no memory. */
struct table *table_new(const struct column *columns, table_key_fn *key, FILE *out);
/* Print a row, now or later. False: no memory. */
bool table_add(struct table *table, const json_t *row);
/* Print what is held back, and the header at least. Returns how many rows there were. */
size_t table_end(struct table *table);
void table_free(struct table *table);

/* One row as lines "title  value"; fields that it does not have are left out. */
void table_fields(const struct column *columns, const json_t *row, FILE *out);

/* Rows that came inside of another, after an empty line, as a table of their own; nothing if there
 * are none. */
void table_inner(const json_t *rows, const struct column *columns, FILE *out);

/* row.prefix; row.address as the prefix that it alone is in. */
table_key_fn table_key_prefix, table_key_address;

#ifdef __cplusplus
}
#endif
#endif
