/* A batch's members, told apart. */
#include "telling.h"

#include "route_server.h"

enum { TELL_PLAIN = 1, TELL_ITSELF = 2, TELL_WITHOUT = 4 };

/* Is the member the next hop that it would be told? Nobody is his own (RFC 4271 5.1.3). */
static bool is_next_hop(const struct update_group *group, const struct peer *peer,
			const struct attrs *attrs)
{
	return group->rule.unchanged && attrs->keys.next_hop == peer->config.addr;
}

void telling_begin(struct telling *t, struct route_server *rs, const struct update_group *group,
		   const struct group_batch *batch)
{
	uint8_t wire[BGP_MESSAGE_MAX];
	uint16_t len = 0;

	t->batch = *batch;
	t->left = 0;
	t->nb_plain = t->nb_without = 0;
	if (rs->peers.withholding)
		len = (uint16_t)announcer_export(group, rs, batch->attrs, batch->source,
						 batch->backup, wire);
	for (uint32_t i = 0; i < batch->nb_to; i++) {
		struct peer *peer = &rs->peers.table[batch->to[i]];
		struct suspect *suspect = len ? withheld_match(&peer->withheld, wire, len) : NULL;

		if (suspect) {
			withheld_note(rs, peer, suspect, batch);
			t->without[t->nb_without++] = peer->index;
			t->left |= TELL_WITHOUT;
		} else if (is_next_hop(group, peer, batch->attrs)) {
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
	switch (now) {
	case TELL_PLAIN:
		batch->to = t->plain;
		batch->nb_to = t->nb_plain;
		break;
	case TELL_ITSELF:
		batch->to = &t->itself;
		batch->nb_to = 1;
		break;
	default:
		batch->kind = GROUP_WITHDRAW;
		batch->attrs = NULL;
		batch->to = t->without;
		batch->nb_to = t->nb_without;
	}
	return true;
}
