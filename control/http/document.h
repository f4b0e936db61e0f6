/* The rows of an answer as one JSON document: an array of them, or the row itself where there can
 * be but one, as `bascule --json` prints them. */
#ifndef BASCULE_DOCUMENT_H
#define BASCULE_DOCUMENT_H

#include <stdbool.h>

#include "body.h"
#include "desk.h"

#ifdef __cplusplus
extern "C" {
#endif

struct document {
	struct body *body; /* borrowed: what is made goes there */
	bool single;	   /* one row at most */
	bool begun;	   /* a row stands in the body */
	bool whole;	   /* nothing is missing */
	bool failed;	   /* it ends here, and is not whole */
	char error[PAGE_TEXT], hint[PAGE_TEXT];
};

/* Where rows become the document; `ctx` is the document. */
struct sink document_sink(struct document *document);

/* {"error":…,"hint":…} into the body; the hint may be empty. */
void document_error(struct body *body, const char *error, const char *hint);

#ifdef __cplusplus
}
#endif
#endif
