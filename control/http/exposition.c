/* See exposition.h. */
#include "exposition.h"

#include <inttypes.h>
#include <string.h>

static const char *suffix(enum metric_type type)
{
	switch (type) {
	case METRIC_COUNTER: return "_total";
	case METRIC_INFO: return "_info";
	case METRIC_GAUGE: break;
	}
	return "";
}

/* A backslash, a line's end and, in labels, quotes are escaped. */
static void put_escaped(struct body *body, const char *text, bool quotes)
{
	const char *special = quotes ? "\\\n\"" : "\\\n";

	for (;;) {
		size_t len = strcspn(text, special);

		body_put(body, text, len);
		text += len;
		if (!*text)
			return;
		body_puts(body, *text == '\n' ? "\\n" : *text == '"' ? "\\\"" : "\\\\");
		text++;
	}
}

void exposition_family(struct exposition *to, const struct metric_family *family)
{
	static const char *const types[] = {
		[METRIC_GAUGE] = "gauge",
		[METRIC_COUNTER] = "counter",
		[METRIC_INFO] = "info",
	};
	const char *end = to->openmetrics ? "" : suffix(family->type);
	bool info = family->type == METRIC_INFO && !to->openmetrics;

	to->family = family;
	body_printf(to->body, "# TYPE %s%s %s\n", family->name, end,
		    info ? "gauge" : types[family->type]);
	if (to->openmetrics && family->unit)
		body_printf(to->body, "# UNIT %s %s\n", family->name, family->unit);
	body_printf(to->body, "# HELP %s%s ", family->name, end);
	put_escaped(to->body, family->help, to->openmetrics);
	body_puts(to->body, "\n");
}

void exposition_sample(struct exposition *to)
{
	body_puts(to->body, to->family->name);
	body_puts(to->body, suffix(to->family->type));
	to->labelled = false;
}

void exposition_label(struct exposition *to, const char *name, const char *value)
{
	body_puts(to->body, to->labelled ? "," : "{");
	to->labelled = true;
	body_puts(to->body, name);
	body_puts(to->body, "=\"");
	put_escaped(to->body, value, true);
	body_puts(to->body, "\"");
}

void exposition_value(struct exposition *to, uint64_t value)
{
	body_printf(to->body, "%s %" PRIu64 "\n", to->labelled ? "}" : "", value);
}

void exposition_nanos(struct exposition *to, uint64_t nanos)
{
	body_printf(to->body, "%s %" PRIu64 ".%09" PRIu64 "\n", to->labelled ? "}" : "",
		    nanos / 1000000000, nanos % 1000000000);
}

void exposition_end(struct exposition *to)
{
	if (to->openmetrics)
		body_puts(to->body, "# EOF\n");
}
