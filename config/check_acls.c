/* What access lists mean: rules that can fit something, names used once, and lists that there are
 * where ports name them. */
#include <netinet/in.h>
#include <string.h>

#include "file.h"

enum { ANY_FAMILY = (1 << FAMILY_COUNT) - 1 };

static const config_setting_t *acl_at(const struct file *file, size_t i)
{
	return file_element(file, "acls", i);
}

static bool has_ports(const struct config_acl_rule *rule)
{
	return rule->source_ports.n || rule->destination_ports.n;
}

/* What a rule asks for must be there in the packets of its protocol. */
static void check_protocol(struct complaints *c, const config_setting_t *at,
			   const struct config_acl_rule *rule)
{
	const char *ports = rule->source_ports.n ? "source_ports" : "destination_ports";

	if (has_ports(rule) && rule->protocol != IPPROTO_TCP && rule->protocol != IPPROTO_UDP)
		complain(c, at, ports,
			 "stands without protocol \"tcp\" or \"udp\", allowed are rules of these");
	if (rule->icmp_type != CONFIG_ACL_ANY && rule->protocol != IPPROTO_ICMP &&
	    rule->protocol != IPPROTO_ICMPV6)
		complain(c, at, "icmp_type",
			 "stands without protocol \"icmp\" or \"icmpv6\", allowed are rules of "
			 "these");
	if (rule->icmp_code != CONFIG_ACL_ANY && rule->icmp_type == CONFIG_ACL_ANY)
		complain(c, at, "icmp_code",
			 "stands without icmp_type, allowed is a code of a type");
	if (rule->established && rule->protocol != IPPROTO_TCP)
		complain(c, at, "established",
			 "stands without protocol \"tcp\", allowed are rules of that");
	if (rule->fragments && config_acl_looks_deep(rule))
		complain(c, at, "fragments",
			 "stands beside what the first part of a packet alone has, allowed are "
			 "addresses and protocol");
}

/* A bit for each family. */
static uint8_t families_of(const struct config_acl_prefixes *list)
{
	uint8_t families = 0;

	for (size_t i = 0; i < list->n; i++)
		families |= family_bit(list->value[i].addr.family);
	return list->n ? families : ANY_FAMILY;
}

/* Some packet must fit. */
static void check_families(struct complaints *c, const config_setting_t *at,
			   const struct config_acl_rule *rule)
{
	uint8_t both = families_of(&rule->source) & families_of(&rule->destination);

	if (!both)
		complain(c, at, "destination",
			 "has no prefix of source's family, allowed are prefixes of one family");
	else if (rule->protocol == IPPROTO_ICMP && !(both & family_bit(FAMILY_IPV4)))
		complain(c, at, "protocol",
			 "is IPv4's beside prefixes of IPv6, allowed is \"icmpv6\"");
	else if (rule->protocol == IPPROTO_ICMPV6 && !(both & family_bit(FAMILY_IPV6)))
		complain(c, at, "protocol",
			 "is IPv6's beside prefixes of IPv4, allowed is \"icmp\"");
}

static void check_rule(struct complaints *c, const config_setting_t *at,
		       const struct config_acl *acl, size_t r)
{
	const struct config_acl_rule *rule = &acl->rules[r];

	if (complained(c, at))
		return;
	for (size_t i = 0; i < r; i++) {
		if (!strcmp(rule->name, acl->rules[i].name)) {
			complain(c, at, "name",
				 "%s is another rule's of this list already, allowed are names "
				 "used once",
				 rule->name);
			break;
		}
	}
	check_protocol(c, at, rule);
	check_families(c, at, rule);
}

static void check_acl(struct complaints *c, const struct file *file, size_t i)
{
	const struct config_acl *acl = &file->config.acls[i];
	const config_setting_t *at = acl_at(file, i);
	const config_setting_t *rules;
	size_t entries = 0;

	if (!config_setting_is_group(at))
		return;
	for (size_t j = 0; j < i && acl->name[0]; j++) {
		if (!strcmp(acl->name, file->config.acls[j].name))
			complain(c, at, "name",
				 "\"%s\" is the access list on line %d already, allowed are names "
				 "used once",
				 acl->name, file->config.acls[j].line);
	}
	rules = config_setting_get_member(at, "rules");
	for (size_t r = 0; r < acl->nb_rules; r++) {
		check_rule(c, config_setting_get_elem(rules, (unsigned int)r), acl, r);
		entries += config_acl_entries(&acl->rules[r]);
	}
	if (entries > CONFIG_ACL_ENTRIES)
		complain(c, at, "rules",
			 "name %zu combinations of sources, destinations and ports, allowed are "
			 "%d",
			 entries, CONFIG_ACL_ENTRIES);
}

static void check_use(struct complaints *c, const struct file *file, size_t port,
		      const char *member, const char *name)
{
	if (name[0] && !config_acl_find(&file->config, name))
		complain(c, file_element(file, "dataplane.ports", port), member,
			 "there is no access list %s, allowed are names in acls", name);
}

static bool used(const struct file *file, const char *name)
{
	const struct config_dataplane *dataplane = &file->config.dataplane;

	for (size_t p = 0; p < dataplane->nb_ports; p++) {
		if (!strcmp(dataplane->ports[p].acl_in, name) ||
		    !strcmp(dataplane->ports[p].acl_out, name))
			return true;
	}
	return false;
}

void file_check_acls(struct complaints *c, const struct file *file)
{
	const struct config *config = &file->config;

	for (size_t i = 0; i < config->nb_acls; i++) {
		check_acl(c, file, i);
		if (!complained(c, acl_at(file, i)) && !used(file, config->acls[i].name))
			warn(c, acl_at(file, i), "name", "no port has the access list %s",
			     config->acls[i].name);
	}
	for (size_t p = 0; p < config->dataplane.nb_ports; p++) {
		check_use(c, file, p, "acl_in", config->dataplane.ports[p].acl_in);
		check_use(c, file, p, "acl_out", config->dataplane.ports[p].acl_out);
	}
}
