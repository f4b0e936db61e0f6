/* Counting announcements against a bound. */
#include "limit.h"

void limit_heard(struct limit *limit, uint64_t now_ms)
{
	if (now_ms - limit->heard_ms >= LIMIT_BATCH_MS)
		limit->repeated = 0;
	limit->heard_ms = now_ms;
}

enum limit_verdict limit_judge(struct limit *limit, const struct limit_rule *rule, uint32_t learned,
			       bool known)
{
	uint64_t count = (uint64_t)learned + !known;

	if (!rule->routes)
		return LIMIT_TAKE;
	if (rule->drop)
		return known || count <= rule->routes ? LIMIT_TAKE : LIMIT_REFUSE;
	limit->repeated += known;
	if (rule->repeats)
		count += limit->repeated;
	return count <= rule->routes ? LIMIT_TAKE : LIMIT_EXCEEDED;
}

bool limit_near(uint32_t bound, uint64_t count)
{
	return bound && count * 100 >= (uint64_t)bound * LIMIT_NEAR_PERCENT;
}
