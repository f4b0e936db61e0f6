/* Checks of who else has a hand in the host's network: managers of interfaces, packet filters,
 * listeners on BGP's port. What is said is what can be seen: a rule that names the port, a chain
 * that drops what no rule names. */
#include <arpa/inet.h>
#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "examination.h"

enum { BGP_PORT = 179, RULESET = 4 << 20 };

static unsigned int bgp_port(const struct examination *e)
{
	size_t i = 0;
	const struct config *config = next_config(e, &i);

	return config ? config->control.listen_port : BGP_PORT;
}

/* --- managers --------------------------------------------------------------------------------- */

/* Whose value is it? "KEY=" at the beginning of a line. */
static bool value_of(const char *text, const char *key, char *value, size_t size)
{
	size_t len = strlen(key);

	for (const char *line = text; line && *line;) {
		const char *end = strchr(line, '\n');

		if (!strncmp(line, key, len)) {
			snprintf(value, size, "%.*s", (int)strcspn(line + len, "\n"), line + len);
			return true;
		}
		line = end ? end + 1 : NULL;
	}
	return false;
}

/* A .network file of systemd-networkd whose [Match] takes the interface by its name; into `file`.
 * Patterns are those of fnmatch(3), and "!" in front turns all of them round. */
static bool network_file_for(const struct host_root *host, const char *interface, char *file,
			     size_t size)
{
	static const char *const folders[] = { "/etc/systemd/network", "/run/systemd/network",
					       "/usr/lib/systemd/network" };
	bool found = false;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && !found; i++) {
		struct host_names names = host_list(host, "%s", folders[i]);

		for (size_t k = 0; k < names.n && !found; k++) {
			char text[4096], match[256], *rest = match, *word;
			bool not = false;

			if (fnmatch("*.network", names.name[k], 0) ||
			    !host_read(host, text, sizeof(text), "%s/%s", folders[i],
				       names.name[k]) ||
			    !value_of(text, "Name=", match, sizeof(match)))
				continue;
			if (match[0] == '!') {
				not = true;
				rest++;
			}
			while (!found && (word = strsep(&rest, " ")))
				found = *word && !fnmatch(word, interface, 0);
			found ^= not ;
			snprintf(file, size, "%s/%s", folders[i], names.name[k]);
		}
		host_names_free(&names);
	}
	return found;
}

/* What the managers themselves say of an interface that is there; else what they are set up for. */
static void look_interface(struct examination *e, const char *interface, bool networkd,
			   bool manager)
{
	long index = host_number(e->host, 0, "/sys/class/net/%s/ifindex", interface);
	char text[4096], value[64] = "", file[256], next[FINDING_TEXT];

	snprintf(
		next, sizeof(next),
		"[Match] Name=%s, [Link] Unmanaged=yes in /etc/systemd/network/10-bascule.network; "
		"networkctl reload",
		interface);
	host_read(e->host, text, sizeof(text), "/run/systemd/netif/links/%ld", index);
	if (networkd && index && value_of(text, "ADMIN_STATE=", value, sizeof(value)) &&
	    strcmp(value, "unmanaged"))
		finding(e, FINDING_WARNING, next,
			"systemd-networkd has %s (%s): it may take our addresses and routes away",
			interface, value);
	else if (networkd && !value[0] && network_file_for(e->host, interface, file, sizeof(file)))
		finding(e, FINDING_WARNING, next, "systemd-networkd will have %s, by %s", interface,
			file);
	value[0] = '\0';
	host_read(e->host, text, sizeof(text), "/run/NetworkManager/devices/%ld", index);
	snprintf(next, sizeof(next),
		 "[keyfile] unmanaged-devices=interface-name:%s in "
		 "/etc/NetworkManager/conf.d/10-bascule.conf; systemctl reload NetworkManager",
		 interface);
	if (manager && index && value_of(text, "managed=", value, sizeof(value)) &&
	    (!strcmp(value, "true") || !strcmp(value, "1")))
		finding(e, FINDING_WARNING, next,
			"NetworkManager has %s: it may take our addresses and routes away",
			interface);
}

void look_managers(struct examination *e)
{
	bool networkd = host_process(e->host, "systemd-networkd");
	bool manager = host_process(e->host, "NetworkManager");
	size_t before = e->findings->n;
	const struct config *config;

	for (size_t i = 0; (config = next_config(e, &i));) {
		for (size_t p = 0; p < config->dataplane.nb_ports; p++) {
			char interface[2 * CONFIG_NAME];

			snprintf(interface, sizeof(interface), "%s-%s", config->instance.name,
				 config->dataplane.ports[p].name);
			look_interface(e, interface, networkd, manager);
		}
	}
	if (e->findings->n == before)
		finding(e, FINDING_OK, NULL,
			networkd || manager ? "%s leaves LCP interfaces alone, as far as it says"
					    : "%s runs",
			networkd && manager ? "systemd-networkd and NetworkManager"
			: networkd	    ? "systemd-networkd"
			: manager	    ? "NetworkManager"
					    : "neither NetworkManager nor systemd-networkd");
}

/* --- firewall --------------------------------------------------------------------------------- */

/* Where each family's rules are. */
static const struct ruleset {
	uint8_t family;
	const char *title, *table;    /* for people; nftables's name of it, beside "inet" */
	const char *iptables, *saved; /* likewise; the program that prints them */
} rulesets[] = {
	{ FAMILY_IPV4, "", "ip", "iptables", "/usr/sbin/iptables-save" },
	{ FAMILY_IPV6, " of IPv6", "ip6", "ip6tables", "/usr/sbin/ip6tables-save" },
};

struct filter {
	const struct ruleset *of;
	unsigned int port;
	bool drops_port, accepts_port, drops_rest;
	char where[128]; /* the chain that drops */
};

/* Is the port in what a match has on its right: a number, a range, a set of these? */
static bool right_has(const json_t *right, json_int_t port)
{
	const json_t *range = json_object_get(right, "range"), *set = json_object_get(right, "set");
	const json_t *member;
	size_t i;

	if (json_is_integer(right))
		return json_integer_value(right) == port;
	if (range)
		return port >= json_integer_value(json_array_get(range, 0)) &&
		       port <= json_integer_value(json_array_get(range, 1));
	json_array_foreach(set ? set : right, i, member)
	{
		if (right_has(member, port))
			return true;
	}
	return false;
}

/* One rule, as nft -j prints it (libnftables-json(5)). */
static void read_rule(struct filter *f, const json_t *rule)
{
	const json_t *expr;
	bool names = false, verdict_drop = false, verdict_accept = false;
	size_t i;

	json_array_foreach(json_object_get(rule, "expr"), i, expr)
	{
		const json_t *match = json_object_get(expr, "match");
		const json_t *payload = json_object_get(json_object_get(match, "left"), "payload");
		const char *protocol = json_string_value(json_object_get(payload, "protocol"));
		const char *field = json_string_value(json_object_get(payload, "field"));
		const char *op = json_string_value(json_object_get(match, "op"));

		if (protocol && field && op && !strcmp(field, "dport") &&
		    (!strcmp(protocol, "tcp") || !strcmp(protocol, "th")))
			names |= right_has(json_object_get(match, "right"), f->port) ==
				 (strcmp(op, "!=") != 0);
		verdict_drop |= json_object_get(expr, "drop") || json_object_get(expr, "reject");
		verdict_accept |= json_object_get(expr, "accept") != NULL;
	}
	if (!names)
		return;
	if (verdict_drop && !f->accepts_port) {
		f->drops_port = true;
		snprintf(f->where, sizeof(f->where), "nftables: chain %s of table %s",
			 json_string_value(json_object_get(rule, "chain")),
			 json_string_value(json_object_get(rule, "table")));
	}
	f->accepts_port |= verdict_accept;
}

/* Of a chain or a rule: does it see packets of the family? */
static bool is_of(const struct filter *f, const json_t *object)
{
	const char *table = json_string_value(json_object_get(object, "family"));

	return table && (!strcmp(table, f->of->table) || !strcmp(table, "inet"));
}

static bool is_input(const struct filter *f, const json_t *chain)
{
	const char *hook = json_string_value(json_object_get(chain, "hook"));

	return hook && !strcmp(hook, "input") && is_of(f, chain);
}

static void read_nftables(struct filter *f, const char *text)
{
	json_t *document = json_loads(text, 0, NULL), *object;
	size_t i;

	json_array_foreach(json_object_get(document, "nftables"), i, object)
	{
		const json_t *chain = json_object_get(object, "chain");
		const char *policy = json_string_value(json_object_get(chain, "policy"));
		const json_t *rule = json_object_get(object, "rule");

		if (chain && is_input(f, chain) && policy && !strcmp(policy, "drop")) {
			f->drops_rest = true;
			snprintf(f->where, sizeof(f->where), "nftables: chain %s of table %s",
				 json_string_value(json_object_get(chain, "name")),
				 json_string_value(json_object_get(chain, "table")));
		}
		if (rule && is_of(f, rule))
			read_rule(f, rule);
	}
	json_decref(document);
}

/* The ports behind --dport or --dports of iptables-save: "179", "22,179", "170:180". */
static bool dports_have(const char *rule, unsigned int port)
{
	const char *at = strstr(rule, "--dport");

	if (!at || !(at = strchr(at, ' ')))
		return false;
	while (*at == ' ' || *at == ',') {
		char *end;
		unsigned long first = strtoul(at + 1, &end, 10), last = first;

		if (*end == ':')
			last = strtoul(end + 1, &end, 10);
		if (end == at + 1)
			return false;
		if (port >= first && port <= last)
			return true;
		if (*end != ',')
			return false;
		at = end;
	}
	return false;
}

/* iptables-save(8): ":INPUT DROP [0:0]", "-A INPUT -p tcp -m tcp --dport 179 -j DROP". */
static void read_iptables(struct filter *f, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		bool drops = strstr(line, "-j DROP") || strstr(line, "-j REJECT");

		if (!strncmp(line, ":INPUT DROP", 11)) {
			f->drops_rest = true;
			snprintf(f->where, sizeof(f->where), "%s: chain INPUT", f->of->iptables);
		}
		if (strncmp(line, "-A ", 3) || strstr(line, "-A OUTPUT") ||
		    strstr(line, "-A FORWARD") || strstr(line, "! --dport") ||
		    !dports_have(line, f->port))
			continue;
		if (drops && !f->accepts_port) {
			f->drops_port = true;
			snprintf(f->where, sizeof(f->where), "%s: %.100s", f->of->iptables, line);
		}
		f->accepts_port |= strstr(line, "-j ACCEPT") != NULL;
	}
}

static void look_ruleset(struct examination *e, const struct ruleset *of, char *text)
{
	const char *const nft[] = { "/usr/sbin/nft", "-j", "list", "ruleset", NULL };
	const char *const saved[] = { of->saved, NULL };
	struct filter f = { .of = of, .port = bgp_port(e) };
	char next[FINDING_TEXT];
	bool asked = false;

	if (!host_run(e->host, text, RULESET, nft)) {
		asked = true;
		read_nftables(&f, text);
	}
	if (!host_run(e->host, text, RULESET, saved)) {
		asked = true;
		read_iptables(&f, text);
	}
	snprintf(next, sizeof(next), "let TCP port %u%s in on the instances' interfaces", f.port,
		 of->title);
	if (!asked)
		finding(e, FINDING_UNKNOWN, NULL,
			"neither nft nor %s-save is here, or answers: a packet filter%s would not "
			"be seen",
			of->iptables, of->title);
	else if (f.drops_port)
		finding(e, FINDING_FAULT, next, "TCP port %u%s is dropped: %s", f.port, of->title,
			f.where);
	else if (f.drops_rest && !f.accepts_port)
		finding(e, FINDING_WARNING, next,
			"what no rule names is dropped, and none names TCP port %u%s: %s", f.port,
			of->title, f.where);
	else
		finding(e, FINDING_OK, NULL, "no rule drops TCP port %u%s", f.port, of->title);
}

void look_firewall(struct examination *e)
{
	char *text = malloc(RULESET);

	for (size_t i = 0; text && i < sizeof(rulesets) / sizeof(rulesets[0]); i++) {
		if (rulesets[i].family == FAMILY_IPV4 || configs_have(e, rulesets[i].family))
			look_ruleset(e, &rulesets[i], text);
	}
	free(text);
}

/* --- listeners -------------------------------------------------------------------------------- */

/* The process that has the socket; its name into `name`. 0: not to be seen. */
static int socket_owner(const struct host_root *host, unsigned long inode, char *name, size_t size)
{
	struct host_names pids = host_list(host, "/proc");
	char socket[64];
	int owner = 0;

	snprintf(socket, sizeof(socket), "socket:[%lu]", inode);
	for (size_t i = 0; i < pids.n && !owner; i++) {
		struct host_names fds;

		if (pids.name[i][0] < '1' || pids.name[i][0] > '9')
			continue;
		fds = host_list(host, "/proc/%s/fd", pids.name[i]);
		for (size_t k = 0; k < fds.n && !owner; k++) {
			char target[64];

			if (host_link(host, target, sizeof(target), "/proc/%s/fd/%s", pids.name[i],
				      fds.name[k]) &&
			    !strcmp(target, socket))
				owner = atoi(pids.name[i]);
		}
		host_names_free(&fds);
	}
	host_names_free(&pids);
	if (owner)
		host_read(host, name, size, "/proc/%d/comm", owner);
	return owner;
}

static bool is_ours(const struct examination *e, uint32_t addr)
{
	const struct config *config;

	for (size_t i = 0; (config = next_config(e, &i));) {
		for (size_t p = 0; p < config->dataplane.nb_ports; p++) {
			const struct config_port *port = &config->dataplane.ports[p];

			for (size_t a = 0; a < port->nb_addresses; a++) {
				if (addr_equal(port->addresses[a].addr, addr_make4(addr)))
					return true;
			}
		}
	}
	return false;
}

/* One line of /proc/net/tcp or tcp6: a listener that would be in our way? */
static void look_listener(struct examination *e, const char *line)
{
	char local[33], name[64] = "a process that is not to be seen",
			text[INET_ADDRSTRLEN] = "[::]";
	unsigned int port, state;
	unsigned long inode;
	struct in_addr addr = { 0 };
	int pid;

	if (sscanf(line,
		   " %*[^:]: %32[0-9A-Fa-f]:%x %*32[0-9A-Fa-f]:%*x %x %*s %*s %*s %*s %*s %lu",
		   local, &port, &state, &inode) != 4 ||
	    state != 0x0a || port != bgp_port(e)) /* TCP_LISTEN */
		return;
	if (strlen(local) == 8) {
		addr.s_addr = (uint32_t)strtoul(local, NULL, 16);
		inet_ntop(AF_INET, &addr, text, sizeof(text));
		if (addr.s_addr && !is_ours(e, ntohl(addr.s_addr)))
			return;
	} else if (strspn(local, "0") != strlen(local)) {
		return; /* one address of IPv6 */
	}
	pid = socket_owner(e->host, inode, name, sizeof(name));
	if (pid && !strncmp(name, "bascule-control", 15))
		return;
	finding(e, FINDING_FAULT, "stop it, or give it other addresses",
		"%s (%d) listens on %s, port %u: control could not", name, pid, text, port);
}

void look_listeners(struct examination *e)
{
	static const char *const tables[] = { "tcp", "tcp6" };
	size_t before = e->findings->n;

	for (size_t i = 0; i < 2; i++) {
		char *text = host_read_all(e->host, NULL, "/proc/net/%s", tables[i]), *rest = text;
		char *line;

		while (rest && (line = strsep(&rest, "\n")))
			look_listener(e, line);
		free(text);
	}
	if (e->findings->n == before)
		finding(e, FINDING_OK, NULL, "nobody else listens on TCP port %u there",
			bgp_port(e));
}
