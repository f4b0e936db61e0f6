/* Fields of JSON objects. */
#include "fields.h"

#include "role.h"

void field_text(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, json_string(text));
}

void field_bool(json_t *o, const char *key, bool value)
{
	json_object_set_new(o, key, json_boolean(value));
}

void field_number(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, json_integer((json_int_t)value));
}

void field_addr(json_t *o, const char *key, struct addr addr)
{
	char text[ADDR_TEXT];

	field_text(o, key, addr_text(addr, text));
}

void field_router_id(json_t *o, const char *key, uint32_t id)
{
	char text[ADDR_TEXT];

	field_text(o, key, addr4_text(id, text));
}

void field_prefix(json_t *o, struct prefix prefix)
{
	char text[PREFIX_TEXT];

	field_text(o, "prefix", prefix_text(prefix, text));
}

json_t *role_names(uint8_t bits)
{
	json_t *list = json_array();

	for (int role = 0; role < ROLE_COUNT; role++)
		if (bits >> role & 1)
			json_array_append_new(list, json_string(role_name((enum role)role)));
	return list;
}
