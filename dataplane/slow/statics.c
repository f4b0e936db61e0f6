/* Keeps the neighbours of the configuration in the kernel's table. */
#include "statics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_addr.h"
#include "log.h"
#include "solicit.h"

static struct static_neighbour *find(const struct statics *statics, uint16_t port,
				     const struct fib_addr *addr)
{
	for (size_t i = 0; i < statics->nb; i++) {
		if (statics->list[i].port == port && fib_addr_same(&statics->list[i].addr, addr))
			return &statics->list[i];
	}
	return NULL;
}

static void want(struct statics *statics, struct static_neighbour *entry, bool wanting)
{
	statics->nb_wanting += (size_t)wanting - entry->wanting;
	entry->wanting = wanting;
}

static void take_out(struct slowpath *s, const struct static_neighbour *entry)
{
	char text[ADDR_TEXT];
	int err = entry->wanting ? 0 : solicit_unfix(s, entry->port, entry->addr);

	if (err && err != -ENOENT)
		log_warning("port %s: neighbour %s: cannot be taken out: %s",
			    s->ports[entry->port].config->name,
			    kernel_addr_text(&entry->addr, text), strerror(-err));
}

int statics_configure(struct slowpath *s, const struct config *config, const uint16_t *port_ids)
{
	struct statics fresh = {
		.list = calloc(config->nb_neighbours + 1, sizeof(*fresh.list)),
		.nb = config->nb_neighbours,
	};

	if (!fresh.list)
		return -ENOMEM;
	for (size_t i = 0; i < fresh.nb; i++) {
		const struct config_neighbour *from = &config->neighbours[i];
		struct static_neighbour *to = &fresh.list[i];
		struct fib_addr addr = kernel_addr_of(from->addr);
		const struct static_neighbour *was = find(&s->statics, port_ids[from->port], &addr);

		if (was && !memcmp(was->mac, from->mac, sizeof(was->mac))) {
			*to = *was;
			fresh.nb_wanting += was->wanting;
			continue;
		}
		to->addr = addr;
		to->port = port_ids[from->port];
		memcpy(to->mac, from->mac, sizeof(to->mac));
		want(&fresh, to, true);
	}
	for (size_t i = 0; i < s->statics.nb; i++) {
		if (!find(&fresh, s->statics.list[i].port, &s->statics.list[i].addr))
			take_out(s, &s->statics.list[i]);
	}
	statics_free(&s->statics);
	s->statics = fresh;
	return 0;
}

void statics_free(struct statics *statics)
{
	free(statics->list);
	*statics = (struct statics){ 0 };
}

void statics_heard(struct slowpath *s, uint16_t port, const struct fib_addr *addr,
		   const uint8_t *mac)
{
	struct static_neighbour *entry = find(&s->statics, port, addr);

	if (!entry)
		return;
	entry->seen = s->sweep;
	want(&s->statics, entry, !mac || memcmp(mac, entry->mac, sizeof(entry->mac)));
}

void statics_swept(struct slowpath *s)
{
	for (size_t i = 0; i < s->statics.nb; i++) {
		if (s->statics.list[i].seen != s->sweep)
			want(&s->statics, &s->statics.list[i], true);
	}
}

static void put(struct slowpath *s, struct static_neighbour *entry)
{
	int err = solicit_fix(s, entry->port, entry->addr, entry->mac);
	const char *port = s->ports[entry->port].config->name;
	char text[ADDR_TEXT];

	kernel_addr_text(&entry->addr, text);
	if (err && err != entry->err)
		log_error("port %s: neighbour %s: the kernel refuses it: %s", port, text,
			  strerror(-err));
	else if (!err && entry->was_put)
		log_warning("port %s: neighbour %s of the configuration was changed or taken out; "
			    "put back",
			    port, text);
	entry->err = err;
	entry->put_ms = s->now_ms;
	entry->was_put |= !err;
	want(&s->statics, entry, err);
}

void statics_turn(struct slowpath *s)
{
	int budget = STATICS_SLICE;

	for (size_t i = 0; i < s->statics.nb && s->statics.nb_wanting && budget; i++) {
		struct static_neighbour *entry = &s->statics.list[i];

		if (!entry->wanting ||
		    (entry->put_ms && s->now_ms - entry->put_ms < STATICS_AGAIN_MS))
			continue;
		put(s, entry);
		budget--;
	}
}
