/* See tables.h. */
#include "tables.h"

#include "route_server.h"

size_t tables_changes_waiting(const struct route_server *rs)
{
	size_t waiting = 0;

	for (int family = 0; family < FAMILY_COUNT; family++)
		waiting += rib_changes_waiting(rs->routes[family].rib);
	return waiting;
}

bool tables_wide_waiting(const struct route_server *rs)
{
	bool waiting = false;

	for (int family = 0; family < FAMILY_COUNT; family++)
		waiting |= rib_wide_waiting(rs->routes[family].rib);
	return waiting;
}

bool tables_settled(const struct route_server *rs)
{
	bool settled = true;

	for (int family = 0; family < FAMILY_COUNT; family++)
		settled &= rib_settled(rs->routes[family].rib);
	return settled;
}

uint64_t tables_spent(const struct route_server *rs)
{
	uint64_t spent = 0;

	for (int family = 0; family < FAMILY_COUNT; family++)
		spent += rib_spent(rs->routes[family].rib);
	return spent;
}

size_t tables_prefixes(const struct route_server *rs)
{
	size_t prefixes = 0;

	for (int family = 0; family < FAMILY_COUNT; family++)
		prefixes += rib_prefixes(rs->routes[family].rib);
	return prefixes;
}

size_t tables_turn(struct route_server *rs, size_t budget)
{
	size_t done = 0;

	for (int family = 0; family < FAMILY_COUNT; family++)
		done += rib_turn(rs->routes[family].rib, budget);
	return done;
}

void tables_reconsider(struct route_server *rs)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		rib_reconsider(rs->routes[family].rib);
}

/* --- announcements ---------------------------------------------------------------------------- */

bool tables_flushing(const struct route_server *rs)
{
	bool flushing = false;

	for (int family = 0; family < FAMILY_COUNT; family++)
		flushing |= rs->routes[family].announcer.flushing != NULL;
	return flushing;
}

bool tables_blocked(const struct route_server *rs)
{
	bool blocked = true;

	for (int family = 0; family < FAMILY_COUNT; family++)
		blocked &= !rs->routes[family].announcer.flushing ||
			   rs->routes[family].announcer.blocked;
	return blocked;
}

bool tables_told(const struct route_server *rs)
{
	bool told = tables_settled(rs);

	for (int family = 0; told && family < FAMILY_COUNT; family++)
		told = announcer_idle(&rs->routes[family].announcer);
	return told;
}

/* Families that somebody hears of. */
static uint32_t nb_heard(const struct route_server *rs)
{
	uint32_t n = 0;

	for (int family = 0; family < FAMILY_COUNT; family++)
		n += rs->routes[family].announcer.groups != NULL;
	return n;
}

size_t tables_announce(struct route_server *rs, uint32_t ns)
{
	uint32_t heard = nb_heard(rs);
	size_t done = 0;

	for (int i = 0; heard && i < FAMILY_COUNT; i++) {
		struct announcer *announcer = &rs->routes[(rs->first + i) % FAMILY_COUNT].announcer;
		struct budget budget;

		if (!announcer->groups)
			continue;
		budget = budget_make(rs->clock_ns, ns / heard);
		done += announcer_flush(announcer, &budget);
	}
	rs->first = (uint8_t)((rs->first + 1) % FAMILY_COUNT);
	return done;
}

void tables_flush(struct route_server *rs, uint32_t ns)
{
	uint32_t flushing = 0;

	for (int family = 0; family < FAMILY_COUNT; family++)
		flushing += rs->routes[family].announcer.flushing != NULL;
	for (int family = 0; family < FAMILY_COUNT; family++) {
		struct announcer *announcer = &rs->routes[family].announcer;
		struct budget budget;

		if (!announcer->flushing)
			continue;
		budget = budget_make(rs->clock_ns, ns / flushing);
		announcer_flush(announcer, &budget);
	}
}
