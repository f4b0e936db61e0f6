/* Judges rows of routes. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "route_filter.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aspath.h"
#include "attr.h"
#include "attrs.h"
#include "cursor.h"
#include "role.h"
#include "route_map.h"

enum {
	PATH_TEXT = BGP_MESSAGE_MAX * 3, /* four octets are ten digits and a blank at most */
	STEPS = 20000,			 /* of a pattern on one path */
	HEAP_KIB = 1024,
	COMPILED = 64 << 10, /* octets */
};

struct path_pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

static void pattern_free(struct path_pattern *pattern)
{
	if (!pattern)
		return;
	pcre2_match_context_free(pattern->limits);
	pcre2_match_data_free(pattern->data);
	pcre2_code_free(pattern->code);
	free(pattern);
}

/* An underscore becomes what it stands for. False: it is too long. */
static bool widen(const char *pattern, char *out, size_t size)
{
	static const char between[] = "(?:^|$|[ {}()\\[\\]])";
	size_t len = 0;

	for (; *pattern; pattern++) {
		const char *part = *pattern == '_' ? between : pattern;
		size_t n = *pattern == '_' ? sizeof(between) - 1 : 1;

		if (len + n >= size)
			return false;
		memcpy(out + len, part, n);
		len += n;
	}
	out[len] = '\0';
	return true;
}

static pcre2_code *compile(const char *text)
{
	pcre2_compile_context *limits = pcre2_compile_context_create(NULL);
	pcre2_code *code = NULL;
	PCRE2_SIZE at;
	int err;

	if (limits) {
		pcre2_set_parens_nest_limit(limits, 32);
		code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
				     PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_BACKSLASH_C, &err, &at,
				     limits);
	}
	pcre2_compile_context_free(limits);
	return code;
}

static bool small(const pcre2_code *code)
{
	size_t size;

	return !pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size) && size <= COMPILED;
}

static struct path_pattern *pattern_new(const char *text)
{
	struct path_pattern *pattern = calloc(1, sizeof(*pattern));

	if (!pattern)
		return NULL;
	pattern->code = compile(text);
	pattern->limits = pcre2_match_context_create(NULL);
	if (pattern->code && small(pattern->code))
		pattern->data = pcre2_match_data_create_from_pattern(pattern->code, NULL);
	if (!pattern->data || !pattern->limits) {
		pattern_free(pattern);
		return NULL;
	}
	pcre2_set_match_limit(pattern->limits, STEPS);
	pcre2_set_depth_limit(pattern->limits, STEPS);
	pcre2_set_heap_limit(pattern->limits, HEAP_KIB);
	return pattern;
}

const char *route_filter_as_path(struct route_filter *filter, const char *pattern)
{
	char text[FILTER_PATTERN * 4];

	if (!pattern || !pattern[0] || strlen(pattern) >= FILTER_PATTERN ||
	    !widen(pattern, text, sizeof(text)))
		return "a regular expression of at most 255 octets such as \"_65001_\"";
	pattern_free(filter->as_path);
	filter->as_path = pattern_new(text);
	return filter->as_path ? NULL : "a regular expression such as \"_65001_\" or \"^65001_\"";
}

/* One number of a community. Returns what follows; NULL: it is none. */
static const char *read_part(const char *text, uint64_t most, uint64_t *number)
{
	char *end;

	if (*text == '*') {
		*number = FILTER_ANY;
		return text + 1;
	}
	if (*text < '0' || *text > '9')
		return NULL;
	*number = strtoull(text, &end, 10);
	return *number <= most ? end : NULL;
}

static bool read_community(const char *text, struct community_pattern *pattern)
{
	const char *colon = text ? strchr(text, ':') : NULL;

	if (!colon)
		return false;
	pattern->n = strchr(colon + 1, ':') ? 3 : 2;
	for (uint8_t i = 0; i < pattern->n; i++) {
		text = read_part(text, pattern->n == 2 ? UINT16_MAX : UINT32_MAX,
				 &pattern->number[i]);
		if (!text || *text != (i + 1 < pattern->n ? ':' : '\0'))
			return false;
		text++;
	}
	return true;
}

const char *route_filter_community(struct route_filter *filter, const char *pattern)
{
	if (filter->nb_communities == FILTER_COMMUNITIES)
		return "at most 16 communities";
	if (!read_community(pattern, &filter->communities[filter->nb_communities]))
		return "a community such as \"65001:100\", or a large one such as \"65001:1:2\"; "
		       "\"*\" stands for any number";
	filter->nb_communities++;
	return NULL;
}

const char *route_filter_next_hop(struct route_filter *filter, const char *address)
{
	const char *zone = NULL;
	struct addr addr;

	if (!address || !addr_zone_parse(address, &addr, &zone) ||
	    (zone && strlen(zone) >= CONFIG_NAME))
		return "an address such as \"10.0.0.1\", \"2001:db8::1\" or \"fe80::1%nva0\"";
	filter->next_hop = addr;
	snprintf(filter->zone, sizeof(filter->zone), "%s", zone ? zone : "");
	filter->has_next_hop = true;
	return NULL;
}

const char *route_filter_state(struct route_filter *filter, const char *state)
{
	static const char *const names[] = { [ROUTE_STATE_USABLE] = "usable",
					     [ROUTE_STATE_UNUSABLE] = "unusable",
					     [ROUTE_STATE_BACKUP] = "backup",
					     [ROUTE_STATE_FILTERED] = "filtered" };

	for (int i = ROUTE_STATE_USABLE; state && i <= ROUTE_STATE_FILTERED; i++) {
		if (strcmp(state, names[i]))
			continue;
		filter->state = (enum route_state)i;
		return NULL;
	}
	return "\"usable\", \"unusable\", \"backup\" or \"filtered\"";
}

/* --- judgement -------------------------------------------------------------------------------- */

static struct attr_view attr_of(const struct row_route *row, uint8_t code)
{
	struct attr_view attr = { 0 };

	if (!attr_find(row->attrs, row->attrs_len, code, &attr))
		attr.len = 0;
	return attr;
}

static bool path_matches(const struct path_pattern *pattern, const struct row_route *row)
{
	struct attr_view path = attr_of(row, ATTR_AS_PATH);
	char text[PATH_TEXT] = "";

	if (path.len)
		aspath_text(path.body, path.len, text, sizeof(text));
	return pcre2_match(pattern->code, (PCRE2_SPTR)text, strlen(text), 0, 0, pattern->data,
			   pattern->limits) > 0;
}

static bool begins_with(const struct row_route *row, uint32_t asn)
{
	struct attr_view path = attr_of(row, ATTR_AS_PATH);

	return path.len && aspath_origin(path.body, path.len) == asn;
}

/* Of each number `octets`: one of the communities that the attribute has. */
static bool has_community(const struct attr_view *attr, const struct community_pattern *pattern,
			  uint16_t octets)
{
	uint16_t size = (uint16_t)(pattern->n * octets);

	for (uint16_t at = 0; at + size <= attr->len; at = (uint16_t)(at + size)) {
		bool same = true;

		for (uint8_t i = 0; same && i < pattern->n; i++) {
			const uint8_t *body = attr->body + at + i * octets;
			uint32_t number = octets == 2 ? load_be16(body) : load_be32(body);

			same = pattern->number[i] == FILTER_ANY || pattern->number[i] == number;
		}
		if (same)
			return true;
	}
	return false;
}

static bool communities_match(const struct route_filter *filter, const struct row_route *row)
{
	struct attr_view standard = attr_of(row, ATTR_COMMUNITIES);
	struct attr_view large = attr_of(row, ATTR_LARGE_COMMUNITIES);

	for (uint8_t i = 0; i < filter->nb_communities; i++) {
		const struct community_pattern *pattern = &filter->communities[i];

		if (pattern->n == 2 ? !has_community(&standard, pattern, 2)
				    : !has_community(&large, pattern, 4))
			return false;
	}
	return true;
}

/* What is shown has a zone if it is link-local, and of our own routes it stands nowhere else. */
static bool next_hop_matches(const struct route_filter *filter, const struct row_route *row)
{
	const char *percent = strchr(row->next_hop, '%'), *zone;
	struct addr shown;

	if (filter->zone[0] && (!percent || strcmp(percent + 1, filter->zone)))
		return false;
	return attr_next_hop_names(row->attrs, row->attrs_len, filter->next_hop) ||
	       (addr_zone_parse(row->next_hop, &shown, &zone) &&
		addr_equal(shown, filter->next_hop));
}

static bool state_matches(enum route_state state, const struct row_route *row)
{
	switch (state) {
	case ROUTE_STATE_ANY: return true;
	case ROUTE_STATE_USABLE: return row->flags & ROUTE_USABLE;
	case ROUTE_STATE_UNUSABLE: return !(row->flags & ROUTE_USABLE);
	case ROUTE_STATE_BACKUP: return row->flags & ROUTE_BACKUP || row->backup_to;
	case ROUTE_STATE_FILTERED:
		return row->flags & ROUTE_RECEIVED &&
		       (row->policy == ROUTE_MAP_DROPPED || row->policy == ROUTE_MAP_TOO_LONG);
	}
	return false;
}

/* What takes longest comes last. */
bool route_filter_passes(const struct route_filter *filter, const struct row_route *row)
{
	if (filter->roles && (row->flags & ROUTE_SUMMARY || !(filter->roles >> row->role & 1)))
		return false;
	return state_matches(filter->state, row) &&
	       (!filter->has_next_hop || next_hop_matches(filter, row)) &&
	       (!filter->has_origin_as || begins_with(row, filter->origin_as)) &&
	       communities_match(filter, row) &&
	       (!filter->as_path || path_matches(filter->as_path, row));
}

void route_filter_fini(struct route_filter *filter)
{
	pattern_free(filter->as_path);
	filter->as_path = NULL;
}
