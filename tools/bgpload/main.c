/* Options, and what came of the load. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "load.h"
#include "message.h"
#include "reflect.h"

static const char help[] =
	"usage: bascule-bgpload --target ADDRESS --from ADDRESS [OPTION …]\n"
	"       bascule-bgpload --reflect ADDRESS [--asn N] [--port N]\n"
	"\n"
	"  Loads a BGP speaker: peers connect to it, the first of them announce prefixes, and\n"
	"  each counts what it is told, until all have everything. Peer i speaks from the i-th\n"
	"  address behind --from with the i-th AS number behind --asn; the speaker must expect\n"
	"  it there, by eBGP.\n"
	"\n"
	"  --target ADDRESS    the speaker\n"
	"  --from ADDRESS      the first peer's; this host must have it and the ones behind it\n"
	"  --port N            the speaker's TCP port; default 179\n"
	"  --asn N             the first peer's AS number; default 65101\n"
	"  --peers N           sessions; default 10\n"
	"  --senders N         how many of them announce; default 8\n"
	"  --prefixes N        that each of them announces; default 100000\n"
	"  --same              all of them announce the same ones, with paths of their own\n"
	"  --updates FILE      what to announce instead: an AS path, communities and prefixes a\n"
	"                      line, separated by tabs; lines go to the senders in turn\n"
	"  --end withdraw      then they withdraw everything; the default\n"
	"        die           then the first sender closes its session\n"
	"        none          then nothing\n"
	"        watch         then it tells, a JSON object a line, when all peers have lost\n"
	"                      everything and when they have it again, until it is killed: for\n"
	"                      who moves a switch of the speaker's meanwhile\n"
	"        repeat        then they withdraw everything, and all over again until it is\n"
	"                      killed: routes that change all the time\n"
	"  --timeout N         seconds without a change after which it fails; default 60\n"
	"  --json              one JSON object instead of a table\n"
	"  --reflect ADDRESS   be a speaker that tells everybody what anybody says, octet for\n"
	"                      octet, and decides nothing: the bound of what this host can do\n"
	"  -h, --help          this text\n";

struct command_line {
	struct load_options load;
	uint32_t reflect;
	bool json;
};

static int refuse(const char *option, const char *value, const char *wanted)
{
	fprintf(stderr, "bascule-bgpload: %s: '%s', expected %s\n", option, value, wanted);
	return 2;
}

static int number_read(const char *option, const char *text, uint32_t min, uint32_t max,
		       uint32_t *value)
{
	char *end, wanted[64];
	unsigned long long number = strtoull(text, &end, 10);

	if (text[0] >= '0' && text[0] <= '9' && !*end && number >= min && number <= max) {
		*value = (uint32_t)number;
		return 0;
	}
	snprintf(wanted, sizeof(wanted), "a number, %u to %u", min, max);
	return refuse(option, text, wanted);
}

static int addr_read(const char *option, const char *text, uint32_t *addr)
{
	return addr4_parse(text, addr) ? 0 : refuse(option, text, "an IPv4 address");
}

static int ending_read(const char *text, enum load_ending *ending)
{
	static const char *const names[] = {
		[LOAD_WITHDRAW] = "withdraw", [LOAD_DIE] = "die",	[LOAD_NONE] = "none",
		[LOAD_WATCH] = "watch",	      [LOAD_REPEAT] = "repeat",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(text, names[i])) {
			*ending = (enum load_ending)i;
			return 0;
		}
	}
	return refuse("--end", text, "withdraw, die, none, watch or repeat");
}

static int option_read(int option, const char *text, struct command_line *line)
{
	struct load_options *load = &line->load;
	uint32_t number = 0;
	int error = 0;

	switch (option) {
	case 't': return addr_read("--target", text, &load->target);
	case 'f': return addr_read("--from", text, &load->from);
	case 'r': return addr_read("--reflect", text, &line->reflect);
	case 'p':
		error = number_read("--port", text, 1, UINT16_MAX, &number);
		load->port = (uint16_t)number;
		return error;
	case 'a': return number_read("--asn", text, 1, UINT32_MAX - TALKER_PEERS, &load->asn);
	case 'n': return number_read("--peers", text, 1, TALKER_PEERS, &load->peers);
	case 's': return number_read("--senders", text, 1, TALLY_SENDERS, &load->senders);
	case 'c': return number_read("--prefixes", text, 1, 1 << 22, &load->prefixes);
	case 'w': return number_read("--timeout", text, 1, 3600, &load->timeout_s);
	case 'e': return ending_read(text, &load->ending);
	case 'u': load->file = text; return 0;
	case 'm': load->same = true; return 0;
	case 'j': line->json = true; return 0;
	default: return 2;
	}
}

/* 0, or an exit code after a message; help was asked for: -1. */
static int parse(int argc, char **argv, struct command_line *line)
{
	static const struct option longs[] = {
		{ "target", 1, NULL, 't' },
		{ "from", 1, NULL, 'f' },
		{ "port", 1, NULL, 'p' },
		{ "asn", 1, NULL, 'a' },
		{ "peers", 1, NULL, 'n' },
		{ "senders", 1, NULL, 's' },
		{ "prefixes", 1, NULL, 'c' },
		{ "same", 0, NULL, 'm' },
		{ "updates", 1, NULL, 'u' },
		{ "end", 1, NULL, 'e' },
		{ "timeout", 1, NULL, 'w' },
		{ "json", 0, NULL, 'j' },
		{ "reflect", 1, NULL, 'r' },
		{ "help", 0, NULL, 'h' },
		{ 0 },
	};
	const struct load_options *load = &line->load;

	for (int o; (o = getopt_long(argc, argv, "h", longs, NULL)) >= 0;) {
		int error = o == 'h' ? -1 : option_read(o, optarg, line);

		if (error)
			return error;
	}
	if (optind < argc)
		return refuse("argument", argv[optind], "options alone; see --help");
	if (line->reflect)
		return 0;
	if (!load->target || !load->from) {
		fputs("bascule-bgpload: --target and --from are needed; see --help\n", stderr);
		return 2;
	}
	if (load->senders > load->peers) {
		fputs("bascule-bgpload: --senders: at most --peers\n", stderr);
		return 2;
	}
	if (load->same && load->senders == load->peers) {
		fputs("bascule-bgpload: --senders: fewer than --peers with --same: only who does "
		      "not announce hears all\n",
		      stderr);
		return 2;
	}
	return 0;
}

/* --- results ---------------------------------------------------------------------------------- */

static double per(uint64_t a, uint64_t b)
{
	return b ? (double)a / (double)b : 0;
}

static void phase_json(const char *name, const struct load_phase *p)
{
	printf("\"%s\": {\"seconds\": %.6f, \"updates\": %" PRIu64 ", \"announced\": %" PRIu64
	       ", \"again\": %" PRIu64 ", \"withdrawn\": %" PRIu64 ", \"echoed\": %" PRIu64
	       ", \"strange\": %" PRIu64 ", \"octets\": %" PRIu64 "}, ",
	       name, p->seconds, p->updates, p->announced, p->again, p->withdrawn, p->echoed,
	       p->strange, p->octets);
}

static void json(const struct load *load)
{
	const struct latency *latency = &load->timing.latency;

	printf("{\"peers\": %u, \"senders\": %u, \"prefixes\": %u, \"sets\": %u, \"same\": %s, ",
	       load->options->peers, load->options->senders, load->workload.nb_prefixes,
	       load->workload.nb_sets, load->options->same ? "true" : "false");
	phase_json("announce", &load->announce);
	phase_json("end", &load->end);
	printf("\"latency_us\": {\"samples\": %" PRIu64
	       ", \"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}}\n",
	       latency->nb, (double)latency_percentile(latency, 0.5) / 1e3,
	       (double)latency_percentile(latency, 0.99) / 1e3, (double)latency->max_ns / 1e3);
}

static void phase_row(const char *name, const struct load_phase *p)
{
	printf("%-10s %9.3f s  %10" PRIu64 " announced, %" PRIu64 " of them again, %" PRIu64
	       " withdrawn, in %" PRIu64 " UPDATEs (%.1f each)\n",
	       name, p->seconds, p->announced, p->again, p->withdrawn, p->updates,
	       per(p->announced + p->withdrawn, p->updates));
}

static void table(const struct load *load)
{
	const struct latency *latency = &load->timing.latency;

	printf("%u prefixes in %u sets, %u senders, %u peers\n", load->workload.nb_prefixes,
	       load->workload.nb_sets, load->options->senders, load->options->peers);
	phase_row("announced", &load->announce);
	if (load->options->ending != LOAD_NONE)
		phase_row("ended", &load->end);
	printf("from said to heard: p50 %.2f ms, p99 %.2f ms, longest %.2f ms\n",
	       (double)latency_percentile(latency, 0.5) / 1e6,
	       (double)latency_percentile(latency, 0.99) / 1e6, (double)latency->max_ns / 1e6);
}

/* Times as of CLOCK_MONOTONIC. */
static void told(const struct load_phase *p, bool all, uint64_t began_ns, uint64_t ended_ns)
{
	printf("{\"held\": \"%s\", \"began_ns\": %" PRIu64 ", \"ended_ns\": %" PRIu64
	       ", \"updates\": %" PRIu64 ", \"announced\": %" PRIu64 ", \"withdrawn\": %" PRIu64
	       "}\n",
	       all ? "all" : "none", began_ns, ended_ns, p->updates, p->announced, p->withdrawn);
	fflush(stdout);
}

static bool watch(struct load *load)
{
	uint64_t now = clock_ns();

	told(&load->announce, true, now - (uint64_t)(load->announce.seconds * 1e9), now);
	return load_watch(load, told);
}

static int run(const struct command_line *line)
{
	struct load load;
	bool ok = load_open(&load, &line->load) && load_join(&load) && load_warm(&load) &&
		  load_announce(&load) && load_end(&load);

	if (ok && line->load.ending == LOAD_WATCH)
		ok = watch(&load);
	while (ok && line->load.ending == LOAD_REPEAT)
		ok = load_announce(&load) && load_end(&load);

	if (line->load.progress)
		fputs("\r\033[K", stderr);
	if (!ok)
		fprintf(stderr, "bascule-bgpload: %s\n", load.error);
	else if (line->json)
		json(&load);
	else
		table(&load);
	load_close(&load);
	return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct command_line line = { .load = { .port = BGP_PORT,
					       .asn = 65101,
					       .peers = 10,
					       .senders = 8,
					       .prefixes = 100000,
					       .timeout_s = 60,
					       .progress = isatty(STDERR_FILENO) } };
	int error = parse(argc, argv, &line);

	if (error < 0) {
		fputs(help, stdout);
		return 0;
	}
	if (error)
		return error;
	if (line.reflect)
		return reflect(line.reflect, line.load.port, line.load.asn);
	return run(&line);
}
