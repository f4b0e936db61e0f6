/* What the watch has seen of the partner, as rows and events. Its alarms are alarm.c's. */
#include "show_partner.h"

#include <stdio.h>
#include <string.h>

#include "partner.h"
#include "peers.h"
#include "route_server.h"

static void note(struct route_server *rs, const struct partner_condition *condition,
		 const struct peer *peer, const char *text)
{
	if (condition->turned)
		events_note(&rs->events, EVENT_ALARM, peer ? peer->index : EVENTS_NO_PEER,
			    rs->now_ms, "%s: %s", condition->stands ? "raised" : "cleared", text);
}

static void note_peer(struct route_server *rs, const struct partner_view *view,
		      const struct partner_peer *peer)
{
	const struct peer *ours = peer_find(&rs->peers, peer->here.name);
	char text[PARTNER_TEXT], all[PARTNER_TEXT + CONFIG_NAME + 2];

	if (view->error[0] && !peer->condition.stands)
		snprintf(text, sizeof(text), "not known while %s does not answer",
			 partner_name(view));
	else
		partner_text(view, peer, text);
	snprintf(all, sizeof(all), "%s%s%s", ours ? "" : peer->there.name, ours ? "" : ": ", text);
	note(rs, &peer->condition, ours, all);
}

/* The cursor counts them: all may have turned at once, and each is a line of the log. */
static void note_peers(struct route_server *rs, struct page *page)
{
	const struct partner_view *view = rs->partner;

	while (page->cursor[0] < view->nb_peers) {
		const struct partner_peer *peer = &view->peers[page->cursor[0]++];

		if (!peer->condition.turned)
			continue;
		note_peer(rs, view, peer);
		page->more = page->cursor[0] < view->nb_peers && page_late(page);
		if (page->more)
			return;
	}
}

void partner_seen(struct route_server *rs, struct page *page)
{
	struct partner_view *view = page->seen;

	if (page->cursor[0]) {
		note_peers(rs, page);
		return;
	}
	page->seen = rs->partner;
	rs->partner = view;
	memcpy(page->partner, rs->config->instance.partner, sizeof(page->partner));
	if (!view)
		return;
	for (int m = 0; m < PARTNER_MATTERS; m++)
		note(rs, &view->matter[m], NULL, view->text[m]);
	note_peers(rs, page);
}

/* The cursor counts peers. */
void show_partner(const struct route_server *rs, struct page *page)
{
	const struct partner_view *view = rs->partner;

	if (!rs->config->instance.partner[0]) {
		page_error(page, "no partner is configured");
		page_hint(page,
			  "instance.partner in the configuration file names the other instance");
		return;
	}
	if (!view || view->matter[PARTNER_ANSWERS].stands) {
		page_error(page, "%s",
			   view ? view->text[PARTNER_ANSWERS]
				: "the partner has not been looked at yet");
		return;
	}
	for (; page->cursor[0] < view->nb_peers; page->cursor[0]++) {
		struct partner_peer *row = page_add(page, ROW_PARTNER, sizeof(*row));

		if (!row) {
			page->more = true;
			return;
		}
		*row = view->peers[page->cursor[0]];
	}
}

void summary_partner(const struct route_server *rs, struct row_summary_partner *row)
{
	const struct partner_view *view = rs->partner;

	memcpy(row->partner, rs->config->instance.partner, sizeof(row->partner));
	snprintf(row->error, sizeof(row->error), "%s", view ? view->error : "not looked at yet");
	if (view)
		memcpy(row->instance, view->instance, sizeof(row->instance));
}
