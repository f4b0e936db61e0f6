/* Mailboxes to the session lcores, and the commands that wait for room in them. */
#include "outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "pace.h"
#include "route_server.h"

struct rs_backlog {
	STAILQ_ENTRY(rs_backlog) next;
	size_t len;
	uint8_t record[];
};

static bool post(struct mailbox *mb, const void *record, size_t len)
{
	void *at = mailbox_reserve(mb, len);

	if (!at)
		return false;
	memcpy(at, record, len);
	mailbox_post(mb, len);
	return true;
}

bool outbox_post(struct rs_speaker *speaker)
{
	struct rs_backlog *first;

	while ((first = STAILQ_FIRST(&speaker->backlog))) {
		if (!post(speaker->from_rib, first->record, first->len))
			return false;
		STAILQ_REMOVE_HEAD(&speaker->backlog, next);
		free(first);
	}
	return true;
}

void outbox_command(struct route_server *rs, unsigned int speaker, const void *record, size_t len)
{
	struct rs_speaker *s = &rs->speakers[speaker];
	struct rs_backlog *waiting;

	if (outbox_post(s) && post(s->from_rib, record, len))
		return;
	waiting = malloc(sizeof(*waiting) + len);
	if (!waiting) {
		log_error("no memory for a command to a session lcore");
		abort(); /* sessions and RIB would disagree from here on: better to begin anew */
	}
	waiting->len = len;
	memcpy(waiting->record, record, len);
	STAILQ_INSERT_TAIL(&s->backlog, waiting, next);
}

bool outbox_send(void *ctx, const struct out_session *to, struct wire_buf *buf)
{
	struct route_server *rs = ctx;
	struct peer *peer = &rs->peers.table[to->index];
	struct speaker_send send = {
		.head = { .type = SPEAKER_SEND, .peer = peer->index, .epoch = peer->epoch },
		.buf = buf,
	};
	struct rs_speaker *s = &rs->speakers[peer->speaker];

	if (!outbox_post(s))
		return false;
	wire_buf_get(buf);
	if (!post(s->from_rib, &send, sizeof(send))) {
		wire_buf_put(buf);
		return false;
	}
	pace_sent(&peer->out, buf->len);
	return true;
}

void outbox_command_all(struct route_server *rs, const void *record, size_t len)
{
	for (unsigned int i = 0; i < rs->nb_speakers; i++)
		outbox_command(rs, i, record, len);
}

uint64_t outbox_taken(void *ctx, const struct out_session *to)
{
	const struct route_server *rs = ctx;
	const struct speaker *speaker = rs->speakers[rs->peers.table[to->index].speaker].speaker;
	const struct session_stats *stats = speaker ? speaker_stats(speaker, to->index) : NULL;

	return stats ? __atomic_load_n(&stats->tx_shared, __ATOMIC_RELAXED) : to->pace.sent;
}

int outbox_open(struct route_server *rs, const struct rs_speaker *speakers, unsigned int n)
{
	rs->nb_speakers = n;
	rs->speakers = calloc(rs->nb_speakers, sizeof(*rs->speakers));
	if (!rs->speakers)
		return -ENOMEM;
	for (unsigned int i = 0; i < rs->nb_speakers; i++) {
		rs->speakers[i] = speakers[i];
		STAILQ_INIT(&rs->speakers[i].backlog);
	}
	return 0;
}

void outbox_close(struct route_server *rs)
{
	for (unsigned int i = 0; rs->speakers && i < rs->nb_speakers; i++) {
		struct rs_backlog *first;

		while ((first = STAILQ_FIRST(&rs->speakers[i].backlog))) {
			STAILQ_REMOVE_HEAD(&rs->speakers[i].backlog, next);
			free(first);
		}
	}
	free(rs->speakers);
}
