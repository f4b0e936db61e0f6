/* Uplinks, from /proc/net and the environment of the processes that we descend from. */
#include "uplink.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ANCESTORS = 32, /* so deep at most, in processes and in interfaces on others */
	SSH_PORT = 22,
	ESTABLISHED = 1,      /* TCP_ESTABLISHED of linux/tcp.h */
	ROUTE_UP = 0x1,	      /* RTF_UP of linux/route.h */
	ROUTE_REJECT = 0x200, /* RTF_REJECT */
};

/* An address of either family, IPv4 as ::ffff:a.b.c.d. */
struct ip {
	uint8_t octet[16];
};

struct finder {
	const struct host_root *host;
	struct uplink *uplinks;
	size_t n;
	char *route4, *route6, *address6; /* owned: the kernel's tables as text; NULL: none */
};

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static void add(struct finder *f, const char *interface, const char *why)
{
	if (!strcmp(interface, "lo") || strlen(interface) >= IFNAMSIZ || f->n == UPLINKS)
		return;
	for (size_t i = 0; i < f->n; i++) {
		if (!strcmp(f->uplinks[i].interface, interface))
			return;
	}
	strcpy(f->uplinks[f->n].interface, interface);
	snprintf(f->uplinks[f->n++].why, UPLINK_WHY, "%s", why);
}

/* --- routes ----------------------------------------------------------------------------------- */

struct uplink_route {
	char interface[IFNAMSIZ];
	struct ip to;
	unsigned int len; /* of 128 bits */
	bool usable;
};

/* 32 hexadecimal digits, in network order. */
static bool ip6_parse(const char *text, struct ip *ip)
{
	for (size_t i = 0; i < sizeof(ip->octet); i++) {
		char digits[3] = { text[2 * i], text[2 * i] ? text[2 * i + 1] : '\0' };

		if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]))
			return false;
		ip->octet[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return true;
}

/* The kernel prints an IPv4 address as a number of its memory. */
static struct ip ip4(uint32_t word)
{
	struct ip ip;

	memcpy(ip.octet, mapped, sizeof(mapped));
	memcpy(ip.octet + sizeof(mapped), &word, sizeof(word));
	return ip;
}

static bool route4_parse(const char *line, struct uplink_route *r)
{
	unsigned int to, mask, flags;

	if (sscanf(line, "%15s %x %*x %x %*d %*d %*d %x", r->interface, &to, &flags, &mask) != 4)
		return false;
	r->to = ip4(to);
	r->len = 96 + (unsigned int)__builtin_popcount(mask);
	r->usable = (flags & ROUTE_UP) && !(flags & ROUTE_REJECT);
	return true;
}

static bool route6_parse(const char *line, struct uplink_route *r)
{
	char to[33];
	unsigned int flags;

	if (sscanf(line, "%32s %x %*32s %*x %*32s %*x %*x %*x %x %15s", to, &r->len, &flags,
		   r->interface) != 4)
		return false;
	r->usable = (flags & ROUTE_UP) && !(flags & ROUTE_REJECT);
	return ip6_parse(to, &r->to);
}

static bool covers(const struct uplink_route *r, const struct ip *ip)
{
	unsigned int octets = r->len / 8, bits = r->len % 8;

	return r->len <= 128 && !memcmp(r->to.octet, ip->octet, octets) &&
	       (!bits || (r->to.octet[octets] ^ ip->octet[octets]) >> (8 - bits) == 0);
}

/* Call `fn` with every route that can be used. */
static void each_route(struct finder *f,
		       void (*fn)(struct finder *, const struct uplink_route *, void *), void *ctx)
{
	static bool (*const parse[])(const char *, struct uplink_route *) = { route4_parse,
									      route6_parse };
	const char *const tables[] = { f->route4, f->route6 };

	for (size_t i = 0; i < 2; i++) {
		for (const char *line = tables[i]; line && *line;) {
			struct uplink_route r = { 0 };
			const char *end = strchr(line, '\n');

			if (parse[i](line, &r) && r.usable)
				fn(f, &r, ctx);
			line = end ? end + 1 : NULL;
		}
	}
}

static void add_default(struct finder *f, const struct uplink_route *r, void *ctx)
{
	if (r->len == 0 || (r->len == 96 && !memcmp(r->to.octet, mapped, sizeof(mapped))))
		add(f, r->interface, "it carries the default route");
}

struct best {
	const struct ip *ip;
	struct uplink_route route;
};

static void longest(struct finder *f, const struct uplink_route *r, void *ctx)
{
	struct best *best = ctx;

	if (covers(r, best->ip) && (!best->route.usable || r->len > best->route.len))
		best->route = *r;
}

/* The interface that has the address, or the way to it. */
static void add_way(struct finder *f, const struct ip *ip, const char *why)
{
	struct best best = { .ip = ip };
	char line[128];

	for (const char *at = f->address6; at && *at;) {
		const char *end = strchr(at, '\n');
		struct ip own;

		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		if (ip6_parse(line, &own) && !memcmp(&own, ip, sizeof(own)) && strrchr(line, ' '))
			add(f, strrchr(line, ' ') + 1, why);
		at = end ? end + 1 : NULL;
	}
	each_route(f, longest, &best);
	if (best.route.usable)
		add(f, best.route.interface, why);
}

/* --- sessions --------------------------------------------------------------------------------- */

static bool ip_text(const char *text, struct ip *ip)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) == 1) {
		*ip = ip4(in.s_addr);
		return true;
	}
	return inet_pton(AF_INET6, text, ip->octet) == 1;
}

/* "CLIENT PORT SERVER PORT" of the environment of process `pid`. */
static void add_ssh_of(struct finder *f, const char *pid)
{
	size_t len = 0;
	char *environment = host_read_all(f->host, &len, "/proc/%s/environ", pid);

	for (char *at = environment; at && at < environment + len; at += strlen(at) + 1) {
		char client[64], server[64];
		struct ip ip;

		if (sscanf(at, "SSH_CONNECTION=%63s %*s %63s", client, server) != 2)
			continue;
		if (ip_text(server, &ip))
			add_way(f, &ip, "the ssh session that this is run in comes by it");
		if (ip_text(client, &ip))
			add_way(f, &ip, "the ssh session that this is run in comes by it");
	}
	free(environment);
}

static void add_ssh_of_ancestors(struct finder *f)
{
	char pid[16] = "self", text[512];

	for (int i = 0; i < ANCESTORS; i++) {
		const char *name_end;
		int parent;

		add_ssh_of(f, pid);
		host_read(f->host, text, sizeof(text), "/proc/%s/stat", pid);
		name_end = strrchr(text, ')'); /* what stands before it may be anything */
		if (!name_end || sscanf(name_end, ") %*c %d", &parent) != 1 || parent <= 0)
			return;
		snprintf(pid, sizeof(pid), "%d", parent);
	}
}

/* An address of /proc/net/tcp or tcp6, whose words are numbers of the kernel's memory. */
static bool socket_ip(const char *text, struct ip *ip)
{
	struct ip words;

	if (strlen(text) == 8) {
		*ip = ip4((uint32_t)strtoul(text, NULL, 16));
		return true;
	}
	if (strlen(text) != 32 || !ip6_parse(text, &words))
		return false;
	for (size_t i = 0; i < sizeof(ip->octet); i += 4) {
		uint32_t word;

		memcpy(&word, words.octet + i, sizeof(word));
		word = ntohl(word);
		memcpy(ip->octet + i, &word, sizeof(word));
	}
	return true;
}

static void add_ssh_sockets(struct finder *f, const char *table)
{
	char *text = host_read_all(f->host, NULL, "/proc/net/%s", table);

	for (const char *line = text; line && *line;) {
		const char *end = strchr(line, '\n');
		char local[33], remote[33];
		unsigned int port, state;
		struct ip ip;

		if (sscanf(line, " %*[^:]: %32[0-9A-Fa-f]:%x %32[0-9A-Fa-f]:%*x %x", local, &port,
			   remote, &state) == 4 &&
		    port == SSH_PORT && state == ESTABLISHED) {
			if (socket_ip(local, &ip))
				add_way(f, &ip, "an ssh session comes by it");
			if (socket_ip(remote, &ip))
				add_way(f, &ip, "an ssh session comes by it");
		}
		line = end ? end + 1 : NULL;
	}
	free(text);
}

/* --- what they are made of -------------------------------------------------------------------- */

/* The list grows while it is walked: a VLAN of a bond of two NICs. */
static void add_lower(struct finder *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct host_names names =
			host_list(f->host, "/sys/class/net/%s", f->uplinks[i].interface);
		char why[UPLINK_WHY];

		/* the reason first, that of the top one */
		snprintf(why, sizeof(why), "%.80s%s%s", f->uplinks[i].why,
			 strstr(f->uplinks[i].why, ", under ") ? "" : ", under ",
			 strstr(f->uplinks[i].why, ", under ") ? "" : f->uplinks[i].interface);
		for (size_t k = 0; k < names.n; k++) {
			if (!strncmp(names.name[k], "lower_", 6))
				add(f, names.name[k] + 6, why);
		}
		host_names_free(&names);
	}
}

size_t uplinks_find(const struct host_root *host, struct uplink uplinks[UPLINKS])
{
	struct finder f = { .host = host, .uplinks = uplinks };

	f.route4 = host_read_all(host, NULL, "/proc/net/route");
	f.route6 = host_read_all(host, NULL, "/proc/net/ipv6_route");
	f.address6 = host_read_all(host, NULL, "/proc/net/if_inet6");
	each_route(&f, add_default, NULL);
	add_ssh_of_ancestors(&f);
	add_ssh_sockets(&f, "tcp");
	add_ssh_sockets(&f, "tcp6");
	add_lower(&f);
	free(f.route4);
	free(f.route6);
	free(f.address6);
	return f.n;
}
