/* Metrics of the instance: what it is, its switch, RIB, FIB, turns, alarms; control's process. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "metrics.h"
#include "rib.h"
#include "version.h"

static const char *const afi_names[] = { [FAMILY_IPV4] = "ipv4", [FAMILY_IPV6] = "ipv6" };

/* --- one number each -------------------------------------------------------------------------- */

enum number { NUMBER_BOOL, NUMBER_U32, NUMBER_U64 };

#define AT(member) offsetof(struct row_summary, member)

static const struct summary_metric {
	struct metric_family family;
	size_t at;
	enum number number;
} numbers[] = {
	{ { "bascule_uptime_seconds", METRIC_GAUGE, "seconds", "Time since control has started." },
	  AT(uptime_s),
	  NUMBER_U64 },
	{ { "bascule_settled", METRIC_GAUGE, NULL,
	    "Whether every peer has finished announcing since the start." },
	  AT(settled),
	  NUMBER_BOOL },
	{ { "bascule_restarting", METRIC_GAUGE, NULL,
	    "Whether the dataplane forwards what an earlier control left, while this one fills the "
	    "spare tables." },
	  AT(restarting),
	  NUMBER_BOOL },
	{ { "bascule_drained", METRIC_GAUGE, NULL, "Whether the instance is drained (RFC 8326)." },
	  AT(drained),
	  NUMBER_BOOL },
	{ { "bascule_exchange_enabled", METRIC_GAUGE, NULL, "Whether route exchange is on." },
	  AT(exchange),
	  NUMBER_BOOL },
	{ { "bascule_peers", METRIC_GAUGE, NULL, "Peers that are configured." },
	  AT(peers),
	  NUMBER_U32 },
	{ { "bascule_peers_established", METRIC_GAUGE, NULL, "Peers whose session is up." },
	  AT(peers_up),
	  NUMBER_U32 },
	{ { "bascule_rib_prefixes", METRIC_GAUGE, NULL, "Prefixes in the RIB." },
	  AT(routes),
	  NUMBER_U64 },
	{ { "bascule_rib_paths", METRIC_GAUGE, NULL, "Paths in the RIB." }, AT(paths), NUMBER_U64 },
	{ { "bascule_rib_attribute_sets", METRIC_GAUGE, NULL, "Distinct sets of path attributes." },
	  AT(attribute_sets),
	  NUMBER_U64 },
	{ { "bascule_rib_memory_bytes", METRIC_GAUGE, "bytes",
	    "Memory of the RIB, with its attributes." },
	  AT(memory_bytes),
	  NUMBER_U64 },
	{ { "bascule_updates", METRIC_COUNTER, NULL, "UPDATEs that the RIB has taken." },
	  AT(updates),
	  NUMBER_U64 },
	{ { "bascule_fib_generations", METRIC_COUNTER, NULL,
	    "Generations of the tables that have been published." },
	  AT(fib.published),
	  NUMBER_U32 },
	{ { "bascule_fib_path_lists", METRIC_GAUGE, NULL, "Path-lists in use." },
	  AT(fib.path_lists),
	  NUMBER_U32 },
	{ { "bascule_fib_adjacencies", METRIC_GAUGE, NULL, "Adjacencies in use." },
	  AT(fib.adjacencies),
	  NUMBER_U32 },
	{ { "bascule_fib_changes", METRIC_COUNTER, NULL, "Changes of the tables." },
	  AT(fib.changes),
	  NUMBER_U64 },
	{ { "bascule_fib_routes_refused", METRIC_GAUGE, NULL,
	    "Routes for which a view has no room." },
	  AT(fib_refused),
	  NUMBER_U64 },
	{ { "bascule_fib_backups_refused", METRIC_GAUGE, NULL,
	    "Routes whose backup path found no room." },
	  AT(fib_unprotected),
	  NUMBER_U64 },
};

enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

static void put_number(struct exposition *to, const struct row_summary *summary,
		       const struct summary_metric *metric)
{
	const char *at = (const char *)summary + metric->at;
	uint64_t value = metric->number == NUMBER_BOOL	? *(const uint8_t *)at
			 : metric->number == NUMBER_U32 ? *(const uint32_t *)at
							: *(const uint64_t *)at;

	exposition_family(to, &metric->family);
	exposition_sample(to);
	exposition_value(to, value);
}

/* --- families of several samples -------------------------------------------------------------- */

static void put_info(struct exposition *to, const struct metrics *metrics)
{
	static const struct metric_family family = { "bascule", METRIC_INFO, NULL,
						     "The instance and its version." };
	char text[ADDR_TEXT];

	exposition_family(to, &family);
	exposition_sample(to);
	exposition_label(to, "name", metrics->summary.instance);
	exposition_label(to, "version", BASCULE_VERSION);
	exposition_label(to, "router_id", addr4_text(metrics->summary.router_id, text));
	snprintf(text, sizeof(text), "%" PRIu32, metrics->summary.asn);
	exposition_label(to, "asn", text);
	exposition_value(to, 1);
}

static void put_gate(struct exposition *to, const struct metrics *metrics)
{
	static const struct metric_family family = {
		"bascule_gate_open", METRIC_GAUGE, NULL,
		"Whether packets may pass from ports of one role to those of another."
	};

	exposition_family(to, &family);
	for (int in = 0; in < ROLE_COUNT; in++)
		for (int out = 0; out < ROLE_COUNT; out++) {
			exposition_sample(to);
			exposition_label(to, "ingress", role_name((enum role)in));
			exposition_label(to, "egress", role_name((enum role)out));
			exposition_value(to, rib_allows(metrics->exchange.gate, (enum role)out,
							(enum role)in));
		}
}

/* A number of each view that there is: `of` has it by family and role. */
static void put_views(struct exposition *to, const struct row_summary *summary,
		      const struct metric_family *family, const uint32_t of[][ROLE_COUNT])
{
	exposition_family(to, family);
	for (uint8_t i = 0; i < FAMILY_COUNT; i++)
		for (int role = 0; role < ROLE_COUNT; role++) {
			if (!(summary->views[i] >> role & 1))
				continue;
			exposition_sample(to);
			exposition_label(to, "view", role_name((enum role)role));
			exposition_label(to, "afi", afi_names[i]);
			exposition_value(to, of[i][role]);
		}
}

static void put_fib_routes(struct exposition *to, const struct metrics *metrics)
{
	static const struct metric_family family = { "bascule_fib_routes", METRIC_GAUGE, NULL,
						     "Routes in the table of a view." };

	put_views(to, &metrics->summary, &family, metrics->summary.fib.routes);
}

static void put_fib_groups(struct exposition *to, const struct metrics *metrics)
{
	static const struct metric_family family = {
		"bascule_fib_groups_used", METRIC_GAUGE, NULL,
		"Groups (tbl8 of IPv4, nodes of IPv6) in use in the table of a view."
	};

	put_views(to, &metrics->summary, &family, metrics->summary.fib.groups_used);
}

static void put_fib_room(struct exposition *to, const struct metrics *metrics)
{
	static const struct metric_family family = { "bascule_fib_groups_room", METRIC_GAUGE, NULL,
						     "Groups that the table of a view has room "
						     "for." };

	exposition_family(to, &family);
	for (uint8_t i = 0; i < FAMILY_COUNT; i++) {
		exposition_sample(to);
		exposition_label(to, "afi", afi_names[i]);
		exposition_value(to, metrics->summary.fib.groups[i]);
	}
}

/* A time or a count of the RIB lcore and of all session lcores. */
static void put_turns(struct exposition *to, const struct metrics *metrics,
		      const struct metric_family *family, size_t at)
{
	const struct row_turns *turns[] = { &metrics->summary.rib, &metrics->summary.sessions };
	static const char *const names[] = { "rib", "session" };

	exposition_family(to, family);
	for (int i = 0; i < 2; i++) {
		uint64_t value;

		memcpy(&value, (const char *)turns[i] + at, sizeof(value));
		exposition_sample(to);
		exposition_label(to, "lcore", names[i]);
		if (family->unit)
			exposition_nanos(to, value);
		else
			exposition_value(to, value);
	}
}

static void put_turns_longest(struct exposition *to, const struct metrics *metrics)
{
	static const struct metric_family family = {
		"bascule_lcore_turn_longest_seconds", METRIC_GAUGE, "seconds",
		"The longest turn of the last one to two minutes."
	};

	put_turns(to, metrics, &family, offsetof(struct row_turns, recent_ns));
}

static void put_turns_over(struct exposition *to, const struct metrics *metrics)
{
	static const struct metric_family family = { "bascule_lcore_turns_long", METRIC_COUNTER,
						     NULL, "Turns of more than 1 ms." };

	put_turns(to, metrics, &family, offsetof(struct row_turns, over));
}

static void put_turns_own(struct exposition *to, const struct metrics *metrics)
{
	static const struct metric_family family = {
		"bascule_lcore_turns_long_own", METRIC_COUNTER, NULL,
		"Turns of more than 1 ms in processor time, without what the kernel gave to others."
	};

	put_turns(to, metrics, &family, offsetof(struct row_turns, own_over));
}

/* Is it the first of its kind? */
static bool first_of_kind(const struct alarms *alarms, uint16_t i)
{
	for (uint16_t k = 0; k < i; k++)
		if (!strcmp(alarms->alarm[k].kind, alarms->alarm[i].kind))
			return false;
	return true;
}

static void put_alarms(struct exposition *to, const struct metrics *metrics)
{
	static const struct metric_family family = { "bascule_alarms", METRIC_GAUGE, NULL,
						     "Alarms that stand, by kind; \"more\" are "
						     "those beyond the first 64." };
	const struct alarms *alarms = &metrics->summary.alarms;

	exposition_family(to, &family);
	for (uint16_t i = 0; i < alarms->n; i++) {
		uint64_t n = 0;

		if (!first_of_kind(alarms, i))
			continue;
		for (uint16_t k = i; k < alarms->n; k++)
			n += !strcmp(alarms->alarm[k].kind, alarms->alarm[i].kind);
		exposition_sample(to);
		exposition_label(to, "kind", alarms->alarm[i].kind);
		exposition_value(to, n);
	}
	exposition_sample(to);
	exposition_label(to, "kind", "more");
	exposition_value(to, alarms->left);
}

static void put_partner(struct exposition *to, const struct metrics *metrics)
{
	static const struct metric_family family = {
		"bascule_partner_answers", METRIC_GAUGE, NULL,
		"Whether the other instance of this route server answers."
	};

	exposition_family(to, &family);
	if (!metrics->summary.partner.partner[0])
		return;
	exposition_sample(to);
	exposition_label(to, "partner", metrics->summary.partner.partner);
	exposition_value(to, !metrics->summary.partner.error[0]);
}

/* --- the process, by the names that every exporter uses --------------------------------------- */

static void put_resident(struct exposition *to, const struct metrics *metrics)
{
	static const struct metric_family family = {
		"process_resident_memory_bytes", METRIC_GAUGE, "bytes",
		"Resident memory of bascule-control, shared tables included."
	};
	unsigned long size = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	(void)metrics;
	if (file && fscanf(file, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	if (file)
		fclose(file);
	exposition_family(to, &family);
	exposition_sample(to);
	exposition_value(to, (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE));
}

static void put_cpu(struct exposition *to, const struct metrics *metrics)
{
	static const struct metric_family family = {
		"process_cpu_seconds", METRIC_COUNTER, "seconds",
		"Processor time of bascule-control, user and system."
	};
	struct rusage usage = { 0 };

	(void)metrics;
	getrusage(RUSAGE_SELF, &usage);
	exposition_family(to, &family);
	exposition_sample(to);
	exposition_nanos(
		to, (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
			    (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000);
}

bool metrics_put_instance(struct exposition *to, const struct metrics *metrics, unsigned int i)
{
	static void (*const others[])(struct exposition * to, const struct metrics *metrics) = {
		put_info,     put_gate,		 put_fib_routes, put_fib_groups,
		put_fib_room, put_turns_longest, put_turns_over, put_turns_own,
		put_alarms,   put_partner,	 put_resident,	 put_cpu,
	};

	if (i < NUMBERS)
		put_number(to, &metrics->summary, &numbers[i]);
	else if (i < NUMBERS + sizeof(others) / sizeof(others[0]))
		others[i - NUMBERS](to, metrics);
	else
		return false;
	return true;
}
