/* What a path of the API asks for: /api/v1/ and the words of a command of ctl.h with slashes
 * between them, without "show", and the command's arguments behind a question mark:
 *
 *   /api/v1/summary                      show summary
 *   /api/v1/peers, /api/v1/peers/ergw/0  show peers, show peer (what follows is the name)
 *   /api/v1/routes?prefix=10.20.0.0/16   show routes
 *   /api/v1/exchange/plan?enable=true    exchange plan
 *
 * A GET changes nothing. Pure. */
#ifndef BASCULE_API_H
#define BASCULE_API_H

#include <stdbool.h>
#include <stddef.h>

#include "page.h"

#ifdef __cplusplus
extern "C" {
#endif

#define API_ROOT "/api/v1/"

enum { API_ARGUMENTS = 16 };

struct api_argument {
	const char *key, *value; /* decoded; value NULL: there is no "=" */
};

struct api_request {
	const char *path; /* decoded */
	size_t nb_arguments;
	struct api_argument argument[API_ARGUMENTS];
};

/* Fill in the question of a zeroed page. 0; or an HTTP status, and page->error (and hint) says
 * why. */
unsigned int api_question(struct page *page, const struct api_request *request);

/* The HTTP status of an answer that is an error. */
unsigned int api_error_status(const struct page *page);

#ifdef __cplusplus
}
#endif
#endif
