/* Requests, parsed and checked whole before anything is asked. */
#include "request.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { ARGUMENTS = 3 };

/* Reads one argument into the page. NULL, or what it must be. */
typedef const char *argument_read(struct page *page, const json_t *value);

static const char *read_name(struct page *page, const json_t *value)
{
	const char *name = json_string_value(value);

	if (!name || !name[0] || strlen(name) >= sizeof(page->peer))
		return "the name of a peer";
	memcpy(page->peer, name, strlen(name) + 1);
	return NULL;
}

static const char *read_prefix(struct page *page, const json_t *value)
{
	if (!json_is_string(value) || !prefix_parse(json_string_value(value), &page->prefix))
		return "a prefix such as \"10.0.0.0/16\", without host bits";
	page->command = PAGE_ROUTES_PREFIX;
	return NULL;
}

static const char *read_address(struct page *page, const json_t *value)
{
	if (!json_is_string(value) || !addr_parse(json_string_value(value), &page->address))
		return "an address such as \"10.0.0.1\"";
	page->command = page->command == PAGE_FIB ? PAGE_FIB_ADDRESS : PAGE_ROUTES_ADDRESS;
	return NULL;
}

static const char *read_which(struct page *page, const json_t *value)
{
	const char *which = json_string_value(value);

	if (which && !strcmp(which, "learned"))
		page->command = PAGE_LEARNED;
	else if (which && !strcmp(which, "advertised"))
		page->command = PAGE_ADVERTISED;
	else if (which && !strcmp(which, "received"))
		page->command = PAGE_RECEIVED;
	else
		return "\"received\", \"learned\" or \"advertised\"";
	return NULL;
}

static const char *read_view(struct page *page, const json_t *value)
{
	enum role role;

	if (!json_is_string(value) || !role_parse(json_string_value(value), &role))
		return "a role: \"expressroute\", \"vpn\", \"nva\" or \"vnet\"";
	page->view = (uint8_t)role;
	return NULL;
}

static const char *read_enable(struct page *page, const json_t *value)
{
	if (!json_is_boolean(value))
		return "true or false";
	page->enable = json_is_true(value);
	return NULL;
}

static const char *read_soft(struct page *page, const json_t *value)
{
	const char *soft = json_string_value(value);

	if (soft && !strcmp(soft, "in"))
		page->command = PAGE_SOFT_IN;
	else if (soft && !strcmp(soft, "out"))
		page->command = PAGE_SOFT_OUT;
	else
		return "\"in\" or \"out\"";
	return NULL;
}

static const char *read_after(struct page *page, const json_t *value)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return "the number of an event";
	page->cursor[0] = (uint64_t)json_integer_value(value);
	return NULL;
}

static const struct command {
	const char *words;
	enum page_command command; /* unless an argument makes it another */
	struct argument {
		const char *key;
		argument_read *read;
		bool needed;
	} argument[ARGUMENTS];
} commands[] = {
	{ "show summary", PAGE_SUMMARY, { { 0 } } },
	{ "show peers", PAGE_PEERS, { { 0 } } },
	{ "show peer", PAGE_PEER, { { "name", read_name, true } } },
	{ "show routes",
	  PAGE_ROUTES,
	  { { "prefix", read_prefix, false }, { "address", read_address, false } } },
	{ "show routes",
	  PAGE_LEARNED,
	  { { "peer", read_name, true }, { "which", read_which, true } } },
	{ "show fib",
	  PAGE_FIB,
	  { { "view", read_view, true }, { "address", read_address, false } } },
	{ "show policy", PAGE_POLICY, { { 0 } } },
	{ "show exchange", PAGE_EXCHANGE, { { 0 } } },
	{ "show events", PAGE_EVENTS, { { "after", read_after, false } } },
	{ "exchange", PAGE_EXCHANGE_SET, { { "enable", read_enable, true } } },
	{ "peer reset", PAGE_RESET, { { "name", read_name, true }, { "soft", read_soft, false } } },
	{ "reload", PAGE_RELOAD, { { 0 } } },
};

static bool takes(const struct command *command, const char *key)
{
	for (size_t i = 0; i < ARGUMENTS; i++)
		if (command->argument[i].key && !strcmp(command->argument[i].key, key))
			return true;
	return false;
}

/* Does the command take all these arguments? Otherwise `*stranger` is one that it does not. */
static bool takes_all(const struct command *command, json_t *arguments, const char **stranger)
{
	const char *key;
	json_t *value;

	json_object_foreach(arguments, key, value)
	{
		if (!takes(command, key)) {
			*stranger = key;
			return false;
		}
	}
	return true;
}

/* The command of these words that takes these arguments. */
static const struct command *find_command(struct page *page, const char *words, json_t *arguments)
{
	const char *stranger = NULL;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].words, words) &&
		    takes_all(&commands[i], arguments, &stranger))
			return &commands[i];
	if (stranger)
		page_error(page, "\"%s\" does not take the argument \"%.64s\"", words, stranger);
	else
		page_error(page, "there is no command \"%.64s\"", words);
	page_hint(page, "bascule --help");
	return NULL;
}

static bool read_arguments(struct page *page, const struct command *command, json_t *arguments)
{
	page->command = command->command;
	for (size_t i = 0; i < ARGUMENTS && command->argument[i].key; i++) {
		const struct argument *argument = &command->argument[i];
		json_t *value = json_object_get(arguments, argument->key);
		const char *wanted = value ? argument->read(page, value) : NULL;

		if (wanted)
			page_error(page, "argument \"%s\" must be %s", argument->key, wanted);
		else if (!value && argument->needed)
			page_error(page, "\"%s\" needs the argument \"%s\"", command->words,
				   argument->key);
		if (page->error[0])
			return false;
	}
	return true;
}

bool request_load_config(struct page *page, const char *config_path)
{
	page->config = config_load(config_path, &page->report);
	if (page->config)
		return true;
	page_error(page, "%s is refused: %zu error%s; nothing was applied", config_path,
		   page->report.nb_errors, page->report.nb_errors == 1 ? "" : "s");
	page_hint(page, "bascule config check %s", config_path);
	return false;
}

static bool parse_object(struct page *page, json_t *request, const char *config_path)
{
	const char *words = json_string_value(json_object_get(request, "command"));
	json_t *arguments = json_object_get(request, "arguments");
	const struct command *command;

	if (!words || (arguments && !json_is_object(arguments))) {
		page_error(page, "a request is {\"command\":\"...\",\"arguments\":{...}}");
		return false;
	}
	command = find_command(page, words, arguments);
	if (!command || !read_arguments(page, command, arguments))
		return false;
	return page->command != PAGE_RELOAD || request_load_config(page, config_path);
}

bool request_parse(struct page *page, const char *line, size_t len, const char *config_path)
{
	json_error_t error;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	bool good;

	if (!request) {
		page_error(page, "not JSON: %s", error.text);
		return false;
	}
	good = parse_object(page, request, config_path);
	json_decref(request);
	return good;
}
