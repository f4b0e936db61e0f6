/* `nic`: the host's NICs, and which of them are DPDK's. Asked of nobody: it is all in sysfs. */
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "configured.h"
#include "nic_bind.h"
#include "run.h"

static const struct host_root here = { .root = "" };

/* --- list ------------------------------------------------------------------------------------- */

static const struct column nic_columns[] = {
	{ "ADDRESS", "address", cell_text },
	{ "ID", "id", cell_text },
	{ "DRIVER", "driver", cell_text },
	{ "AT BOOT", "persistent", cell_text },
	{ "DPDK", "pmd", cell_text },
	{ "GROUP", "iommu_group", cell_text, true },
	{ "NODE", "numa_node", cell_text, true },
	{ "INTERFACES", "interfaces", cell_list },
	{ "LINK", "link", cell_text },
	{ "Mb/s", "speed_mbps", cell_text, true },
	{ "USED BY", "used_by", cell_text },
	{ "NOTE", "note", cell_text },
	{ NULL },
};

static void set_text(json_t *row, const char *field, const char *text)
{
	if (text[0])
		json_object_set_new(row, field, json_string(text));
}

static void set_number(json_t *row, const char *field, int number)
{
	if (number >= 0)
		json_object_set_new(row, field, json_integer(number));
}

static void set_interfaces(json_t *row, const struct nic *nic)
{
	json_t *names = json_array();
	bool up = false, carrier = false;
	int speed = -1;

	for (size_t i = 0; i < nic->nb_interfaces; i++) {
		const struct nic_interface *interface = &nic->interfaces[i];

		json_array_append_new(names, json_string(interface->name));
		up |= interface->up;
		carrier |= interface->carrier;
		speed = interface->speed_mbps > speed ? interface->speed_mbps : speed;
	}
	json_object_set_new(row, "interfaces", names);
	if (nic->nb_interfaces)
		set_text(row, "link", carrier ? "up" : up ? "no carrier" : "down");
	set_number(row, "speed_mbps", carrier ? speed : -1);
}

static void set_use(json_t *row, const struct nic *nic, const struct configured *configured)
{
	char port[2 * CONFIG_NAME] = "", holder[64], text[PATH_MAX];
	int pid = configured_holder(&here, nic->address, holder, sizeof(holder));

	if (!configured_port_of(configured, nic->address, port, sizeof(port)) && !pid)
		return;
	if (pid)
		snprintf(text, sizeof(text), "%s (process %d)", port[0] ? port : holder, pid);
	else
		snprintf(text, sizeof(text), "%s (configured)", port);
	set_text(row, "used_by", text);
}

static json_t *row_of(const struct nic *nic, const struct configured *configured)
{
	json_t *row = json_pack("{s:s, s:b}", "address", nic->address, "guarded", 0);
	char text[BIND_TEXT];

	snprintf(text, sizeof(text), "%04x:%04x", nic->vendor, nic->device);
	set_text(row, "id", text);
	set_text(row, "driver", nic->driver);
	set_text(row, "persistent", nic_persists(&here, nic) ? "vfio-pci" : "");
	set_text(row, "pmd", nic->pmd);
	json_object_set_new(row, "pmd_by_kernel", json_boolean(nic->pmd_by_kernel));
	set_number(row, "iommu_group", nic->group);
	set_number(row, "numa_node", nic->node);
	set_interfaces(row, nic);
	set_use(row, nic, configured);
	if (nic_guarded(&here, nic, text, sizeof(text))) {
		json_object_set_new(row, "guarded", json_true());
		set_text(row, "note", text);
	} else if (nic->pmd_by_kernel) {
		set_text(row, "note", "stays on the kernel's driver");
	} else if (!nic->pmd[0]) {
		set_text(row, "note", "no DPDK driver that is installed knows it");
	}
	return row;
}

enum cli_exit nic_list(struct cli *cli, const struct command_args *args)
{
	static const struct answer_kind kind = { .columns = nic_columns,
						 .none = "There is no NIC on a PCI bus." };
	struct configured configured = configured_load(&here, args->option[OPTION_CONFIG]);
	struct nics nics = nics_list(&here);
	enum cli_exit result = CLI_FAILED;
	struct answer answer;
	bool good = true;

	if (answer_begin(&answer, cli, &kind)) {
		for (size_t i = 0; i < nics.n && good; i++) {
			json_t *row = row_of(&nics.nic[i], &configured);

			good = answer_row(&answer, row);
			json_decref(row);
		}
		result = answer_end(&answer, good ? CLI_OK : CLI_FAILED);
	}
	nics_free(&nics);
	configured_free(&configured);
	return result;
}

/* --- bind, unbind, persist -------------------------------------------------------------------- */

static void print_json(const struct cli *cli, const struct nic *nic, const struct bind_result *r)
{
	json_t *notes = json_array(), *row;

	for (size_t i = 0; i < r->nb_notes; i++)
		json_array_append_new(notes, json_string(r->note[i]));
	row = json_pack("{s:s, s:b, s:b, s:o}", "address", nic->address, "done", r->done, "changed",
			r->changed, "notes", notes);
	set_text(row, "driver", nic->driver);
	set_text(row, "reason", r->why);
	set_text(row, "next", r->next);
	json_dumpf(row, cli->out, JSON_COMPACT);
	fputc('\n', cli->out);
	json_decref(row);
}

/* Say what has become of it; `nic` is as it is now. */
static enum cli_exit conclude(struct cli *cli, const struct nic *nic, const struct bind_result *r,
			      const char *changed, const char *same)
{
	if (cli->json) {
		print_json(cli, nic, r);
		return r->done ? CLI_OK : CLI_FAILED;
	}
	if (r->done)
		fprintf(cli->out, r->changed ? changed : same, nic->address,
			nic->driver[0] ? nic->driver : "no driver");
	for (size_t i = 0; i < r->nb_notes; i++)
		fprintf(cli->out, "  %s\n", r->note[i]);
	return r->done ? CLI_OK : cli_fail(cli, r->next[0] ? r->next : NULL, "%s", r->why);
}

enum act { ACT_BIND, ACT_UNBIND, ACT_PERSIST };

static void do_it(enum act act, const struct nics *nics, const struct nic *nic, bool force,
		  struct bind_result *r)
{
	char program[PATH_MAX];
	ssize_t len;

	switch (act) {
	case ACT_BIND: nic_bind(&here, nics, nic, force, r); break;
	case ACT_UNBIND: nic_unbind(&here, nic, r); break;
	case ACT_PERSIST:
		len = readlink("/proc/self/exe", program, sizeof(program) - 1);
		program[len > 0 ? len : 0] = '\0';
		nic_persist(&here, nic, program, r);
		break;
	}
}

static enum cli_exit act_on(struct cli *cli, const struct command_args *args, enum act act,
			    const char *changed, const char *same)
{
	struct nics nics = nics_list(&here), after;
	const struct nic *nic = nics_find(&nics, args->operand[0]), *now;
	enum cli_exit result;
	struct bind_result r;

	if (!nic) {
		nics_free(&nics);
		return cli_fail(cli, "bascule nic list has the addresses of those that are there",
				"%s is no NIC on a PCI bus, and no interface of one",
				args->operand[0]);
	}
	do_it(act, &nics, nic, args->option[OPTION_FORCE], &r);
	after = nics_list(&here);
	now = nics_find(&after, nic->address);
	result = conclude(cli, now ? now : nic, &r, changed, same);
	nics_free(&after);
	nics_free(&nics);
	return result;
}

enum cli_exit nic_bind_command(struct cli *cli, const struct command_args *args)
{
	return act_on(cli, args, ACT_BIND, "%s is on %s now.\n", "%s is on %s already.\n");
}

enum cli_exit nic_unbind_command(struct cli *cli, const struct command_args *args)
{
	return act_on(cli, args, ACT_UNBIND, "%s is the kernel's again, on %s.\n",
		      "%s is not on vfio-pci, but on %s.\n");
}

enum cli_exit nic_persist_command(struct cli *cli, const struct command_args *args)
{
	return act_on(cli, args, ACT_PERSIST, "%s will be on %s at every boot.\n",
		      "%s is on %s at every boot already.\n");
}
