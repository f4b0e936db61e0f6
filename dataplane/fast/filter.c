/* Puts a burst through the filters of its ports. */
#include "filter.h"

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
static uint64_t pass_acl(struct forwarder *f, const struct acl *acl, const struct burst *b,
			 uint64_t some, enum drop_reason denied)
{
	struct acl_verdict verdict = acl_judge(acl, f->lcore, b->frame, some);

	if (unlikely(verdict.denied | verdict.broken)) {
		drop(f, b, verdict.denied, denied);
		drop(f, b, verdict.broken, DROP_ACL_FRAGMENT);
	}
	return some & ~(verdict.denied | verdict.broken);
}

uint64_t filter_in(struct forwarder *f, const struct filter_table *table, const struct port *from,
		   const struct fib_generation *generation, const struct burst *b, uint64_t some)
{
	const struct filter_port *port = &table->port[from->id];
	uint64_t failed;

	if (port->in && some)
		some = pass_acl(f, port->in, b, some, DROP_ACL_IN);
	if (port->urpf == URPF_OFF || !some)
		return some;
	failed = urpf_failed(port->urpf, f->fib, generation, f->tbl8_groups, from->id, b, some);
	if (unlikely(failed))
		drop(f, b, failed, DROP_URPF);
	return some & ~failed;
}

uint64_t filter_out(struct forwarder *f, const struct filter_table *table, const struct burst *b,
		    uint64_t some)
{
	uint64_t passed = 0;

	if (!table->out)
		return some;
	while (some) {
		uint16_t port = (uint16_t)b->port[__builtin_ctzll(some)];
		uint64_t same = some & f->screen->leaving(b, port);
		const struct acl *acl = port < FIB_PORTS ? table->port[port].out : NULL;

		some &= ~same;
		passed |= acl ? pass_acl(f, acl, b, same, DROP_ACL_OUT) : same;
	}
	return passed;
}

uint64_t filter6_in(struct forwarder *f, const struct filter_table *table, const struct port *from,
		    const struct burst *b, uint64_t some)
{
	const struct filter_port *port = &table->port[from->id];

	if (!port->in && port->urpf == URPF_OFF)
		return some;
	drop(f, b, some, port->in ? DROP_ACL_IN : DROP_URPF);
	return 0;
}

uint64_t filter6_out(struct forwarder *f, const struct filter_table *table, const struct burst *b,
		     uint64_t some)
{
	uint64_t shut = 0;

	for (uint64_t left = table->out ? some : 0; left; left &= left - 1) {
		if (filter6_shut(table, (uint16_t)b->port[__builtin_ctzll(left)]))
			shut |= left & -left;
	}
	drop(f, b, shut, DROP_ACL_OUT);
	return some & ~shut;
}

enum drop_reason filter_out_one(const struct filter_table *table, uint16_t lcore, uint16_t port,
				const struct rte_mbuf *m)
{
	const struct acl *acl = table && port < FIB_PORTS ? table->port[port].out : NULL;
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	struct acl_verdict verdict;

	if (!acl)
		return DROP_NONE;
	verdict = acl_judge(acl, lcore, &frame, 1);
	if (verdict.broken)
		return DROP_ACL_FRAGMENT;
	return verdict.denied ? DROP_ACL_OUT : DROP_NONE;
}
