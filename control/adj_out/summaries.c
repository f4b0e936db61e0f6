/* Counting contributors, and finding out which member gets which summary. */
#include "summaries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adj_out.h"
#include "rib.h"
#include "scratch.h"
#include "update_group.h"
#include "withheld.h"
#include "announcement.h"

enum { CONTRIBUTIONS_MAX = 1 << 24, HIDING_MAX = 1 << 26 };

#define BIT(rule) (UINT64_C(1) << (rule))

/* What becomes of a prefix: members hear of its best path, but its announcer of the second best. */
struct contribution {
	uint32_t addr; /* host order */
	uint8_t len;
	uint8_t top,
		/* the rules that make them contributors, or SUMMARIES_DROPPED, plus one; 0:
		 * neither */
		alt;
	bool own_hidden; /* the gateway of `peer` is among those that it is hidden from */
	uint16_t peer;	 /* who announced the best */
	uint16_t reserved;
	uint32_t hiding; /* whom the best is hidden from: a list of struct hiding; 0: its end */
};
PREFIX_TABLE_ITEM(struct contribution);
static_assert(sizeof(struct contribution) == 16, "what a contributor costs");

struct hiding {
	uint32_t next;
	uint16_t gateway;
	uint16_t reserved;
};

/* --- counting --------------------------------------------------------------------------------- */

/* Whose summaries are being counted: what group_watch_turn() hands on. */
struct counting {
	struct adj_out *adj_out;
	struct update_group *group;
};

static struct hiding *hiding_at(const struct summaries *s, uint32_t id)
{
	return slab_at(&s->hiding, id);
}

static void hiding_free(struct summaries *s, uint32_t id)
{
	while (id) {
		uint32_t next = hiding_at(s, id)->next;

		slab_free(&s->hiding, id);
		id = next;
	}
}

/* False: no memory. */
static bool hiding_fill(const struct counting *counting, struct contribution *c,
			const struct backups *hidden)
{
	struct summaries *s = counting->group->summaries;

	c->own_hidden = backups_include(counting->adj_out->rib, hidden, c->peer);
	for (uint32_t i = 0; i < hidden->n; i++) {
		uint32_t id = slab_alloc(&s->hiding);

		if (!id) {
			hiding_free(s, c->hiding);
			return false;
		}
		*hiding_at(s, id) = (struct hiding){ c->hiding, hidden->gateway[i], 0 };
		c->hiding = id;
	}
	return true;
}

static void count(struct summaries *s, const struct contribution *c, int by)
{
	if (c->top) {
		s->total[c->top - 1] += (uint32_t)by;
		s->own[c->top - 1][c->peer] += c->own_hidden ? 0 : by;
		for (uint32_t id = c->hiding; id; id = hiding_at(s, id)->next)
			s->hidden[c->top - 1][hiding_at(s, id)->gateway] += by;
	}
	if (c->alt)
		s->own[c->alt - 1][c->peer] -= by;
}

/* Plus one; 0: it is announced as a route. */
static uint8_t fate_of(const struct counting *counting, const struct path *path)
{
	struct scratch *scratch = counting->adj_out->scratch;
	struct route_map_result *result;
	uint8_t wire[BGP_MESSAGE_MAX], fate = 0;

	if (!path)
		return 0;
	result = scratch_take(scratch, SCRATCH_LOOK);
	result->verdict = ROUTE_MAP_DROPPED; /* also of what fits no message */
	if (!announcement_of_path(counting->group, counting->adj_out->rib, path, false, wire,
				  result))
		fate = 1 + (result->verdict == ROUTE_MAP_SUMMARISED ? result->summary_rule
								    : SUMMARIES_DROPPED);
	scratch_give(scratch, SCRATCH_LOOK);
	return fate;
}

/* A VNet's prefix has no second best that anybody hears of. */
static struct contribution contribution_of(const struct counting *counting, const struct path *top,
					   const struct path *alt)
{
	struct contribution c = { 0 };

	if (!top || top->peer >= CONFIG_PEERS)
		return c;
	c.top = fate_of(counting, top);
	c.alt = fate_of(counting, alt);
	c.peer = c.top || c.alt ? top->peer : 0;
	return c;
}

static bool count_prefix(void *ctx, const struct group_sight *sight)
{
	const struct counting *counting = ctx;
	struct summaries *s = counting->group->summaries;
	struct contribution now = contribution_of(counting, sight->top, sight->alt), *at;
	uint32_t id = prefix_table_find(&s->contributions, &sight->prefix);

	if (!id && !now.top && !now.alt)
		return true;
	if (now.top && sight->hidden && !hiding_fill(counting, &now, sight->hidden))
		return false;
	if (!id && !(id = prefix_table_add(&s->contributions, &sight->prefix))) {
		hiding_free(s, now.hiding);
		return false;
	}
	at = prefix_table_at(&s->contributions, id);
	counting->group->owing |= at->top != now.top || at->alt != now.alt ||
				  at->peer != now.peer || at->hiding || now.hiding;
	count(s, at, -1);
	count(s, &now, 1);
	hiding_free(s, at->hiding);
	at->top = now.top;
	at->alt = now.alt;
	at->own_hidden = now.own_hidden;
	at->peer = now.peer;
	at->hiding = now.hiding;
	if (!now.top && !now.alt)
		prefix_table_remove(&s->contributions, id);
	return true;
}

size_t summaries_turn(struct adj_out *adj_out, struct update_group *group, size_t budget)
{
	struct counting counting = { adj_out, group };

	return group->summaries ? group_watch_turn(group->group, budget, count_prefix, &counting)
				: 0;
}

bool summaries_counted(const struct update_group *group)
{
	return !group->summaries || group_watch_round(group->group);
}

bool summaries_current(const struct update_group *group)
{
	return !group->summaries || group_watch_idle(group->group);
}

bool summaries_idle(const struct update_group *group)
{
	return !group->owing && summaries_current(group);
}

/* --- who is to hear what ---------------------------------------------------------------------- */

static const struct map_rule *rule_at(const struct route_map *map, int rule)
{
	return route_map_rule(map, (size_t)rule);
}

/* Prefixes that meet a fate, the rule's summary or to be dropped, of those that the peer would
 * get. */
static uint32_t contributors(const struct update_group *group, int fate,
			     const struct receiver *peer)
{
	const struct summaries *s = group->summaries;
	uint16_t gateway = rib_gateway(peer->adj_out->rib, peer->session->index);

	if (!s->own[fate])
		return 0;
	return s->total[fate] - (uint32_t)s->own[fate][peer->session->index] -
	       (uint32_t)s->hidden[fate][gateway];
}

static const int32_t no_more[MAP_RULES];

/* Of rules that make the same prefix the first one that has contributors does; `more` of them than
 * there are. */
static uint64_t wanted(const struct receiver *peer, const int32_t more[MAP_RULES])
{
	const struct update_group *group = peer->group;
	uint64_t rules = 0;

	if (!group->summaries)
		return 0;
	for (uint64_t left = route_map_replacing(group->map, peer->adj_out->family); left;
	     left &= left - 1) {
		int rule = __builtin_ctzll(left);
		struct prefix prefix = rule_at(group->map, rule)->prefix_replace;

		if (contributors(group, rule, peer) + (uint32_t)more[rule] &&
		    !(route_map_summarises(group->map, prefix) & rules))
			rules |= BIT(rule);
	}
	return rules;
}

uint64_t summaries_of(const struct receiver *peer)
{
	return peer->group ? wanted(peer, no_more) : 0;
}

uint64_t summaries_with(const struct receiver *peer, const int32_t more[MAP_RULES])
{
	return wanted(peer, more);
}

bool summaries_stand(const struct receiver *peer, struct prefix prefix)
{
	return peer->group && peer->group->summaries &&
	       route_map_summarises(peer->group->map, prefix) & summaries_of(peer);
}

/* Is there something to say, and of what? `rule`: of which map. */
enum kind { SILENCE, SUMMARY, NO_SUMMARY, NO_FORMER };

static enum kind news_kind(const struct receiver *peer, bool over, int *rule)
{
	const struct update_group *group = peer->group;
	const struct summaries_announced *announced = &peer->summaries;
	uint64_t want = summaries_of(peer), start = want & (~announced->rules | announced->again);
	uint64_t end = (announced->rules | announced->again) & ~want;

	if (start) {
		*rule = __builtin_ctzll(start);
		return SUMMARY;
	}
	if (over && end) {
		*rule = __builtin_ctzll(end);
		return NO_SUMMARY;
	}
	/* Not before what comes in its place has been announced. */
	if (over && announced->former && group_idle(group->group)) {
		*rule = __builtin_ctzll(announced->former);
		return NO_FORMER;
	}
	return SILENCE;
}

static void note_announced(struct receiver *peer, enum kind kind, int rule)
{
	struct summaries_announced *announced = &peer->summaries;

	if (kind == NO_FORMER) {
		announced->former &= ~BIT(rule);
		return;
	}
	announced->again &= ~BIT(rule);
	announced->rules &= ~BIT(rule);
	if (kind == SUMMARY)
		announced->rules |= BIT(rule);
}

static const struct path *path_without(const struct adj_out *adj_out, const struct receiver *peer,
				       struct prefix prefix, bool *backup)
{
	uint32_t node = rib_find(adj_out->rib, prefix);

	*backup = false;
	return node == RIB_NONE
		       ? NULL
		       : group_advertised(peer->group->group, peer->session->index, node, backup);
}

/* Fill in what the peer is to hear. False: it has nothing to hear. */
static bool news_of(const struct adj_out *adj_out, struct receiver *peer, bool over,
		    enum kind *kind, int *rule, struct summaries_news *news)
{
	const struct update_group *group = peer->group;

	while ((*kind = news_kind(peer, over, rule)) != SILENCE) {
		const struct route_map *map =
			*kind == NO_FORMER ? peer->summaries.former_map : group->map;

		news->prefix = rule_at(map, *rule)->prefix_replace;
		news->rule = *kind == SUMMARY ? *rule : -1;
		news->path = NULL;
		news->backup = false;
		if (*kind == SUMMARY)
			return true;
		if (!summaries_stand(peer, news->prefix)) {
			news->path = path_without(adj_out, peer, news->prefix, &news->backup);
			return true;
		}
		note_announced(peer, *kind, *rule); /* another rule makes the same summary now */
	}
	return false;
}

static bool same_news(const struct summaries_news *a, const struct summaries_news *b)
{
	return prefix_equal(a->prefix, b->prefix) && a->rule == b->rule && a->path == b->path &&
	       a->backup == b->backup;
}

/* Everybody has heard what there is, but for what has to wait, and who lags. */
static void settle(const struct adj_out *adj_out, struct update_group *group)
{
	group->owing = false;
	for (uint16_t i = 0; i < adj_out->end; i++) {
		const struct receiver *peer = adj_out->receiver[i];

		group->owing |= peer->group == group && !peer->lagging && peer->summaries.former;
	}
}

bool summaries_next(struct adj_out *adj_out, struct update_group *group, bool over,
		    struct summaries_news *news)
{
	struct summaries_news other;
	enum kind kind;
	int rule;

	news->nb_to = 0;
	for (uint16_t i = 0; group->owing && i < adj_out->end; i++) {
		struct receiver *peer = adj_out->receiver[i];

		if (peer->group != group || peer->lagging ||
		    !news_of(adj_out, peer, over, &kind, &rule, news->nb_to ? &other : news) ||
		    (news->nb_to && !same_news(&other, news)))
			continue;
		note_announced(peer, kind, rule);
		news->to[news->nb_to++] = i;
	}
	if (group->owing && over && !news->nb_to)
		settle(adj_out, group);
	return news->nb_to;
}

void summaries_note(struct adj_out *adj_out, struct update_group *group,
		    const struct group_batch *batch)
{
	for (uint32_t p = 0; p < batch->nb_prefixes; p++) {
		uint64_t makers = route_map_summarises(group->map, batch->prefixes[p]);

		for (uint32_t i = 0; makers && i < batch->nb_to; i++) {
			struct summaries_announced *announced =
				&adj_out->receiver[batch->to[i]]->summaries;

			/* Who has been announced the summary gets the route when that ends. */
			if (announced->rules & makers)
				continue;
			announced->again |= makers & -makers;
			group->owing = true;
		}
	}
}

/* Does what the peer would get under a prefix contribute to a summary, or is it dropped? */
static bool withheld(const struct summaries *s, struct prefix prefix, uint16_t peer)
{
	uint32_t id = prefix_table_find(&s->contributions, &prefix);
	const struct contribution *c = id ? prefix_table_at(&s->contributions, id) : NULL;

	return c && (c->peer == peer ? c->alt : c->top);
}

uint32_t summaries_advertised(const struct adj_out *adj_out, const struct receiver *peer)
{
	const struct update_group *group = peer->group;
	uint64_t rules = summaries_of(peer);
	int64_t n = group ? group_advertised_count(group->group, peer->session->index) : 0;

	n -= withheld_count(peer);
	for (int fate = 0; group && group->summaries && fate < SUMMARIES_FATES; fate++)
		n -= contributors(group, fate, peer);
	for (; rules; rules &= rules - 1) {
		struct prefix prefix = rule_at(group->map, __builtin_ctzll(rules))->prefix_replace;
		bool backup;

		/* It may stand for a route that is not one of its contributors. */
		n += withheld(group->summaries, prefix, peer->session->index) ||
		     !path_without(adj_out, peer, prefix, &backup);
	}
	return n > 0 ? (uint32_t)n : 0; /* routes may have gone whose fate is counted still */
}

/* --- members come and go ---------------------------------------------------------------------- */

void summaries_refresh(struct receiver *peer)
{
	peer->summaries.again |= peer->summaries.rules;
	peer->group->owing = true;
}

void summaries_move(struct receiver *peer)
{
	struct summaries_announced *announced = &peer->summaries;
	uint64_t rules = announced->rules;

	summaries_forget(peer);
	if (!rules)
		return;
	announced->former = rules;
	announced->former_map = route_map_get(peer->group->map);
}

void summaries_forget(struct receiver *peer)
{
	route_map_put(peer->summaries.former_map);
	peer->summaries = (struct summaries_announced){ 0 };
}

/* --- life ------------------------------------------------------------------------------------- */

int summaries_open(struct adj_out *adj_out, struct update_group *group)
{
	uint64_t rules = group->map ? route_map_replacing(group->map, adj_out->family) : 0;
	bool drops = group->map && route_map_drops(group->map);
	struct summaries *s;

	if (!rules && !drops)
		return 0;
	s = calloc(1, sizeof(*s));
	group->summaries = s;
	if (!s || group_watch(group->group) ||
	    prefix_table_open(&s->contributions, adj_out->family, sizeof(struct contribution),
			      CONTRIBUTIONS_MAX) ||
	    slab_init(&s->hiding, sizeof(struct hiding), HIDING_MAX)) {
		summaries_close(adj_out, group);
		return -ENOMEM;
	}
	for (int fate = 0; fate < SUMMARIES_FATES; fate++) {
		if (fate < MAP_RULES && !(rules & BIT(fate)))
			continue;
		s->own[fate] = calloc(CONFIG_PEERS, sizeof(*s->own[fate]));
		s->hidden[fate] = calloc(RIB_GATEWAY_IDS, sizeof(*s->hidden[fate]));
		if (!s->own[fate] || !s->hidden[fate]) {
			summaries_close(adj_out, group);
			return -ENOMEM;
		}
	}
	return 0;
}

void summaries_close(struct adj_out *adj_out, struct update_group *group)
{
	struct summaries *s = group->summaries;

	if (!s)
		return;
	for (int fate = 0; fate < SUMMARIES_FATES; fate++) {
		free(s->own[fate]);
		free(s->hidden[fate]);
	}
	prefix_table_discard(&s->contributions, adj_out->discard);
	slab_discard(&s->hiding, adj_out->discard);
	free(s);
	group->summaries = NULL;
}
