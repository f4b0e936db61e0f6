/* A peer's messages, one after the other out of the receive buffer: framed, judged, turned into
 * events of the state machine, and passed on to the RIB lcore. No message is taken before there is
 * room for what may come out of it; until then it stays where it is and the socket is not read.
 * Peers take turns: one with a full table says a part of it, then others are heard, and its bulk
 * waits in its socket while the RIB lcore is behind, so that their news does not. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "session.h"
#include "stats.h"
#include "update.h"

enum {
	/* of a record of an UPDATE, beside attributes and prefixes; what a mailbox adds for another
	 * record behind it is less than the end of this */
	UPDATE_FRAME = sizeof(struct speaker_update) + NLRI_SLACK + 64,
};
_Static_assert(FAMILY_COUNT *(UPDATE_FRAME + BGP_ATTRS_MAX + BGP_MESSAGE_MAX) <= SPEAKER_RECORD_MAX,
	       "the longest UPDATE fits");

enum { CROSSING_MS = 2000 }; /* see open_waits() */

static bool has_family(const struct conn *conn, uint8_t family)
{
	return open_families(conn->open.caps) & family_bit(family);
}

/* Octets of the records that this message can turn into: of an UPDATE, one for each family that was
 * negotiated. */
static size_t records_max(const struct conn *conn, const struct bgp_message *msg)
{
	size_t record = UPDATE_FRAME + BGP_ATTRS_MAX + msg->len;

	if (msg->type != BGP_UPDATE)
		return sizeof(struct speaker_up);
	return has_family(conn, FAMILY_IPV4) && has_family(conn, FAMILY_IPV6) ? 2 * record : record;
}

/* --- OPEN ------------------------------------------------------------------------------------- */

/* RFC 4271 6.8: the connection of the speaker with the higher identifier stays; among equals, of
 * the higher AS (RFC 6286 2.3). Both from one side: the newer one, as the peer would not open it if
 * it still knew the other. */
static struct conn *collision_loser(struct conn *newer, const struct bgp_open *open)
{
	struct conn *older = conn_other(newer);
	const struct speaker_params *us = &newer->session->host->params;
	bool ours_stays = us->router_id != open->router_id ? us->router_id > open->router_id
							   : us->local_asn > open->asn;

	if (newer->ours == older->ours)
		return older;
	return newer->ours == ours_stays ? older : newer;
}

/* Both sides have opened a connection, the two cross, and an OPEN is there on this one. Must it
 * wait? What we do now reaches the peer after what it has done meanwhile, and the two decisions may
 * cost both connections; worse, a peer that knows RFC 4724 takes a connection that it accepts while
 * another is Established for our restart, and a second restart ends its patience with our routes
 * (RFC 4724 4.2). So:
 *   - while the other is in OpenSent, wait for its OPEN: then the peer has accepted both, is
 *   Established on neither, and
 *     decides as we do (RFC 4271 6.8)
 *   - when the other is in OpenConfirm or just Established, the peer may be Established on it:
 *   leave it the decision
 * Not for ever: a peer that never says anything on one of them is no reason to have no session. */
static bool open_waits(struct conn *conn)
{
	const struct session *session = conn->session;
	const struct conn *other = conn_other(conn);
	uint64_t now_ms = session->host->now_ms;

	if (conn->state != SESSION_OPENSENT || conn->ours == other->ours ||
	    now_ms - conn->heard_ms >= CROSSING_MS)
		return false;
	if (other->state == SESSION_ESTABLISHED)
		return now_ms - session->up_ms < CROSSING_MS;
	return other->state == SESSION_OPENCONFIRM ||
	       (other->state == SESSION_OPENSENT && !other->crossing);
}

/* The peer's OPEN is good. False: the connection has lost against the other one. The other one in
 * OpenSent counts too, as now the identifier is known; one that is still in Connect goes
 * unheard. */
static bool collision_resolve(struct conn *conn, const struct bgp_open *open)
{
	struct conn *other = conn_other(conn);
	struct conn *loser = NULL;

	if (other->state == SESSION_CONNECT) {
		session_event(other, FSM_COLLISION, NULL);
		return true;
	}
	if (conn->crossing && other->state >= SESSION_OPENCONFIRM) {
		session_event(conn, FSM_COLLISION, NULL);
		return false;
	}
	if (other->state == SESSION_ESTABLISHED &&
	    other->open.caps & (SPEAKER_CAP_GR | SPEAKER_CAP_GR_IPV6)) {
		session_event(
			other, FSM_TCP_UP,
			&(struct session_cause){
				.text = "the peer came back on a new connection (RFC 4724 5)" });
		return true;
	}
	if (other->state == SESSION_ESTABLISHED)
		loser = conn;
	else if (other->state >= SESSION_OPENSENT)
		loser = collision_loser(conn, open);
	if (loser)
		session_event(loser, FSM_COLLISION, NULL);
	return loser != conn;
}

static void refuse_open(struct conn *conn, const struct bgp_open *open,
			const struct bgp_notify *notify)
{
	char text[SPEAKER_REASON], what[SPEAKER_REASON - 16];

	if (open && notify->subcode == NOTIFY_OPEN_AS)
		snprintf(what, sizeof(what), "peer AS %u, configured %u (2/2, RFC 4271 6.2)",
			 open->asn, conn->session->peer.asn);
	else if (open && notify->subcode == NOTIFY_OPEN_HOLD)
		snprintf(what, sizeof(what),
			 "hold time %u s, at least %u s is wanted (2/6, RFC 4271 6.2)",
			 open->hold_s, conn->session->peer.hold_min_s);
	else
		notify_text(notify, what, sizeof(what));
	snprintf(text, sizeof(text), "OPEN refused: %s", what);
	session_event(conn, FSM_OPEN_ERROR,
		      &(struct session_cause){ .notify = notify, .text = text });
}

static void open_received(struct conn *conn, const struct bgp_message *msg, void *record)
{
	struct session *session = conn->session;
	const struct speaker_params *us = &session->host->params;
	struct bgp_notify notify;
	struct bgp_open open;

	if (conn->state != SESSION_OPENSENT) {
		session_event(conn, FSM_OPEN, &(struct session_cause){ .message = msg->type });
		return;
	}
	if (!open_decode(msg->body, &open, &notify)) {
		refuse_open(conn, NULL, &notify);
		return;
	}
	if (!open_check(&open, session->peer.asn, us->local_asn, us->router_id,
			session->peer.families, &notify)) {
		refuse_open(conn, &open, &notify);
		return;
	}
	if (open.hold_s < session->peer.hold_min_s) {
		notify_set(&notify, NOTIFY_OPEN, NOTIFY_OPEN_HOLD, NULL, 0, NULL);
		refuse_open(conn, &open, &notify);
		return;
	}
	if (!collision_resolve(conn, &open))
		return;
	conn->open = open;
	conn->open.caps = open_negotiated(open.caps, conn->offered);
	if (conn_negotiate(conn, session->peer.hold_s))
		log_warning("peer %s: no hold time, and the kernel does not look whether it lives",
			    session->peer.name);
	session->connect_failures = 0;
	session_event(conn, FSM_OPEN, NULL);
}

/* --- UPDATE ----------------------------------------------------------------------------------- */

/* An UPDATE that does not end the session, counted by what is wrong with it: once, and for the
 * prefixes of each family that it has. */
static void count_faults(struct session_stats *stats, const struct bgp_update *update,
			 enum bgp_verdict verdict)
{
	if (verdict == BGP_TREAT_AS_WITHDRAW)
		stat_add(&stats->treat_as_withdraw, 1);
	else if (verdict == BGP_ATTR_DISCARD)
		stat_add(&stats->attr_discard, 1);
	if (update->stripped[0] | update->stripped[1] | update->stripped[2] | update->stripped[3])
		stat_add(&stats->attr_stripped, 1);
}

static void count_prefixes(struct session_stats *stats, const struct bgp_update *update,
			   enum bgp_verdict verdict, enum speaker_loop loop)
{
	const uint32_t announced = update->announced.count;

	if (loop)
		stat_add(&stats->loops[loop], announced);
	if (update->as_zero && verdict == BGP_TREAT_AS_WITHDRAW)
		stat_add(&stats->as_zero, announced);
	if (update->drop)
		stat_add(&stats->attr_dropped, announced);
	stat_add(&stats->martians, update->announced.martians + update->withdrawn.martians);
}

/* Complete the record whose attributes have been decoded into place. Returns its length. */
static size_t fill_record(struct speaker_update *record, const struct session *session,
			  const struct bgp_update *update, enum bgp_verdict verdict)
{
	const struct speaker_params *us = &session->host->params;
	uint8_t *attrs = (uint8_t *)(record + 1);
	enum speaker_loop loop = SPEAKER_LOOP_NONE;
	bool announces = update->announced.count && verdict < BGP_TREAT_AS_WITHDRAW;
	uint16_t withdrawn, announced;
	uint8_t *at;

	if (announces)
		loop = update_loop(attrs, update->attrs_len, us->local_asn, us->router_id);
	announces = announces && loop == SPEAKER_LOOP_NONE && !update->drop;
	*record = (struct speaker_update){
		.head = { .type = SPEAKER_UPDATE,
			  .peer = session->peer.head.peer,
			  .epoch = session->epoch },
		.attrs_len = announces ? update->attrs_len : 0,
		.nb_martians = (uint16_t)update->announced.martians,
		.martian = update->announced.martian,
		.drop = update->drop,
		.fault = update->fault,
		.fault_code = update->fault_code,
		.verdict = (uint8_t)verdict,
		.loop = (uint8_t)loop,
		.family = update->announced.family,
	};
	memcpy(record->stripped, update->stripped, sizeof(record->stripped));
	if (announces)
		record->keys = update->keys;
	at = attrs + record->attrs_len;
	withdrawn = (uint16_t)nlri_copy(&update->withdrawn, at);
	announced = (uint16_t)nlri_copy(&update->announced, at + withdrawn);
	record->withdrawn_len = withdrawn;
	record->nb_withdrawn = (uint16_t)update->withdrawn.count;
	if (announces) {
		record->announced_len = announced;
		record->nb_announced = (uint16_t)update->announced.count;
	} else {
		record->refused_len = announced;
		record->nb_refused = (uint16_t)update->announced.count;
		record->withdrawn_len = (uint16_t)(withdrawn + announced);
		record->nb_withdrawn = (uint16_t)(record->nb_withdrawn + record->nb_refused);
	}
	at += withdrawn + announced;
	memset(at, 0, NLRI_SLACK);
	return (size_t)(at + NLRI_SLACK - (uint8_t *)record);
}

/* Pass on what the message has of one family, whose attributes have been decoded into `record`. */
static void update_post(struct session *session, struct speaker_update *record,
			const struct bgp_update *update, enum bgp_verdict verdict)
{
	size_t len = fill_record(record, session, update, verdict);
	uint32_t weight = 1u + record->nb_withdrawn + record->nb_announced;

	count_prefixes(&session->stats, update, verdict, (enum speaker_loop)record->loop);
	if (weight == 1 && !record->fault && !record->nb_martians)
		return;
	mailbox_post_weighed(session->host->to_rib, len, weight);
	session->said += weight;
}

/* The prefixes of the other families of a message that has been judged. */
static void update_rest(struct conn *conn, const struct bgp_message *msg, struct update_ctx *ctx,
			struct bgp_update *update)
{
	struct session *session = conn->session;

	while (update->rest) {
		struct speaker_update *record = mailbox_reserve(
			session->host->to_rib, UPDATE_FRAME + BGP_ATTRS_MAX + msg->len);
		enum bgp_verdict verdict;

		assert(record);
		ctx->done |= family_bit(update->family);
		verdict = update_decode(msg->body, ctx, (uint8_t *)(record + 1), update);
		update_post(session, record, update, verdict);
	}
}

static void update_received(struct conn *conn, const struct bgp_message *msg, void *room)
{
	struct session *session = conn->session;
	struct speaker_update *record = room;
	struct update_ctx ctx = {
		.as4 = conn->open.caps & SPEAKER_CAP_AS4,
		.ebgp = !session_ibgp(session),
		.local_addr = conn->local_addr,
		.attributes = &session->peer.attributes,
		.allow_240 = session->host->params.allow_240,
		.families = open_families(conn->open.caps),
		.extended_next_hop = conn->open.caps & SPEAKER_CAP_EXTENDED_NEXT_HOP,
	};
	enum bgp_verdict verdict;
	struct bgp_update update;

	stat_add(&session->stats.rx_updates, 1);
	if (conn->state != SESSION_ESTABLISHED) {
		session_event(conn, FSM_UPDATE, &(struct session_cause){ .message = msg->type });
		return;
	}
	verdict = update_decode(msg->body, &ctx, (uint8_t *)(record + 1), &update);
	if (verdict == BGP_SESSION_RESET) {
		session_event(conn, FSM_UPDATE_ERROR,
			      &(struct session_cause){ .notify = &update.notify });
		return;
	}
	session_event(conn, FSM_UPDATE, NULL);
	if (update.eor) {
		report_event(session, SPEAKER_EOR, update.family);
		return;
	}
	count_faults(&session->stats, &update, verdict);
	update_post(session, record, &update, verdict);
	update_rest(conn, msg, &ctx, &update);
}

/* --- the others ------------------------------------------------------------------------------- */

static void notification_received(struct conn *conn, const struct bgp_message *msg, void *record)
{
	struct bgp_notify notify;
	bool version;

	notification_decode(msg->body, &notify);
	version = notify.code == NOTIFY_OPEN && notify.subcode == NOTIFY_OPEN_VERSION;
	session_event(conn, version ? FSM_NOTIFY_VERSION : FSM_NOTIFY,
		      &(struct session_cause){ .notify = &notify, .received = true });
}

static void keepalive_received(struct conn *conn, const struct bgp_message *msg, void *record)
{
	session_event(conn, FSM_KEEPALIVE, &(struct session_cause){ .message = msg->type });
}

static void refresh_received(struct conn *conn, const struct bgp_message *msg, void *record)
{
	struct bgp_refresh refresh;
	uint8_t family;

	refresh_decode(msg->body, &refresh);
	family = family_of_afi(refresh.afi, refresh.safi);
	session_event(conn, FSM_REFRESH, &(struct session_cause){ .message = msg->type });
	if (conn->state == SESSION_ESTABLISHED && has_family(conn, family) && !refresh.subtype)
		report_event(conn->session, SPEAKER_REFRESH, family);
}

static void (*const handlers[])(struct conn *conn, const struct bgp_message *msg, void *record) = {
	[BGP_OPEN] = open_received,
	[BGP_UPDATE] = update_received,
	[BGP_NOTIFICATION] = notification_received,
	[BGP_KEEPALIVE] = keepalive_received,
	[BGP_ROUTE_REFRESH] = refresh_received,
};

/* Must what the peer says next wait for its next turn, or for the RIB lcore? */
static bool turn_over(const struct session *session)
{
	return session->said >= SESSION_TURN ||
	       (session->bulk && mailbox_behind(session->host->to_rib, SESSION_BULK_WAITING));
}

unsigned int receive_messages(struct conn *conn)
{
	struct session *session = conn->session;
	unsigned int n = 0;

	conn->blocked = false;
	while (conn->rx) {
		struct cursor stream =
			cursor_make(conn->rx + conn->rx_pos, conn->rx_len - conn->rx_pos);
		struct bgp_notify notify;
		struct bgp_message msg;
		void *record;
		enum message_status status = message_next(&stream, BGP_MESSAGE_MAX, &msg, &notify);

		if (status == MESSAGE_PARTIAL)
			break;
		if (status == MESSAGE_BAD) {
			session_event(conn, FSM_HEADER_ERROR,
				      &(struct session_cause){ .notify = &notify });
			break;
		}
		if (msg.type == BGP_OPEN && open_waits(conn)) {
			conn->blocked = conn->crossing = true;
			break;
		}
		record = mailbox_reserve(session->host->to_rib, records_max(conn, &msg));
		if (!record || session->down_pending || turn_over(session)) {
			conn->blocked = true;
			break;
		}
		conn->rx_pos += msg.len;
		n++;
		session->said++;
		stat_add(&session->stats.rx_messages, 1);
		handlers[msg.type](conn, &msg, record);
	}
	return n;
}
