/* Finds suspects when a session ends. */
#include "suspects.h"

#include <stdio.h>

#include "adj_out.h"
#include "attr.h"
#include "cursor.h"
#include "events.h"
#include "hash.h"
#include "message.h"
#include "nlri.h"
#include "notification.h"
#include "receiver.h"
#include "speaker.h"
#include "update_group.h"
#include "withheld.h"

/* An attribute out of a NOTIFICATION's data. */
struct attribute {
	const uint8_t *body; /* borrowed; NULL: there is none */
	uint16_t len;
	uint8_t code;
};

void announced_note(struct announced_last *last, const struct announced_part *announced)
{
	last->part[last->nb++ % UPDATE_GROUP_ANNOUNCED] = *announced;
}

/* What has been found among the routes that were announced lately. */
enum recent { RECENT_NONE, RECENT_FOUND, RECENT_SEVERAL };

/* The route among those of one family that is like `wanted`, or, if that is NULL, the only one
 * there is; `so_far`: in other families. Sets its prefix and hash. */
static enum recent find_of_family(const struct receiver *peer, const struct suspect *wanted,
				  enum recent so_far, struct suspect *found)
{
	const struct announced_last *last = &peer->group->announced;
	uint32_t n = last->nb < UPDATE_GROUP_ANNOUNCED ? last->nb : UPDATE_GROUP_ANNOUNCED;

	for (uint32_t i = 0; i < n; i++) {
		const struct announced_part *announced =
			&last->part[(last->nb - 1 - i) % UPDATE_GROUP_ANNOUNCED];
		uint8_t wire[BGP_MESSAGE_MAX];
		uint32_t attrs_hash;
		uint16_t len;
		uint64_t hash;

		if (peer->adj_out->now_ms - announced->ms > SUSPECTS_RECENT_MS)
			break;
		len = (uint16_t)receiver_octets(peer, announced->prefix, wire, &attrs_hash);
		if (!len || attrs_hash != announced->attrs_hash)
			continue;
		hash = hash_bytes(wire, len, 0);
		if (wanted && !suspect_is_like(wanted, wire, len))
			continue;
		if (!wanted && so_far == RECENT_FOUND && hash != found->hash)
			return RECENT_SEVERAL;
		found->hash = hash;
		found->prefix = announced->prefix;
		found->named = true;
		so_far = RECENT_FOUND;
		if (wanted)
			break;
	}
	return so_far;
}

/* The same of all families. */
static bool find_recent(const struct out_session *session, const struct suspect *wanted,
			struct suspect *found)
{
	enum recent recent = RECENT_NONE;

	for (int family = 0; family < FAMILY_COUNT && recent != RECENT_SEVERAL; family++) {
		if (wanted && recent == RECENT_FOUND)
			break;
		if (session->to[family].group)
			recent = find_of_family(&session->to[family], wanted, recent, found);
	}
	return recent == RECENT_FOUND;
}

static struct suspect *suspect_find(struct suspects *w, uint8_t code, uint64_t hash)
{
	for (uint8_t i = 0; i < w->nb; i++)
		if (w->suspect[i].code == code && w->suspect[i].hash == hash)
			return &w->suspect[i];
	return NULL;
}

static struct suspect *suspect_add(struct suspects *w, const struct suspect *like)
{
	struct suspect *s = &w->suspect[w->next];

	w->next = (uint8_t)((w->next + 1) % WITHHELD_SUSPECTS);
	w->nb += w->nb < WITHHELD_SUSPECTS;
	*s = *like;
	s->resets = 0;
	return s;
}

/* RFC 4271 6.3: the attribute with type, length and value. */
static struct attribute attribute_of(const struct speaker_down *down)
{
	struct cursor c = cursor_make(down->data, down->data_len);
	struct attribute a = { .body = NULL };
	uint8_t flags = cursor_u8(&c);

	a.code = cursor_u8(&c);
	a.len = flags & ATTR_F_EXTENDED ? cursor_u16(&c) : cursor_u8(&c);
	if (a.code == ATTR_MP_REACH && a.len > cursor_left(&c))
		a.len = (uint16_t)cursor_left(&c); /* its beginning says enough */
	a.body = cursor_take(&c, a.len);
	if (c.bad || !a.code)
		a.body = NULL;
	return a;
}

/* The first prefix of an MP_REACH_NLRI (RFC 4760 3). False: it has none. */
static bool prefix_reached(const struct attribute *a, struct prefix *prefix)
{
	struct cursor body = cursor_make(a->body, a->len), first;
	uint16_t afi = cursor_u16(&body);
	struct nlri nlri = { .family = family_of_afi(afi, cursor_u8(&body)) };

	cursor_take(&body, cursor_u8(&body));
	cursor_u8(&body); /* reserved */
	if (!cursor_left(&body) || nlri.family >= FAMILY_COUNT)
		return false;
	first = cursor_sub(&body, 1 + (*body.pos + 7u) / 8u);
	return !first.bad && nlri_add(&nlri, 1, first) && nlri_next(&nlri, prefix);
}

/* That attribute is of the message; the route that it names is the suspect, as it is sent. */
static bool find_reached(const struct out_session *session, const struct attribute *a,
			 struct suspect *found)
{
	const struct receiver *peer;
	uint8_t wire[BGP_MESSAGE_MAX];
	uint32_t attrs_hash;
	size_t len;

	if (!prefix_reached(a, &found->prefix))
		return false;
	peer = &session->to[found->prefix.addr.family];
	len = peer->group ? receiver_octets(peer, found->prefix, wire, &attrs_hash) : 0;
	found->hash = hash_bytes(wire, len, 0);
	found->named = true;
	return len;
}

/* Whom the loss is put down to; NULL: it is not known. */
static struct suspect *suspect_of(struct out_session *session, const struct speaker_down *down,
				  uint64_t now_ms)
{
	bool said = down->received && down->code == NOTIFY_UPDATE;
	struct attribute a = attribute_of(down);
	struct suspects *w = &session->suspects;
	struct suspect found = { .code = 0 };
	struct suspect *known;

	if (said && a.body && a.code == ATTR_MP_REACH) {
		if (!find_reached(session, &a, &found))
			return NULL;
		known = suspect_find(w, 0, found.hash);
		return known ? known : suspect_add(w, &found);
	}
	if (said && a.body) {
		struct suspect wanted = { .code = a.code, .hash = hash_bytes(a.body, a.len, 0) };

		if (find_recent(session, &wanted, &found)) {
			wanted.prefix = found.prefix;
			wanted.named = true;
		}
		known = suspect_find(w, wanted.code, wanted.hash);
		if (known && wanted.named) {
			known->prefix = wanted.prefix;
			known->named = true;
		}
		return known ? known : suspect_add(w, &wanted);
	}
	for (uint8_t i = 0; i < w->nb; i++)
		if (!w->suspect[i].code && find_recent(session, &w->suspect[i], &found))
			return &w->suspect[i];
	if (!find_recent(session, NULL, &found) ||
	    (!said && now_ms - session->up_ms < SUSPECTS_STEADY_MS))
		return NULL;
	return suspect_add(w, &found);
}

static bool is_member(const struct out_session *session)
{
	bool member = false;

	for (int family = 0; family < FAMILY_COUNT; family++)
		member |= session->to[family].group != NULL;
	return member;
}

void suspects_note_reset(struct out_session *session, const struct speaker_down *down,
			 struct events *events, uint64_t now_ms)
{
	bool said = down->received && down->code == NOTIFY_UPDATE;
	uint8_t stood = suspects_standing(&session->suspects);
	char what[64], prefix[PREFIX_TEXT];
	struct suspect *s;

	if (!is_member(session) || (!said && !down->reset))
		return;
	s = suspect_of(session, down, now_ms);
	if (!s && !said)
		return;
	if (!s) {
		events_note(events, EVENT_ATTRIBUTE, session->index, now_ms,
			    "it reset its session for an UPDATE of ours (3/%u): which one is not "
			    "known",
			    down->subcode);
		return;
	}
	s->resets += s->resets < UINT8_MAX;
	if (suspects_standing(&session->suspects) != stood)
		withheld_changed(session);
	events_note(events, EVENT_ATTRIBUTE, session->index, now_ms,
		    "it reset its session for an UPDATE of ours, time %u%s%s: %s%s", s->resets,
		    s->named ? ", " : "", s->named ? prefix_text(s->prefix, prefix) : "",
		    suspect_text(s, what, sizeof(what)),
		    s->resets >= WITHHELD_AFTER ? "; withheld from it now" : "");
}

bool suspect_stands(const struct out_session *session, const struct suspect *suspect)
{
	const struct receiver *peer = &session->to[suspect->prefix.addr.family];
	uint8_t wire[BGP_MESSAGE_MAX];
	uint32_t attrs_hash;
	uint16_t len;

	if (suspect->resets < WITHHELD_AFTER || !suspect->named || !peer->group)
		return false;
	len = (uint16_t)receiver_octets(peer, suspect->prefix, wire, &attrs_hash);
	return len && suspect_is_like(suspect, wire, len);
}
