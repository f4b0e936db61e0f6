/* Puts a burst through the filters of its ports. */
#include "filter.h"

#include "ip6.h"
#include "leave.h"
#include "urpf.h"

void filter_table_settle(struct filter_table *table)
{
	table->from = 0;
	table->out = false;
	for (int p = 0; p < FIB_PORTS; p++) {
		const struct filter_port *port = &table->port[p];

		if (port->in || port->urpf != URPF_OFF)
			table->from |= UINT32_C(1) << p;
		table->out |= port->out != NULL;
	}
	if (table->out) /* wherever it comes from, it may leave by that port */
		table->from = UINT32_MAX;
}

static void drop(struct forwarder *f, const struct burst *b, uint64_t some, enum drop_reason reason)
{
	f->counters->drop[reason] += (uint64_t)__builtin_popcountll(some);
	for (; some; some &= some - 1)
		rte_pktmbuf_free(b->pkt[__builtin_ctzll(some)]);
}

/* Returns those of `some` that the list lets pass. */
static uint64_t pass_acl(struct forwarder *f, const struct acl *acl, enum fib_family family,
			 const struct burst *b, uint64_t some, enum drop_reason denied)
{
	struct acl_verdict verdict = acl_judge(acl, family, f->lcore, b->frame, some);
	uint64_t unjudged = verdict.broken | verdict.hidden;

	if (unlikely(verdict.denied | unjudged)) {
		drop(f, b, verdict.denied, denied);
		drop(f, b, verdict.broken, DROP_ACL_FRAGMENT);
		drop(f, b, verdict.hidden, DROP_ACL_HEADERS);
	}
	return some & ~(verdict.denied | unjudged);
}

/* Those of `some`, of IPv6, by which neighbours are found: to us, and without extension headers, of
 * which they have none. */
static uint64_t discovery(const struct burst *b, uint64_t some)
{
	uint64_t found = 0;

	for (; some; some &= some - 1) {
		int i = __builtin_ctzll(some);
		const struct rte_ipv6_hdr *ip = (const void *)(b->frame[i] + RTE_ETHER_HDR_LEN);
		const struct ip6_upper upper = { .at = IP6_HEADER, .proto = ip->proto };

		if (unlikely(ip6_discovers(ip, &upper)) &&
		    __atomic_load_n(&b->adjacency[i]->action, __ATOMIC_RELAXED) == ADJACENCY_LOCAL)
			found |= some & -some;
	}
	return found;
}

uint64_t filter_in(struct forwarder *f, const struct filter_table *table,
		   const struct screening *by, enum fib_family family, const struct burst *b,
		   uint64_t some)
{
	const struct filter_port *port = &table->port[by->port];
	uint64_t free = 0, failed;

	if (!port->in && port->urpf == URPF_OFF)
		return some;
	if (family == FIB_IP6) {
		free = discovery(b, some);
		some &= ~free;
	}
	if (port->in && some)
		some = pass_acl(f, port->in, family, b, some, DROP_ACL_IN);
	if (port->urpf == URPF_OFF || !some)
		return some | free;
	failed = urpf_failed(port->urpf, f->fib, by, family, b, some);
	if (unlikely(failed))
		drop(f, b, failed, DROP_URPF);
	return (some & ~failed) | free;
}

uint64_t filter_out(struct forwarder *f, const struct filter_table *table, enum fib_family family,
		    const struct burst *b, uint64_t some)
{
	uint64_t passed = 0;

	if (!table->out)
		return some;
	while (some) {
		uint16_t port = (uint16_t)b->port[__builtin_ctzll(some)];
		uint64_t same = some & f->screen->leaving(b, port);
		const struct acl *acl = port < FIB_PORTS ? table->port[port].out : NULL;

		some &= ~same;
		passed |= acl ? pass_acl(f, acl, family, b, same, DROP_ACL_OUT) : same;
	}
	return passed;
}

enum drop_reason filter_one(const struct acl *acl, enum fib_family family, uint16_t lcore,
			    enum drop_reason denied, const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	struct acl_verdict verdict;

	if (!acl)
		return DROP_NONE;
	verdict = acl_judge(acl, family, lcore, &frame, 1);
	if (verdict.broken)
		return DROP_ACL_FRAGMENT;
	if (verdict.hidden)
		return DROP_ACL_HEADERS;
	return verdict.denied ? denied : DROP_NONE;
}

bool filter_stops(struct forwarder *f, enum fib_family family, uint16_t port, struct rte_mbuf *m)
{
	const struct filter_table *table = __atomic_load_n(&f->filters, __ATOMIC_ACQUIRE);
	enum drop_reason reason = filter_out_one(table, family, f->lcore, port, m);

	if (reason != DROP_NONE)
		leave_drop(f, reason, m);
	return reason != DROP_NONE;
}
