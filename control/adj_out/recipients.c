/* The members of a batch, sorted by what they get. */
#include "recipients.h"

#include "adj_out.h"
#include "aliases.h"
#include "outbound.h"
#include "update_group.h"
#include "withheld.h"

enum { SPLIT_PLAIN = 1, SPLIT_ITSELF = 2 };

void batch_split_begin(struct batch_split *split, const struct adj_out *adj_out,
		       const struct update_group *group, const struct group_batch *batch)
{
	split->batch = *batch;
	split->nb_plain = split->nb_itself = 0;
	for (uint32_t i = 0; i < batch->nb_to; i++) {
		const struct receiver *peer = adj_out->receiver[batch->to[i]];

		/* Nobody is his own next hop. */
		if (group->rule.unchanged && aliases_have(peer->session, batch->attrs))
			split->itself[split->nb_itself++] = peer->session->index;
		else
			split->plain[split->nb_plain++] = peer->session->index;
	}
	split->left = (uint8_t)((split->nb_plain ? SPLIT_PLAIN : 0) |
				(split->nb_itself ? SPLIT_ITSELF : 0));
}

bool batch_split_next(struct batch_split *split, struct group_batch *batch, bool *itself)
{
	uint8_t now = split->left & (uint8_t)-split->left;

	if (!now)
		return false;
	split->left ^= now;
	*batch = split->batch;
	*itself = now == SPLIT_ITSELF;
	batch->to = *itself ? split->itself : split->plain;
	batch->nb_to = *itself ? split->nb_itself : split->nb_plain;
	return true;
}

void recipients_begin(struct recipients *r, struct adj_out *adj_out,
		      const struct group_batch *batch, const struct outbound_part *part,
		      const uint8_t *wire, uint16_t len)
{
	uint32_t nb_announced = 0;

	r->to = batch->to;
	r->nb_to = batch->nb_to;
	r->nb_withheld = 0;
	if (!adj_out->withholding || batch->kind == GROUP_END_OF_RIB)
		return;
	for (uint32_t i = 0; i < batch->nb_to; i++) {
		struct receiver *peer = adj_out->receiver[batch->to[i]];

		if (len && withheld_from(adj_out, peer, part, wire, len)) {
			r->withheld[r->nb_withheld++] = peer->session->index;
			continue;
		}
		withheld_over(peer, part);
		r->announced[nb_announced++] = peer->session->index;
	}
	r->to = r->announced;
	r->nb_to = nb_announced;
}

bool recipients_withheld(struct recipients *r)
{
	if (!r->nb_withheld)
		return false;
	r->to = r->withheld;
	r->nb_to = r->nb_withheld;
	r->nb_withheld = 0;
	return true;
}
