/* What each class of groups may learn of a prefix (its offers), and which prefixes have changed
 * for whom.
 *
 * Groups of one class (role, eBGP or iBGP) have the same (top, alt) for a prefix, so these are
 * computed once a class. All classes are always kept, so that the counts are right whenever a group
 * is made. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rib_private.h"

enum {
	EXPRESSROUTE_IBGP = 2 * ROLE_EXPRESSROUTE + 1, /* learns all that the eBGP class is */
	ROLE_CLASSES = 3,			       /* of role r: shifted by 2 r */
	VPN_CLASSES = ROLE_CLASSES << 2 * ROLE_VPN,
	NOTES_COST =
		32, /* backups, or members looked at for them, that count as much as a prefix */
};

void classes_by_source(uint64_t allow, uint8_t classes[ROLE_COUNT])
{
	for (unsigned int from = 0; from < ROLE_COUNT; from++) {
		classes[from] = 0;
		for (unsigned int class = 0; class < CLASSES; class ++) {
			enum role to = (enum role)(class / 2);

			if (to == ROLE_VNET ? from == ROLE_VNET
					    : rib_allows(allow, (enum role)from, to))
				classes[from] |= (uint8_t)(1 << class);
		}
	}
}

/* --- offers ----------------------------------------------------------------------------------- */

uint8_t classes_open(const struct rib *rib, uint32_t id, uint8_t refused)
{
	uint8_t open = ALL_CLASSES;

	/* VPN sites are given no default route: the gateway would not pass it on (Azure's rule). */
	if (!node_at(rib, id)->len)
		open &= (uint8_t)~VPN_CLASSES;
	for (; refused; refused &= (uint8_t)(refused - 1))
		open &= (uint8_t) ~(ROLE_CLASSES << 2 * __builtin_ctz(refused));
	return open;
}

/* By assignment: what the compiler makes of one memset() this long is slower than all the rest. */
static inline void offers_clear(struct offers offers[CLASSES])
{
	static const struct offers none;

#pragma GCC unroll 8
	for (unsigned int class = 0; class < CLASSES; class ++)
		offers[class] = none;
}

/* Of these roles, the iBGP classes. */
static inline uint8_t ibgp_classes(uint8_t roles)
{
	return (uint8_t)((roles & 1) << 1 | (roles & 2) << 2 | (roles & 4) << 3 | (roles & 8) << 4);
}

void offers_under(const struct rib *rib, uint32_t id, const uint8_t *classes, uint8_t want,
		  struct offers *offers)
{
	uint8_t want_top = want;
	uint16_t place = 0;

	offers_clear(offers);
	for (const struct path *path = path_at(rib, node_at(rib, id)->first); path && want;
	     path = path_at(rib, path->next), place++) {
		uint8_t may = want & classes[rib->sources[path->peer].role];
		uint8_t yields = ibgp_classes(path->yields), top;

		if (path->flags & PATH_UNUSED)
			break;
		if (path->flags & (PATH_NO_ADVERTISE | PATH_HELD | PATH_QUIET))
			continue;
		if (path->flags & PATH_NO_EXPORT)
			may &= IBGP_CLASSES;
		top = may & want_top;
		want_top &= (uint8_t)~may;
		want &= (uint8_t) ~(may ^ top);
		for (; may; may &= (uint8_t)(may - 1)) {
			unsigned int class = (unsigned int)__builtin_ctz(may);
			struct offer *offer =
				top >> class & 1 ? &offers[class].top : &offers[class].alt;

			offer->attrs = path->attrs;
			offer->peer = path->peer;
			offer->place = place;
			offer->yields = yields >> class & 1;
		}
	}
}

const uint8_t *classes_of(const struct rib *rib, uint32_t id)
{
	const struct matrix_walk *matrix = &rib->groups.matrix;

	return matrix->cursor && id >= matrix->cursor ? matrix->classes_old : matrix->classes;
}

/* As the views are now. */
static void offers_now(const struct rib *rib, uint32_t id, const uint8_t *classes, uint8_t want,
		       struct offers *offers)
{
	offers_under(rib, id, classes, want & classes_open(rib, id, node_at(rib, id)->refused),
		     offers);
}

bool seat_needed(const struct rib *rib, uint32_t id, const struct outlook *outlook)
{
	const struct rib_params *params = &rib->params;

	if (!params->counts || rib->groups.seats.max == UINT32_MAX)
		return outlook->offers[EXPRESSROUTE_IBGP].top.attrs;
	for (int ibgp = 0; ibgp < 2; ibgp++) {
		const struct offer *top = &outlook->offers[2 * ROLE_EXPRESSROUTE + ibgp].top;

		if (top->attrs && params->counts(params->ctx, rib_path(rib, id, top->peer), ibgp,
						 &outlook->backups))
			return true;
	}
	return false;
}

static void offers_deny(struct offers offers[CLASSES])
{
	memset(&offers[2 * ROLE_EXPRESSROUTE], 0, 2 * sizeof(*offers));
}

void seat_deny(const struct rib *rib, struct outlook *outlook)
{
	offers_deny(outlook->offers);
	for (unsigned int ibgp = 0; outlook->backups.n && ibgp < 2; ibgp++)
		backups_forget(rib, &outlook->backups, 2 * ROLE_EXPRESSROUTE + ibgp);
}

/* What is held back from ExpressRoute gateways is not offered to them. */
static bool seat_has(const struct rib *rib, uint32_t id)
{
	const struct seats *seats = &rib->groups.seats;

	return bitmap_has(&seats->taken, id) || bitmap_has(&seats->exempt, id);
}

/* Before the bound on ExpressRoute gateways. */
static void outlook_open(const struct rib *rib, uint32_t id, const uint8_t *classes,
			 struct outlook *outlook)
{
	offers_now(rib, id, classes, ALL_CLASSES, outlook->offers);
	backups_find(rib, id, outlook->offers, &outlook->backups);
}

static void outlook_under(const struct rib *rib, uint32_t id, const uint8_t *classes,
			  struct outlook *outlook)
{
	outlook_open(rib, id, classes, outlook);
	if (!seat_has(rib, id))
		seat_deny(rib, outlook);
}

void groups_outlook(const struct rib *rib, uint32_t id, struct outlook *outlook)
{
	outlook_under(rib, id, classes_of(rib, id), outlook);
}

void offers_restrict(const struct group *group, struct offers *offers)
{
	const struct rib *rib = group->rib;

	if (!group->vnets && offers->top.attrs && rib->sources[offers->top.peer].role == ROLE_VNET)
		memset(offers, 0, sizeof(*offers));
}

void group_outlook(const struct group *group, uint32_t id, struct offers *out,
		   struct backups *backups)
{
	const struct rib *rib = group->rib;
	struct offers offers[CLASSES];

	offers_now(rib, id, classes_of(rib, id), (uint8_t)(1 << group->class), offers);
	if (!seat_has(rib, id))
		offers_deny(offers);
	if (group->backups == GROUP_BACKUPS_AS_BEST)
		backups->n = 0;
	else
		backups_find(rib, id, offers, backups);
	*out = offers[group->class];
	offers_restrict(group, out);
}

/* --- changes ---------------------------------------------------------------------------------- */

/* What has changed of a node: `others`, the gateways to which top has become a backup, or is none
 * any more. */
struct mark {
	const struct outlook *before, *after;
	struct backups others;
};

/* Stamp the places, cohorts and streams, that have one of `others`. */
static void others_stamp(const struct rib *rib, const struct backups *others)
{
	for (uint32_t i = 0; i < others->n; i++) {
		uint16_t gateway = others->gateway[i], index = instance_first(rib, gateway);

		for (; index != RIB_NOBODY; index = instance_next(rib, gateway, index)) {
			const struct rib_peer *peer = &rib->peers[index];

			if (peer->cohort)
				peer->cohort->stamp = rib->version;
			else if (peer->group)
				peer->group->stamp = rib->version;
		}
	}
}

static bool has_other(const struct group *group, const struct cohort *place)
{
	return (place ? place->stamp : group->stamp) == group->rib->version;
}

/* Must it be announced to members in this place? Only top's announcer hears of alt, and that is a
 * backup. */
static bool concerns(const struct group *group, const struct cohort *place, const struct mark *m)
{
	const struct offers *before = &m->before->offers[group->class];
	const struct offers *after = &m->after->offers[group->class];
	const struct rib_peer *announcer = &group->rib->peers[after->top.peer];

	if (!offer_equal(&before->top, &after->top))
		return true;
	if (group->backups != GROUP_BACKUPS_HIDDEN && announcer->group == group &&
	    announcer->cohort == place && !offer_equal(&before->alt, &after->alt))
		return true;
	return group->backups != GROUP_BACKUPS_AS_BEST && has_other(group, place);
}

static void group_mark(struct group *group, uint32_t node, const struct mark *m)
{
	for (struct cohort *c = group->cohorts; c; c = c->next) {
		if (c->audience.n && (c->knows || node <= c->dumped) && concerns(group, c, m))
			bitmap_add(&c->pending, node);
	}
	if (group->watch.on && node <= group->watch.seen)
		bitmap_add(&group->watch.pending, node);
	if (group->stream.n && concerns(group, NULL, m) && bitmap_add(&group->dirty, node))
		queue_add(group, node, m->before);
}

/* Tops of a class. */
static inline void count(struct rib *rib, unsigned int class, const struct outlook *outlook, int by)
{
	const struct offers *offers = &outlook->offers[class];
	struct groups *groups = &rib->groups;

	if (!offers->top.attrs)
		return;
	groups->tops[class] += (uint32_t)by;
	if (rib->sources[offers->top.peer].role == ROLE_VNET)
		groups->vnets[class] += (uint32_t)by;
	if (!offers->alt.attrs)
		groups->sole[class][offers->top.peer] += (uint32_t)by;
	if (class == class_of(&rib->sources[offers->top.peer]) &&
	    !(outlook->backups.n && backups_include(rib, &outlook->backups, offers->top.peer)))
		groups->own[offers->top.peer] += (uint32_t)by;
}

/* Put the node into one of the sets, and out of the others; NULL: into none. */
static void seat_put(struct seats *seats, uint32_t node, struct bitmap *into)
{
	struct bitmap *const sets[] = { &seats->taken, &seats->held, &seats->exempt };

	if (into && bitmap_has(into, node))
		return;
	for (int i = 0; i < 3; i++) {
		if (sets[i] == into)
			bitmap_add(into, node);
		else if (sets[i]->count && bitmap_has(sets[i], node))
			bitmap_remove(sets[i], node);
	}
}

/* A node's paths or matrix have changed: does it need a seat, and is there one? `outlook` as
 * without any bound; what is held back is taken out. Who waits comes first, in the order of the
 * nodes (seats_turn()): so who has a seat in the end depends on who had one and who needs one, and
 * not on how the work was sliced. */
static void seat_settle(struct rib *rib, uint32_t node, struct outlook *outlook)
{
	struct seats *seats = &rib->groups.seats;
	bool room = seats->taken.count < seats->max;

	if (seat_needed(rib, node, outlook))
		seat_put(seats, node,
			 bitmap_has(&seats->taken, node) || (room && !seats->held.count)
				 ? &seats->taken
				 : &seats->held);
	else
		seat_put(seats, node,
			 outlook->offers[EXPRESSROUTE_IBGP].top.attrs ? &seats->exempt : NULL);
	if (!seat_has(rib, node))
		seat_deny(rib, outlook);
}

/* Count to whom top is a backup, and find those to whom it was or is one, but not both. */
static void count_backups(struct groups *groups, const struct backups *before,
			  const struct backups *after, struct backups *others)
{
	uint8_t *seen = groups->seen;

	others->n = 0;
	for (uint32_t i = 0; i < after->n; i++)
		seen[after->gateway[i]] = true;
	for (uint32_t i = 0; i < before->n; i++) {
		uint16_t gateway = before->gateway[i];

		if (!seen[gateway]) {
			others->gateway[others->n++] = gateway;
			groups->backups[gateway]--;
		}
		seen[gateway] = false;
	}
	for (uint32_t i = 0; i < after->n; i++) {
		uint16_t gateway = after->gateway[i];

		if (seen[gateway]) {
			others->gateway[others->n++] = gateway;
			groups->backups[gateway]++;
		}
		seen[gateway] = false;
	}
}

static void mark(struct rib *rib, uint32_t node, const struct outlook *before,
		 const struct outlook *after)
{
	struct groups *groups = &rib->groups;
	struct mark m;

	m.before = before;
	m.after = after;
	count_backups(groups, &before->backups, &after->backups, &m.others);
	rib->version++;
	if (before->backups.n)
		rib->spent += (before->backups.n + groups->members) / NOTES_COST;
	others_stamp(rib, &m.others);
	notes_begin(groups, &before->backups);
	for (unsigned int class = 0; class < CLASSES; class ++) {
		const struct offers *was = &before->offers[class], *is = &after->offers[class];

		if (!m.others.n && offer_equal(&was->top, &is->top) &&
		    offer_equal(&was->alt, &is->alt))
			continue;
		count(rib, class, before, -1);
		count(rib, class, after, 1);
		for (struct group *group = groups->of_class[class]; group; group = group->next)
			group_mark(group, node, &m);
	}
	notes_end(groups);
}

void groups_mark(struct rib *rib, uint32_t node, const struct outlook *before)
{
	struct outlook after;

	outlook_open(rib, node, classes_of(rib, node), &after);
	seat_settle(rib, node, &after);
	mark(rib, node, before, &after);
}

/* --- seats ------------------------------------------------------------------------------------ */

/* Move a node to the other set, and have the difference announced. The caller has reserved. */
static void seat_move(struct rib *rib, uint32_t node, struct bitmap *from, struct bitmap *to)
{
	struct outlook before, after;

	rib->spent += node_cost(rib, node);
	groups_outlook(rib, node, &before);
	bitmap_remove(from, node);
	bitmap_add(to, node);
	groups_outlook(rib, node, &after);
	mark(rib, node, &before, &after);
}

bool seats_settled(const struct rib *rib)
{
	const struct seats *seats = &rib->groups.seats;

	return seats->taken.count <= seats->max &&
	       (!seats->held.count || seats->taken.count == seats->max);
}

static size_t seats_turn(struct rib *rib, size_t budget)
{
	struct seats *seats = &rib->groups.seats;
	const uint64_t before = rib->spent;
	size_t moved = 0;

	/* Who needs a seat is not known before a walk is through. */
	for (; cost_since(rib, before, moved) < budget && !rib->groups.matrix.cursor &&
	       groups_reserve(rib) == 0;
	     moved++) {
		if (seats->taken.count > seats->max)
			seat_move(rib, bitmap_last(&seats->taken), &seats->taken, &seats->held);
		else if (seats->held.count && seats->taken.count < seats->max)
			seat_move(rib, bitmap_next(&seats->held, 0), &seats->held, &seats->taken);
		else
			break;
	}
	return cost_since(rib, before, moved);
}

void rib_set_expressroute_max(struct rib *rib, uint32_t max)
{
	rib->groups.seats.max = max;
	rib->version++;
}

uint32_t rib_expressroute_held(const struct rib *rib)
{
	return rib->groups.seats.held.count;
}

bool groups_need(const struct rib *rib, uint32_t node)
{
	for (unsigned int class = 0; class < CLASSES; class ++) {
		for (const struct group *g = rib->groups.of_class[class]; g; g = g->next) {
			if (bitmap_has(&g->dirty, node) || bitmap_has(&g->watch.pending, node))
				return true;
			for (const struct cohort *c = g->cohorts; c; c = c->next) {
				if (bitmap_has(&c->pending, node))
					return true;
			}
		}
	}
	return false;
}

/* --- memory ----------------------------------------------------------------------------------- */

static int group_reserve(struct group *group, uint32_t capacity)
{
	if (bitmap_reserve(&group->dirty, capacity) < 0 ||
	    (group->watch.on && bitmap_reserve(&group->watch.pending, capacity) < 0))
		return -ENOMEM;
	for (struct cohort *c = group->cohorts; c; c = c->next) {
		if (bitmap_reserve(&c->pending, capacity) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Room for node ids below `capacity` in every bitmap. Those that grew before one failed are just
 * larger. */
static int bitmaps_reserve(struct rib *rib, uint32_t capacity)
{
	struct groups *groups = &rib->groups;

	if (bitmap_reserve(&rib->changes, capacity) < 0 ||
	    bitmap_reserve(&rib->put_off, capacity) < 0 ||
	    bitmap_reserve(&rib->wide, capacity) < 0 ||
	    bitmap_reserve(&groups->seats.taken, capacity) < 0 ||
	    bitmap_reserve(&groups->seats.held, capacity) < 0 ||
	    bitmap_reserve(&groups->seats.exempt, capacity) < 0)
		return -ENOMEM;
	for (unsigned int class = 0; class < CLASSES; class ++) {
		for (struct group *g = groups->of_class[class]; g; g = g->next) {
			if (group_reserve(g, capacity) < 0)
				return -ENOMEM;
		}
	}
	groups->capacity = capacity;
	return 0;
}

int groups_reserve(struct rib *rib)
{
	struct groups *groups = &rib->groups;

	if (rib->nodes.items.top + 1 >= groups->capacity &&
	    bitmaps_reserve(rib, groups->capacity ? groups->capacity * 2 : 4096) < 0)
		return -ENOMEM;
	while (groups->nb_spare < groups->nb_groups) {
		uint32_t id = slab_alloc(&groups->entries);

		if (!id)
			return -ENOMEM;
		entry_spare(groups, id);
	}
	return notes_reserve(groups);
}

/* --- the matrix ------------------------------------------------------------------------------- */

static void matrix_begin(struct matrix_walk *matrix)
{
	memcpy(matrix->classes_old, matrix->classes, sizeof(matrix->classes_old));
	matrix->allow = matrix->next;
	classes_by_source(matrix->allow, matrix->classes);
	matrix->reviewing = matrix->review;
	matrix->again = matrix->review = false;
	matrix->cursor = 1;
}

void matrix_init(struct matrix_walk *matrix, uint64_t allow)
{
	matrix->allow = matrix->next = allow;
	classes_by_source(allow, matrix->classes);
}

void rib_set_allow(struct rib *rib, uint64_t allow)
{
	struct matrix_walk *matrix = &rib->groups.matrix;

	matrix->next = allow;
	matrix->again = allow != matrix->allow;
	rib->version++;
	if (!matrix->cursor && matrix->again)
		matrix_begin(matrix);
}

void rib_seats_review(struct rib *rib)
{
	struct matrix_walk *matrix = &rib->groups.matrix;

	matrix->review = true;
	rib->version++;
	if (!matrix->cursor)
		matrix_begin(matrix);
}

bool rib_seats_moving(const struct rib *rib)
{
	return rib->groups.matrix.review || rib->groups.matrix.reviewing ||
	       rib->groups.seats.taken.count > rib->groups.seats.max;
}

/* Move one node under the new matrix. The caller has reserved. */
static void matrix_apply(struct rib *rib, uint32_t id)
{
	const struct matrix_walk *matrix = &rib->groups.matrix;
	struct outlook before, after;

	rib->spent += node_cost(rib, id);
	outlook_under(rib, id, matrix->classes_old, &before);
	if (reflections_judge(rib, id, matrix->classes))
		bitmap_add(&rib->changes, id);
	outlook_open(rib, id, matrix->classes, &after);
	seat_settle(rib, id, &after);
	mark(rib, id, &before, &after);
}

size_t groups_turn(struct rib *rib, size_t budget)
{
	struct matrix_walk *matrix = &rib->groups.matrix;
	size_t seen = seats_turn(rib, budget);
	const uint64_t before = rib->spent;

	for (; matrix->cursor && cost_since(rib, before, seen) < budget && groups_reserve(rib) == 0;
	     seen++) {
		uint32_t id = matrix->cursor;

		if (id <= rib->nodes.items.top) {
			if (slab_live(&rib->nodes.items, id))
				matrix_apply(rib, id);
			matrix->cursor++;
		} else if (matrix->again || matrix->review) {
			matrix_begin(matrix);
		} else {
			matrix->cursor = 0;
			matrix->reviewing = false;
		}
	}
	return cost_since(rib, before, seen);
}
