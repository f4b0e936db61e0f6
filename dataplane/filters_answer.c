/* Answers about filters: by telemetry's thread, which holds back what frees them meanwhile. */
#include "filters_answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tel_data.h"

enum { ACL_PAGE = 64 };

/* A rule's row; `rule` as in struct acl. */
static void add_rule(struct rte_tel_data *rows, uint32_t number, const struct acl *acl,
		     uint32_t rule)
{
	struct rte_tel_data *d = tel_add_element(rows, "rule", number);

	if (!d)
		return;
	rte_tel_data_add_dict_string(d, "acl", acl->config.name);
	rte_tel_data_add_dict_string(d, "rule",
				     rule ? acl->config.rules[rule - 1].name : "(default)");
	rte_tel_data_add_dict_string(d, "action", acl->deny[rule] ? "deny" : "permit");
	rte_tel_data_add_dict_u64(d, "hits", acl_hits(acl, rule));
}

/* Rules from `offset` on. Returns where the next page begins; 0: there is none. */
static uint32_t add_rules(struct rte_tel_data *rows, const struct filter_set *set,
			  unsigned long offset)
{
	uint32_t number = 0;

	for (size_t i = 0; i < set->nb_acls; i++) {
		uint32_t nb_rules = (uint32_t)set->acl[i]->config.nb_rules;

		for (uint32_t r = 1; r <= nb_rules + 1; r++, number++) {
			if (number < offset)
				continue;
			if (number == offset + ACL_PAGE)
				return number;
			add_rule(rows, number, set->acl[i], r % (nb_rules + 1));
		}
	}
	return 0;
}

int acl_answer(struct dataplane *dp, const char *params, struct rte_tel_data *d)
{
	unsigned long offset = params ? strtoul(params, NULL, 10) : 0;
	struct rte_tel_data *rows = tel_add_dict(d, "rules");
	uint32_t next;

	if (!rows)
		return -ENOMEM;
	pthread_mutex_lock(&dp->filters.lock);
	next = add_rules(rows, dp->filters.now, offset);
	pthread_mutex_unlock(&dp->filters.lock);
	rte_tel_data_add_dict_u64(d, "next", next);
	return 0;
}

void port_filters_answer(struct dataplane *dp, uint16_t port, struct rte_tel_data *d)
{
	static const char *const modes[] = {
		[URPF_OFF] = "off",
		[URPF_STRICT] = "strict",
		[URPF_LOOSE] = "loose",
	};
	const struct filter_port *filter;

	pthread_mutex_lock(&dp->filters.lock);
	filter = &dp->filters.now->table.port[port];
	rte_tel_data_add_dict_string(d, "urpf", modes[filter->urpf]);
	if (filter->in)
		rte_tel_data_add_dict_string(d, "acl_in", filter->in->config.name);
	if (filter->out)
		rte_tel_data_add_dict_string(d, "acl_out", filter->out->config.name);
	pthread_mutex_unlock(&dp->filters.lock);
}

int meters_answer(struct dataplane *dp, const char *params, struct rte_tel_data *d)
{
	struct counters sum;

	counters_sum(dp->counters, dp->nb_workers + 1u, &sum);
	for (int c = 0; c < PUNT_CLASSES; c++) {
		const char *name = punt_class_name((enum punt_class)c);
		struct rte_tel_data *row = tel_add_dict(d, name);

		if (!row)
			return -ENOMEM;
		rte_tel_data_add_dict_string(row, "class", name);
		rte_tel_data_add_dict_u64(row, "rate", dp->punt.limit[c].rate);
		rte_tel_data_add_dict_u64(row, "burst", dp->punt.limit[c].burst);
		rte_tel_data_add_dict_u64(row, "punted", sum.punted[c]);
		rte_tel_data_add_dict_u64(row, "ring_full", sum.drop[DROP_RING_BGP + c]);
		rte_tel_data_add_dict_u64(row, "metered", sum.drop[DROP_METER_BGP + c]);
	}
	return 0;
}
