/* Access lists as the configuration has them: which packets may come by a port, or leave by it. */
#ifndef BASCULE_CONFIG_ACL_H
#define BASCULE_CONFIG_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "name.h"
#include "prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	CONFIG_ACLS = 64,
	CONFIG_ACL_RULES = 1024, /* of one list */
	CONFIG_ACL_LIST = 16,	 /* prefixes or ranges in one place of a rule */
	/* combinations of what the rules of a list name in their places: what is compiled */
	CONFIG_ACL_ENTRIES = 8192,
	CONFIG_ACL_ANY = 256, /* protocols, types and codes have 8 bits */
};

struct config_port_range {
	uint16_t first, last;
};

struct config_acl_prefixes {
	struct prefix value[CONFIG_ACL_LIST];
	size_t n; /* 0: any */
};

struct config_acl_ports {
	struct config_port_range value[CONFIG_ACL_LIST];
	size_t n; /* 0: any */
};

/* A packet must fit all that is given. */
struct config_acl_rule {
	char name[CONFIG_NAME];
	bool deny;
	bool established;  /* TCP with ACK or RST */
	bool fragments;	   /* parts of packets but the first */
	uint16_t protocol; /* or CONFIG_ACL_ANY, as the next two */
	uint16_t icmp_type, icmp_code;
	struct config_acl_prefixes source, destination;
	struct config_acl_ports source_ports, destination_ports;
};

/* The first rule that a packet fits decides. */
struct config_acl {
	char name[CONFIG_NAME];
	bool deny;		       /* what no rule fits */
	struct config_acl_rule *rules; /* owned */
	size_t nb_rules;
	int line;
};

/* Does it ask for more than addresses and protocol: what only the first part of a packet has? */
static inline bool config_acl_looks_deep(const struct config_acl_rule *rule)
{
	return rule->established || rule->icmp_type != CONFIG_ACL_ANY || rule->source_ports.n ||
	       rule->destination_ports.n;
}

/* Into how many entries a rule is compiled (acl.h). */
size_t config_acl_entries(const struct config_acl_rule *rule);

/* Do both say the same, in the same order, by the same names? */
bool config_acl_same(const struct config_acl *a, const struct config_acl *b);

/* Into `copy`, which owns what it has then. -ENOMEM. */
int config_acl_copy(const struct config_acl *acl, struct config_acl *copy);

#ifdef __cplusplus
}
#endif
#endif
