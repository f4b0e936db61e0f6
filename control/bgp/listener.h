/* The listeners of a speaker: one for each of our addresses, bound to the interface that the
 * address is on. Whoever connects by another interface meets no listener. */
#ifndef BASCULE_LISTENER_H
#define BASCULE_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "speaker.h"
#include "transport.h"

#ifdef __cplusplus
extern "C" {
#endif

struct listener {
	struct transport t;
	uint8_t interface; /* index into speaker_params.interfaces */
	bool open;	   /* peers can connect */
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
int listeners_key(const struct listeners *ls, uint8_t interface, uint32_t remote,
		  const uint8_t *key, uint8_t key_len);

/* By how far away peers on `interface` may be, of what comes before a connection is accepted. 0
 * rules: all may pass. The first refusal; -E2BIG: they are too many. */
struct ttl_rule;
int listeners_ttl(const struct listeners *ls, uint8_t interface, const struct ttl_rule *rules,
		  size_t nb_rules);

/* The next connection: its descriptor, as transport_accept() gives it, and who has connected by
 * which interface. Takes the listeners in turn. -EAGAIN: none waits, or it has gone again;
 * `*waiting`: another may. */
int listeners_accept(struct listeners *ls, uint32_t *remote, uint8_t *interface, bool *waiting);

#ifdef __cplusplus
}
#endif
#endif
