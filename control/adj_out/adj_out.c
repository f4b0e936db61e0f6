/* Sessions and their receivers: how they begin. */
#include "adj_out.h"

#include "speaker.h"

void out_session_begin(struct out_session *session, uint16_t index,
		       const struct config_peer *config)
{
	*session = (struct out_session){ .config = config, .index = index, .active = true };
}

void receiver_begin(struct out_session *session, struct adj_out *adj_out)
{
	struct receiver *receiver = &session->to[adj_out->family];

	receiver->adj_out = adj_out;
	receiver->session = session;
	adj_out->receiver[session->index] = receiver;
	if (session->index >= adj_out->end)
		adj_out->end = session->index + 1;
}

void out_session_up(struct out_session *session, struct addr local_addr, struct addr link_local,
		    uint16_t caps, uint8_t families, uint64_t now_ms)
{
	session->local_addr = local_addr;
	session->link_local = link_local;
	session->as4 = caps & SPEAKER_CAP_AS4;
	session->extended = caps & SPEAKER_CAP_EXTENDED_NEXT_HOP;
	session->families = families;
	session->nb_aliases = 0;
	session->up_ms = now_ms;
	for (int family = 0; family < FAMILY_COUNT; family++)
		session->to[family].lagging = false;
}
