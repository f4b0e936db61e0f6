/* Reads arguments about routes. */
#include "route_arguments.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "listing.h"
#include "map_rule.h"
#include "role.h"

/* --- which routes ----------------------------------------------------------------------------- */

/* NULL: no memory, and page->error says so. */
static struct listing *listing_of(struct page *page)
{
	if (!page->listing)
		page->listing = listing_new();
	if (!page->listing)
		page_error(page, "no memory");
	return page->listing;
}

const char *read_path_pattern(struct page *page, const json_t *value)
{
	struct listing *listing = listing_of(page);

	return listing ? route_filter_as_path(&listing->filter, json_string_value(value)) : NULL;
}

const char *read_origin_as(struct page *page, const json_t *value)
{
	struct listing *listing = listing_of(page);
	json_int_t asn = json_integer_value(value); /* of what is no number: 0 */

	if (asn < 1 || asn > UINT32_MAX)
		return "an AS number, 1..4294967295";
	if (listing) {
		listing->filter.origin_as = (uint32_t)asn;
		listing->filter.has_origin_as = true;
	}
	return NULL;
}

const char *read_community_patterns(struct page *page, const json_t *value)
{
	struct listing *listing = listing_of(page);
	const char *wanted = NULL;
	const json_t *item;
	size_t i;

	if (!json_is_array(value) || !json_array_size(value))
		return "a list of communities such as [\"65001:100\", \"65001:1:*\"]";
	json_array_foreach(value, i, item)
	{
		if (listing && !wanted)
			wanted = route_filter_community(&listing->filter, json_string_value(item));
	}
	return wanted;
}

const char *read_next_hop(struct page *page, const json_t *value)
{
	struct listing *listing = listing_of(page);

	return listing ? route_filter_next_hop(&listing->filter, json_string_value(value)) : NULL;
}

const char *read_role(struct page *page, const json_t *value)
{
	struct listing *listing = listing_of(page);
	enum role role;

	if (!json_is_string(value) || !role_parse(json_string_value(value), &role))
		return "a role: \"expressroute\", \"vpn\", \"nva\" or \"vnet\"";
	if (listing)
		listing->filter.roles = (uint8_t)(1 << role);
	return NULL;
}

/* After `which`. */
const char *read_state(struct page *page, const json_t *value)
{
	struct listing *listing = listing_of(page);
	const char *wanted =
		listing ? route_filter_state(&listing->filter, json_string_value(value)) : NULL;
	bool received = page->command == PAGE_RECEIVED;

	if (!listing || wanted)
		return wanted;
	if (listing->filter.state == ROUTE_STATE_FILTERED && !received)
		return "another one than \"filtered\", which routes as received may be";
	if (listing->filter.state != ROUTE_STATE_FILTERED && received)
		return "\"filtered\", or none: as received, routes are not used yet";
	return NULL;
}

const char *read_count(struct page *page, const json_t *value)
{
	struct listing *listing = listing_of(page);

	if (!json_is_true(value))
		return "true";
	if (listing)
		listing->count = true;
	return NULL;
}

/* After `count`. */
const char *read_limit(struct page *page, const json_t *value)
{
	struct listing *listing = listing_of(page);

	if (!json_is_integer(value) || json_integer_value(value) < 1 ||
	    json_integer_value(value) > LISTING_KEPT)
		return "a number 1..1000";
	if (listing && listing->count)
		page_error(page, "argument \"limit\" goes without \"count\"");
	else if (listing)
		listing->limit = (uint32_t)json_integer_value(value);
	return NULL;
}

/* --- a route to be tested --------------------------------------------------------------------- */

const char *read_direction(struct page *page, const json_t *value)
{
	const char *direction = json_string_value(value);

	if (!direction || (strcmp(direction, "in") && strcmp(direction, "out")))
		return "\"in\" or \"out\"";
	page->outbound = !strcmp(direction, "out");
	return NULL;
}

const char *read_as_path(struct page *page, const json_t *value)
{
	static const char wanted[] = "AS numbers with blanks between them such as \"65001 65010\"";
	struct page_route *route = &page->route;
	const char *text = json_string_value(value), *at = text;

	if (!text)
		return wanted;
	route->given = route->has_path = true;
	for (at += strspn(at, " "); *at; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");
		unsigned long asn = strtoul(at, NULL, 10);

		if (route->nb_path == PAGE_LIST) {
			page_error(page, "argument \"as_path\" has more than %d AS numbers",
				   PAGE_LIST);
			return NULL;
		}
		if (strspn(at, "0123456789") != len || !asn || asn > UINT32_MAX) {
			page_error(
				page,
				"argument \"as_path\", AS number %u: \"%.*s\" is none, allowed are "
				"1..4294967295",
				route->nb_path + 1u, (int)(len < 32 ? len : 32), at);
			return NULL;
		}
		route->path[route->nb_path++] = (uint32_t)asn;
		at += len;
	}
	return NULL;
}

const char *read_communities(struct page *page, const json_t *value)
{
	struct page_route *route = &page->route;
	const json_t *item;
	size_t i;

	if (!json_is_array(value) || json_array_size(value) > PAGE_LIST)
		return "a list of at most 64 communities such as [\"65001:100\"]";
	route->given = true;
	json_array_foreach(value, i, item)
	{
		const char *text = json_string_value(item);

		if (!text || !community_parse(text, &route->communities[i])) {
			page_error(page,
				   "argument \"communities\", community %zu: \"%.32s\" is none, "
				   "allowed are two numbers 0..65535 such as \"65001:100\"",
				   i + 1, text ? text : "");
			return NULL;
		}
	}
	route->nb_communities = (uint8_t)json_array_size(value);
	return NULL;
}

const char *read_origin(struct page *page, const json_t *value)
{
	static const char *const names[] = { "igp", "egp", "incomplete" };
	const char *origin = json_string_value(value);

	for (uint8_t i = 0; origin && i < 3; i++) {
		if (strcmp(origin, names[i]))
			continue;
		page->route.given = true;
		page->route.origin = i;
		return NULL;
	}
	return "\"igp\", \"egp\" or \"incomplete\"";
}

const char *read_med(struct page *page, const json_t *value)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > UINT32_MAX)
		return "a number 0..4294967295";
	page->route.given = page->route.has_med = true;
	page->route.med = (uint32_t)json_integer_value(value);
	return NULL;
}
