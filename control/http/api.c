/* See api.h. */
#include "api.h"

#include <stdio.h>
#include <string.h>

#include <microhttpd.h>

#include "request.h"

enum { WORDS = 64 }; /* buffer of a command's words */

/* The words of a path below the root, in `words` of WORDS octets, behind `verb`. */
static void words_of(const char *verb, const char *path, char *words)
{
	snprintf(words, WORDS, "%s%s", verb, path);
	for (char *at = words; (at = strchr(at, '/'));)
		*at = ' ';
}

/* Find the command of a path, and in `*name` what else it says. */
static bool find_words(const char *path, char *words, const char **name)
{
	static const char peers[] = "peers/";

	*name = NULL;
	if (!strncmp(path, peers, strlen(peers)) && path[strlen(peers)]) {
		*name = path + strlen(peers);
		snprintf(words, WORDS, "show peer");
		return true;
	}
	/* a blank would stand for a slash */
	if (!path[0] || strlen(path) + sizeof("show ") > WORDS || strchr(path, ' '))
		return false;
	words_of("show ", path, words);
	if (request_exists(words))
		return true;
	words_of("", path, words);
	return request_exists(words) && strncmp(words, "show ", strlen("show ")) != 0;
}

/* The arguments as JSON. NULL: page->error says why not. */
static json_t *arguments_of(struct page *page, const char *words, const char *name,
			    const struct api_request *request)
{
	json_t *arguments = json_object();

	if (name)
		json_object_set_new(arguments, "name", json_string(name));
	for (size_t i = 0; i < request->nb_arguments; i++) {
		const struct api_argument *argument = &request->argument[i];

		if (json_object_get(arguments, argument->key))
			page_error(page, "argument \"%.64s\" is there twice", argument->key);
		else if (json_object_set_new(
				 arguments, argument->key,
				 request_value(words, argument->key,
					       argument->value ? argument->value : "true")))
			page_error(page, "an argument's name is not UTF-8");
		if (page->error[0]) {
			json_decref(arguments);
			return NULL;
		}
	}
	return arguments;
}

unsigned int api_question(struct page *page, const struct api_request *request)
{
	const char *path = request->path + strlen(API_ROOT), *name;
	char words[WORDS];
	json_t *arguments;
	bool good;

	if (strncmp(request->path, API_ROOT, strlen(API_ROOT)) || !find_words(path, words, &name)) {
		page_error(page, "there is nothing at this path");
		page_hint(page, API_ROOT "summary");
		return MHD_HTTP_NOT_FOUND;
	}
	arguments = arguments_of(page, words, name, request);
	good = arguments && request_read(page, words, arguments);
	json_decref(arguments);
	if (!good)
		return MHD_HTTP_BAD_REQUEST;
	if (!request_changes(page))
		return 0;
	page_error(page, "this changes something: POST it");
	return MHD_HTTP_METHOD_NOT_ALLOWED;
}

/* What is named may not be there; what is there may not be what the question takes it for. */
unsigned int api_error_status(const struct page *page)
{
	return page->peer[0] ? MHD_HTTP_NOT_FOUND : MHD_HTTP_CONFLICT;
}
