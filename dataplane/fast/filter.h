/* Filters at the edge: what may come by a port (its access list, and the reverse path of its
 * source), and what may leave by one (its access list).
 *
 * A table says it of all ports. It is made beside the one in force, becomes that by one store for
 * each lcore, and the old one goes after a grace period. An lcore has none while no port has any
 * filter; then, and for bursts from ports that need not be looked at, filters cost a load and a
 * branch a burst.
 *
 * What comes in is judged before all else that a good IPv4 packet could meet, what we send
 * ourselves never. What goes out is judged once its egress port is known and its gate open, before
 * anything could answer. Nobody is told: a drop is counted and silent. */
#ifndef BASCULE_FILTER_H
#define BASCULE_FILTER_H

#include <stdint.h>

#include "acl.h"
#include "burst.h"
#include "config.h"
#include "counters.h"
#include "forwarder.h"
#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

struct filter_port {
	const struct acl *in, *out; /* borrowed: they live as long as the table; NULL: none */
	enum config_urpf urpf;
};

struct filter_table {
	uint32_t from; /* a bit for each port: what comes by it must be looked at */
	bool out;      /* some port has a list for what leaves */
	struct filter_port port[FIB_PORTS];
};
static_assert(FIB_PORTS <= 32, "a bit each");

/* Once all ports are filled in. */
void filter_table_settle(struct filter_table *table);

/* The table if packets from `port` must be looked at, else NULL. */
static inline const struct filter_table *filter_of(const struct forwarder *f, uint16_t port)
{
	const struct filter_table *table = __atomic_load_n(&f->filters, __ATOMIC_ACQUIRE);

	return likely(!table) || !(table->from >> port & 1) ? NULL : table;
}

/* Judge what came by `from`: `some` good headers of a burst. Returns those that may pass; the
 * others are gone, counted. */
uint64_t filter_in(struct forwarder *f, const struct filter_table *table, const struct port *from,
		   const struct fib_generation *generation, const struct burst *b, uint64_t some);

/* Judge what is about to leave by the ports that `b` says, likewise. */
uint64_t filter_out(struct forwarder *f, const struct filter_table *table, const struct burst *b,
		    uint64_t some);

/* Lists and reverse paths are of IPv4 alone: where a port has any, nothing of IPv6 comes by it, or
 * leaves. As above. */
uint64_t filter6_in(struct forwarder *f, const struct filter_table *table, const struct port *from,
		    const struct burst *b, uint64_t some);
uint64_t filter6_out(struct forwarder *f, const struct filter_table *table, const struct burst *b,
		     uint64_t some);
static inline bool filter6_shut(const struct filter_table *table, uint16_t port)
{
	return table && port < FIB_PORTS && table->port[port].out;
}

/* Judge one packet that is about to leave by `port`: DROP_NONE, or why not. `table` may be NULL;
 * `lcore` as for acl_judge(). */
enum drop_reason filter_out_one(const struct filter_table *table, uint16_t lcore, uint16_t port,
				const struct rte_mbuf *m);

#ifdef __cplusplus
}
#endif
#endif
