/* Complaints: where each stands, what it says, in which order they are read. A setting's path is
 * made of names as the operator wrote them: "peers.nva-a.hold_s" where the element of a list has a
 * name, "peers[2].hold_s" where it has not. */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "name.h"
#include "text.h"

static void number(config_setting_t *setting, uintptr_t *next)
{
	config_setting_set_hook(setting, (void *)(*next)++);
	if (!config_setting_is_aggregate(setting))
		return;
	for (int i = 0; i < config_setting_length(setting); i++)
		number(config_setting_get_elem(setting, (unsigned int)i), next);
}

void complaints_number(config_setting_t *root)
{
	uintptr_t next = 1;

	number(root, &next);
}

static void print_path(FILE *out, const config_setting_t *setting)
{
	const config_setting_t *parent = config_setting_parent(setting);
	const char *name = config_setting_name(setting);

	if (!parent)
		return;
	print_path(out, parent);
	if (!name && config_setting_is_group(setting) &&
	    (!config_setting_lookup_string(setting, "name", &name) || !name_valid(name)))
		name = NULL;
	if (name)
		fprintf(out, "%s%s", config_setting_is_root(parent) ? "" : ".", name);
	else
		fprintf(out, "[%d]", config_setting_index(setting));
}

/* "rs0.conf:12: peers.nva-a.hold_s" */
static char *place_text(const char *file, const config_setting_t *at, const char *member)
{
	const config_setting_t *line = member ? config_setting_get_member(at, member) : NULL;
	const char *source = config_setting_source_file(line ? line : at);
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s", source ? source : file);
	if (config_setting_source_line(line ? line : at))
		fprintf(out, ":%u", config_setting_source_line(line ? line : at));
	fputs(": ", out);
	print_path(out, at);
	if (member)
		fprintf(out, "%s%s", config_setting_is_root(at) ? "" : ".", member);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/* Keep one complaint, `place` included. Without memory for it only nb_errors counts it, and that
 * refuses the file. */
static void keep(struct complaints *c, bool warning, uintptr_t order, char *place, const char *fmt,
		 va_list args)
{
	struct complaint *entry;
	char *text = NULL;

	c->nb_errors += !warning;
	if (c->nb == c->room) {
		size_t room = c->room ? 2 * c->room : 16;
		struct complaint *list = realloc(c->list, room * sizeof(*list));

		if (!list) {
			free(place);
			return;
		}
		c->list = list;
		c->room = room;
	}
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	entry = &c->list[c->nb];
	*entry = (struct complaint){ text, place, order, c->nb++, warning };
}

static uintptr_t order_of(const config_setting_t *at, const char *member)
{
	const config_setting_t *child = member ? config_setting_get_member(at, member) : NULL;

	return (uintptr_t)config_setting_get_hook(child ? child : at);
}

void complain(struct complaints *c, const config_setting_t *at, const char *member, const char *fmt,
	      ...)
{
	va_list args;

	va_start(args, fmt);
	keep(c, false, order_of(at, member), place_text(c->file, at, member), fmt, args);
	va_end(args);
}

void warn(struct complaints *c, const config_setting_t *at, const char *member, const char *fmt,
	  ...)
{
	va_list args;

	va_start(args, fmt);
	keep(c, true, order_of(at, member), place_text(c->file, at, member), fmt, args);
	va_end(args);
}

/* The highest number at or below a setting. */
static uintptr_t last_order(const config_setting_t *at)
{
	while (config_setting_is_aggregate(at) && config_setting_length(at))
		at = config_setting_get_elem(at, (unsigned int)config_setting_length(at) - 1);
	return (uintptr_t)config_setting_get_hook(at);
}

bool complained(const struct complaints *c, const config_setting_t *at)
{
	if (!at)
		return false;
	for (size_t i = 0; i < c->nb; i++) {
		const struct complaint *entry = &c->list[i];

		if (!entry->warning && entry->order >= order_of(at, NULL) &&
		    entry->order <= last_order(at))
			return true;
	}
	return false;
}

void complain_line(struct complaints *c, const char *file, unsigned int line, const char *fmt, ...)
{
	char *place = NULL;
	va_list args;

	if ((line ? asprintf(&place, "%s:%u", file, line) : asprintf(&place, "%s", file)) < 0)
		place = NULL;
	va_start(args, fmt);
	keep(c, false, 0, place, fmt, args);
	va_end(args);
}

static int by_order(const void *a, const void *b)
{
	const struct complaint *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

void complaints_report(struct complaints *c, struct config_report *report)
{
	report->errors = calloc(c->nb + 1, sizeof(*report->errors));
	report->warnings = calloc(c->nb + 1, sizeof(*report->warnings));
	if (c->nb)
		qsort(c->list, c->nb, sizeof(*c->list), by_order);
	for (size_t i = 0; i < c->nb; i++) {
		struct complaint *entry = &c->list[i];
		char *line = NULL;

		if (report->errors && report->warnings && entry->place && entry->text &&
		    asprintf(&line, "%s: %s", entry->place, entry->text) >= 0) {
			/* A setting's value may be any octets, and JSON takes none but UTF-8. */
			text_harmless(line, strlen(line) + 1, (const uint8_t *)line, strlen(line));
			if (entry->warning)
				report->warnings[report->nb_warnings++] = line;
			else
				report->errors[report->nb_errors++] = line;
		}
		free(entry->place);
		free(entry->text);
	}
	free(c->list);
	*c = (struct complaints){ .file = c->file };
}
