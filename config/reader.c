/* The table-driven reader. It knows types, ranges and words; what settings mean together is
 * check.c's. */
#include "reader.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "name.h"

enum { ALLOWED_TEXT = 256, VALUE_TEXT = 64 };

/* --- what is wrong, what is allowed ----------------------------------------------------------- */

static const char *allowed_text(const struct setting *spec, char *buf, size_t size)
{
	size_t len = 0;

	if (spec->allowed)
		return spec->allowed;
	if (!spec->words) {
		snprintf(buf, size, "%s%" PRId64 "..%" PRId64, spec->or_zero ? "0 and " : "",
			 spec->min, spec->max);
		return buf;
	}
	for (size_t i = 0; spec->words[i] && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s\"%s\"", i ? ", " : "",
					spec->words[i]);
	return buf;
}

static int64_t number_of(const config_setting_t *at)
{
	return config_setting_type(at) == CONFIG_TYPE_INT64 ? config_setting_get_int64(at)
							    : config_setting_get_int(at);
}

/* What stands there, printable and short. */
static const char *value_text(const config_setting_t *at, char *buf, size_t size)
{
	switch (config_setting_type(at)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64: snprintf(buf, size, "%" PRId64, number_of(at)); break;
	case CONFIG_TYPE_FLOAT: snprintf(buf, size, "%g", config_setting_get_float(at)); break;
	case CONFIG_TYPE_BOOL: return config_setting_get_bool(at) ? "true" : "false";
	case CONFIG_TYPE_STRING:
		snprintf(buf, size, "\"%.40s%s\"", config_setting_get_string(at),
			 strlen(config_setting_get_string(at)) > 40 ? "..." : "");
		for (char *p = buf; *p; p++)
			*p = (unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p;
		break;
	case CONFIG_TYPE_GROUP: return "a group { }";
	case CONFIG_TYPE_ARRAY: return "an array [ ]";
	default: return "a list ( )";
	}
	return buf;
}

bool refuse(struct complaints *c, const struct setting *spec, const config_setting_t *at,
	    const char *why)
{
	char value[VALUE_TEXT], allowed[ALLOWED_TEXT];

	complain(c, at, NULL, "%s %s, allowed are %s", value_text(at, value, sizeof(value)), why,
		 allowed_text(spec, allowed, sizeof(allowed)));
	return false;
}

/* --- one setting ------------------------------------------------------------------------------ */

static void store(void *out, size_t size, int64_t value)
{
	switch (size) {
	case 1: *(uint8_t *)out = (uint8_t)value; break;
	case 2: *(uint16_t *)out = (uint16_t)value; break;
	default: *(uint32_t *)out = (uint32_t)value; break;
	}
}

bool read_bool(struct complaints *c, const struct setting *spec, config_setting_t *at, void *out)
{
	if (config_setting_type(at) != CONFIG_TYPE_BOOL)
		return refuse(c, spec, at, "is not a boolean");
	*(bool *)out = config_setting_get_bool(at);
	return true;
}

bool read_number(struct complaints *c, const struct setting *spec, config_setting_t *at, void *out)
{
	int64_t value;

	if (config_setting_type(at) != CONFIG_TYPE_INT &&
	    config_setting_type(at) != CONFIG_TYPE_INT64)
		return refuse(c, spec, at, "is not a whole number");
	value = number_of(at);
	if ((value < spec->min || value > spec->max) && !(spec->or_zero && value == 0))
		return refuse(c, spec, at, "is out of range");
	store(out, spec->size, value);
	return true;
}

static const char *string_of(struct complaints *c, const struct setting *spec, config_setting_t *at)
{
	if (config_setting_type(at) == CONFIG_TYPE_STRING)
		return config_setting_get_string(at);
	refuse(c, spec, at, "is not a string");
	return NULL;
}

/* The index of the word, or complain and return -1. */
static int word_of(struct complaints *c, const struct setting *spec, config_setting_t *at)
{
	const char *word = string_of(c, spec, at);

	for (int i = 0; word && spec->words[i]; i++) {
		if (!strcmp(word, spec->words[i]))
			return i;
	}
	if (word)
		refuse(c, spec, at, "is not known here");
	return -1;
}

bool read_word(struct complaints *c, const struct setting *spec, config_setting_t *at, void *out)
{
	int word = word_of(c, spec, at);

	if (word >= 0)
		store(out, spec->size, word);
	return word >= 0;
}

bool read_words(struct complaints *c, const struct setting *spec, config_setting_t *at, void *out)
{
	size_t length, most = 0;
	int64_t bits = 0;
	bool good;

	while (spec->words[most])
		most++;
	length = read_length(c, spec, at, most);
	good = !complained(c, at);
	for (size_t i = 0; i < length; i++) {
		int word = word_of(c, spec, config_setting_get_elem(at, (unsigned int)i));

		good &= word >= 0;
		if (word >= 0)
			bits |= INT64_C(1) << word;
	}
	store(out, spec->size, bits);
	return good;
}

bool read_name(struct complaints *c, const struct setting *spec, config_setting_t *at, void *out)
{
	const char *name = string_of(c, spec, at);

	if (!name)
		return false;
	if (!name_valid(name))
		return refuse(c, spec, at, "is not a name");
	strcpy(out, name); /* name_valid() checked the length */
	return true;
}

bool read_text(struct complaints *c, const struct setting *spec, config_setting_t *at, void *out)
{
	const char *text = string_of(c, spec, at);

	if (!text)
		return false;
	if (!text[0])
		return refuse(c, spec, at, "is empty");
	*(char **)out = strdup(text);
	return *(char **)out != NULL;
}

bool read_addr(struct complaints *c, const struct setting *spec, config_setting_t *at, void *out)
{
	const char *text = string_of(c, spec, at);

	if (!text)
		return false;
	return addr_parse(text, out) || refuse(c, spec, at, "is not an address");
}

bool read_link_addr(struct complaints *c, const struct setting *spec, config_setting_t *at,
		    struct addr *addr, char *link)
{
	const char *text = string_of(c, spec, at), *zone;

	if (!text)
		return false;
	if (!addr_zone_parse(text, addr, &zone) || (zone && !name_valid(zone)))
		return refuse(c, spec, at, "is not an address");
	strcpy(link, zone ? zone : ""); /* name_valid() checked the length */
	return true;
}

bool read_router_id(struct complaints *c, const struct setting *spec, config_setting_t *at,
		    void *out)
{
	const char *text = string_of(c, spec, at);

	if (!text)
		return false;
	return addr4_parse(text, out) || refuse(c, spec, at, "is not written like an IPv4 address");
}

bool read_prefix(struct complaints *c, const struct setting *spec, config_setting_t *at, void *out)
{
	const char *text = string_of(c, spec, at);

	if (!text)
		return false;
	return prefix_parse(text, out) || refuse(c, spec, at, "is not a prefix without host bits");
}

size_t read_length(struct complaints *c, const struct setting *spec, config_setting_t *at,
		   size_t max)
{
	size_t length;

	if (!config_setting_is_list(at) && !config_setting_is_array(at)) {
		refuse(c, spec, at, "is not a list");
		return 0;
	}
	length = (size_t)config_setting_length(at);
	if (length <= max)
		return length;
	complain(c, at, NULL, "has %zu elements, allowed are at most %zu", length, max);
	return 0;
}

/* --- a group ---------------------------------------------------------------------------------- */

static const struct setting *row_of(const struct setting *specs, const char *name)
{
	for (const struct setting *spec = specs; spec->name; spec++) {
		if (!strcmp(spec->name, name))
			return spec;
	}
	return NULL;
}

static void complain_unknown(struct complaints *c, const struct setting *specs,
			     config_setting_t *at)
{
	const struct setting *nearest = specs;
	const char *name = config_setting_name(at);
	char known[ALLOWED_TEXT];
	size_t len = 0;

	for (const struct setting *spec = specs; spec->name && len < sizeof(known); spec++) {
		if (name_distance(name, spec->name) < name_distance(name, nearest->name))
			nearest = spec;
		len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s",
					spec == specs ? "" : ", ", spec->name);
	}
	if (name_distance(name, nearest->name) <= 2)
		complain(c, at, NULL, "unknown setting, did you mean %s? Allowed are %s",
			 nearest->name, known);
	else
		complain(c, at, NULL, "unknown setting, allowed are %s", known);
}

static void set_defaults(const struct setting *specs, void *out)
{
	for (const struct setting *spec = specs; spec->name; spec++) {
		if (spec->members)
			set_defaults(spec->members, (char *)out + spec->offset);
		else if (spec->def)
			store((char *)out + spec->offset, spec->size, spec->def);
	}
}

bool read_members(struct complaints *c, const struct setting *spec, config_setting_t *at, void *out)
{
	return read_group(c, spec->members, at, out);
}

bool read_group(struct complaints *c, const struct setting *specs, config_setting_t *group,
		void *out)
{
	size_t errors = c->nb_errors;
	char allowed[ALLOWED_TEXT];

	if (!config_setting_is_group(group)) {
		complain(c, group, NULL, "is not a group, allowed is { name = value; ... }");
		return false;
	}
	set_defaults(specs, out);
	for (const struct setting *spec = specs; spec->name; spec++) {
		config_setting_t *at = config_setting_get_member(group, spec->name);

		if (at)
			spec->read(c, spec, at, (char *)out + spec->offset);
		else if (spec->required)
			complain(c, group, spec->name, "is missing, allowed are %s",
				 allowed_text(spec, allowed, sizeof(allowed)));
	}
	for (int i = 0; i < config_setting_length(group); i++) {
		config_setting_t *at = config_setting_get_elem(group, (unsigned int)i);

		if (!row_of(specs, config_setting_name(at)))
			complain_unknown(c, specs, at);
	}
	return c->nb_errors == errors;
}
