/* Commands by which something goes out of service or comes back, and what follows at once. */
#include "service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "answers.h"
#include "log.h"
#include "notification.h"
#include "outbox.h"
#include "peer_command.h"
#include "peer_place.h"
#include "peer_session.h"
#include "peers.h"
#include "route_server.h"
#include "rows.h"
#include "standing.h"

/* --- one peer --------------------------------------------------------------------------------- */

static void shut(struct route_server *rs, struct peer *peer, const struct maintenance_peer *now)
{
	struct speaker_peer_reset reset;

	peer->shut = true;
	reset = peer_cease(peer, SPEAKER_PEER_RESET, NOTIFY_CEASE_SHUTDOWN);
	snprintf(reset.text, sizeof(reset.text), "%s", now->text);
	outbox_command(rs, peer->speaker, &reset, sizeof(reset));
	events_note(&rs->events, EVENT_SERVICE, peer->index, rs->now_ms, "shut down%s%.150s",
		    now->text[0] ? ": " : "", now->text);
}

static void start(struct route_server *rs, struct peer *peer)
{
	peer->shut = false;
	peer->reason[0] = '\0';
	peer_send_reset(rs, peer, NOTIFY_CEASE_RESET);
	events_note(&rs->events, EVENT_SERVICE, peer->index, rs->now_ms, "started");
}

/* What it is told moves with its group, what it says is looked at anew. */
static void drain(struct route_server *rs, struct peer *peer, bool drained)
{
	struct source source = *peer_source(peer);

	peer->out.drained = source.drained = drained;
	if (peer->up || timer_is_set(&peer->stale))
		peer_source_set(peer, &source);
	peers_regroup(rs);
	events_note(&rs->events, EVENT_SERVICE, peer->index, rs->now_ms, "%s",
		    drained ? "drained: it is asked to prefer other paths (RFC 8326)"
			    : "drained no more");
}

/* What is said of a peer after the command. */
static struct maintenance_peer after(const struct page *page, struct maintenance_peer said)
{
	switch (page->service) {
	case SERVICE_DRAIN: said.drained = true; break;
	case SERVICE_UNDRAIN: said.drained = false; break;
	case SERVICE_SHUTDOWN:
		said.shut = true;
		snprintf(said.text, sizeof(said.text), "%s", page->text);
		break;
	case SERVICE_START:
		said.shut = false;
		said.text[0] = '\0';
		break;
	default: break;
	}
	return said;
}

static bool is_same(const struct maintenance_peer *a, const struct maintenance_peer *b)
{
	return a->drained == b->drained && a->shut == b->shut && !strcmp(a->text, b->text);
}

static void reset(struct route_server *rs, struct peer *peer, struct row_service *row)
{
	char why[SPEAKER_REASON];

	row->reset = true;
	row->state = peer->state;
	row->changed = !peer->shut;
	if (!peer->up)
		snprintf(row->reason, sizeof(row->reason), "%s", peer_why(peer, why));
	if (!peer->shut)
		peer_reset(rs, peer);
	else
		snprintf(row->warning, sizeof(row->warning),
			 "it is shut down: bascule peer %s start", peer->config.name);
}

static void act(struct route_server *rs, struct page *page, struct peer *peer,
		struct row_service *row)
{
	const struct maintenance_peer was = standing_of(peer), now = after(page, was);

	memcpy(row->peer, peer->config.name, sizeof(row->peer));
	row->up = peer->up;
	row->drained = was.drained;
	row->shut = was.shut;
	if (page->service == SERVICE_RESET) {
		reset(rs, peer, row);
		return;
	}
	if (is_same(&was, &now))
		return;
	if (maintenance_set(rs->maintenance, &now)) {
		snprintf(row->warning, sizeof(row->warning), "no memory; nothing was done");
		return;
	}
	row->changed = true;
	row->drained = now.drained;
	row->shut = now.shut;
	if (was.drained != now.drained)
		drain(rs, peer, now.drained);
	else if (now.shut)
		shut(rs, peer, &now);
	else
		start(rs, peer);
}

/* --- commands --------------------------------------------------------------------------------- */

static void drain_instance(struct route_server *rs, struct page *page)
{
	bool drained = page->service == SERVICE_INSTANCE_DRAIN;
	struct row_service *row = page_add(page, ROW_SERVICE, sizeof(*row));

	row->changed = rs->maintenance->drained != drained;
	row->drained = drained;
	if (!row->changed)
		return;
	rs->maintenance->drained = drained;
	for (int family = 0; family < FAMILY_COUNT; family++)
		rs->routes[family].adj_out.drained = drained;
	peers_regroup(rs);
	events_note(&rs->events, EVENT_SERVICE, EVENTS_NO_PEER, rs->now_ms,
		    drained ? "this instance is drained: all peers are asked to prefer other paths "
			      "(RFC 8326)"
			    : "this instance is drained no more");
}

/* Is the peer meant? By its own name, or by its gateway's if no peer has the name. */
static bool is_meant(const struct route_server *rs, const struct page *page,
		     const struct peer *peer)
{
	int gateway = peer->config.gateway;

	if (peer->life != PEER_ACTIVE)
		return false;
	if (page->all || !strcmp(peer->config.name, page->peer))
		return true;
	return gateway >= 0 && !strcmp(rs->config->gateways[gateway].name, page->peer) &&
	       !peer_find(&rs->peers, page->peer);
}

/* Those who are meant, as many as fit the page and its time. The cursor: places of the table that
 * have been looked at, and peers that were meant. */
static void act_on_all(struct route_server *rs, struct page *page)
{
	for (; page->cursor[0] < rs->peers.end; page->cursor[0]++) {
		struct peer *peer = &rs->peers.table[page->cursor[0]];
		struct row_service *row;

		if (!is_meant(rs, page, peer))
			continue;
		row = page->nb_rows && page_late(page) ? NULL
						       : page_add(page, ROW_SERVICE, sizeof(*row));
		if (!row) {
			page->more = true;
			return;
		}
		act(rs, page, peer, row);
		page->cursor[1]++;
	}
	if (page->cursor[1] || page->all)
		return;
	page_error(page, "there is no peer or gateway \"%s\"", page->peer);
	page_hint(page, "bascule show peers");
}

bool service_take(struct route_server *rs, struct page *page)
{
	struct page **link = &rs->service.first;

	if (page->service <= SERVICE_INSTANCE_UNDRAIN)
		drain_instance(rs, page);
	else
		act_on_all(rs, page);
	if (page->error[0] || page->service == SERVICE_RESET)
		return true;
	maintenance_prune(rs->maintenance, rs->config);
	page->ticket = maintenance_store(rs->maintenance);
	if (page->more)
		return true;
	page->until_ms = rs->now_ms + SERVICE_WAIT_MS;
	page->next = NULL;
	while (*link)
		link = &(*link)->next;
	*link = page;
	return false;
}

/* --- the disk --------------------------------------------------------------------------------- */

static void warn(const struct route_server *rs, struct page *page, int err)
{
	struct row_service *row;
	uint32_t at = 0;
	uint16_t type;

	row = (struct row_service *)page_next(page, &at, &type);
	if (!row)
		return;
	snprintf(row->warning, sizeof(row->warning),
		 "the state file cannot be written (%s); until it can, this is undone by a restart",
		 err == -EINPROGRESS ? "the disk has not answered within 5 s" : strerror(-err));
	log_error("%s: %s", rs->maintenance->path, row->warning);
}

unsigned int service_turn(struct route_server *rs)
{
	struct page **link = &rs->service.first, *page;
	unsigned int answered = 0;

	while ((page = *link)) {
		int err = maintenance_stored(rs->maintenance, page->ticket);

		if (err == -EINPROGRESS && rs->now_ms < page->until_ms) {
			link = &page->next;
			continue;
		}
		if (err && err != -ECANCELED)
			warn(rs, page, err);
		*link = page->next;
		rs_answered(rs, page);
		answered++;
	}
	return answered;
}

void service_look(struct route_server *rs)
{
	char text[EVENT_TEXT / 2];
	const char *trouble = maintenance_trouble(rs->maintenance, text, sizeof(text));

	if (!trouble != !rs->service.trouble)
		events_note(&rs->events, EVENT_ALARM, EVENTS_NO_PEER, rs->now_ms,
			    "%s: the state file of maintenance %s", trouble ? "raised" : "cleared",
			    trouble ? trouble : "is written again");
	rs->service.trouble = trouble;
}
