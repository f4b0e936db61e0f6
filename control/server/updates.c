/* What peers say, from judged UPDATEs to routes: what is notable of each, import policy, bounds,
 * prefixes that flap, and the inbound map or the RIB. */
#include "updates.h"

#include <stdio.h>

#include "aliases.h"
#include "bounds.h"
#include "bulk.h"
#include "flapping.h"
#include "message.h"
#include "nlri.h"
#include "peer_place.h"
#include "peer_route.h"
#include "route_server.h"

enum { SLICE = 128 }; /* prefixes of one UPDATE at a time */

static struct peer_routes *routes_of(struct peer *peer, const struct speaker_update *update)
{
	return &peer->routes[update->family];
}

static struct rib *rib_of(const struct route_server *rs, const struct speaker_update *update)
{
	return rs->routes[update->family].rib;
}

static void withdraw(struct route_server *rs, struct peer *peer, const struct inbound_place *at)
{
	if (!flapping_keeps(rs, peer, at->rib.prefix, NULL) && rs_route(rs, peer, at, NULL) > 0)
		flapping_note(rs, peer, at->rib.prefix, NULL, false);
}

/* `attrs` is NULL without memory for them: what the peer says now is not known, and what it said
 * before must not stay. */
static void announce(struct route_server *rs, struct peer *peer, struct prefix prefix,
		     const struct attrs *attrs)
{
	struct peer_routes *routes = &peer->routes[prefix.addr.family];
	const struct inbound_place at = inbound_place(&routes->inbound, prefix);
	bool admitted;
	int what;

	if (config_has_subnet(rs->config, prefix)) {
		peer->refused[IMPORT_OWN_SUBNET]++;
		return;
	}
	admitted = bounds_admit(rs, peer, &at);
	if (!admitted || !attrs) {
		peer->no_memory += admitted;
		withdraw(rs, peer, &at);
		return;
	}
	if (flapping_keeps(rs, peer, prefix, attrs))
		return;
	what = rs_route(rs, peer, &at, attrs);
	if (what == RIB_CHANGED || (what == RIB_NEW && routes->flap.slots))
		flapping_note(rs, peer, prefix, attrs, what == RIB_NEW);
}

struct import_rule rs_import_rule(const struct route_server *rs, const struct peer *peer)
{
	const struct config_peer *config = &peer->config;

	return (struct import_rule){
		.role = config->role,
		.ebgp = config->asn != rs->config->instance.asn,
		.first_as = config->enforce_first_as ? config->asn : 0,
		.as_sets = config->allow_as_set,
	};
}

/* What became of prefixes that an UPDATE announces, of which this is the first, and why. `n` may be
 * 0. */
static void note_first(struct route_server *rs, const struct peer *peer, enum event_kind kind,
		       struct prefix first, uint32_t n, const char *fate, const char *why)
{
	char text[PREFIX_TEXT], others[32] = "";

	if (n > 1)
		snprintf(others, sizeof(others), " and %u others", n - 1);
	events_note(&rs->events, kind, peer->index, rs->now_ms, "%s%s%s%s: %s", fate, n ? " " : "",
		    n ? prefix_text(first, text) : "", others, why);
}

/* The same of those that it announces and that are as they should be, or of those refused. */
static void note(struct route_server *rs, const struct peer *peer, enum event_kind kind,
		 const struct speaker_update *update, bool refused, const char *fate,
		 const char *why)
{
	struct prefix first = { .len = 0 };
	uint32_t n = refused ? update->nb_refused : update->nb_announced;

	if (n)
		nlri_load(refused ? speaker_update_refused(update)
				  : speaker_update_announced(update),
			  update->family, &first);
	note_first(rs, peer, kind, first, n, fate, why);
}

static void note_loop(struct route_server *rs, const struct peer *peer,
		      const struct speaker_update *update)
{
	static const char *const loops[SPEAKER_LOOP_COUNT] = {
		[SPEAKER_LOOP_AS] = "our AS is in its AS path",
		[SPEAKER_LOOP_ORIGINATOR] = "we are its originator",
		[SPEAKER_LOOP_CLUSTER] = "our cluster is in its cluster list",
	};

	note(rs, peer, EVENT_LOOP, update, true, "refused", loops[update->loop]);
}

/* A fault of the message that did not end the session. */
static void note_fault(struct route_server *rs, const struct peer *peer,
		       const struct speaker_update *update)
{
	bool withdrawn = update->verdict == BGP_TREAT_AS_WITHDRAW;
	char why[128];

	snprintf(why, sizeof(why), "attribute %u: %s", update->fault_code, update->fault);
	note(rs, peer, EVENT_MALFORMED, update, withdrawn,
	     withdrawn ? "treated as withdrawn" : "without a malformed attribute", why);
}

/* What policy made of its attributes. */
static void note_attributes(struct route_server *rs, const struct peer *peer,
			    const struct speaker_update *update)
{
	const uint64_t *codes = update->stripped;
	char why[128];

	if (codes[0] | codes[1] | codes[2] | codes[3])
		note(rs, peer, EVENT_ATTRIBUTE, update, !update->nb_announced, "stripped",
		     attr_set_text(codes, why, sizeof(why)));
	if (!update->drop)
		return;
	snprintf(why, sizeof(why), "attribute %u (%s)", update->drop, attr_name(update->drop));
	note(rs, peer, EVENT_ATTRIBUTE, update, true, "dropped", why);
}

/* What the message has of notable things, whatever becomes of its routes. */
static void note_message(struct route_server *rs, const struct peer *peer,
			 const struct speaker_update *update)
{
	if (update->loop)
		note_loop(rs, peer, update);
	if (update->fault)
		note_fault(rs, peer, update);
	note_attributes(rs, peer, update);
	if (update->nb_martians)
		note_first(rs, peer, EVENT_MARTIAN, update->martian, update->nb_martians,
			   "passed over", "no route can be for it");
}

/* Import policy refuses what the message announces: that is withdrawn. */
static void note_refused(struct route_server *rs, struct peer *peer,
			 const struct speaker_update *update, enum import_verdict verdict)
{
	peer->refused[verdict] += update->nb_announced;
	note(rs, peer, verdict == IMPORT_BOW_TIE ? EVENT_BOW_TIE : EVENT_REFUSED, update, false,
	     "refused", import_verdict_why(verdict));
}

/* Prefixes of an UPDATE that are next, and how far they are through. */
struct slice {
	struct prefix prefixes[SLICE];
	uint32_t n, done;
	uint32_t octets; /* of those that are done, as in the UPDATE */
};

/* Those from the octet `from` on, the withdrawn and then the announced, as far as they fit. What
 * there is to look at for them comes into the cache. */
static void slice_read(struct slice *slice, const struct peer_routes *routes,
		       const struct speaker_update *update, uint32_t from)
{
	const uint8_t *at = speaker_update_withdrawn(update) + from;
	const uint8_t *end = speaker_update_end(update);
	uint32_t n = 0;

	while (at != end && n < SLICE)
		at = nlri_load(at, update->family, &slice->prefixes[n++]);
	slice->n = n;
	slice->done = slice->octets = 0;
	for (uint32_t i = 0; i < n; i += RIB_FETCH)
		inbound_fetch(&routes->inbound, slice->prefixes + i,
			      n - i < RIB_FETCH ? n - i : RIB_FETCH);
	for (uint32_t i = 0; i < n; i++)
		flap_fetch(&routes->flap, slice->prefixes[i]);
}

/* The next prefix, which there must be. */
static struct prefix slice_take(struct slice *slice)
{
	struct prefix prefix = slice->prefixes[slice->done++];

	slice->octets += (uint32_t)nlri_size(prefix);
	return prefix;
}

/* What the peer was told may have it as next hop. */
static void note_alias(struct route_server *rs, struct peer *peer, const struct attrs *attrs)
{
	if (!aliases_note(&peer->out, attrs) || peer->config.next_hop != NEXT_HOP_UNCHANGED)
		return;
	for (uint8_t family = 0; family < FAMILY_COUNT; family++)
		peer_refresh_out(rs, peer, family);
}

/* All that is left of the slice is announced. */
static void announce_all(struct route_server *rs, struct peer *peer,
			 const struct speaker_update *update, struct slice *slice, uint64_t end)
{
	struct attr_keys keys = update->keys;
	const struct rib *rib = rib_of(rs, update);
	const struct attrs *attrs;

	keys.zone = peer->zone;
	attrs = attrs_intern(rs->attrs, &keys, speaker_update_attrs(update), update->attrs_len);
	if (attrs)
		note_alias(rs, peer, attrs);
	while (slice->done < slice->n && (peer->closing || rib_spent(rib) < end)) {
		struct prefix prefix = slice_take(slice);

		if (!peer->closing)
			announce(rs, peer, prefix, attrs);
	}
	if (attrs)
		attrs_put(rs->attrs, attrs);
}

bool rs_update(struct route_server *rs, struct peer *peer, const struct speaker_update *update,
	       uint32_t *taken)
{
	const struct import_rule rule = rs_import_rule(rs, peer);
	enum import_verdict verdict =
		update->nb_announced ? import_check(&rule, &update->keys) : IMPORT_ACCEPT;
	uint32_t all = (uint32_t)update->withdrawn_len + update->announced_len;
	uint32_t gone = verdict == IMPORT_ACCEPT ? update->withdrawn_len : all;
	const struct rib *rib = rib_of(rs, update);
	uint64_t spent = rib_spent(rib) + SLICE;
	struct slice slice;

	if (!*taken) {
		rs->updates++;
		note_message(rs, peer, update);
		if (verdict != IMPORT_ACCEPT)
			note_refused(rs, peer, update, verdict);
	}
	slice_read(&slice, routes_of(peer, update), update, *taken);
	while (slice.done < slice.n && *taken + slice.octets < gone && rib_spent(rib) < spent) {
		const struct inbound_place at =
			inbound_place(&routes_of(peer, update)->inbound, slice_take(&slice));

		withdraw(rs, peer, &at);
	}
	if (slice.done < slice.n && *taken + slice.octets >= gone)
		announce_all(rs, peer, update, &slice, spent);
	*taken += slice.octets;
	return *taken == all;
}

/* --- those that wait -------------------------------------------------------------------------- */

static bool is_sought(struct route_server *rs, const struct peer *peer,
		      const struct speaker_update *update)
{
	struct scoped_addr addr;
	uint32_t hop;
	bool sought;

	if (!update->nb_announced)
		return false;
	addr = attr_next_hop(speaker_update_attrs(update), update->attrs_len, peer->zone);
	hop = addr_table_get(rs->next_hops.addrs, &addr);
	if (hop == ADDR_NONE)
		return false;
	sought = next_hop_sought(&rs->next_hops, hop, peer->config.role);
	addr_table_put(rs->next_hops.addrs, hop);
	return sought;
}

/* A slice of the first that waits. */
static void take_first(struct route_server *rs, struct peer *peer, struct held_updates *held)
{
	if (!rs_update(rs, peer, held_updates_first(held), &held->taken))
		return;
	held_updates_done(held);
	rs->peers.nb_holding -= !held_updates_wait(held);
}

bool updates_over(struct route_server *rs, struct peer *peer, uint8_t family)
{
	struct held_updates *held = &peer->routes[family].held_updates;

	if (held_updates_wait(held))
		take_first(rs, peer, held);
	return !held_updates_wait(held);
}

bool updates_all_over(struct route_server *rs, struct peer *peer)
{
	bool over = true;

	for (uint8_t family = 0; family < FAMILY_COUNT; family++)
		over &= updates_over(rs, peer, family);
	return over;
}

/* What the peer says now. */
static bool take(struct route_server *rs, struct peer *peer, const struct speaker_update *update,
		 uint32_t *taken)
{
	struct routes *routes = &rs->routes[update->family];
	bool all;

	if (!*taken)
		bulk_heard(routes, peer, (uint32_t)update->nb_withdrawn + update->nb_announced);
	rib_put_off(routes->rib, bulk_puts_off(routes, peer));
	all = rs_update(rs, peer, update, taken);
	rib_put_off(routes->rib, 0);
	return all;
}

bool updates_take(struct route_server *rs, struct peer *peer, const struct speaker_update *update,
		  uint32_t *taken)
{
	struct held_updates *held = &routes_of(peer, update)->held_updates;
	bool waited = held_updates_wait(held);
	enum held_updates_verdict verdict = HELD_UPDATES_TAKE;

	if (!*taken)
		verdict = held_updates_hold(held, update, rib_of(rs, update), peer->index,
					    waited || is_sought(rs, peer, update), rs->now_ms);
	if (!waited && held_updates_wait(held)) {
		rs->peers.nb_holding++;
		due_set(&rs->due, DUE_HELD_UPDATES);
	}
	if (verdict == HELD_UPDATES_HELD)
		return true;
	if (verdict == HELD_UPDATES_LATER && !updates_over(rs, peer, update->family))
		return false;
	return take(rs, peer, update, taken);
}

/* What waits behind one that is taken has the rest of its time. Returns how much was done. */
static unsigned int held_turn(struct route_server *rs, struct peer *peer, struct held_updates *held,
			      const struct budget *budget)
{
	unsigned int taken = 0;

	while (held_updates_wait(held) &&
	       held_updates_due(held, rib_of(rs, held_updates_first(held)), peer->index,
				is_sought(rs, peer, held_updates_first(held)), rs->now_ms)) {
		take_first(rs, peer, held);
		taken++;
		if (budget_over(budget))
			break;
	}
	return taken + held->nb_unused;
}

/* `*left`: queues in which something waits that have not been looked at. */
static unsigned int peer_turn(struct route_server *rs, struct peer *peer,
			      const struct budget *budget, uint16_t *left)
{
	unsigned int taken = 0;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		struct held_updates *held = &peer->routes[family].held_updates;

		if (!held_updates_wait(held))
			continue;
		taken += held_turn(rs, peer, held, budget);
		(*left)--;
	}
	return taken;
}

unsigned int updates_turn(struct route_server *rs, uint32_t ns)
{
	struct budget budget = budget_make(rs->clock_ns, ns);
	struct peers *peers = &rs->peers;
	unsigned int taken = 0;
	uint16_t left = peers->nb_holding, waiting;

	for (uint16_t i = 0; left && i < peers->end; i++) {
		struct peer *peer = &peers->table[peers->holding];

		peers->holding = (uint16_t)((peers->holding + 1) % peers->end);
		waiting = left;
		taken += peer_turn(rs, peer, &budget, &left);
		if (left == waiting)
			continue;
		if (budget_over(&budget))
			break;
	}
	if (peers->nb_holding)
		due_set(&rs->due, DUE_HELD_UPDATES);
	return taken;
}
