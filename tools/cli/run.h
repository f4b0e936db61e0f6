/* What the rows of the command table run. Each asks, prints, and returns the exit code. */
#ifndef BASCULE_CLI_RUN_H
#define BASCULE_CLI_RUN_H

#include "command.h"

/* show.c: asked of control */
enum cli_exit show_summary(struct cli *cli, const struct command_args *args);
enum cli_exit show_peers(struct cli *cli, const struct command_args *args);
enum cli_exit show_peer(struct cli *cli, const struct command_args *args);
enum cli_exit show_routes(struct cli *cli, const struct command_args *args);
enum cli_exit show_fib(struct cli *cli,
		       const struct command_args *args); /* of one address: of the dataplane */
enum cli_exit show_policy(struct cli *cli, const struct command_args *args);
enum cli_exit show_exchange(struct cli *cli, const struct command_args *args);

/* partner.c */
enum cli_exit show_partner(struct cli *cli, const struct command_args *args);

/* plan.c */
enum cli_exit exchange_plan(struct cli *cli, const struct command_args *args);

/* policy.c */
enum cli_exit policy_test_in(struct cli *cli, const struct command_args *args);
enum cli_exit policy_test_out(struct cli *cli, const struct command_args *args);

/* events.c */
enum cli_exit show_events(struct cli *cli, const struct command_args *args);

/* dataplane.c: asked of the dataplane, whether control runs or not */
enum cli_exit show_ports(struct cli *cli, const struct command_args *args);
enum cli_exit show_neighbours(struct cli *cli, const struct command_args *args);
enum cli_exit show_counters(struct cli *cli, const struct command_args *args);
enum cli_exit show_acl(struct cli *cli, const struct command_args *args);
enum cli_exit show_meters(struct cli *cli, const struct command_args *args);
enum cli_exit show_fib_address(struct cli *cli, const struct command_args *args);

/* act.c */
enum cli_exit exchange_enable(struct cli *cli, const struct command_args *args);
enum cli_exit exchange_disable(struct cli *cli, const struct command_args *args);
enum cli_exit reload(struct cli *cli, const struct command_args *args);

/* service.c */
enum cli_exit drain(struct cli *cli, const struct command_args *args);
enum cli_exit undrain(struct cli *cli, const struct command_args *args);
enum cli_exit peer_reset(struct cli *cli, const struct command_args *args);
enum cli_exit peer_shutdown(struct cli *cli, const struct command_args *args);
enum cli_exit peer_start(struct cli *cli, const struct command_args *args);
enum cli_exit peer_drain(struct cli *cli, const struct command_args *args);
enum cli_exit peer_undrain(struct cli *cli, const struct command_args *args);

/* check.c: asked of nobody */
enum cli_exit config_check(struct cli *cli, const struct command_args *args);

/* nic.c, doctor_command.c: asked of the kernel's files */
enum cli_exit nic_list(struct cli *cli, const struct command_args *args);
enum cli_exit nic_bind_command(struct cli *cli, const struct command_args *args);
enum cli_exit nic_unbind_command(struct cli *cli, const struct command_args *args);
enum cli_exit nic_persist_command(struct cli *cli, const struct command_args *args);
enum cli_exit doctor(struct cli *cli, const struct command_args *args);

#endif
