/* Announcements, views and gate, moved from one matrix to another. */
#include "transit.h"

#include "log.h"
#include "matrix.h"
#include "route_server.h"
#include "tables.h"

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
	for (int family = 0; family < FAMILY_COUNT; family++)
		rib_set_allow(rs->routes[family].rib, allow);
}

/* The views of those ingress roles that may use more under `to` than under `from`: a bit each. */
static uint8_t gaining(uint64_t from, uint64_t to)
{
	uint8_t views = 0;

	for (int view = 0; view < ROLE_COUNT; view++)
		if ((to & ~from) >> (view * 8) & 0xff)
			views |= (uint8_t)(1 << view);
	return views;
}

/* The rows of the matrix word whose views are filled. */
static uint64_t filled(const struct route_server *rs)
{
	uint64_t rows = 0;

	for (int view = 0; view < ROLE_COUNT; view++)
		if (fib_walk_filled(&rs->fib_walk, (enum role)view))
			rows |= UINT64_C(0xff) << (view * 8);
	return rows;
}

static void program(struct route_server *rs)
{
	uint64_t wanted = rs->transit.wanted;

	fib_walk_begin(&rs->fib_walk, wanted, gaining(forwarding_gate(rs->fib), wanted));
	rs->transit.step = TRANSIT_PROGRAMMING;
	rs->transit.since_ms = rs->now_ms;
}

void transit_move(struct route_server *rs)
{
	struct transit *transit = &rs->transit;

	transit->wanted = transit_word(rs);
	transit_shut(rs, transit->wanted);
	announce(rs, transit->announced & transit->wanted);
	if (!(rs->fib_sync[FAMILY_IPV4].allow & ~transit->wanted)) {
		program(rs); /* nothing is to be taken away */
		return;
	}
	transit->step = TRANSIT_WITHDRAWING;
	transit->since_ms = rs->now_ms;
}

void transit_live(struct route_server *rs)
{
	/* Under way: the gate opens as the views are filled. */
	if (rs->transit.step == TRANSIT_SETTLED)
		forwarding_gate_set(rs->fib, rs->transit.wanted);
}

/* A view is filled: its ports' packets may go. All that gain are: peers may be told. The others
 * follow. */
static bool programming(struct route_server *rs)
{
	struct transit *transit = &rs->transit;
	uint64_t may = transit->wanted & filled(rs), gate = forwarding_gate(rs->fib);

	if (rs->phase == RS_LIVE && (may & ~gate))
		forwarding_gate_set(rs->fib, gate | may);
	if (!(transit->wanted & ~transit->announced & ~may))
		announce(rs, transit->wanted);
	if (rs->fib_walk.walking)
		return false;
	transit->step = TRANSIT_SETTLED;
	return true;
}

bool transit_turn(struct route_server *rs)
{
	struct transit *transit = &rs->transit;

	switch (transit->step) {
	case TRANSIT_SETTLED: return false;
	case TRANSIT_WITHDRAWING:
		if (!tables_told(rs) && rs->now_ms - transit->since_ms < TRANSIT_WITHDRAW_MS)
			return false;
		program(rs);
		return true;
	case TRANSIT_PROGRAMMING: return programming(rs);
	}
	return false;
}
