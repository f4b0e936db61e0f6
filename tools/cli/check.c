/* `config check`: the very code that both processes read their configuration with, and nothing
 * else. */
#include <jansson.h>

#include "config.h"
#include "run.h"

static json_t *strings(char **list, size_t nb)
{
	json_t *array = json_array();

	for (size_t i = 0; i < nb; i++)
		json_array_append_new(array, json_string(list[i]));
	return array;
}

static void print_json(const struct config *config, const struct config_report *report, FILE *out)
{
	json_t *result = json_pack("{s:b, s:o, s:o}", "good", config != NULL, "errors",
				   strings(report->errors, report->nb_errors), "warnings",
				   strings(report->warnings, report->nb_warnings));

	if (config)
		json_object_update_new(result,
				       json_pack("{s:s, s:I, s:I, s:I, s:I, s:b}", "instance",
						 config->instance.name, "ports",
						 (json_int_t)config->dataplane.nb_ports, "gateways",
						 (json_int_t)config->nb_gateways, "peers",
						 (json_int_t)config->nb_peers, "vnet_prefixes",
						 (json_int_t)config->nb_vnets, "exchange",
						 config->exchange.enabled));
	json_dumpf(result, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(result);
}

static void print_text(const char *path, const struct config *config,
		       const struct config_report *report, const struct cli *cli)
{
	for (size_t i = 0; i < report->nb_errors; i++)
		fprintf(cli->err, "%s\n", report->errors[i]);
	for (size_t i = 0; i < report->nb_warnings; i++)
		fprintf(cli->err, "warning: %s\n", report->warnings[i]);
	if (!config)
		fprintf(cli->err, "%s: %zu error%s: nothing would start with it\n", path,
			report->nb_errors, report->nb_errors == 1 ? "" : "s");
	else
		fprintf(cli->out,
			"%s is good: instance %s, AS %u, %zu ports, %zu sessions (%zu gateways), "
			"%zu VNet prefixes\n",
			path, config->instance.name, config->instance.asn,
			config->dataplane.nb_ports, config->nb_peers, config->nb_gateways,
			config->nb_vnets);
}

enum cli_exit config_check(struct cli *cli, const struct command_args *args)
{
	struct config_report report;
	struct config *config = config_load(args->operand[0], &report);
	enum cli_exit result = config ? CLI_OK : CLI_USAGE;

	if (cli->json)
		print_json(config, &report, cli->out);
	else
		print_text(args->operand[0], config, &report, cli);
	config_free(config);
	config_report_free(&report);
	return result;
}
