/* What the product cannot do with IPv6 yet: the configuration holds addresses of both families, and
 * refuses those that nobody would use. A row goes when its part of the product is there, and this
 * file with the last one. */
#include "file.h"

/* Parts of the file, and what stands there. */
static const struct part {
	const char *path, *what;
} without_ipv6[] = {
	{ "vnet", "VNets" },
	{ "route_maps", "route maps" },
};

static bool is_ipv6(const char *text)
{
	const char *zone;
	struct addr addr;
	uint8_t len;

	return (addr_zone_parse(text, &addr, &zone) || addr_len_parse(text, &addr, &len)) &&
	       addr.family == FAMILY_IPV6;
}

static void refuse_ipv6(struct complaints *c, const config_setting_t *at, const char *what)
{
	const char *text = config_setting_get_string(at);

	if (text && is_ipv6(text))
		complain(c, at, NULL,
			 "\"%s\" is IPv6, which is not there yet for %s, allowed is IPv4", text,
			 what);
	for (int i = 0; config_setting_is_aggregate(at) && i < config_setting_length(at); i++)
		refuse_ipv6(c, config_setting_get_elem(at, (unsigned int)i), what);
}

void file_check_family(struct complaints *c, const struct file *file)
{
	for (size_t i = 0; i < sizeof(without_ipv6) / sizeof(without_ipv6[0]); i++) {
		const struct part *part = &without_ipv6[i];
		const config_setting_t *at = config_setting_get_member(file->root, part->path);

		if (at)
			refuse_ipv6(c, at, part->what);
	}
}
