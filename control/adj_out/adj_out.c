/* Receivers: how they begin. */
#include "adj_out.h"

void receiver_begin(struct receiver *receiver, struct adj_out *adj_out, uint16_t index,
		    const struct config_peer *config)
{
	*receiver = (struct receiver){
		.adj_out = adj_out,
		.config = config,
		.index = index,
		.active = true,
	};
	adj_out->receiver[index] = receiver;
	if (index >= adj_out->end)
		adj_out->end = index + 1;
}

void receiver_up(struct receiver *receiver, uint32_t local_addr, bool as4)
{
	receiver->local_addr = local_addr;
	receiver->as4 = as4;
	receiver->up_ms = receiver->adj_out->now_ms;
	receiver->lagging = false;
}
