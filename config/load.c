/* From a path to a checked configuration: scan the text, let libconfig read it, read the settings,
 * expand the gateways, check all together; hand out either the whole or nothing. */
#include <libconfig.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

static size_t gateway_sessions(const struct file *file)
{
	size_t sum = 0;

	for (size_t g = 0; g < file->nb_gateways; g++)
		sum += file->gateways[g].subnet.len ? file->gateways[g].max_instances
						    : file->gateways[g].nb_addresses;
	return sum;
}

/* One session of a gateway; `at` is where it stands. */
static struct config_peer *expand_session(struct file *file, size_t g, size_t i,
					  const config_setting_t *at)
{
	struct config *config = &file->config;
	const struct file_gateway *gateway = &file->gateways[g];
	struct config_peer *peer = &config->peers[config->nb_peers];

	*peer = gateway->session;
	snprintf(peer->name, sizeof(peer->name), "%.28s/%zu", gateway->gateway.name,
		 i % CONFIG_GATEWAY_ADDRESSES);
	peer->role = gateway->gateway.role;
	if (!peer->asn)
		peer->asn = config->instance.asn;
	peer->gateway = (int)g;
	peer->line = (int)config_setting_source_line(at);
	file->peer_at[config->nb_peers++] = at;
	return peer;
}

/* "ergw/0", "ergw/1" ... of one gateway. The session's name has room: a gateway's name is checked
 * to leave it. */
static void expand_gateway(struct file *file, size_t g)
{
	struct config *config = &file->config;
	const struct file_gateway *gateway = &file->gateways[g];
	const config_setting_t *at = file_element(file, "gateways", g);
	const config_setting_t *addresses = config_setting_get_member(at, "addresses");
	struct config_peer *peer;

	config->gateways[config->nb_gateways++] = gateway->gateway;
	if (gateway->subnet.len) {
		for (size_t i = 0; i < gateway->max_instances; i++) {
			peer = expand_session(file, g, i, config_setting_get_member(at, "subnet"));
			peer->subnet = gateway->subnet;
			peer->addr.family = gateway->subnet.addr.family;
			peer->passive = true;
		}
		return;
	}
	for (size_t i = 0; i < gateway->nb_addresses; i++) {
		peer = expand_session(file, g, i,
				      config_setting_get_elem(addresses, (unsigned int)i));
		peer->addr = gateway->addresses[i];
		memcpy(peer->link, gateway->links[i], sizeof(peer->link));
	}
}

static int by_address(const void *a, const void *b)
{
	const struct config_vnet *const *v = a, *const *w = b;

	return prefix_compare((*v)->prefix, (*w)->prefix);
}

static int by_name(const void *a, const void *b)
{
	const struct config_peer *const *p = a, *const *q = b;

	return strcmp((*p)->name, (*q)->name);
}

/* Who is asked for one of a thousand by an lcore finds it without asking all. */
static bool sort(struct config *config)
{
	config->vnets_by_address = calloc(config->nb_vnets + 1, sizeof(*config->vnets_by_address));
	config->peers_by_name = calloc(config->nb_peers + 1, sizeof(*config->peers_by_name));
	if (!config->vnets_by_address || !config->peers_by_name)
		return false;
	for (size_t i = 0; i < config->nb_vnets; i++)
		config->vnets_by_address[i] = &config->vnets[i];
	for (size_t i = 0; i < config->nb_peers; i++)
		config->peers_by_name[i] = &config->peers[i];
	qsort(config->vnets_by_address, config->nb_vnets, sizeof(*config->vnets_by_address),
	      by_address);
	qsort(config->peers_by_name, config->nb_peers, sizeof(*config->peers_by_name), by_name);
	return true;
}

bool file_expand(struct file *file)
{
	struct config *config = &file->config;
	size_t nb_peers = gateway_sessions(file) + file->nb_nvas;

	config->peers = calloc(nb_peers + 1, sizeof(*config->peers));
	config->vnets = calloc(file->nb_vnets + 1, sizeof(*config->vnets));
	config->neighbours = calloc(file->nb_neighbours + 1, sizeof(*config->neighbours));
	config->gateways = calloc(file->nb_gateways + 1, sizeof(*config->gateways));
	file->peer_at = calloc(nb_peers + 1, sizeof(*file->peer_at));
	if (!config->peers || !config->vnets || !config->neighbours || !config->gateways ||
	    !file->peer_at)
		return false;
	for (size_t v = 0; v < file->nb_vnets; v++)
		config->vnets[config->nb_vnets++] = file->vnets[v].vnet;
	for (size_t n = 0; n < file->nb_neighbours; n++)
		config->neighbours[config->nb_neighbours++] = file->neighbours[n].neighbour;
	for (size_t g = 0; g < file->nb_gateways; g++)
		expand_gateway(file, g);
	for (size_t i = 0; i < file->nb_nvas; i++) {
		file->peer_at[config->nb_peers] = file_element(file, "peers", i);
		config->peers[config->nb_peers++] = file->nvas[i];
	}
	return sort(config);
}

const config_setting_t *file_element(const struct file *file, const char *path, size_t i)
{
	return config_setting_get_elem(config_setting_lookup(file->root, path), (unsigned int)i);
}

static void config_release(struct config *config)
{
	for (size_t i = 0; i < config->dataplane.nb_ports; i++) {
		struct config_port *port = &config->dataplane.ports[i];

		for (size_t k = 0; k < port->nb_members; k++)
			free(port->members[k]);
		free(port->device);
	}
	for (size_t i = 0; i < config->nb_route_maps; i++)
		free(config->route_maps[i].rules);
	free(config->route_maps);
	for (size_t i = 0; i < config->nb_acls; i++)
		free(config->acls[i].rules);
	free(config->acls);
	free(config->vnets);
	free(config->neighbours);
	free(config->gateways);
	free(config->peers);
	free(config->vnets_by_address);
	free(config->peers_by_name);
	free(config->path);
}

void file_free(struct file *file)
{
	config_release(&file->config);
	free(file->gateways);
	free(file->vnets);
	free(file->neighbours);
	free(file->nvas);
	free(file->peer_at);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	config_release(config);
	free(config);
}

void config_report_free(struct config_report *report)
{
	for (size_t i = 0; i < report->nb_errors; i++)
		free(report->errors[i]);
	for (size_t i = 0; i < report->nb_warnings; i++)
		free(report->warnings[i]);
	free(report->errors);
	free(report->warnings);
	*report = (struct config_report){ 0 };
}

/* Let libconfig parse `path`; included files are looked for beside it. */
static bool parse(struct complaints *c, const char *path, config_t *lc)
{
	char copy[PATH_MAX];

	if (!file_scan(c, path))
		return false;
	snprintf(copy, sizeof(copy), "%s", path);
	config_set_include_dir(lc, dirname(copy));
	if (config_read_file(lc, path))
		return true;
	complain_line(c, config_error_file(lc) ? config_error_file(lc) : path,
		      (unsigned int)config_error_line(lc), "%s", config_error_text(lc));
	return false;
}

/* Everything between the parsed text and the finished configuration. NULL: there were complaints,
 * or no memory. */
static struct config *build(struct complaints *c, const char *path, config_t *lc)
{
	struct file *file = calloc(1, sizeof(*file));
	struct config *config = NULL;

	if (!file)
		return NULL;
	file->root = config_root_setting(lc);
	complaints_number(config_root_setting(lc));
	file_read(c, file);
	file->config.path = strdup(path);
	if (!file->config.path || !file_expand(file))
		complain_line(c, path, 0, "out of memory");
	else
		file_check(c, file);
	file_settle_limits(file);
	if (!c->nb_errors) {
		config = malloc(sizeof(*config));
		if (config) {
			*config = file->config;
			file->config = (struct config){ 0 };
		}
	}
	file_free(file);
	free(file);
	return config;
}

struct config *config_load(const char *path, struct config_report *report)
{
	struct complaints complaints = { .file = path };
	struct config *config = NULL;
	config_t lc;

	*report = (struct config_report){ 0 };
	config_init(&lc);
	if (parse(&complaints, path, &lc))
		config = build(&complaints, path, &lc);
	complaints_report(&complaints, report);
	config_destroy(&lc);
	return config;
}
