/* See document.h. */
#include "document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_json(struct body *body, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);

	if (text)
		body_puts(body, text);
	else
		body->failed = true;
	free(text);
}

static void document_row(void *ctx, json_t *row)
{
	struct document *document = ctx;

	if (!document->single)
		body_puts(document->body, document->begun ? ",\n" : "[");
	document->begun = true;
	put_json(document->body, row);
	json_decref(row);
}

/* A document has no room for what is left: who wants to know counts. */
static void document_end(void *ctx, const char *error, const char *hint, uint64_t left)
{
	struct document *document = ctx;

	snprintf(document->error, sizeof(document->error), "%s", error);
	snprintf(document->hint, sizeof(document->hint), "%s", hint);
	document->failed = error[0];
	document->whole = !error[0];
	if (error[0])
		return;
	if (!document->begun)
		body_puts(document->body, document->single ? "null" : "[");
	body_puts(document->body, document->single ? "\n" : "]\n");
}

struct sink document_sink(struct document *document)
{
	return (struct sink){ .row = document_row, .end = document_end, .ctx = document };
}

void document_error(struct body *body, const char *error, const char *hint)
{
	json_t *object = json_pack("{s:s}", "error", error);

	if (hint[0])
		json_object_set_new(object, "hint", json_string(hint));
	put_json(body, object);
	body_puts(body, "\n");
	json_decref(object);
}
