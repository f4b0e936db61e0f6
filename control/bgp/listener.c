/* Listening sockets. They take the port when the speaker is made, so that a port that is taken is
 * known at once, and listen when the keys of the peers have been set. */
#include "listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "log.h"
#include "prefix.h"
#include "ttl_filter.h"

enum { WAITING_MAX = TRANSPORT_BACKLOG + 1 }; /* as the kernel counts */

static int bind_one(struct listener *l, const struct speaker_params *params, uint8_t interface,
		    struct addr addr)
{
	const char *name = params->interfaces[interface].name;
	char text[ADDR_TEXT];
	int err;

	*l = (struct listener){ .t = { .fd = -1, .kind = CONN_LISTENER },
				.interface = interface,
				.family = addr.family };
	err = transport_bind(&l->t, name, addr, params->listen_port);
	if (err)
		log_error("BGP, %s port %u on interface %s: %s", addr_text(addr, text),
			  params->listen_port, name, strerror(-err));
	return err;
}

int listeners_bind(struct listeners *ls, const struct speaker_params *params)
{
	size_t n = 0;
	int err = 0;

	*ls = (struct listeners){ 0 };
	if (!params->listen_port)
		return 0;
	for (uint8_t i = 0; i < params->nb_interfaces; i++)
		n += params->interfaces[i].nb_addrs;
	ls->listener = calloc(n + 1, sizeof(*ls->listener));
	if (!ls->listener)
		return -ENOMEM;
	for (uint8_t i = 0; i < params->nb_interfaces; i++)
		for (uint8_t a = 0; !err && a < params->interfaces[i].nb_addrs; a++)
			err = bind_one(&ls->listener[ls->n++], params, i,
				       params->interfaces[i].addrs[a]);
	return err;
}

int listeners_begin(struct listeners *ls, int poller)
{
	int err = 0;

	for (unsigned int i = 0; i < ls->n; i++) {
		struct listener *l = &ls->listener[i];
		int one = l->open ? 0 : transport_listen(poller, &l->t);

		l->open = !one;
		err = one ? one : err;
	}
	return err;
}

void listeners_close(struct listeners *ls)
{
	for (unsigned int i = 0; i < ls->n; i++)
		transport_close(&ls->listener[i].t);
	free(ls->listener);
	*ls = (struct listeners){ 0 };
}

int listeners_key(const struct listeners *ls, uint8_t interface, struct addr remote,
		  const uint8_t *key, uint8_t key_len)
{
	for (unsigned int i = 0; i < ls->n; i++) {
		const struct listener *l = &ls->listener[i];
		bool may = l->interface == interface && l->family == remote.family;
		int err = may ? transport_listen_key(&l->t, remote, key, key_len) : 0;

		if (err)
			return err;
	}
	return 0;
}

int listener_ttl(const struct listener *l, const struct ttl_rule *rules, size_t nb_rules)
{
	static _Thread_local struct sock_filter program[BPF_MAXINSNS];
	int n = nb_rules ? ttl_filter_make(rules, nb_rules, program) : 0;

	return n < 0 ? n : transport_listen_filter(&l->t, program, (uint16_t)n);
}

/* --- who waited before ------------------------------------------------------------------------ */

void listener_changed(struct listener *l, uint64_t change)
{
	if (!l->open) { /* nobody waits */
		l->emptied = change;
		return;
	}
	l->asked = change;
	if (!l->left) {
		l->emptying = change;
		l->left = WAITING_MAX + 1;
	}
	l->t.readable = true; /* as far as is known */
}

bool listener_before(const struct listener *l, uint64_t change)
{
	return change > l->emptied;
}

static void took_all(struct listener *l)
{
	l->left = 0;
	if (l->asked > l->emptied)
		l->emptied = l->asked;
}

/* Not all that come are new ones, even if they never end. */
static void took_one(struct listener *l)
{
	if (!l->left || --l->left)
		return;
	l->emptied = l->emptying;
	if (l->asked > l->emptied)
		listener_changed(l, l->asked);
}

int listeners_accept(struct listeners *ls, struct addr *remote, struct listener **from,
		     bool *waiting)
{
	*waiting = false;
	for (unsigned int i = 0; i < ls->n; i++) {
		struct listener *l = &ls->listener[(ls->next + i) % ls->n];
		int fd;

		if (!l->t.readable)
			continue;
		ls->next = (ls->next + i + 1) % ls->n;
		*from = l;
		*waiting = true;
		took_one(l);
		fd = transport_accept(&l->t, remote);
		if (!l->t.readable)
			took_all(l);
		return fd;
	}
	return -EAGAIN;
}
