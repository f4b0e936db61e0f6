/* What is reported to the RIB lcore about a session. UPDATEs and what else comes out of a message
 * are posted as they are read, as reading stops unless there is room. What comes out of timers and
 * failures cannot be put off, so it is remembered here until there is room: one loss, one state,
 * one change of lagging at a time, and no message is read before a loss has been reported. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "session.h"

/* --- why it is not Established ---------------------------------------------------------------- */

void report_why(struct session *session, const struct bgp_notify *notify, bool received,
		const char *text)
{
	struct speaker_state *shown = &session->shown;
	char said[SPEAKER_REASON - 24];

	session->state_pending = true;
	session_wake(session);
	if (!notify && session->refusal[0]) {
		snprintf(shown->reason, sizeof(shown->reason), "%.64s; before that: %.80s", text,
			 session->refusal);
		return;
	}
	if (!notify) {
		snprintf(shown->reason, sizeof(shown->reason), "%s", text);
		return;
	}
	shown->code = notify->code;
	shown->subcode = notify->subcode;
	shown->received = received;
	if (text)
		snprintf(shown->reason, sizeof(shown->reason), "%s", text);
	else
		snprintf(shown->reason, sizeof(shown->reason), "%s NOTIFICATION: %s",
			 received ? "received" : "sent", notify_text(notify, said, sizeof(said)));
	snprintf(session->refusal, sizeof(session->refusal), "%s", shown->reason);
}

void report_no_reason(struct session *session)
{
	struct speaker_state *shown = &session->shown;

	shown->code = shown->subcode = 0;
	shown->received = false;
	shown->reason[0] = session->refusal[0] = '\0';
}

void report_no_open(struct conn *conn)
{
	struct session *session = conn->session;

	if (conn->state != SESSION_OPENSENT || conn_other(conn)->state > SESSION_OPENSENT)
		return;
	report_why(session, NULL, false,
		   session->peer.multihop
			   ? "connected, but no OPEN comes (does the peer allow multihop?)"
			   : "connected, but no OPEN comes");
	session_wake(session);
}

/* --- records ---------------------------------------------------------------------------------- */

static bool post(struct session *session, const void *record, size_t len)
{
	struct mailbox *to_rib = session->host->to_rib;
	void *room = mailbox_reserve(to_rib, len);

	if (!room)
		return false;
	memcpy(room, record, len);
	mailbox_post(to_rib, len);
	return true;
}

static struct speaker_event head(const struct session *session, enum speaker_event_type type)
{
	return (struct speaker_event){ .type = (uint16_t)type,
				       .peer = session->peer.head.peer,
				       .epoch = session->epoch };
}

static bool try_event(struct session *session, enum speaker_event_type type)
{
	struct speaker_event event = head(session, type);

	return post(session, &event, sizeof(event));
}

void report_event(struct session *session, enum speaker_event_type type, uint8_t family)
{
	struct speaker_event event = head(session, type);
	bool posted;

	event.family = family;
	posted = post(session, &event, sizeof(event));

	assert(posted);
	(void)posted;
}

static struct addr link_local(const struct session *session)
{
	const struct speaker_interface *interface = session_interface(session);

	for (uint8_t i = 0; i < interface->nb_addrs; i++)
		if (interface->addrs[i].family == FAMILY_IPV6 &&
		    addr_link_local(interface->addrs[i]))
			return interface->addrs[i];
	return addr_make4(0);
}

void report_up(struct conn *conn)
{
	struct session *session = conn->session;
	struct speaker_up up = {
		.head = head(session, SPEAKER_UP),
		.remote_id = conn->open.router_id,
		.local_addr = transport_local(conn->t.fd),
		.remote_addr = session->peer.addr,
		.link_local = link_local(session),
		.hold_s = (uint16_t)(conn->hold_ms / 1000),
		.keepalive_s = (uint16_t)(conn->keepalive_ms / 1000),
		.restart_s = conn->open.restart_s,
		.caps = conn->open.caps,
		.message_max = BGP_MESSAGE_MAX,
		.ibgp = session_ibgp(session),
	};
	bool posted = post(session, &up, sizeof(up));

	assert(posted);
	(void)posted;
}

static void report_mood(struct session *session)
{
	if (session->lagging != session->lagging_reported &&
	    try_event(session, session->lagging ? SPEAKER_LAGGING : SPEAKER_DRAINED))
		session->lagging_reported = session->lagging;
}

void report_down(struct session *session)
{
	if (session->down_pending)
		session->down_pending = !post(session, &session->down, sizeof(session->down));
}

/* The state of the peer is that of the connection that got further. */
static void see_state(struct session *session)
{
	enum session_state a = session->conns[0].state, b = session->conns[1].state;
	enum session_state state = a > b ? a : b;

	if (state != session->shown.state)
		session->state_pending = true;
	session->shown.state = (uint8_t)state;
	if (state == SESSION_ESTABLISHED) /* SPEAKER_UP has said so */
		session->state_pending = false;
}

void report_pending(struct session *session)
{
	see_state(session);
	report_mood(session);
	report_down(session);
	if (session->down_pending)
		return;
	if (session->state_pending) {
		session->shown.head = head(session, SPEAKER_STATE);
		session->state_pending = !post(session, &session->shown, sizeof(session->shown));
	}
	if (session->removing && session_quiet(session) && try_event(session, SPEAKER_REMOVED)) {
		session->used = session->removing = false;
		__atomic_store_n(&session->mine, false, __ATOMIC_RELEASE);
	}
}
