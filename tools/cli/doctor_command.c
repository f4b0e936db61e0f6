/* `doctor`: is this host fit for its instances? */
#include <jansson.h>

#include "config.h"
#include "configured.h"
#include "doctor.h"
#include "run.h"

static const struct host_root here = { .root = "" };

static void print_json(const struct findings *findings, FILE *out)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *f = &findings->finding[i];
		json_t *row =
			json_pack("{s:s, s:s, s:s, s:s}", "check", f->check, "reads", f->reads,
				  "state", finding_state_name(f->state), "finding", f->text);

		if (f->next[0])
			json_object_set_new(row, "next", json_string(f->next));
		fputs(i ? ",\n " : "[\n ", out);
		json_dumpf(row, out, JSON_COMPACT);
		json_decref(row);
	}
	fputs(findings->n ? "\n]\n" : "[]\n", out);
}

static void print_text(const struct findings *findings, FILE *out)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *f = &findings->finding[i];
		bool again = i && f->check == f[-1].check;

		fprintf(out, "%-7s  %-13s  %s\n", finding_state_name(f->state),
			again ? "" : f->check, f->text);
		if (f->next[0])
			fprintf(out, "%24sdo: %s\n", "", f->next);
	}
}

static size_t count(const struct findings *findings, enum finding_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < findings->n; i++)
		n += findings->finding[i].state == state;
	return n;
}

/* The configuration that was asked for: a file, an instance's, or NULL for all that there are. */
static const char *file_of(const struct cli *cli, const struct command_args *args, char *path,
			   size_t size)
{
	if (args->option[OPTION_CONFIG] || !cli->instance[0])
		return args->option[OPTION_CONFIG];
	snprintf(path, size, "/etc/bascule/%s.conf", cli->instance);
	return path;
}

enum cli_exit doctor(struct cli *cli, const struct command_args *args)
{
	char path[CLI_NAME + 32];
	struct configured configured =
		configured_load(&here, file_of(cli, args, path, sizeof(path)));
	struct findings findings =
		doctor_examine(&here, &configured, args->option[OPTION_FIX] != NULL);
	size_t faults = count(&findings, FINDING_FAULT), warnings;

	warnings = count(&findings, FINDING_WARNING);
	if (cli->json)
		print_json(&findings, cli->out);
	else
		print_text(&findings, cli->out);
	if (!cli->json && (faults || warnings))
		fprintf(cli->out, "\n%zu faults, %zu warnings\n", faults, warnings);
	else if (!cli->json)
		fputs("\nThis host is fit.\n", cli->out);
	findings_free(&findings);
	configured_free(&configured);
	return faults ? CLI_FAILED : CLI_OK;
}
