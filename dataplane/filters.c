/* Makes sets of filters, puts them in force, and frees them. */
#include "filters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_lcore.h>
#include <rte_rcu_qsbr.h>

#include "log.h"

static void set_free(struct filter_set *set)
{
	for (size_t i = 0; set && i < set->nb_acls; i++)
		acl_put(set->acl[i]);
	free(set);
}

static struct acl *set_find(const struct filter_set *set, const char *name)
{
	for (size_t i = 0; set && i < set->nb_acls; i++) {
		if (!strcmp(set->acl[i]->config.name, name))
			return set->acl[i];
	}
	return NULL;
}

/* The list of this name for a set under way: the one that it has, the one in force if that says the
 * same, or a new one. */
static int set_acl(struct filter_set *set, const struct filter_set *now,
		   const struct config *config, const char *name, uint16_t nb_lcores,
		   const struct acl **acl)
{
	const struct config_acl *wanted = config_acl_find(config, name);
	struct acl *found = set_find(set, name);

	*acl = found;
	if (found || !wanted)
		return 0;
	found = set_find(now, name);
	if (found && config_acl_same(&found->config, wanted)) {
		found->refs++;
	} else {
		found = acl_new(wanted, nb_lcores);
		set->fresh[set->nb_acls] = true;
	}
	if (!found)
		return -ENOMEM;
	set->acl[set->nb_acls++] = found;
	*acl = found;
	return 0;
}

static struct filter_set *set_make(const struct filters *filters, const struct config *config)
{
	const struct filter_users *users = &filters->users;
	const struct config_dataplane *dataplane = &config->dataplane;
	struct filter_set *set = calloc(1, sizeof(*set));
	int err = set ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < dataplane->nb_ports; i++) {
		const struct config_port *port = &dataplane->ports[i];
		struct filter_port *filter = &set->table.port[users->port_ids[i]];

		filter->urpf = port->urpf;
		err = set_acl(set, filters->now, config, port->acl_in, users->nb_workers,
			      &filter->in);
		if (!err)
			err = set_acl(set, filters->now, config, port->acl_out, users->nb_workers,
				      &filter->out);
	}
	if (err) {
		set_free(set);
		return NULL;
	}
	filter_table_settle(&set->table);
	return set;
}

static void *compile(void *arg)
{
	struct filter_set *set = arg;

	for (size_t i = 0; !set->err && i < set->nb_acls; i++) {
		if (!set->fresh[i])
			continue;
		set->err = acl_compile(set->acl[i]);
		if (set->err)
			set->refused = set->acl[i];
	}
	__atomic_store_n(&set->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void log_refused(const struct filter_set *set)
{
	log_error("access list %s cannot be compiled: %s%s", set->refused->config.name,
		  strerror(-set->err), set->err == -ENOMEM ? ": raise dataplane.memory_mb" : "");
}

/* One store for each lcore: from its next burst on it goes by `set`. */
static void publish(struct filters *filters, struct filter_set *set)
{
	const struct filter_table *table = set->table.from ? &set->table : NULL;
	const struct filter_users *users = &filters->users;

	for (uint16_t i = 0; i < users->nb_workers; i++)
		__atomic_store_n(&users->workers[i].forwarder.filters, table, __ATOMIC_RELEASE);
	users->slowpath->filters = table;
	filters->now = set;
}

int filters_open(struct filters *filters, const struct filter_users *users,
		 const struct config *config)
{
	struct filter_set *set;

	*filters = (struct filters){ .users = *users, .lock = PTHREAD_MUTEX_INITIALIZER };
	set = set_make(filters, config);
	if (!set) {
		log_error("no memory for the filters of ports");
		return -ENOMEM;
	}
	compile(set);
	if (set->err) {
		int err = set->err;

		log_refused(set);
		set_free(set);
		return err;
	}
	publish(filters, set);
	return 0;
}

void filters_close(struct filters *filters)
{
	if (filters->next)
		pthread_join(filters->thread, NULL);
	set_free(filters->next);
	set_free(filters->retired);
	set_free(filters->now);
	*filters = (struct filters){ 0 };
}

bool filters_begin(struct filters *filters, const struct config *wanted)
{
	int err = ENOMEM;

	filters->next = set_make(filters, wanted);
	if (filters->next)
		err = rte_ctrl_thread_create(&filters->thread, "filters", NULL, compile,
					     filters->next);
	if (!err)
		return true;
	log_error("reload: no memory or thread for the filters of ports: they are as before");
	set_free(filters->next);
	filters->next = NULL;
	return false;
}

/* What was in force goes when no lcore can be inside any more, and nobody else is. */
static void reclaim(struct filters *filters)
{
	if (rte_rcu_qsbr_check(filters->users.qsbr, filters->token, false) != 1 ||
	    pthread_mutex_trylock(&filters->lock))
		return;
	set_free(filters->retired);
	filters->retired = NULL;
	pthread_mutex_unlock(&filters->lock);
}

bool filters_turn(struct filters *filters)
{
	struct filter_set *next = filters->next;

	if (filters->retired)
		reclaim(filters);
	if (!next || !__atomic_load_n(&next->done, __ATOMIC_ACQUIRE) ||
	    pthread_mutex_trylock(&filters->lock))
		return false;
	pthread_join(filters->thread, NULL); /* it has said its last */
	filters->next = NULL;
	if (next->err) {
		log_refused(next);
		log_error("reload: the filters of ports are as before");
		filters->retired = next;
	} else {
		filters->retired = filters->now;
		publish(filters, next);
	}
	filters->token = rte_rcu_qsbr_start(filters->users.qsbr);
	pthread_mutex_unlock(&filters->lock);
	return true;
}
