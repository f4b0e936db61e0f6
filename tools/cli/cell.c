/* Cells. Text from the network (a peer's shutdown message, say) is printed here and nowhere
 * else. */
#include "cell.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char none[] = "-";

/* Append printable text; whatever could move a terminal's cursor becomes '?'. */
static void append(char *buf, const char *text)
{
	size_t at = strlen(buf);

	for (; *text && at + 1 < CELL_TEXT; text++)
		buf[at++] = (unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text;
	buf[at] = '\0';
}

const char *cell_text(const json_t *row, const char *field, char *buf)
{
	const json_t *value = json_object_get(row, field);

	if (!value)
		return none;
	buf[0] = '\0';
	switch (json_typeof(value)) {
	case JSON_STRING: append(buf, json_string_value(value)); break;
	case JSON_INTEGER:
		snprintf(buf, CELL_TEXT, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_REAL: snprintf(buf, CELL_TEXT, "%g", json_real_value(value)); break;
	case JSON_TRUE: return "yes";
	case JSON_FALSE: return "no";
	default: break;
	}
	return buf[0] ? buf : none;
}

const char *cell_duration(const json_t *row, const char *field, char *buf)
{
	const json_t *value = json_object_get(row, field);
	long long s = json_integer_value(value);

	if (!json_is_integer(value) || s < 0)
		return none;
	if (s < 60)
		snprintf(buf, CELL_TEXT, "%llds", s);
	else if (s < 3600)
		snprintf(buf, CELL_TEXT, "%lldm%02llds", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, CELL_TEXT, "%lldh%02lldm", s / 3600, s / 60 % 60);
	else
		snprintf(buf, CELL_TEXT, "%lldd%02lldh", s / 86400, s / 3600 % 24);
	return buf;
}

const char *cell_bytes(const json_t *row, const char *field, char *buf)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	const json_t *value = json_object_get(row, field);
	double n = (double)json_integer_value(value) / 1024;
	size_t unit = 0;

	if (!json_is_integer(value))
		return none;
	if (n < 1) {
		snprintf(buf, CELL_TEXT, "%" JSON_INTEGER_FORMAT " B", json_integer_value(value));
		return buf;
	}
	for (; n >= 1024; unit++)
		n /= 1024;
	snprintf(buf, CELL_TEXT, "%.1f %s", n, units[unit]);
	return buf;
}

const char *cell_list(const json_t *row, const char *field, char *buf)
{
	const json_t *list = json_object_get(row, field), *value;
	size_t i;

	buf[0] = '\0';
	json_array_foreach(list, i, value)
	{
		append(buf, i ? " " : "");
		append(buf, json_is_string(value) ? json_string_value(value) : none);
	}
	return buf[0] ? buf : none;
}

/* What people call a device: the kernel's interface under it, or itself without its arguments. */
static void append_device(char *buf, const char *device)
{
	const char *iface = strstr(device, ",iface=");
	char text[CELL_TEXT];

	if (iface)
		device = iface + strlen(",iface=");
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(device, ","), device);
	append(buf, text);
}

const char *cell_members(const json_t *row, const char *field, char *buf)
{
	const json_t *list = json_object_get(row, field), *member;
	size_t i;

	buf[0] = '\0';
	json_array_foreach(list, i, member)
	{
		const char *device = json_string_value(json_object_get(member, "device"));
		const char *state = json_string_value(json_object_get(member, "state"));

		append(buf, i ? ", " : "");
		append_device(buf, device ? device : none);
		append(buf, " ");
		append(buf, state ? state : none);
	}
	return buf[0] ? buf : none;
}

const char *cell_on_off(const json_t *row, const char *field, char *buf)
{
	const json_t *value = json_object_get(row, field);

	return json_is_boolean(value) ? json_is_true(value) ? "on" : "off" : none;
}

const char *cell_gateway(const json_t *row, const char *field, char *buf)
{
	const char *text = cell_text(row, field, buf);

	return strcmp(text, "0.0.0.0") && strcmp(text, "::") ? text : "on link";
}

const char *cell_restarting(const json_t *row, const char *field, char *buf)
{
	char left[CELL_TEXT];

	if (!json_is_true(json_object_get(row, field)))
		return cell_text(row, field, buf);
	snprintf(buf, CELL_TEXT, "for %.20s more at most",
		 cell_duration(row, "restart_left_s", left));
	return buf;
}

const char *cell_peer_state(const json_t *row, const char *field, char *buf)
{
	char state[CELL_TEXT];

	cell_text(row, field, state);
	snprintf(buf, CELL_TEXT, "%.20s%s%s", state,
		 json_is_true(json_object_get(row, "drained")) ? ",drained" : "",
		 json_is_true(json_object_get(row, "shutdown")) ? ",shutdown" : "");
	return buf;
}

/* One kind of lcore, behind what is there already: "rib 0.31 ms (announce 0.20)". */
static size_t turns_text(const json_t *turns, const char *lcore, const char *field, char *buf,
			 size_t len)
{
	const json_t *of = json_object_get(turns, lcore);
	char us[32], part[32], part_us[32];

	snprintf(us, sizeof(us), "%s_us", field);
	snprintf(part, sizeof(part), "%s_part", field);
	snprintf(part_us, sizeof(part_us), "%s_part_us", field);
	if (!json_is_real(json_object_get(of, us)) || !json_is_string(json_object_get(of, part)))
		return len;
	return len + (size_t)snprintf(buf + len, CELL_TEXT - len, "%s%s %.2f ms (%.32s %.2f)",
				      len ? ", " : "", lcore,
				      json_real_value(json_object_get(of, us)) / 1e3,
				      json_string_value(json_object_get(of, part)),
				      json_real_value(json_object_get(of, part_us)) / 1e3);
}

const char *cell_turns(const json_t *row, const char *field, char *buf)
{
	const json_t *turns = json_object_get(row, "turns");
	size_t len = turns_text(turns, "rib", field, buf, 0);

	return turns_text(turns, "sessions", field, buf, len) ? buf : "-";
}

const char *cell_partner(const json_t *row, const char *field, char *buf)
{
	const json_t *partner = json_object_get(row, field);
	const char *name = json_string_value(json_object_get(partner, "instance"));
	const char *error = json_string_value(json_object_get(partner, "error"));

	if (!name || !error)
		return "-";
	snprintf(buf, CELL_TEXT, "%.64s%s%.128s", *name ? name : "not heard yet",
		 *error ? ": " : "", error);
	return buf;
}

const char *cell_by_route(const json_t *row, const char *field, char *buf)
{
	const json_t *by = json_object_get(row, field);
	char text[CELL_TEXT];

	if (!by)
		return none;
	buf[0] = '\0';
	append(buf, cell_text(by, "prefix", text));
	append(buf, " of ");
	append(buf, cell_text(by, "peer", text));
	append(buf, ", via ");
	append(buf, cell_list(by, "next_hops", text));
	return buf;
}

const char *cell_path_next_hop(const json_t *row, const char *field, char *buf)
{
	char text[CELL_TEXT];

	buf[0] = '\0';
	append(buf, cell_gateway(row, field, text));
	if (!json_object_get(row, "by_route"))
		return buf;
	append(buf, " by ");
	append(buf, cell_by_route(row, "by_route", text));
	return buf;
}

const char *cell_path_mark(const json_t *row, const char *field, char *buf)
{
	if (json_is_false(json_object_get(row, "usable")))
		return "!";
	if (json_is_true(json_object_get(row, "stale")))
		return "~";
	if (json_is_true(json_object_get(row, "best")))
		return ">";
	return json_is_true(json_object_get(row, "ecmp")) ? "=" : " ";
}

/* That it is not what its peer says now, or not announced to anybody. */
static void append_held(const json_t *row, char *buf)
{
	const char *now = json_string_value(json_object_get(row, "held"));

	if (json_is_true(json_object_get(row, "damped")))
		append(buf, "; damped: not announced yet");
	if (!now)
		return;
	append(buf, *now ? "; held, its peer says: " : "; held");
	append(buf, now);
}

static const char *path_reason(const json_t *row, char *buf)
{
	char roles[CELL_TEXT];

	if (json_object_get(row, "refused")) {
		snprintf(buf, CELL_TEXT, "no room in the view of %.60s",
			 cell_list(row, "refused", roles));
		return buf;
	}
	if (json_is_false(json_object_get(row, "usable")))
		return cell_text(row, "unusable_reason", buf);
	return cell_text(row, "reason", buf);
}

const char *cell_path_reason(const json_t *row, const char *field, char *buf)
{
	char reason[CELL_TEXT];
	const char *why = path_reason(row, reason);

	(void)field;
	buf[0] = '\0';
	append(buf, why);
	append_held(row, buf);
	return buf;
}

/* "10.0.0.1 via er0", with the state behind if there is something to say; without a gateway the
 * state comes first. */
static void append_next_hop(char *buf, const json_t *hop)
{
	const char *gateway = json_string_value(json_object_get(hop, "gateway"));
	const char *state = json_string_value(json_object_get(hop, "state"));
	char port[CELL_TEXT];

	append(buf, gateway && gateway[0] ? gateway : state ? state : none);
	append(buf, " via ");
	append(buf, cell_text(hop, "port", port));
	if (gateway && gateway[0] && state && strcmp(state, "resolved")) {
		append(buf, " (");
		append(buf, state);
		append(buf, ")");
	}
}

const char *cell_next_hops(const json_t *row, const char *field, char *buf)
{
	const json_t *list = json_object_get(row, field), *hop;
	size_t i;

	buf[0] = '\0';
	json_array_foreach(list, i, hop)
	{
		append(buf, i ? ", " : "");
		append_next_hop(buf, hop);
	}
	return buf[0] ? buf : none;
}
