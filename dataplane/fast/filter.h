/* Filters at the edge: what may come by a port (its access list, and the reverse path of its
 * source), and what may leave by one (its access list).
 *
 * A table says it of all ports. It is made beside the one in force, becomes that by one store for
 * each lcore, and the old one goes after a grace period. An lcore has none while no port has any
 * filter; then, and for bursts from ports that need not be looked at, filters cost a load and a
 * branch a burst.
 *
 * What comes in is judged before all else that a good packet could meet, what we send ourselves
 * never. What goes out is judged once its egress port is known and its gate open, before anything
 * could answer. Nobody is told: a drop is counted and silent. Neighbour discovery to us is no more
 * judged than ARP is. */
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

/* Judge what came by a port: `some` good headers of a burst of `family`, screened by `by`. Returns
 * those that may pass; the others are gone, counted. */
uint64_t filter_in(struct forwarder *f, const struct filter_table *table,
		   const struct screening *by, enum fib_family family, const struct burst *b,
		   uint64_t some);

/* Judge what is about to leave by the ports that `b` says, likewise. */
uint64_t filter_out(struct forwarder *f, const struct filter_table *table, enum fib_family family,
		    const struct burst *b, uint64_t some);

/* Judge one packet by a list, NULL: none. DROP_NONE, or why not: `denied` if the list says so.
 * `lcore` as for acl_judge(). */
enum drop_reason filter_one(const struct acl *acl, enum fib_family family, uint16_t lcore,
			    enum drop_reason denied, const struct rte_mbuf *m);

/* One that comes, or that is about to leave, by `port`; `table` may be NULL. */
static inline enum drop_reason filter_in_one(const struct filter_table *table,
					     enum fib_family family, uint16_t lcore, uint16_t port,
					     const struct rte_mbuf *m)
{
	const struct acl *acl = table && port < FIB_PORTS ? table->port[port].in : NULL;

	return filter_one(acl, family, lcore, DROP_ACL_IN, m);
}
static inline enum drop_reason filter_out_one(const struct filter_table *table,
					      enum fib_family family, uint16_t lcore, uint16_t port,
					      const struct rte_mbuf *m)
{
	const struct acl *acl = table && port < FIB_PORTS ? table->port[port].out : NULL;

	return filter_one(acl, family, lcore, DROP_ACL_OUT, m);
}
/* May a packet not leave by `port`? Then it is gone, counted. */
bool filter_stops(struct forwarder *f, enum fib_family family, uint16_t port, struct rte_mbuf *m);

#ifdef __cplusplus
}
#endif
#endif
