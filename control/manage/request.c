/* Requests, parsed and checked whole before anything is asked. */
#include "request.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listing.h"
#include "maintenance.h"
#include "route_arguments.h"

enum { ARGUMENTS = 14 };

enum argument_type { ARGUMENT_TEXT, ARGUMENT_BOOL, ARGUMENT_NUMBER, ARGUMENT_LIST };

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
		return "a prefix such as \"10.0.0.0/16\" or \"2001:db8::/32\", without host bits";
	page->match = MATCH_EXACT;
	return NULL;
}

/* After the prefix. */
static const char *read_longer(struct page *page, const json_t *value)
{
	if (!json_is_true(value))
		return "true";
	if (page->match != MATCH_EXACT)
		page_error(page, "argument \"longer\" goes with \"prefix\" alone");
	page->match = MATCH_WITHIN;
	return NULL;
}

static const char *read_address(struct page *page, const json_t *value)
{
	if (!json_is_string(value) || !addr_parse(json_string_value(value), &page->address))
		return "an address such as \"10.0.0.1\" or \"2001:db8::1\"";
	if (page->match != MATCH_ANY)
		page_error(page, "argument \"address\" goes without \"prefix\"");
	page->match = MATCH_LONGEST;
	return NULL;
}

/* Of what is asked about. */
static uint8_t family_asked(const struct page *page)
{
	return page->match == MATCH_LONGEST ? page->address.family : page->prefix.addr.family;
}

/* After prefix and address. */
static const char *read_family(struct page *page, const json_t *value)
{
	const char *name = json_string_value(value);

	page->one_family = true;
	for (uint8_t family = 0; name && family < FAMILY_COUNT; family++) {
		if (strcmp(name, family_name(family)))
			continue;
		page->family = family;
		if (page->match != MATCH_ANY && family != family_asked(page))
			page_error(page,
				   "argument \"family\" is not that of the prefix or address");
		return NULL;
	}
	return "\"ipv4\" or \"ipv6\"";
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

static const char *read_force(struct page *page, const json_t *value)
{
	if (!json_is_boolean(value))
		return "true or false";
	page->force = json_is_true(value);
	return NULL;
}

static const char *read_drained(struct page *page, const json_t *value)
{
	if (!json_is_boolean(value))
		return "true or false";
	page->service = json_is_true(value) ? SERVICE_INSTANCE_DRAIN : SERVICE_INSTANCE_UNDRAIN;
	return NULL;
}

static const char *read_action(struct page *page, const json_t *value)
{
	static const struct {
		const char *name;
		enum page_service service;
	} actions[] = {
		{ "drain", SERVICE_DRAIN },	  { "undrain", SERVICE_UNDRAIN },
		{ "shutdown", SERVICE_SHUTDOWN }, { "start", SERVICE_START },
		{ "reset", SERVICE_RESET },
	};
	const char *action = json_string_value(value);

	for (size_t i = 0; action && i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(action, actions[i].name))
			continue;
		page->service = actions[i].service;
		return NULL;
	}
	return "\"drain\", \"undrain\", \"shutdown\", \"start\" or \"reset\"";
}

static const char *read_all(struct page *page, const json_t *value)
{
	if (!json_is_true(value))
		return "true";
	page->all = true;
	return NULL;
}

/* After the action. */
static const char *read_text(struct page *page, const json_t *value)
{
	const char *text = json_string_value(value);

	if (page->service != SERVICE_SHUTDOWN) {
		page_error(page, "argument \"text\" goes with \"shutdown\" alone");
		return NULL;
	}
	if (!text || !maintenance_text_valid(text))
		return "text of at most 255 octets in UTF-8, without control characters";
	snprintf(page->text, sizeof(page->text), "%s", text);
	return NULL;
}

static const char *read_plan(struct page *page, const json_t *value)
{
	page->said = true;
	return read_enable(page, value);
}

static const char *read_prefixes(struct page *page, const json_t *value)
{
	if (!json_is_boolean(value))
		return "true or false";
	page->prefixes = json_is_true(value);
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

/* --- events ----------------------------------------------------------------------------------- */

static const char *read_after(struct page *page, const json_t *value)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return "the number of an event";
	page->cursor[0] = (uint64_t)json_integer_value(value);
	return NULL;
}

/* What both kinds of `show routes` take behind the prefix. clang-format would break it up. */
/* clang-format off */
#define ROUTES_WANTED \
	{ "longer", read_longer, false, ARGUMENT_BOOL }, \
	{ "address", read_address, false }, \
	{ "family", read_family, false }, \
	{ "as_path", read_path_pattern, false }, \
	{ "origin_as", read_origin_as, false, ARGUMENT_NUMBER }, \
	{ "community", read_community_patterns, false, ARGUMENT_LIST }, \
	{ "next_hop", read_next_hop, false }, \
	{ "role", read_role, false }, \
	{ "state", read_state, false }, \
	{ "count", read_count, false, ARGUMENT_BOOL }, \
	{ "limit", read_limit, false, ARGUMENT_NUMBER }
/* clang-format on */

static const struct request_command {
	const char *words;
	enum page_command command; /* unless an argument makes it another */
	struct argument {
		const char *key;
		argument_read *read;
		bool needed;
		enum argument_type type;
	} argument[ARGUMENTS];
} commands[] = {
	{ "show summary", PAGE_SUMMARY, { { 0 } } },
	{ "show peers", PAGE_PEERS, { { 0 } } },
	{ "show peer", PAGE_PEER, { { "name", read_name, true } } },
	{ "show routes", PAGE_ROUTES, { { "prefix", read_prefix, false }, ROUTES_WANTED } },
	{ "show routes",
	  PAGE_LEARNED,
	  { { "peer", read_name, true },
	    { "which", read_which, true },
	    { "prefix", read_prefix, false },
	    ROUTES_WANTED } },
	{ "show fib",
	  PAGE_FIB,
	  { { "view", read_view, true },
	    { "address", read_address, false },
	    { "family", read_family, false } } },
	{ "show partner", PAGE_PARTNER, { { 0 } } },
	{ "show policy", PAGE_POLICY, { { 0 } } },
	{ "policy test",
	  PAGE_POLICY_TEST,
	  { { "peer", read_name, true },
	    { "direction", read_direction, true },
	    { "prefix", read_prefix, true },
	    { "as_path", read_as_path, false },
	    { "communities", read_communities, false, ARGUMENT_LIST },
	    { "origin", read_origin, false },
	    { "med", read_med, false, ARGUMENT_NUMBER } } },
	{ "show exchange", PAGE_EXCHANGE, { { 0 } } },
	{ "show events", PAGE_EVENTS, { { "after", read_after, false, ARGUMENT_NUMBER } } },
	{ "exchange", PAGE_EXCHANGE_SET, { { "enable", read_enable, true, ARGUMENT_BOOL } } },
	{ "exchange plan",
	  PAGE_PLAN,
	  { { "enable", read_plan, false, ARGUMENT_BOOL },
	    { "prefixes", read_prefixes, false, ARGUMENT_BOOL },
	    { "peer", read_name, false } } },
	{ "drain", PAGE_SERVICE, { { "drained", read_drained, true, ARGUMENT_BOOL } } },
	{ "peer",
	  PAGE_SERVICE,
	  { { "action", read_action, true },
	    { "name", read_name, true },
	    { "text", read_text, false } } },
	{ "peer",
	  PAGE_SERVICE,
	  { { "action", read_action, true },
	    { "all", read_all, true, ARGUMENT_BOOL },
	    { "text", read_text, false } } },
	{ "peer reset", PAGE_RESET, { { "name", read_name, true }, { "soft", read_soft, false } } },
	{ "reload", PAGE_RELOAD, { { "force", read_force, false, ARGUMENT_BOOL } } },
};

static bool takes(const struct request_command *command, const char *key)
{
	for (size_t i = 0; i < ARGUMENTS; i++)
		if (command->argument[i].key && !strcmp(command->argument[i].key, key))
			return true;
	return false;
}

/* Does the command take all these arguments? Otherwise `*stranger` is one that it does not. */
static bool takes_all(const struct request_command *command, const json_t *arguments,
		      const char **stranger)
{
	const char *key;
	json_t *value;

	/* it is only looked at */
	json_object_foreach((json_t *)(uintptr_t)arguments, key, value)
	{
		if (!takes(command, key)) {
			*stranger = key;
			return false;
		}
	}
	return true;
}

/* The command of these words that takes these arguments. */
static const struct request_command *find_command(struct page *page, const char *words,
						  const json_t *arguments)
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

static bool read_arguments(struct page *page, const struct request_command *command,
			   const json_t *arguments)
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

bool request_read(struct page *page, const char *words, const json_t *arguments)
{
	const struct request_command *command = find_command(page, words, arguments);

	return command && read_arguments(page, command, arguments);
}

static bool parse_object(struct page *page, json_t *request)
{
	const char *words = json_string_value(json_object_get(request, "command"));
	json_t *arguments = json_object_get(request, "arguments");

	if (!words || (arguments && !json_is_object(arguments))) {
		page_error(page, "a request is {\"command\":\"...\",\"arguments\":{...}}");
		return false;
	}
	return request_read(page, words, arguments);
}

bool request_parse(struct page *page, const char *line, size_t len)
{
	json_error_t error;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	bool good;

	if (!request) {
		page_error(page, "not JSON: %s", error.text);
		return false;
	}
	good = parse_object(page, request);
	json_decref(request);
	return good;
}

/* --- what stands in a URL --------------------------------------------------------------------- */

bool request_exists(const char *words)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].words, words))
			return true;
	return false;
}

static enum argument_type type_of(const char *words, const char *key)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		for (size_t k = 0; k < ARGUMENTS && !strcmp(commands[i].words, words); k++) {
			const struct argument *argument = &commands[i].argument[k];

			if (argument->key && !strcmp(argument->key, key))
				return argument->type;
		}
	return ARGUMENT_TEXT;
}

static json_t *list_value(const char *text)
{
	json_t *list = json_array();

	for (;;) {
		size_t len = strcspn(text, ",");

		/* what is not UTF-8 is no string: a list that lacks it would be another one */
		if (json_array_append_new(list, json_stringn(text, len))) {
			json_decref(list);
			return json_null();
		}
		if (!text[len])
			return list;
		text += len + 1;
	}
}

json_t *request_value(const char *words, const char *key, const char *text)
{
	static const char digits[] = "0123456789";
	enum { DIGITS_MAX = 18 }; /* that any json_int_t has */
	json_t *value = NULL;

	switch (type_of(words, key)) {
	case ARGUMENT_BOOL:
		if (!strcmp(text, "true") || !strcmp(text, "false"))
			value = json_boolean(text[0] == 't');
		break;
	case ARGUMENT_NUMBER:
		if (text[0] && strlen(text) <= DIGITS_MAX && !text[strspn(text, digits)])
			value = json_integer(strtoll(text, NULL, 10));
		break;
	case ARGUMENT_LIST: value = list_value(text); break;
	case ARGUMENT_TEXT: break;
	}
	if (!value)
		value = json_string(text);
	return value ? value : json_null();
}

bool request_single(const struct page *page)
{
	if (page->listing && page->listing->count)
		return true;
	switch (page->command) {
	case PAGE_SUMMARY:
	case PAGE_PEER:
	case PAGE_POLICY_TEST:
	case PAGE_EXCHANGE:
	case PAGE_EXCHANGE_SET:
	case PAGE_RESET:
	case PAGE_SOFT_IN:
	case PAGE_SOFT_OUT:
	case PAGE_RELOAD: return true;
	case PAGE_SERVICE:
		return page->service == SERVICE_INSTANCE_DRAIN ||
		       page->service == SERVICE_INSTANCE_UNDRAIN;
	default: return false;
	}
}

bool request_changes(const struct page *page)
{
	switch (page->command) {
	case PAGE_EXCHANGE_SET:
	case PAGE_SERVICE:
	case PAGE_RESET:
	case PAGE_SOFT_IN:
	case PAGE_SOFT_OUT:
	case PAGE_RELOAD: return true;
	default: return false;
	}
}
