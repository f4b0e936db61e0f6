/* The program: the table of all commands, and one run of one of them. */
#include "program.h"

#include "cli.h"
#include "name.h"
#include "run.h"
#include "text.h"
#include "version.h"

#define OPTION(name)	   (UINT64_C(1) << OPTION_##name)
#define OPTIONS_OF_A_ROUTE (OPTION(AS_PATH) | OPTION(COMMUNITIES) | OPTION(ORIGIN) | OPTION(MED))
#define OPTIONS_OF_ROUTES \
	(OPTION(PEER) | OPTION(RECEIVED) | OPTION(LEARNED) | OPTION(ADVERTISED) | OPTION(FAMILY) | \
	 OPTION(LONGER) | OPTION(EXACT) | OPTION(AS_PATH) | OPTION(ORIGIN_AS) | \
	 OPTION(COMMUNITY) | OPTION(NEXT_HOP) | OPTION(ROLE) | OPTION(USABLE) | OPTION(UNUSABLE) | \
	 OPTION(FILTERED) | OPTION(BACKUP) | OPTION(COUNT) | OPTION(LIMIT))

static enum cli_exit completion(struct cli *cli, const struct command_args *args)
{
	command_completion(commands, cli->out);
	return CLI_OK;
}

const struct command commands[] = {
	{ "show summary", 0, show_summary, "the instance at a glance, and what is wrong with it" },
	{ "show peers", 0, show_peers, "a line a session: state, routes in and out, last error" },
	{ "show peer NAME", 0, show_peer, "all about one session" },
	{ "show routes [PREFIX|ADDRESS]", OPTIONS_OF_ROUTES, show_routes,
	  "every path, best first, and why each won or lost; of an address: the longest match" },
	{ "show fib [ADDRESS]", OPTION(VIEW) | OPTION(FAMILY), show_fib,
	  "what packets follow: a view's table, or what becomes of packets to an address" },
	{ "show ports", 0, show_ports, "a line a port: link, addresses, traffic" },
	{ "show neighbours", 0, show_neighbours, "the hosts on our ports' subnets" },
	{ "show counters [PORT]", 0, show_counters,
	  "packets, and each reason for a drop, of all ports or one; those that are not zero" },
	{ "show acl", 0, show_acl,
	  "a line a rule of the access lists of ports: how often it was hit" },
	{ "show meters", 0, show_meters,
	  "a line a class of packets for the host: what is let through, and what was not" },
	{ "show partner [PEER]", 0, show_partner,
	  "the other instance: what peers do here and there; of one peer: which prefixes differ" },
	{ "show policy", 0, show_policy,
	  "a line a rule of a route map: how often it acted, how many peers have it" },
	{ "policy test PEER in PREFIX", OPTIONS_OF_A_ROUTE, policy_test_in,
	  "what a peer's inbound route map makes of a route, rule by rule" },
	{ "policy test PEER out PREFIX", OPTIONS_OF_A_ROUTE, policy_test_out,
	  "the same outbound: of a route that is, or would be, announced to the peer" },
	{ "show exchange", 0, show_exchange,
	  "the route exchange switch, and which roles it lets through" },
	{ "show events", OPTION(FOLLOW), show_events,
	  "what has happened: sessions, limits, loops, the switch, reloads, next hops" },
	{ "exchange enable", 0, exchange_enable, "let branches learn and use each other's routes" },
	{ "exchange disable", 0, exchange_disable, "stop transit between branches, at once" },
	{ "exchange plan [enable|disable]", OPTION(PREFIXES) | OPTION(PEER), exchange_plan,
	  "what moving the switch would change, for whom; nothing is moved" },
	{ "drain", OPTION(WAIT) | OPTION(TIMEOUT), drain,
	  "have all peers prefer other paths than by this instance (RFC 8326); what comes is "
	  "forwarded" },
	{ "undrain", 0, undrain, "have them use it again" },
	{ "peer NAME|GATEWAY|--all reset", OPTION(SOFT_IN) | OPTION(SOFT_OUT), peer_reset,
	  "close sessions and set them up anew; or, of one, only exchange its routes again" },
	{ "peer NAME|GATEWAY|--all shutdown [TEXT]", 0, peer_shutdown,
	  "close sessions, with a text for the peer (RFC 9003), until they are started again" },
	{ "peer NAME|GATEWAY|--all start", 0, peer_start, "end a shutdown" },
	{ "peer NAME|GATEWAY|--all drain", 0, peer_drain,
	  "have peers prefer other paths, and use theirs last (RFC 8326); the sessions stay" },
	{ "peer NAME|GATEWAY|--all undrain", 0, peer_undrain, "end that" },
	{ "reload", OPTION(FORCE), reload,
	  "read the configuration file again and apply what changed" },
	{ "config check FILE", 0, config_check,
	  "read a configuration file and tell everything that is wrong with it" },
	{ "doctor", OPTION(CONFIG) | OPTION(FIX), doctor,
	  "is this host fit for its instances: each check, what it found, and what to do" },
	{ "nic list", OPTION(CONFIG), nic_list,
	  "a line a NIC: driver, DPDK's driver, IOMMU group, NUMA node, link, whose it is" },
	{ "nic bind NIC", OPTION(FORCE), nic_bind_command,
	  "give a NIC, by PCI address or interface, to vfio-pci; never one that the host is "
	  "reached by" },
	{ "nic unbind NIC", 0, nic_unbind_command, "give a NIC back to the kernel's own driver" },
	{ "nic persist NIC", 0, nic_persist_command,
	  "have it at every boot on vfio-pci, if it is now, or else on the kernel's driver" },
	{ "completion", 0, completion, "print a completion script for bash" },
	{ NULL },
};

/* What is asked for goes into JSON, which would leave other octets out, and ask for everything. A
 * file's name does not. */
static bool check_text(const struct cli *cli, const struct command_args *args)
{
	for (size_t i = 0; i < COMMAND_OPERANDS && args->command->run != config_check; i++) {
		if (args->operand[i] && !text_is_harmless(args->operand[i])) {
			cli_fail(cli, NULL, "argument %zu is no text in UTF-8", i + 1);
			return false;
		}
	}
	for (int i = 0; i < OPTIONS; i++) {
		if (args->option[i] && !text_is_harmless(args->option[i])) {
			cli_fail(cli, NULL, "the value of an option is no text in UTF-8");
			return false;
		}
	}
	return true;
}

enum cli_exit cli_run(int argc, char *const *argv, FILE *out, FILE *err)
{
	struct cli cli = { .out = out, .err = err };
	struct command_args args;
	const char *instance;

	if (command_parse(commands, argc, argv, &args, err) != CLI_OK)
		return CLI_USAGE;
	if (args.option[OPTION_VERSION]) {
		fprintf(out, "bascule %s\n", BASCULE_VERSION);
		return CLI_OK;
	}
	if (args.option[OPTION_HELP]) {
		command_help(commands, &args, out);
		return CLI_OK;
	}
	if (!check_text(&cli, &args))
		return CLI_USAGE;
	instance = args.option[OPTION_INSTANCE];
	if (instance && !name_valid(instance)) {
		cli_fail(&cli, NULL, "%s is no instance's name", instance);
		return CLI_USAGE;
	}
	if (instance)
		snprintf(cli.instance, sizeof(cli.instance), "%s", instance);
	cli.json = args.option[OPTION_JSON];
	return args.command->run(&cli, &args);
}
