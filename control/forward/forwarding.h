/* What is done with the FIB beside filling it: control joins the dataplane, publishes what it has
 * filled, moves the gate, and leaves word for the dataplane and for its own successor. Whoever is
 * above this folder reaches the FIB by this header and by forwarding_show.h: fib.h is included
 * here alone. Thread: the RIB lcore, but for joining, which comes before it. */
#ifndef BASCULE_FORWARDING_H
#define BASCULE_FORWARDING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

struct fib;
struct fib_writer;

/* A prefix of the family shorter than that, but not the default route, is written in slices
 * (rib_wide_begin()). */
uint8_t forwarding_wide(enum family family);

/* The FIB in the dataplane's memory, which EAL has joined. -ENOENT: there is none; -EAGAIN: not
 * ready yet; -EPROTO: built with another layout. */
int forwarding_attach(struct fib **fib);
/* Of the FIB that this program can join: fib_layout(). */
uint64_t forwarding_layout(void);
/* The dataplane's process id. */
pid_t forwarding_dataplane(const struct fib *fib);
/* Does the dataplane forward by what a control before this one has published? */
bool forwarding_published(const struct fib *fib);

/* Begin on the spare generation, from nothing. -EAGAIN: a forwarding lcore hangs on it; -ENOMEM. */
int forwarding_begin(struct fib *fib, struct fib_writer **writer);
/* The generation stays as it is. */
void forwarding_end(struct fib_writer *writer);
/* Packets follow this generation from now on. */
void forwarding_publish(struct fib_writer *writer);
/* Once a turn: reuse what no reader can hold any more. Bounded. */
void forwarding_reclaim(struct fib_writer *writer);

/* The gate: as rib_allows(gate, egress role, ingress role). */
uint64_t forwarding_gate(const struct fib *fib);
void forwarding_gate_set(struct fib *fib, uint64_t gate);
/* Has every forwarding lcore been quiescent since the begin? Never waits. A token is not 0. */
uint64_t forwarding_grace_begin(struct fib *fib);
bool forwarding_grace_over(struct fib *fib, uint64_t token);

/* A word for each gateway, which the next control finds. All zeros at first. */
void forwarding_handover_get(const struct fib *fib, uint32_t words[CONFIG_GATEWAYS]);
void forwarding_handover_set(struct fib *fib, const uint32_t words[CONFIG_GATEWAYS]);
/* Tell the dataplane whose BGP to let through: that of the configured peers. 0 or -errno. */
int forwarding_peers_set(struct fib *fib, const struct config *config);

#ifdef __cplusplus
}
#endif
#endif
