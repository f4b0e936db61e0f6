/* The listeners of a speaker: one for each of our addresses, bound to the interface that the
 * address is on. Whoever connects by another interface meets no listener. Who may connect is
 * decided in callers.h. */
#ifndef BASCULE_LISTENER_H
#define BASCULE_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "speaker_params.h"
#include "transport.h"

#ifdef __cplusplus
extern "C" {
#endif

struct listener {
	struct transport t;
	uint8_t interface; /* index into speaker_params.interfaces */
	uint8_t family;	   /* enum family */
	bool open;	   /* peers can connect */
	/* How far away peers may be has not been set yet; the kernel refused it. */
	bool ttl_due, ttl_refused;
	uint64_t ttl_change; /* the change by which its TTLs were set last */
	/* Changes are numbered. Connections that waited before change `emptied` have all been
	 * accepted. When `left` more are accepted, so have those before `emptying`. `asked` is the
	 * last change that asked something of peers; it comes next. */
	uint64_t emptied, emptying, asked;
	unsigned int left;
};

struct listeners {
	struct listener *listener; /* owned */
	unsigned int n;
	unsigned int next; /* whose turn it is to be accepted from */
};

/* Take the port on every address of every interface; nobody can connect yet. Logs what is refused;
 * -errno. Without `listen_port` there are none. */
int listeners_bind(struct listeners *ls, const struct speaker_params *params);
/* Let peers connect. -errno: some of them cannot; once more tries those again. */
int listeners_begin(struct listeners *ls, int poller);
void listeners_close(struct listeners *ls);

/* The TCP-MD5 key that connections from `remote` by `interface` must carry from now on; key_len 0
 * removes it. The first refusal of the kernel's; what was set before it stays. -ENOMEM:
 * net.core.optmem_max is reached. */
int listeners_key(const struct listeners *ls, uint8_t interface, struct addr remote,
		  const uint8_t *key, uint8_t key_len);

/* Set how far away peers may be, for what comes before a connection is accepted. 0 rules: all may
 * pass. -errno; -E2BIG: there are too many rules. */
struct ttl_rule;
int listener_ttl(const struct listener *l, const struct ttl_rule *rules, size_t nb_rules);

/* From change `change` on, which is later than all before it, something is asked of peers (a key,
 * to be near) that was not asked of connections that wait now. */
void listener_changed(struct listener *l, uint64_t change);
/* May the connection that was accepted last have waited since before that change? */
bool listener_before(const struct listener *l, uint64_t change);

/* The next connection: its descriptor, as transport_accept() gives it, who has connected, and
 * where. Takes the listeners in turn. -EAGAIN: none waits, or it has gone again; `*waiting`:
 * another may. */
int listeners_accept(struct listeners *ls, struct addr *remote, struct listener **from,
		     bool *waiting);

#ifdef __cplusplus
}
#endif
#endif
