/* See peer_command.h. */
#include "peer_command.h"

#include <stdio.h>

#include "notification.h"
#include "outbox.h"
#include "route_server.h"

struct speaker_peer_reset peer_cease(const struct peer *peer, enum speaker_command_type type,
				     uint8_t subcode)
{
	return (struct speaker_peer_reset){
		.head = { .type = (uint16_t)type, .peer = peer->index },
		.code = NOTIFY_CEASE,
		.subcode = subcode,
		.shut = peer->shut,
	};
}

void peer_send_reset(struct route_server *rs, struct peer *peer, uint8_t subcode)
{
	struct speaker_peer_reset reset = peer_cease(peer, SPEAKER_PEER_RESET, subcode);

	outbox_command(rs, peer->speaker, &reset, sizeof(reset));
}

void peer_reset(struct route_server *rs, struct peer *peer)
{
	peer_send_reset(rs, peer, NOTIFY_CEASE_RESET);
}

void peer_ask_again(struct route_server *rs, struct peer *peer, uint8_t family)
{
	struct speaker_command refresh = { .type = SPEAKER_SEND_REFRESH,
					   .peer = peer->index,
					   .epoch = peer->epoch,
					   .family = family };

	outbox_command(rs, peer->speaker, &refresh, sizeof(refresh));
}

void peer_ask_all_again(struct route_server *rs, struct peer *peer)
{
	peer->no_memory_before = peer->no_memory;
	for (uint8_t family = 0; family < FAMILY_COUNT; family++)
		if (peer->out.families & family_bit(family))
			peer_ask_again(rs, peer, family);
}

void peer_vnet_added(struct route_server *rs, struct peer *peer)
{
	struct speaker_peer_reset reset = peer_cease(peer, SPEAKER_PEER_RESET, NOTIFY_CEASE_RESET);

	if (!peer->up || peer->life != PEER_ACTIVE || peer->config.role != ROLE_NVA)
		return;
	if (peer->session.caps & SPEAKER_CAP_REFRESH) {
		peer_ask_all_again(rs, peer);
	} else if (rs->config->instance.profile == PROFILE_AZURE) {
		reset.head.epoch = peer->epoch;
		snprintf(reset.text, sizeof(reset.text),
			 "a VNet was added, and you have no route refresh");
		outbox_command(rs, peer->speaker, &reset, sizeof(reset));
	}
}

void peer_exceeded(struct route_server *rs, struct peer *peer, uint8_t family, uint32_t bound)
{
	struct speaker_peer_reset reset = {
		.head = { .type = SPEAKER_PEER_RESET,
			  .peer = peer->index,
			  .epoch = peer->epoch,
			  .family = family },
		.code = NOTIFY_CEASE,
		.subcode = NOTIFY_CEASE_MAX_PREFIXES,
		.shut = peer->shut,
		.hold_off_s = rs->config->limits.retry_s,
		.max_prefixes = bound,
	};

	peer->closing = peer->exceeded = true;
	peer->exceeded_family = family;
	outbox_command(rs, peer->speaker, &reset, sizeof(reset));
}

void peer_not_withdrawn(struct route_server *rs, struct peer *peer)
{
	struct speaker_peer_reset reset =
		peer_cease(peer, SPEAKER_PEER_RESET, NOTIFY_CEASE_RESOURCES);

	peer->no_memory++;
	if (!peer->up || peer->closing)
		return; /* all of them are going, in slices, for which memory is waited for */
	events_note(&rs->events, EVENT_ALARM, peer->index, rs->now_ms,
		    "no memory to take one of its routes out: its session is reset");
	peer->closing = true;
	reset.head.epoch = peer->epoch;
	outbox_command(rs, peer->speaker, &reset, sizeof(reset));
}
