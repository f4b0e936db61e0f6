/* Offers under a matrix that is not in force, beside those that are. */
#include "matrix_plan.h"

#include <stdlib.h>
#include <string.h>

#include "rib_private.h"

struct matrix_plan {
	struct rib *rib; /* borrowed */
	uint64_t allow;
	uint8_t classes[ROLE_COUNT];
	uint32_t needed, kept; /* seats at ExpressRoute gateways; kept by those who have one */
	uint32_t seats;	       /* not given away yet in this round */
	uint32_t node;
	struct outlook before, after;
	bool listed[RIB_PEERS]; /* scratch, all false between calls */
};

struct matrix_plan *matrix_plan_new(struct rib *rib, uint64_t allow)
{
	struct matrix_plan *plan = (struct matrix_plan *)calloc(1, sizeof(*plan));

	if (!plan)
		return NULL;
	plan->rib = rib;
	plan->allow = allow;
	classes_by_source(allow, plan->classes);
	return plan;
}

void matrix_plan_free(struct matrix_plan *plan)
{
	free(plan);
}

/* Without the bound. Returns whether a seat is needed. */
static bool offers_after(struct matrix_plan *plan, uint32_t node, uint8_t refused)
{
	bool tried = rib_try(plan->rib, node, plan->allow);

	offers_under(plan->rib, node, plan->classes, classes_open(plan->rib, node, refused),
		     plan->after.offers);
	backups_find(plan->rib, node, plan->after.offers, &plan->after.backups);
	if (tried)
		rib_try_end(plan->rib, node);
	return seat_needed(plan->rib, node, &plan->after);
}

void matrix_plan_weigh(struct matrix_plan *plan, uint32_t node, uint8_t refused)
{
	if (!offers_after(plan, node, refused))
		return;
	plan->needed++;
	plan->kept += bitmap_has(&plan->rib->groups.seats.taken, node);
}

void matrix_plan_round(struct matrix_plan *plan)
{
	uint32_t max = plan->rib->groups.seats.max;

	plan->seats = max > plan->kept ? max - plan->kept : 0;
}

void matrix_plan_node(struct matrix_plan *plan, uint32_t node, uint8_t refused)
{
	plan->node = node;
	groups_outlook(plan->rib, node, &plan->before);
	if (!offers_after(plan, node, refused) || bitmap_has(&plan->rib->groups.seats.taken, node))
		return;
	if (plan->seats)
		plan->seats--;
	else
		seat_deny(plan->rib, &plan->after);
}

bool matrix_plan_changes(const struct matrix_plan *plan, const struct group *group)
{
	const struct offers *before = &plan->before.offers[group->class],
			    *after = &plan->after.offers[group->class];
	/* of one chain, so the order is the same */
	const struct backups *was = &plan->before.backups, *will = &plan->after.backups;

	return !offer_equal(&before->top, &after->top) || !offer_equal(&before->alt, &after->alt) ||
	       was->n != will->n || memcmp(was->gateway, will->gateway, was->n * sizeof(uint16_t));
}

static const struct outlook *outlook_at(const struct matrix_plan *plan, bool after)
{
	return after ? &plan->after : &plan->before;
}

/* Not so to one that is held: it learns VNets alone. */
static bool is_backup(const struct rib *rib, const struct group *group,
		      const struct outlook *outlook, uint16_t peer)
{
	return peer < RIB_PEERS && class_of(&rib->sources[peer]) == group->class &&
	       backups_include(rib, &outlook->backups, peer);
}

const struct path *matrix_plan_path(const struct matrix_plan *plan, const struct group *group,
				    uint16_t peer, bool after, bool *backup)
{
	const struct outlook *outlook = outlook_at(plan, after);
	const struct offers *offers = &outlook->offers[group->class];
	const struct offer *offer = offer_to(offers, peer);

	*backup = offer->yields || offer == &offers->alt ||
		  is_backup(plan->rib, group, outlook, peer);
	if (!offer->attrs || (*backup && group->backups == GROUP_BACKUPS_HIDDEN))
		return NULL;
	return rib_path(plan->rib, plan->node, offer->peer);
}

static void others_add(struct matrix_plan *plan, uint16_t peer, uint16_t *peers, uint32_t *n)
{
	if (!plan->listed[peer])
		peers[(*n)++] = peer;
	plan->listed[peer] = true;
}

uint32_t matrix_plan_others(struct matrix_plan *plan, const struct group *group,
			    uint16_t peers[RIB_PEERS])
{
	uint32_t n = 0;

	for (int after = 0; after < 2; after++) {
		const struct outlook *outlook = outlook_at(plan, after);
		const struct offer *top = &outlook->offers[group->class].top;

		if (top->attrs)
			others_add(plan, top->peer, peers, &n);
		for (uint32_t i = 0; i < outlook->backups.n; i++) {
			uint16_t gateway = outlook->backups.gateway[i];

			for (uint16_t peer = instance_first(plan->rib, gateway); peer != RIB_NOBODY;
			     peer = instance_next(plan->rib, gateway, peer))
				others_add(plan, peer, peers, &n);
		}
	}
	for (uint32_t i = 0; i < n; i++)
		plan->listed[peers[i]] = false;
	return n;
}

uint32_t matrix_plan_expressroute(const struct matrix_plan *plan, uint32_t *held)
{
	uint32_t max = plan->rib->groups.seats.max;

	*held = plan->needed > max ? plan->needed - max : 0;
	return plan->needed;
}
