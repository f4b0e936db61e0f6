/* Access lists: the tables of what may stand in a list and in a rule; and copies of them. */
#include "acls.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define NAME_ALLOWED \
	"names of a letter a-z, then letters a-z, digits and hyphens, at most 31 in all"
#define PREFIXES_ALLOWED \
	"a prefix in quotes such as \"10.0.0.0/16\" or \"2001:db8::/32\", and lists of 1 to 16 " \
	"of " \
	"them"
#define PORTS_ALLOWED \
	"a port 0..65535, a range in quotes such as \"8000-8080\", and lists of 1 to 16 of both"

static read_fn read_protocol, read_sources, read_ports, read_rules;

static const char *const verdict_words[] = { "permit", "deny", NULL };

static const struct setting rule_settings[] = {
	{ "name", read_name, MEMBER(struct config_acl_rule, name), .required = true,
	  .allowed = NAME_ALLOWED },
	{ "action", read_word, MEMBER(struct config_acl_rule, deny), .required = true,
	  .words = verdict_words },
	{ "protocol", read_protocol, MEMBER(struct config_acl_rule, protocol),
	  .def = CONFIG_ACL_ANY, .max = UINT8_MAX,
	  .allowed = "\"tcp\", \"udp\", \"icmp\", \"icmpv6\" and numbers 0..255" },
	{ "source", read_sources, MEMBER(struct config_acl_rule, source),
	  .allowed = PREFIXES_ALLOWED },
	{ "destination", read_sources, MEMBER(struct config_acl_rule, destination),
	  .allowed = PREFIXES_ALLOWED },
	{ "source_ports", read_ports, MEMBER(struct config_acl_rule, source_ports),
	  .allowed = PORTS_ALLOWED },
	{ "destination_ports", read_ports, MEMBER(struct config_acl_rule, destination_ports),
	  .allowed = PORTS_ALLOWED },
	{ "icmp_type", read_number, MEMBER(struct config_acl_rule, icmp_type),
	  .def = CONFIG_ACL_ANY, .max = UINT8_MAX },
	{ "icmp_code", read_number, MEMBER(struct config_acl_rule, icmp_code),
	  .def = CONFIG_ACL_ANY, .max = UINT8_MAX },
	{ "established", read_bool, MEMBER(struct config_acl_rule, established),
	  .allowed = "true and false" },
	{ "fragments", read_bool, MEMBER(struct config_acl_rule, fragments),
	  .allowed = "true and false" },
	{ NULL },
};

static const struct setting acl_settings[] = {
	{ "name", read_name, MEMBER(struct config_acl, name), .required = true,
	  .allowed = NAME_ALLOWED },
	{ "rules", read_rules, WHOLE(struct config_acl), .required = true,
	  .allowed = "lists of groups such as ( { name = ...; action = ...; protocol = ...; } )" },
	{ "default", read_word, MEMBER(struct config_acl, deny), .required = true,
	  .words = verdict_words },
	{ NULL },
};
static_assert(sizeof(bool) == 1, "a word of two is a boolean");

static config_setting_t *element(config_setting_t *list, size_t i)
{
	return config_setting_get_elem(list, (unsigned int)i);
}

static bool read_protocol(struct complaints *c, const struct setting *spec, config_setting_t *at,
			  void *out)
{
	static const struct {
		const char *word;
		uint16_t number;
	} protocols[] = { { "icmp", 1 }, { "tcp", 6 }, { "udp", 17 }, { "icmpv6", 58 } };
	const char *word = config_setting_get_string(at);

	for (size_t i = 0; word && i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (!strcmp(word, protocols[i].word)) {
			*(uint16_t *)out = protocols[i].number;
			return true;
		}
	}
	return word ? refuse(c, spec, at, "is not known here") : read_number(c, spec, at, out);
}

/* One, or a list of some. Returns how many there are, each of which one_of() gives; 0: complained
 * about. */
static size_t some_of(struct complaints *c, const struct setting *spec, config_setting_t *at)
{
	size_t length;

	if (!config_setting_is_aggregate(at))
		return 1;
	length = read_length(c, spec, at, CONFIG_ACL_LIST);
	if (!length && !complained(c, at))
		refuse(c, spec, at, "is empty");
	return length;
}

static config_setting_t *one_of(config_setting_t *at, size_t i)
{
	return config_setting_is_aggregate(at) ? element(at, i) : at;
}

static bool read_sources(struct complaints *c, const struct setting *spec, config_setting_t *at,
			 void *out)
{
	struct config_acl_prefixes *list = out;
	size_t length = some_of(c, spec, at);

	for (size_t i = 0; i < length; i++)
		list->n += read_prefix(c, spec, one_of(at, i), &list->value[list->n]);
	return length && list->n == length;
}

/* Decimal digits and nothing else; moves `*text` behind them. */
static bool port_parse(const char **text, uint16_t *port)
{
	uint32_t value = 0;
	size_t digits = strspn(*text, "0123456789");

	for (size_t i = 0; i < digits && i < 6; i++)
		value = value * 10 + (uint32_t)((*text)[i] - '0');
	*text += digits;
	*port = (uint16_t)value;
	return digits >= 1 && digits <= 5 && value <= UINT16_MAX;
}

static bool range_parse(const char *text, struct config_port_range *range)
{
	if (!port_parse(&text, &range->first))
		return false;
	range->last = range->first;
	if (*text == '-') {
		text++;
		if (!port_parse(&text, &range->last))
			return false;
	}
	return !*text && range->first <= range->last;
}

static bool read_range(struct complaints *c, const struct setting *spec, config_setting_t *at,
		       struct config_port_range *range)
{
	const struct setting number = { .size = sizeof(range->first),
					.max = UINT16_MAX,
					.allowed = spec->allowed };
	const char *text = config_setting_get_string(at);
	bool good;

	if (text)
		return range_parse(text, range) || refuse(c, spec, at, "is not a range of ports");
	good = read_number(c, &number, at, &range->first);
	range->last = range->first;
	return good;
}

static bool read_ports(struct complaints *c, const struct setting *spec, config_setting_t *at,
		       void *out)
{
	struct config_acl_ports *list = out;
	size_t length = some_of(c, spec, at);

	for (size_t i = 0; i < length; i++)
		list->n += read_range(c, spec, one_of(at, i), &list->value[list->n]);
	return length && list->n == length;
}

static bool read_rules(struct complaints *c, const struct setting *spec, config_setting_t *at,
		       void *out)
{
	struct config_acl *acl = out;
	size_t length = read_length(c, spec, at, CONFIG_ACL_RULES);
	bool good = true;

	acl->rules = calloc(length + 1, sizeof(*acl->rules));
	acl->nb_rules = acl->rules ? length : 0;
	for (size_t i = 0; i < acl->nb_rules; i++)
		good &= read_group(c, rule_settings, element(at, i), &acl->rules[i]);
	return good;
}

bool read_acls(struct complaints *c, const struct setting *spec, config_setting_t *at, void *out)
{
	struct config *config = out;
	size_t length = read_length(c, spec, at, CONFIG_ACLS);
	bool good = true;

	config->acls = calloc(length + 1, sizeof(*config->acls));
	config->nb_acls = config->acls ? length : 0;
	for (size_t i = 0; i < config->nb_acls; i++) {
		config_setting_t *group = element(at, i);

		config->acls[i].line = (int)config_setting_source_line(group);
		good &= read_group(c, acl_settings, group, &config->acls[i]);
	}
	return good;
}

const struct config_acl *config_acl_find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->nb_acls; i++) {
		if (!strcmp(config->acls[i].name, name))
			return &config->acls[i];
	}
	return NULL;
}

static size_t at_least_one(size_t n)
{
	return n ? n : 1;
}

size_t config_acl_entries(const struct config_acl_rule *rule)
{
	size_t addresses = at_least_one(rule->source.n) * at_least_one(rule->destination.n);
	size_t ports = at_least_one(rule->source_ports.n) * at_least_one(rule->destination_ports.n);
	size_t flags = rule->established ? 2 : 1;
	bool fragments = !rule->deny && config_acl_looks_deep(rule);

	return addresses * (ports * flags + fragments);
}

static bool same_prefixes(const struct config_acl_prefixes *a, const struct config_acl_prefixes *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		if (!prefix_equal(a->value[i], b->value[i]))
			return false;
	}
	return a->n == b->n;
}

static bool same_ports(const struct config_acl_ports *a, const struct config_acl_ports *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		if (a->value[i].first != b->value[i].first || a->value[i].last != b->value[i].last)
			return false;
	}
	return a->n == b->n;
}

static bool same_rule(const struct config_acl_rule *a, const struct config_acl_rule *b)
{
	return !strcmp(a->name, b->name) && a->deny == b->deny &&
	       a->established == b->established && a->fragments == b->fragments &&
	       a->protocol == b->protocol && a->icmp_type == b->icmp_type &&
	       a->icmp_code == b->icmp_code && same_prefixes(&a->source, &b->source) &&
	       same_prefixes(&a->destination, &b->destination) &&
	       same_ports(&a->source_ports, &b->source_ports) &&
	       same_ports(&a->destination_ports, &b->destination_ports);
}

bool config_acl_same(const struct config_acl *a, const struct config_acl *b)
{
	if (strcmp(a->name, b->name) || a->deny != b->deny || a->nb_rules != b->nb_rules)
		return false;
	for (size_t i = 0; i < a->nb_rules; i++) {
		if (!same_rule(&a->rules[i], &b->rules[i]))
			return false;
	}
	return true;
}

int config_acl_copy(const struct config_acl *acl, struct config_acl *copy)
{
	struct config_acl_rule *rules = calloc(acl->nb_rules + 1, sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	for (size_t i = 0; i < acl->nb_rules; i++)
		rules[i] = acl->rules[i];
	*copy = *acl;
	copy->rules = rules;
	return 0;
}
