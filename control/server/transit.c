/* Announcements, views and gate, moved from one matrix to another. */
#include "transit.h"

#include "log.h"
#include "matrix.h"
#include "route_server.h"

static_assert((int)NVA_TO_NVA_EXCHANGE == (int)MATRIX_NVA_EXCHANGE &&
		      (int)NVA_TO_NVA_ALWAYS == (int)MATRIX_NVA_ALWAYS &&
		      (int)NVA_TO_NVA_NEVER == (int)MATRIX_NVA_NEVER,
	      "numbered alike");

uint64_t transit_word_of(const struct config *config, bool exchange)
{
	struct matrix_mode mode = {
		.exchange = exchange,
		.nva_to_nva = (enum matrix_nva_to_nva)config->exchange.nva_to_nva,
	};

	return matrix_gate(mode);
}

uint64_t transit_word_if(const struct route_server *rs, bool exchange)
{
	return transit_word_of(rs->config, exchange);
}

uint64_t transit_word(const struct route_server *rs)
{
	return transit_word_if(rs, rs->exchange->enabled);
}

void transit_shut(struct route_server *rs, uint64_t allow)
{
	forwarding_gate_set(rs->fib, forwarding_gate(rs->fib) & allow);
}

static void announce(struct route_server *rs, uint64_t allow)
{
	if (allow == rs->transit.announced)
		return;
	rs->transit.announced = allow;
	rib_set_allow(rs->rib, allow);
}

static void program(struct route_server *rs)
{
	rs->fib_sync.allow = rs->transit.wanted;
	fib_sync_walk_begin(&rs->fib_sync);
	rs->transit.step = TRANSIT_PROGRAMMING;
	rs->transit.since_ms = rs->now_ms;
}

void transit_move(struct route_server *rs)
{
	struct transit *transit = &rs->transit;

	transit->wanted = transit_word(rs);
	transit_shut(rs, transit->wanted);
	announce(rs, transit->announced & transit->wanted);
	if (!(rs->fib_sync.allow & ~transit->wanted)) {
		program(rs); /* nothing is to be taken away */
		return;
	}
	transit->step = TRANSIT_WITHDRAWING;
	transit->since_ms = rs->now_ms;
}

void transit_live(struct route_server *rs)
{
	/* Under way: the gate opens when the walk is through. */
	if (rs->transit.step == TRANSIT_SETTLED)
		forwarding_gate_set(rs->fib, rs->transit.wanted);
}

bool transit_turn(struct route_server *rs)
{
	struct transit *transit = &rs->transit;

	switch (transit->step) {
	case TRANSIT_SETTLED: return false;
	case TRANSIT_WITHDRAWING:
		if ((!rib_settled(rs->rib) || !announcer_idle(&rs->announcer)) &&
		    rs->now_ms - transit->since_ms < TRANSIT_WITHDRAW_MS)
			return false;
		program(rs);
		return true;
	case TRANSIT_PROGRAMMING:
		if (rs->fib_sync.walking)
			return false;
		if (rs->phase == RS_LIVE)
			forwarding_gate_set(rs->fib, transit->wanted);
		announce(rs, transit->wanted);
		transit->step = TRANSIT_SETTLED;
		return true;
	}
	return false;
}
