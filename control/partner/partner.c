/* Comparing two looks. Pure: nothing here asks, waits or remembers beside the view. */
#include "partner.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void condition_next(struct partner_condition *c, bool differs, bool moved)
{
	bool stood = c->stands;

	if (!differs) {
		*c = (struct partner_condition){ .turned = stood };
		return;
	}
	if (c->looks < PARTNER_MOVING)
		c->looks++;
	c->still = moved ? 1 : c->still < PARTNER_STILL ? c->still + 1 : c->still;
	c->stands |= c->still >= PARTNER_STILL || c->looks >= PARTNER_MOVING;
	c->turned = c->stands != stood;
}

const char *partner_name(const struct partner_view *view)
{
	return view->instance[0] ? view->instance : view->partner;
}

/* --- what must be the same -------------------------------------------------------------------- */

__attribute__((format(printf, 4, 5))) static void matter(struct partner_view *view,
							 enum partner_matter m, bool differs,
							 const char *fmt, ...)
{
	va_list args;

	condition_next(&view->matter[m], differs, false);
	if (!differs)
		return; /* the text still says what it was */
	va_start(args, fmt);
	vsnprintf(view->text[m], sizeof(view->text[m]), fmt, args);
	va_end(args);
}

static const char *on_off(bool on)
{
	return on ? "on" : "off";
}

static void compare_matters(struct partner_view *view, const struct instance_query *here,
			    const struct instance_query *there)
{
	const char *name = partner_name(view);
	char addr[ADDR_TEXT];

	matter(view, PARTNER_NAME, !strcmp(here->instance, there->instance),
	       "the partner is called %s, as this instance is", here->instance);
	matter(view, PARTNER_ROUTER_ID, here->router_id == there->router_id,
	       "router ID %s is that of both this instance and %s",
	       addr4_text(here->router_id, addr), name);
	matter(view, PARTNER_ASN, here->asn != there->asn, "AS number %u here, %u at %s", here->asn,
	       there->asn, name);
	matter(view, PARTNER_EXCHANGE, here->exchange != there->exchange,
	       "route exchange is %s here, %s at %s", on_off(here->exchange),
	       on_off(there->exchange), name);
	matter(view, PARTNER_NVA_TO_NVA, strcmp(here->nva_to_nva, there->nva_to_nva),
	       "nva_to_nva is %s here, %s at %s", here->nva_to_nva, there->nva_to_nva, name);
	matter(view, PARTNER_PREFERENCE, strcmp(here->preference, there->preference),
	       "routing_preference is %s here, %s at %s", here->preference, there->preference,
	       name);
}

/* --- peers ------------------------------------------------------------------------------------ */

static enum partner_verdict judge(const struct instance_query_peer *here,
				  const struct instance_query_peer *there)
{
	bool up_here = here && here->up, up_there = there && there->up;

	if (up_here != up_there)
		return up_here ? PARTNER_UP_HERE : PARTNER_UP_THERE;
	return up_here && here->digest != there->digest ? PARTNER_ROUTES : PARTNER_SAME;
}

static void side_set(struct partner_side *side, const struct instance_query_peer *peer)
{
	if (!peer)
		return;
	memcpy(side->name, peer->name, sizeof(side->name));
	memcpy(side->state, peer->state, sizeof(side->state));
	side->learned = peer->learned;
	side->digest = peer->digest;
}

/* Does it differ in another way than before, or is it still announcing? */
static bool has_moved(const struct partner_peer *was, const struct partner_peer *is,
		      const struct instance_query_peer *here,
		      const struct instance_query_peer *there)
{
	if (!was || was->verdict != is->verdict)
		return true;
	return is->verdict == PARTNER_ROUTES &&
	       (was->here.digest != is->here.digest || was->there.digest != is->there.digest ||
		!here->complete || !there->complete);
}

static void compare_peer(struct partner_peer *is, const struct partner_peer *was,
			 const struct instance_query_peer *here,
			 const struct instance_query_peer *there, bool settled)
{
	is->addr = here ? here->addr : there->addr;
	side_set(&is->here, here);
	side_set(&is->there, there);
	is->verdict = judge(here, there);
	if (was)
		is->condition = was->condition;
	if (settled || is->verdict == PARTNER_SAME)
		condition_next(&is->condition, is->verdict != PARTNER_SAME,
			       has_moved(was, is, here, there));
	else
		is->condition.turned = false;
}

/* The head of a list by address, if that is `addr`; then the list goes on behind it. */
static const struct instance_query_peer *take_look(const struct instance_query *look, size_t *at,
						   struct addr addr)
{
	if (*at == look->nb_peers || !addr_equal(look->peers[*at].addr, addr))
		return NULL;
	return &look->peers[(*at)++];
}

static const struct partner_peer *find_before(const struct partner_view *before, size_t *at,
					      struct addr addr)
{
	while (before && *at < before->nb_peers && addr_compare(before->peers[*at].addr, addr) < 0)
		(*at)++;
	return before && *at < before->nb_peers && addr_equal(before->peers[*at].addr, addr)
		       ? &before->peers[(*at)++]
		       : NULL;
}

/* The lesser one of the heads of two lists, of which one is not at its end. */
static struct addr least(const struct instance_query *here, size_t h,
			 const struct instance_query *there, size_t t)
{
	if (h == here->nb_peers)
		return there->peers[t].addr;
	if (t == there->nb_peers || addr_compare(here->peers[h].addr, there->peers[t].addr) <= 0)
		return here->peers[h].addr;
	return there->peers[t].addr;
}

/* Three lists by address, step by step. */
static void compare_peers(struct partner_view *view, const struct partner_view *before,
			  const struct instance_query *here, const struct instance_query *there)
{
	bool settled = here->settled && there->settled;
	size_t h = 0, t = 0, b = 0;

	while (h < here->nb_peers || t < there->nb_peers) {
		struct addr addr = least(here, h, there, t);
		const struct instance_query_peer *at_here = take_look(here, &h, addr);
		const struct instance_query_peer *at_there = take_look(there, &t, addr);

		compare_peer(&view->peers[view->nb_peers++], find_before(before, &b, addr), at_here,
			     at_there, settled);
	}
}

/* The partner has not answered: nothing is known anew. */
static void keep_peers(struct partner_view *view, const struct partner_view *before)
{
	bool lost = view->matter[PARTNER_ANSWERS].stands;

	for (size_t i = 0; before && i < before->nb_peers; i++) {
		struct partner_peer *peer = &view->peers[i];

		*peer = before->peers[i];
		peer->condition.turned = false;
		if (lost)
			condition_next(&peer->condition, false, false);
	}
	view->nb_peers = before ? before->nb_peers : 0;
}

/* --- all of it -------------------------------------------------------------------------------- */

struct partner_view *partner_compare(const struct partner_view *before, const char *partner,
				     const struct instance_query *here,
				     const struct instance_query *there)
{
	size_t room = here->nb_peers + there->nb_peers + (before ? before->nb_peers : 0);
	struct partner_view *view = calloc(1, sizeof(*view) + room * sizeof(view->peers[0]));

	if (!view)
		return NULL;
	if (before && !strcmp(before->partner, partner)) {
		memcpy(view->matter, before->matter, sizeof(view->matter));
		memcpy(view->text, before->text, sizeof(view->text));
		memcpy(view->instance, before->instance, sizeof(view->instance));
	} else {
		before = NULL;
	}
	snprintf(view->partner, sizeof(view->partner), "%s", partner);
	memcpy(view->error, there->error, sizeof(view->error));
	for (int m = 0; m < PARTNER_MATTERS; m++)
		view->matter[m].turned = false;
	matter(view, PARTNER_ANSWERS, there->error[0], "%s does not answer: %s", partner_name(view),
	       there->error);
	if (there->error[0]) {
		keep_peers(view, before);
		return view;
	}
	memcpy(view->instance, there->instance, sizeof(view->instance));
	compare_matters(view, here, there);
	compare_peers(view, before, here, there);
	return view;
}

const char *partner_text(const struct partner_view *view, const struct partner_peer *peer,
			 char buf[PARTNER_TEXT])
{
	const char *name = partner_name(view);
	const char *here = peer->here.state[0] ? peer->here.state : "not configured";
	const char *there = peer->there.state[0] ? peer->there.state : "not configured";

	switch ((enum partner_verdict)peer->verdict) {
	case PARTNER_SAME: snprintf(buf, PARTNER_TEXT, "the same here and at %s", name); break;
	case PARTNER_UP_HERE: snprintf(buf, PARTNER_TEXT, "up here, %s at %s", there, name); break;
	case PARTNER_UP_THERE: snprintf(buf, PARTNER_TEXT, "%s here, up at %s", here, name); break;
	case PARTNER_ROUTES:
		snprintf(buf, PARTNER_TEXT, "announces other routes to us (%u) than to %s (%u)",
			 peer->here.learned, name, peer->there.learned);
		break;
	}
	return buf;
}
