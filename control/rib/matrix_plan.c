/* Offers under a matrix that is not in force, beside those that are. */
#include "matrix_plan.h"

#include <stdlib.h>
#include <string.h>

#include "table.h"

struct matrix_plan {
	const struct rib *rib; /* borrowed */
	uint8_t classes[ROLE_COUNT];
	uint32_t needed, kept; /* seats at ExpressRoute gateways; kept by those who have one */
	uint32_t seats;	       /* not given away yet in this round */
	uint32_t node;
	struct offers before[CLASSES], after[CLASSES];
};

struct matrix_plan *matrix_plan_new(const struct rib *rib, uint64_t allow)
{
	struct matrix_plan *plan = (struct matrix_plan *)calloc(1, sizeof(*plan));

	if (!plan)
		return NULL;
	plan->rib = rib;
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
	offers_under(plan->rib, node, plan->classes, classes_open(plan->rib, node, refused),
		     plan->after);
	return seat_needed(plan->rib, node, plan->after);
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
	groups_offers(plan->rib, node, plan->before);
	if (!offers_after(plan, node, refused) || bitmap_has(&plan->rib->groups.seats.taken, node))
		return;
	if (plan->seats)
		plan->seats--;
	else
		seat_deny(plan->after);
}

bool matrix_plan_changes(const struct matrix_plan *plan, const struct group *group)
{
	const struct offers *before = &plan->before[group->class],
			    *after = &plan->after[group->class];

	return !offer_equal(&before->top, &after->top) || !offer_equal(&before->alt, &after->alt);
}

const struct path *matrix_plan_path(const struct matrix_plan *plan, const struct group *group,
				    uint16_t peer, bool after)
{
	const struct offers *offers =
		after ? &plan->after[group->class] : &plan->before[group->class];
	const struct offer *offer = offer_to(offers, peer);

	return offer->attrs ? rib_path(plan->rib, plan->node, offer->peer) : NULL;
}

uint32_t matrix_plan_expressroute(const struct matrix_plan *plan, uint32_t *held)
{
	uint32_t max = plan->rib->groups.seats.max;

	*held = plan->needed > max ? plan->needed - max : 0;
	return plan->needed;
}
