/* A list of ranges that lies in the ranges. */
#include "discard.h"

struct discarded {
	struct discarded *next;
	struct range range;
};

void discard_range(struct discard *discard, struct range *range)
{
	struct discarded *at = (struct discarded *)range->base;

	if (range->open < sizeof(*at)) { /* nothing is in it: that is soon done */
		range_fini(range);
		return;
	}
	at->next = discard->first;
	at->range = *range;
	discard->first = at;
	*range = (struct range){ 0 };
}

bool discard_turn(struct discard *discard, size_t octets)
{
	struct discarded *first = discard->first;
	struct range range;

	if (!first)
		return false;
	if (range_trim(&first->range, sizeof(*first), octets))
		return true;
	range = first->range;
	discard->first = first->next;
	range_fini(&range);
	return true;
}

void discard_fini(struct discard *discard)
{
	while (discard->first) {
		struct range range = discard->first->range;

		discard->first = discard->first->next;
		range_fini(&range);
	}
}
