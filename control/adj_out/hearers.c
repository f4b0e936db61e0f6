/* A batch's members, told apart. */
#include "hearers.h"

#include "adj_out.h"
#include "outbound.h"
#include "update_group.h"
#include "withheld.h"

enum { TELL_PLAIN = 1, TELL_ITSELF = 2 };

/* Is the member the next hop that it would be told? Nobody is his own (RFC 4271 5.1.3). */
static bool is_next_hop(const struct update_group *group, const struct receiver *peer,
			const struct attrs *attrs)
{
	return group->rule.unchanged && attrs->keys.next_hop == peer->config->addr;
}

void telling_begin(struct telling *t, const struct adj_out *adj_out,
		   const struct update_group *group, const struct group_batch *batch)
{
	t->batch = *batch;
	t->left = 0;
	t->nb_plain = 0;
	for (uint32_t i = 0; i < batch->nb_to; i++) {
		const struct receiver *peer = adj_out->receiver[batch->to[i]];

		if (is_next_hop(group, peer, batch->attrs)) {
			t->itself = peer->index;
			t->left |= TELL_ITSELF;
		} else {
			t->plain[t->nb_plain++] = peer->index;
			t->left |= TELL_PLAIN;
		}
	}
}

bool telling_next(struct telling *t, struct group_batch *batch, bool *itself)
{
	uint8_t now = t->left & (uint8_t)-t->left;

	if (!now)
		return false;
	t->left ^= now;
	*batch = t->batch;
	*itself = now == TELL_ITSELF;
	batch->to = *itself ? &t->itself : t->plain;
	batch->nb_to = *itself ? 1 : t->nb_plain;
	return true;
}

void hearers_begin(struct hearers *h, struct adj_out *adj_out, const struct group_batch *batch,
		   const struct outbound_part *part, const uint8_t *wire, uint16_t len)
{
	uint32_t nb_told = 0;

	h->to = batch->to;
	h->nb_to = batch->nb_to;
	h->nb_without = 0;
	if (!adj_out->withholding || batch->kind == GROUP_END_OF_RIB)
		return;
	for (uint32_t i = 0; i < batch->nb_to; i++) {
		struct receiver *peer = adj_out->receiver[batch->to[i]];

		if (len && withheld_from(adj_out, peer, part, wire, len)) {
			h->without[h->nb_without++] = peer->index;
			continue;
		}
		withheld_over(peer, part);
		h->told[nb_told++] = peer->index;
	}
	h->to = h->told;
	h->nb_to = nb_told;
}

bool hearers_without(struct hearers *h)
{
	if (!h->nb_without)
		return false;
	h->to = h->without;
	h->nb_to = h->nb_without;
	h->nb_without = 0;
	return true;
}
