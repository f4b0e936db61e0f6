/* Tables. A held row is its cells as text, one behind the other; once the widths are known they are
 * only printed. */
#include "table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct held {
	struct prefix key;
	size_t index; /* keeps equal rows in order */
	char *cells;  /* owned: texts with a NUL behind each */
};

struct table {
	const struct column *columns; /* borrowed */
	table_key_fn *key;
	FILE *out; /* borrowed */
	size_t nb_columns, nb_rows, nb_held;
	size_t width[TABLE_COLUMNS];
	bool streaming;
	struct held held[TABLE_HELD];
};

struct table *table_new(const struct column *columns, table_key_fn *key, FILE *out)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->columns = columns;
	table->key = key;
	table->out = out;
	for (; columns[table->nb_columns].title; table->nb_columns++) {
		assert(table->nb_columns < TABLE_COLUMNS);
		table->width[table->nb_columns] = strlen(columns[table->nb_columns].title);
	}
	return table;
}

/* Octets are not columns where a text has UTF-8 in it: continuation octets take no room. */
static size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void print_cell(const struct table *table, size_t i, const char *text)
{
	const struct column *column = &table->columns[i];
	size_t width = text_width(text);
	int fill = width < table->width[i] ? (int)(table->width[i] - width) : 0;
	bool last = i + 1 == table->nb_columns;

	if (i)
		fputs("  ", table->out);
	if (column->right)
		fprintf(table->out, "%*s%s", fill, "", text);
	else
		fprintf(table->out, "%s%*s", text, last ? 0 : fill, "");
	if (last)
		fputc('\n', table->out);
}

static void print_row(const struct table *table, const char *cells)
{
	for (size_t i = 0; i < table->nb_columns; i++) {
		print_cell(table, i, cells);
		cells += strlen(cells) + 1;
	}
}

static int by_key(const void *a, const void *b)
{
	const struct held *x = a, *y = b;
	int order = prefix_compare(x->key, y->key);

	if (order)
		return order;
	return x->index < y->index ? -1 : 1;
}

/* Print the header and what was held; from now on rows are printed as they come. */
static void release(struct table *table)
{
	for (size_t i = 0; i < table->nb_columns; i++)
		print_cell(table, i, table->columns[i].title);
	for (size_t i = 0; i < table->nb_held; i++) {
		print_row(table, table->held[i].cells);
		free(table->held[i].cells);
	}
	table->nb_held = 0;
	table->streaming = true;
}

static bool hold(struct table *table, const json_t *row)
{
	char cells[TABLE_COLUMNS * CELL_TEXT], buf[CELL_TEXT];
	struct held *held = &table->held[table->nb_held];
	size_t len = 0;

	for (size_t i = 0; i < table->nb_columns; i++) {
		const char *text = table->columns[i].cell(row, table->columns[i].field, buf);
		size_t width = text_width(text), size = strlen(text) + 1;

		memcpy(cells + len, text, size);
		len += size;
		if (width > table->width[i])
			table->width[i] = width;
	}
	*held = (struct held){ .index = table->nb_held, .cells = malloc(len) };
	if (table->key)
		held->key = table->key(row);
	if (!held->cells)
		return false;
	memcpy(held->cells, cells, len);
	table->nb_held++;
	return true;
}

bool table_add(struct table *table, const json_t *row)
{
	char buf[CELL_TEXT];

	table->nb_rows++;
	if (!table->streaming && table->nb_held < TABLE_HELD)
		return hold(table, row);
	if (!table->streaming)
		release(table);
	for (size_t i = 0; i < table->nb_columns; i++)
		print_cell(table, i, table->columns[i].cell(row, table->columns[i].field, buf));
	return true;
}

size_t table_end(struct table *table)
{
	if (!table->streaming) {
		if (table->key)
			qsort(table->held, table->nb_held, sizeof(table->held[0]), by_key);
		release(table);
	}
	return table->nb_rows;
}

void table_free(struct table *table)
{
	for (size_t i = 0; table && i < table->nb_held; i++)
		free(table->held[i].cells);
	free(table);
}

void table_fields(const struct column *columns, const json_t *row, FILE *out)
{
	size_t width = 0;
	char buf[CELL_TEXT];

	for (const struct column *c = columns; c->title; c++)
		width = strlen(c->title) > width ? strlen(c->title) : width;
	for (const struct column *c = columns; c->title; c++) {
		if (json_object_get(row, c->field))
			fprintf(out, "%-*s  %s\n", (int)width, c->title,
				c->cell(row, c->field, buf));
	}
}

void table_inner(const json_t *rows, const struct column *columns, FILE *out)
{
	struct table *table = json_array_size(rows) ? table_new(columns, NULL, out) : NULL;
	const json_t *row;
	size_t i;

	if (!table)
		return;
	fputc('\n', out);
	json_array_foreach(rows, i, row) table_add(table, row);
	table_end(table);
	table_free(table);
}

struct prefix table_key_prefix(const json_t *row)
{
	const char *text = json_string_value(json_object_get(row, "prefix"));
	struct prefix key = { 0 };

	if (text)
		prefix_parse(text, &key);
	return key;
}

struct prefix table_key_address(const json_t *row)
{
	const char *text = json_string_value(json_object_get(row, "address"));
	struct prefix key = { 0 };
	const char *zone;

	if (text && addr_zone_parse(text, &key.addr, &zone))
		key.len = family_bits(key.addr.family);
	return key;
}
