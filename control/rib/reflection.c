/* Reflections: paths that are what we announced to their peer, come back. SD-WAN boxes strip our AS
 * number or replace it, so that no loop detection sees them, ours or theirs. Such a path leads to
 * where we sent it from: it is sorted behind all that may be used, and is shown.
 *
 * A path is one if it ends with the path that we announce to its peer for the prefix, our AS number
 * and the peer's left out of both. A gateway of our AS does not pass on what it has from us but by
 * eBGP: its path must have an AS number more. Circuits are not judged. Their edge routers see their
 * own AS number in what comes back; and a site that has a circuit and another way in looks just
 * like a reflection (12076 65030 65020 beside 65020). Nor does a path come back from a peer whose
 * AS number stands in it: the peer drops it. So two NVAs of one AS with one site are none. A
 * circuit's is the exception: no other way to the site has the edge routers' AS number.
 *
 * What we announce to a peer depends in turn on which paths are reflections, so this is defined
 * from the ground up: paths are judged by the length of their AS paths, each against the best of
 * what its peer may learn among circuits' paths, VNets' and those that have been judged already and
 * are none. What a peer sends back is longer than what it learned, so what it learned is always
 * among those; and no path is judged by itself or by what comes of itself. Each path is judged
 * once, so it ends; whether it is a reflection follows from what all peers say, and neither from
 * the order in which they said it nor from what we announced to them meanwhile. So nothing moves
 * here unless a peer moves. */
#include <stdlib.h>

#include "aspath.h"
#include "cursor.h"
#include "rib_private.h"

enum {
	FEW = 16,	 /* paths that are sorted by hand */
	PAIRED = 4,	 /* paths of a node that are compared in pairs before they are sorted */
	PLACE_BITS = 12, /* of a rank: places in a chain are below RIB_PEERS */
	MAY_HEAR = (3 << 2 * ROLE_VPN) |
		   (3 << 2 * ROLE_NVA), /* the classes whose sources are judged */
};
static_assert(RIB_PEERS <= 1 << PLACE_BITS, "a place fits a rank");

struct reflect {
	uint32_t *
		/* owned, nb_peers: who is judged, in this order; the place is the low part */
		ranks;
	bool *was;   /* owned, by peer: its path was a reflection before; false between calls */
	bool trying; /* rib_try() */
};

/* A node's paths while they are judged: what each class would learn of those that are no
 * reflections. */
struct reflection_trial {
	const struct rib *rib;
	const uint8_t *classes;
	uint8_t open; /* classes that may learn the node at all */
	const struct path *announced[CLASSES];
	uint16_t place[CLASSES]; /* of announced, in the order of the decision */
};

struct reflect *reflect_new(uint16_t nb_peers)
{
	struct reflect *reflect = (struct reflect *)calloc(1, sizeof(*reflect));

	if (!reflect)
		return NULL;
	reflect->ranks = (uint32_t *)calloc(nb_peers, sizeof(*reflect->ranks));
	reflect->was = (bool *)calloc(nb_peers, sizeof(*reflect->was));
	if (!reflect->ranks || !reflect->was) {
		reflect_free(reflect);
		return NULL;
	}
	return reflect;
}

void reflect_free(struct reflect *reflect)
{
	if (!reflect)
		return;
	free(reflect->ranks);
	free(reflect->was);
	free(reflect);
}

size_t reflect_bytes(const struct rib *rib)
{
	return sizeof(struct reflect) +
	       rib->params.nb_peers * (sizeof(*rib->reflect->ranks) + sizeof(*rib->reflect->was));
}

/* --- one path and what its peer learns ------------------------------------------------------- */

static struct attr_view as_path(const uint8_t *wire, uint16_t len)
{
	struct attr_view view = { .len = 0 };

	attr_find(wire, len, ATTR_AS_PATH, &view);
	return view;
}

/* May a path that ends with `last` be what its peer learns, if that is `announced`? Asked first,
 * for it costs little and is almost always false. */
static bool may_be_tail(const struct rib *rib, const struct source *peer, uint32_t last,
			const struct path *announced)
{
	const struct attr_keys *keys = &announced->attrs->keys;
	const uint32_t ours = rib->params.asn;

	if (keys->neighbour_as == peer->asn && !peer->ibgp &&
	    rib->sources[announced->peer].role != ROLE_EXPRESSROUTE)
		return false;
	/* The common case: the last AS numbers count, and differ. */
	return last == keys->last_as || last == ours || last == peer->asn ||
	       keys->last_as == ours || keys->last_as == peer->asn || peer->remove_private;
}

/* Does what the peer says end with `announced`, which it learns? */
static bool is_tail(const struct rib *rib, uint16_t index, const struct attr_view *body,
		    const struct path *announced)
{
	const struct source *peer = &rib->sources[index];
	const struct aspath_tail rule = { { rib->params.asn, peer->asn }, peer->remove_private };
	const struct attr_view tail = as_path(announced->attrs->wire, announced->attrs->len);

	if (!tail.len || !body->len ||
	    aspath_before(body->body, body->len, tail.body, tail.len, &rule) < peer->ibgp)
		return false;
	return rib->sources[announced->peer].role == ROLE_EXPRESSROUTE || peer->ibgp ||
	       !aspath_contains(tail.body, tail.len, peer->asn);
}

static bool is_reflection(const struct rib *rib, const struct path *path,
			  const struct path *announced)
{
	struct attr_view body;

	if (!may_be_tail(rib, &rib->sources[path->peer], path->attrs->keys.last_as, announced))
		return false;
	body = as_path(path->attrs->wire, path->attrs->len);
	return is_tail(rib, path->peer, &body, announced);
}

/* Is what it says judged at all? */
static bool may_reflect(const struct source *peer)
{
	return peer->asn && (peer->role == ROLE_VPN || peer->role == ROLE_NVA);
}

static bool is_judged(const struct rib *rib, const struct path *path)
{
	return may_reflect(&rib->sources[path->peer]) &&
	       !(path->flags & (PATH_UNUSABLE | PATH_HELD | PATH_UNDECIDED));
}

/* The classes that may learn it. */
static uint8_t hearers(const struct rib *rib, const uint8_t *classes, const struct path *path)
{
	if (path->flags & (PATH_UNUSED | PATH_NO_ADVERTISE | PATH_HELD | PATH_QUIET))
		return 0;
	return classes[rib->sources[path->peer].role] &
	       (path->flags & PATH_NO_EXPORT ? IBGP_CLASSES : ALL_CLASSES);
}

const struct path *rib_reflected(const struct rib *rib, const struct path *path)
{
	const unsigned int class = class_of(&rib->sources[path->peer]);
	const uint8_t *classes = classes_of(rib, path->node);
	const struct path *announced = rib_first(rib, path->node);

	if (!(path->flags & PATH_REFLECTION))
		return NULL;
	while (announced && !(hearers(rib, classes, announced) >> class & 1 &&
			      is_reflection(rib, path, announced)))
		announced = rib_following(rib, announced);
	return announced;
}

const struct path *rib_would_reflect(const struct rib *rib, uint32_t node, uint16_t peer,
				     const uint8_t *wire, uint16_t len)
{
	const struct source *source = &rib->sources[peer];
	const uint8_t *classes = classes_of(rib, node);
	const struct path *announced = rib_first(rib, node);
	const struct attr_view body = as_path(wire, len);

	if (!may_reflect(source) || source->held)
		return NULL;
	while (announced && (announced->peer == peer ||
			     !(hearers(rib, classes, announced) >> class_of(source) & 1)))
		announced = rib_following(rib, announced);
	if (!announced || !(classes_open(rib, node, 0) >> class_of(source) & 1) ||
	    !is_tail(rib, peer, &body, announced) ||
	    (rib->params.announced && !rib->params.announced(rib->params.ctx, announced, peer)))
		return NULL;
	return announced;
}

/* --- all paths of a node ---------------------------------------------------------------------- */

/* This path, in that place, is none: it may be announced. */
static void hear(struct reflection_trial *t, const struct path *path, uint16_t place)
{
	for (uint8_t left = hearers(t->rib, t->classes, path) & t->open & MAY_HEAR; left;
	     left &= (uint8_t)(left - 1)) {
		unsigned int class = (unsigned int)__builtin_ctz(left);

		if (t->announced[class] && t->place[class] < place)
			continue;
		t->announced[class] = path;
		t->place[class] = place;
	}
}

/* What the path's peer learns, if the path is that come back. */
static const struct path *find_original(const struct reflection_trial *t, const struct path *path)
{
	const struct rib_params *params = &t->rib->params;
	const struct path *announced = t->announced[class_of(&t->rib->sources[path->peer])];

	if (!announced || !is_reflection(t->rib, path, announced) ||
	    (params->announced && !params->announced(params->ctx, announced, path->peer)))
		return NULL;
	return announced;
}

/* In which order it is judged: by length, and of equal ones first those that begin with the peer's
 * AS number, as others may be passed on as they were. */
static uint32_t rank_of(const struct rib *rib, const struct path *path, uint16_t place)
{
	const struct source *peer = &rib->sources[path->peer];
	const struct attr_keys *keys = &path->attrs->keys;
	bool bare = !peer->ibgp && keys->neighbour_as != peer->asn;

	return ((uint32_t)keys->path_len * 2 + bare) << PLACE_BITS | place;
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void ranks_sort(uint32_t *ranks, uint16_t n)
{
	if (n > FEW) {
		qsort(ranks, n, sizeof(*ranks), ascending);
		return;
	}
	for (uint16_t i = 1; i < n; i++) {
		uint32_t rank = ranks[i];
		uint16_t at = i;

		for (; at && ranks[at - 1] > rank; at--)
			ranks[at] = ranks[at - 1];
		ranks[at] = rank;
	}
}

/* It is one. Said and noted if that is new. */
static void convict(struct rib *rib, struct path *path, const struct path *announced)
{
	path_set_flags(rib, path, path->flags | PATH_REFLECTION);
	if (rib->reflect->was[path->peer] || rib->reflect->trying)
		return;
	rib->peers[path->peer].reflected = rib_prefix(rib, path->node);
	if (rib->params.reflected)
		rib->params.reflected(rib->params.ctx, path, announced);
}

/* None of the node's paths has the flag. Returns whether any has it afterwards. */
static bool judge(struct rib *rib, uint32_t node, const uint8_t *classes)
{
	struct reflection_trial t = { .rib = rib,
				      .classes = classes,
				      .open = classes_open(rib, node, 0) };
	uint32_t *ranks = rib->reflect->ranks;
	uint16_t place = 0, n = 0;
	bool found = false;

	for (struct path *path = path_at(rib, node_at(rib, node)->first);
	     path && !(path->flags & PATH_UNDECIDED); path = path_at(rib, path->next), place++) {
		rib->sort[place] = path;
		if (is_judged(rib, path))
			ranks[n++] = rank_of(rib, path, place);
		else
			hear(&t, path, place);
	}
	ranks_sort(ranks, n);
	for (uint16_t i = 0; i < n; i++) {
		uint16_t at = ranks[i] & ((1 << PLACE_BITS) - 1);
		struct path *path = rib->sort[at];
		const struct path *announced = find_original(&t, path);

		if (announced)
			convict(rib, path, announced);
		else
			hear(&t, path, at);
		found |= announced != NULL;
	}
	return found;
}

enum question { NO_QUESTION, ANY_MIGHT_BE, SOME_ARE };

/* Might the path be what its peer learns, if that is another of these? */
static bool might_be(const struct rib *rib, const struct path *path, const struct path *first,
		     const uint8_t *classes)
{
	const struct source *peer = &rib->sources[path->peer];
	const unsigned int class = class_of(peer);

	for (const struct path *announced = first; announced;
	     announced = path_at(rib, announced->next)) {
		if (announced != path && hearers(rib, classes, announced) >> class & 1 &&
		    may_be_tail(rib, peer, path->attrs->keys.last_as, announced))
			return true;
	}
	return false;
}

/* Is any of a node's paths a reflection now, or might any be one? Of many it is not asked, for each
 * would be compared with each. */
static enum question question(const struct rib *rib, const struct path *first,
			      const uint8_t *classes)
{
	bool might = false;
	size_t n = 0;

	for (const struct path *path = first; path && !(path->flags & PATH_UNDECIDED);
	     path = path_at(rib, path->next)) {
		if (path->flags & PATH_REFLECTION)
			return SOME_ARE;
		if (++n > PAIRED)
			might = true;
		else if (!might && is_judged(rib, path))
			might = might_be(rib, path, first, classes);
	}
	return might ? ANY_MIGHT_BE : NO_QUESTION;
}

/* All that others see of a chain, in one number. */
static uint64_t chain_digest(const struct rib *rib, const struct path *path)
{
	uint64_t digest = 0;

	for (; path; path = path_at(rib, path->next))
		digest = hash_u64(digest ^
				  ((uint64_t)path->peer << 24 | (uint64_t)path->flags << 16 |
				   (uint64_t)path->tie << 8 | path->yields));
	return digest;
}

/* Take the flag from those that have it, and sort the chain as if there were no such thing. */
static void acquit(struct rib *rib, struct node *node)
{
	for (struct path *path = path_at(rib, node->first); path; path = path_at(rib, path->next)) {
		if (!(path->flags & PATH_REFLECTION))
			continue;
		rib->reflect->was[path->peer] = true;
		path_set_flags(rib, path, path->flags & (uint8_t)~PATH_REFLECTION);
	}
	chain_sort(rib, node);
}

static void forget(struct rib *rib, const struct path *path)
{
	for (; path; path = path_at(rib, path->next))
		rib->reflect->was[path->peer] = false;
}

bool reflections_judge(struct rib *rib, uint32_t id, const uint8_t *classes)
{
	struct node *node = node_at(rib, id);
	const struct path *first = path_at(rib, node->first);
	enum question what;
	uint64_t before;
	bool found;

	if (!first || (!first->next && !(first->flags & PATH_REFLECTION)))
		return false;
	what = question(rib, first, classes);
	if (what == NO_QUESTION)
		return false;
	if (what == ANY_MIGHT_BE) {
		found = judge(rib, id, classes);
		if (found)
			chain_sort(rib, node);
		return found;
	}
	before = chain_digest(rib, first);
	acquit(rib, node);
	if (judge(rib, id, classes))
		chain_sort(rib, node);
	first = path_at(rib, node->first);
	forget(rib, first);
	return chain_digest(rib, first) != before;
}

/* While chains are in the order of another rule they stay as they are: what is being sorted anew
 * must be seen to change. */
bool rib_try(struct rib *rib, uint32_t node, uint64_t allow)
{
	uint8_t classes[ROLE_COUNT];
	bool differs;

	if (rib->resort.left)
		return false;
	classes_by_source(allow, classes);
	rib->reflect->trying = true;
	differs = reflections_judge(rib, node, classes);
	rib->reflect->trying = differs;
	return differs;
}

void rib_try_end(struct rib *rib, uint32_t node)
{
	reflections_judge(rib, node, classes_of(rib, node));
	rib->reflect->trying = false;
}
