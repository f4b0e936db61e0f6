/* Matches suspects with each part of a batch that is sent, and counts what is withheld. */
#include "withheld.h"

#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "adj_out.h"
#include "attr.h"
#include "due.h"
#include "events.h"
#include "outbound.h"
#include "rib.h"

enum { PREFIXES_MAX = 1 << 24 }; /* that are counted, a peer */

struct withheld_prefix {
	uint32_t addr; /* host order */
	uint8_t len;
	uint8_t reserved[3];
};
PREFIX_TABLE_ITEM(struct withheld_prefix);

char *suspect_text(const struct suspect *suspect, char *buf, size_t size)
{
	if (suspect->code)
		snprintf(buf, size, "attribute %u (%s)", suspect->code, attr_name(suspect->code));
	else
		snprintf(buf, size, "its attributes");
	return buf;
}

bool suspect_is_like(const struct suspect *suspect, const uint8_t *wire, uint16_t len)
{
	struct attr_view v;

	if (!suspect->code)
		return hash_bytes(wire, len, 0) == suspect->hash;
	return attr_find(wire, len, suspect->code, &v) &&
	       hash_bytes(v.body, v.len, 0) == suspect->hash;
}

/* --- suspects --------------------------------------------------------------------------------- */

uint8_t suspects_standing(const struct suspects *w)
{
	uint8_t nb = 0;

	for (uint8_t i = 0; i < w->nb; i++)
		nb += w->suspect[i].resets >= WITHHELD_AFTER;
	return nb;
}

static void receiver_changed(const struct receiver *peer)
{
	struct adj_out *adj_out = peer->adj_out;

	adj_out->withholding = false;
	for (uint16_t i = 0; i < adj_out->end; i++)
		adj_out->withholding |=
			suspects_standing(&adj_out->receiver[i]->session->suspects) > 0;
	if (peer->session->config->role != ROLE_EXPRESSROUTE)
		due_set(adj_out->due, DUE_RECONSIDER);
	else if (adj_out->expressroute_max)
		rib_seats_review(adj_out->rib);
}

void withheld_changed(const struct out_session *session)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		receiver_changed(&session->to[family]);
}

void withheld_joined(const struct receiver *peer)
{
	if (suspects_standing(&peer->session->suspects))
		receiver_changed(peer);
}

void withheld_forget(struct out_session *session)
{
	bool stood = suspects_standing(&session->suspects);

	for (int family = 0; family < FAMILY_COUNT; family++)
		withheld_uncount(&session->to[family]);
	session->suspects = (struct suspects){ .nb = 0 };
	if (stood)
		withheld_changed(session);
}

/* --- what is withheld ------------------------------------------------------------------------- */

int withheld_match(const struct suspects *w, const uint8_t *wire, uint16_t len)
{
	for (uint8_t i = 0; i < w->nb; i++)
		if (w->suspect[i].resets >= WITHHELD_AFTER &&
		    suspect_is_like(&w->suspect[i], wire, len))
			return i;
	return -1;
}

static void count(struct receiver *peer, const struct outbound_part *part)
{
	struct prefix_table *prefixes = &peer->withheld;

	if (!prefix_table_is_open(prefixes) &&
	    prefix_table_open(prefixes, peer->adj_out->family, sizeof(struct withheld_prefix),
			      PREFIXES_MAX))
		return;
	for (uint32_t i = 0; i < part->nb; i++)
		if (!prefix_table_find(prefixes, &part->prefixes[i]))
			prefix_table_add(prefixes, &part->prefixes[i]);
}

bool withheld_from(struct adj_out *adj_out, struct receiver *peer, const struct outbound_part *part,
		   const uint8_t *wire, uint16_t len)
{
	int i = withheld_match(&peer->session->suspects, wire, len);
	struct suspect *suspect = &peer->session->suspects.suspect[i < 0 ? 0 : i];
	char what[64], prefix[PREFIX_TEXT];

	if (i < 0)
		return false;
	suspect->prefix = *part->prefixes;
	suspect->named = true;
	count(peer, part);
	events_note(adj_out->events, EVENT_ATTRIBUTE, peer->session->index, adj_out->now_ms,
		    "withheld %s and %u others: it reset its session %u times for %s",
		    prefix_text(suspect->prefix, prefix), part->nb - 1, suspect->resets,
		    suspect_text(suspect, what, sizeof(what)));
	return true;
}

void withheld_over(struct receiver *peer, const struct outbound_part *part)
{
	struct prefix_table *prefixes = &peer->withheld;

	if (!prefix_table_is_open(prefixes))
		return;
	for (uint32_t i = 0; i < part->nb && prefix_table_count(prefixes); i++) {
		uint32_t id = prefix_table_find(prefixes, &part->prefixes[i]);

		if (id)
			prefix_table_remove(prefixes, id);
	}
}

bool withheld_has(const struct receiver *peer, struct prefix prefix)
{
	const struct prefix_table *prefixes = &peer->withheld;

	return prefix_table_is_open(prefixes) && prefix_table_find(prefixes, &prefix);
}

uint32_t withheld_count(const struct receiver *peer)
{
	const struct prefix_table *prefixes = &peer->withheld;

	return prefix_table_is_open(prefixes) ? prefix_table_count(prefixes) : 0;
}

void withheld_uncount(struct receiver *peer)
{
	prefix_table_discard(&peer->withheld, peer->adj_out->discard);
	peer->withheld = (struct prefix_table){ .seed = 0 };
}
