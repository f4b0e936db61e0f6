/* Access lists for tests, written as sentences: of IPv4, or of the family that they are turned
 * into. */
#ifndef BASCULE_TEST_ACL_LISTS_H
#define BASCULE_TEST_ACL_LISTS_H

#include <string.h>

#include <string>
#include <vector>

#include "config_acl.h"
#include "families.h"

struct rule {
	config_acl_rule config = {};

	rule()
	{
		config.protocol = config.icmp_type = config.icmp_code = CONFIG_ACL_ANY;
	}
	rule &tcp()
	{
		config.protocol = 6;
		return *this;
	}
	rule &icmp(uint16_t type, uint16_t code = CONFIG_ACL_ANY)
	{
		config.protocol = 1;
		config.icmp_type = type;
		config.icmp_code = code;
		return *this;
	}
	rule &icmp6(uint16_t type)
	{
		icmp(type);
		config.protocol = 58;
		return *this;
	}
	rule &to6(const char *prefix)
	{
		prefix_parse(prefix, &config.destination.value[config.destination.n++]);
		return *this;
	}
	rule &from(const char *prefix)
	{
		prefix4_parse(prefix, &config.source.value[config.source.n++]);
		return *this;
	}
	rule &to(const char *prefix)
	{
		prefix4_parse(prefix, &config.destination.value[config.destination.n++]);
		return *this;
	}
	rule &dport(uint16_t first, uint16_t last = 0)
	{
		config.destination_ports.value[config.destination_ports.n++] = { first,
										 last ? last
										      : first };
		return *this;
	}
	rule &established()
	{
		config.established = true;
		return *this;
	}
	rule &fragments()
	{
		config.fragments = true;
		return *this;
	}
};

struct acl_list {
	config_acl config = {};
	std::vector<config_acl_rule> rules;

	/* `deny`: what no rule fits. */
	explicit acl_list(bool deny)
	{
		strcpy(config.name, "list");
		config.deny = deny;
	}
	acl_list(const acl_list &other) : config(other.config), rules(other.rules)
	{
		config.rules = rules.data();
	}
	acl_list &operator=(const acl_list &) = delete;
	/* The same of `family`, addresses as in families.h. */
	acl_list of(enum family family) const
	{
		acl_list list = *this;

		for (config_acl_rule &r : list.rules) {
			for (config_acl_prefixes *p : { &r.source, &r.destination }) {
				for (size_t i = 0; i < p->n; i++)
					p->value[i] = prefix_of(family, p->value[i].addr.v4,
								p->value[i].len);
			}
			if (family == FAMILY_IPV6 && r.protocol == 1)
				r.protocol = 58;
		}
		return list;
	}
	acl_list &add(config_acl_rule r)
	{
		strcpy(r.name, ("r" + std::to_string(rules.size())).c_str());
		rules.push_back(r);
		config.rules = rules.data();
		config.nb_rules = rules.size();
		return *this;
	}
	acl_list &permit(rule r)
	{
		return add(r.config);
	}
	acl_list &deny(rule r)
	{
		r.config.deny = true;
		return add(r.config);
	}
};

#endif
