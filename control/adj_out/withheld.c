/* Suspects: found when a session goes, matched when a part of a batch is sent. */
#include "withheld.h"

#include <stdio.h>
#include <string.h>

#include "cursor.h"
#include "hash.h"
#include "notification.h"
#include "adj_out.h"
#include "announce.h"
#include "attr.h"
#include "events.h"
#include "rib.h"
#include "speaker.h"

enum { PREFIXES_MAX = 1 << 24 }; /* that are counted, a peer */

struct withheld_prefix {
	uint32_t addr; /* host order */
	uint8_t len;
	uint8_t reserved[3];
};
PREFIX_TABLE_ITEM(struct withheld_prefix);

/* An attribute out of a NOTIFICATION's data. */
struct attribute {
	const uint8_t *body; /* borrowed; NULL: there is none */
	uint16_t len;
	uint8_t code;
};

char *suspect_text(const struct suspect *suspect, char *buf, size_t size)
{
	if (suspect->code)
		snprintf(buf, size, "attribute %u (%s)", suspect->code, attr_name(suspect->code));
	else
		snprintf(buf, size, "its attributes");
	return buf;
}

/* --- what was told last ----------------------------------------------------------------------- */

void told_note(struct told_last *last, const struct told *told)
{
	last->part[last->nb++ % WITHHELD_TOLD] = *told;
}

static bool is_like(const struct suspect *suspect, const uint8_t *wire, uint16_t len)
{
	struct attr_view v;

	if (!suspect->code)
		return hash_bytes(wire, len, 0) == suspect->hash;
	return attr_find(wire, len, suspect->code, &v) &&
	       hash_bytes(v.body, v.len, 0) == suspect->hash;
}

/* The one route among those told lately that is like `wanted`, or, if that is NULL, the only one
 * there is. Sets its prefix and hash. */
static bool find_recent(const struct adj_out *adj_out, const struct receiver *peer,
			const struct suspect *wanted, struct suspect *found)
{
	const struct told_last *last = &peer->group->told;
	uint32_t n = last->nb < WITHHELD_TOLD ? last->nb : WITHHELD_TOLD;
	bool any = false;

	for (uint32_t i = 0; i < n; i++) {
		const struct told *told = &last->part[(last->nb - 1 - i) % WITHHELD_TOLD];
		uint8_t wire[BGP_MESSAGE_MAX];
		uint32_t attrs_hash;
		uint16_t len;
		uint64_t hash;

		if (adj_out->now_ms - told->ms > WITHHELD_RECENT_MS)
			break;
		len = (uint16_t)announcer_octets(peer, told->prefix, wire, &attrs_hash);
		if (!len || attrs_hash != told->attrs_hash)
			continue;
		hash = hash_bytes(wire, len, 0);
		if (wanted ? !is_like(wanted, wire, len) : any && hash != found->hash) {
			if (!wanted)
				return false;
			continue;
		}
		found->hash = hash;
		found->prefix = told->prefix;
		found->named = any = true;
		if (wanted)
			break;
	}
	return any;
}

/* --- suspects --------------------------------------------------------------------------------- */

/* Of how many it is withheld what is like them. */
static uint8_t count_standing(const struct withheld *w)
{
	uint8_t nb = 0;

	for (uint8_t i = 0; i < w->nb; i++)
		nb += w->suspect[i].resets >= WITHHELD_AFTER;
	return nb;
}

/* What the peer is told has changed, and with it what needs a seat at its circuit, and what can
 * come back from it. */
static void told_otherwise(struct adj_out *adj_out, const struct receiver *peer)
{
	adj_out->withholding = false;
	for (uint16_t i = 0; i < adj_out->end; i++)
		adj_out->withholding |= count_standing(&adj_out->receiver[i]->withheld) > 0;
	if (peer->config->role != ROLE_EXPRESSROUTE)
		adj_out->reconsider = true;
	else if (adj_out->expressroute_max)
		rib_seats_review(adj_out->rib);
}

void withheld_joined(struct adj_out *adj_out, const struct receiver *peer)
{
	if (count_standing(&peer->withheld))
		told_otherwise(adj_out, peer);
}

static struct suspect *suspect_find(struct withheld *w, uint8_t code, uint64_t hash)
{
	for (uint8_t i = 0; i < w->nb; i++)
		if (w->suspect[i].code == code && w->suspect[i].hash == hash)
			return &w->suspect[i];
	return NULL;
}

static struct suspect *suspect_add(struct withheld *w, const struct suspect *like)
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
	a.body = cursor_take(&c, a.len);
	if (c.bad || !a.code)
		a.body = NULL;
	return a;
}

/* Whom the loss is put down to; NULL: it is not known. */
static struct suspect *suspect_of(const struct adj_out *adj_out, struct receiver *peer,
				  const struct speaker_down *down)
{
	bool said = down->received && down->code == NOTIFY_UPDATE;
	struct attribute a = attribute_of(down);
	struct withheld *w = &peer->withheld;
	struct suspect found = { .code = 0 };
	struct suspect *known;

	if (said && a.body) {
		struct suspect wanted = { .code = a.code, .hash = hash_bytes(a.body, a.len, 0) };

		if (find_recent(adj_out, peer, &wanted, &found)) {
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
		if (!w->suspect[i].code && find_recent(adj_out, peer, &w->suspect[i], &found))
			return &w->suspect[i];
	if (!find_recent(adj_out, peer, NULL, &found) ||
	    (!said && adj_out->now_ms - peer->up_ms < WITHHELD_STEADY_MS))
		return NULL;
	return suspect_add(w, &found);
}

void withheld_note_reset(struct adj_out *adj_out, struct receiver *peer,
			 const struct speaker_down *down)
{
	bool said = down->received && down->code == NOTIFY_UPDATE;
	uint8_t stood = count_standing(&peer->withheld);
	char what[64], prefix[PREFIX_TEXT];
	struct suspect *s;

	if (!peer->group || (!said && !down->reset))
		return;
	s = suspect_of(adj_out, peer, down);
	if (!s && !said)
		return;
	if (!s) {
		events_note(adj_out->events, EVENT_ATTRIBUTE, peer->index, adj_out->now_ms,
			    "it reset its session for an UPDATE of ours (3/%u): which one is not "
			    "known",
			    down->subcode);
		return;
	}
	s->resets += s->resets < UINT8_MAX;
	if (count_standing(&peer->withheld) != stood)
		told_otherwise(adj_out, peer);
	events_note(adj_out->events, EVENT_ATTRIBUTE, peer->index, adj_out->now_ms,
		    "it reset its session for an UPDATE of ours, time %u%s%s: %s%s", s->resets,
		    s->named ? ", " : "", s->named ? prefix_text(s->prefix, prefix) : "",
		    suspect_text(s, what, sizeof(what)),
		    s->resets >= WITHHELD_AFTER ? "; withheld from it now" : "");
}

void withheld_forget(struct adj_out *adj_out, struct receiver *peer)
{
	bool stood = count_standing(&peer->withheld);

	withheld_uncount(peer);
	peer->withheld = (struct withheld){ .nb = 0 };
	if (stood)
		told_otherwise(adj_out, peer);
}

/* --- what is withheld ------------------------------------------------------------------------- */

int withheld_match(const struct withheld *w, const uint8_t *wire, uint16_t len)
{
	for (uint8_t i = 0; i < w->nb; i++)
		if (w->suspect[i].resets >= WITHHELD_AFTER && is_like(&w->suspect[i], wire, len))
			return i;
	return -1;
}

static void count(struct withheld *w, const struct outbound_part *part)
{
	if (!prefix_table_is_open(&w->prefixes) &&
	    prefix_table_open(&w->prefixes, sizeof(struct withheld_prefix), PREFIXES_MAX))
		return;
	for (uint32_t i = 0; i < part->nb; i++)
		if (!prefix_table_find(&w->prefixes, part->prefixes[i]))
			prefix_table_add(&w->prefixes, part->prefixes[i]);
}

bool withheld_from(struct adj_out *adj_out, struct receiver *peer, const struct outbound_part *part,
		   const uint8_t *wire, uint16_t len)
{
	int i = withheld_match(&peer->withheld, wire, len);
	struct suspect *suspect = &peer->withheld.suspect[i < 0 ? 0 : i];
	char what[64], prefix[PREFIX_TEXT];

	if (i < 0)
		return false;
	suspect->prefix = *part->prefixes;
	suspect->named = true;
	count(&peer->withheld, part);
	events_note(adj_out->events, EVENT_ATTRIBUTE, peer->index, adj_out->now_ms,
		    "withheld %s and %u others: it reset its session %u times for %s",
		    prefix_text(suspect->prefix, prefix), part->nb - 1, suspect->resets,
		    suspect_text(suspect, what, sizeof(what)));
	return true;
}

void withheld_over(struct receiver *peer, const struct outbound_part *part)
{
	struct prefix_table *prefixes = &peer->withheld.prefixes;

	if (!prefix_table_is_open(prefixes))
		return;
	for (uint32_t i = 0; i < part->nb && prefix_table_count(prefixes); i++) {
		uint32_t id = prefix_table_find(prefixes, part->prefixes[i]);

		if (id)
			prefix_table_remove(prefixes, id);
	}
}

bool withheld_has(const struct receiver *peer, struct prefix prefix)
{
	const struct prefix_table *prefixes = &peer->withheld.prefixes;

	return prefix_table_is_open(prefixes) && prefix_table_find(prefixes, prefix);
}

uint32_t withheld_count(const struct receiver *peer)
{
	const struct prefix_table *prefixes = &peer->withheld.prefixes;

	return prefix_table_is_open(prefixes) ? prefix_table_count(prefixes) : 0;
}

void withheld_uncount(struct receiver *peer)
{
	prefix_table_discard(&peer->withheld.prefixes, peer->adj_out->discard);
	peer->withheld.prefixes = (struct prefix_table){ .seed = 0 };
}

bool withheld_stands(const struct receiver *peer, const struct suspect *suspect)
{
	uint8_t wire[BGP_MESSAGE_MAX];
	uint32_t attrs_hash;
	uint16_t len;

	if (suspect->resets < WITHHELD_AFTER || !suspect->named || !peer->group)
		return false;
	len = (uint16_t)announcer_octets(peer, suspect->prefix, wire, &attrs_hash);
	return len && is_like(suspect, wire, len);
}
