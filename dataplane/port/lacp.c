/* The machines of 802.1AX-2014 6.4, each a function: receive (6.4.12), periodic transmission
 * (6.4.13), selection (6.4.14), mux with independent control (6.4.15), transmit (6.4.16). */
#include "lacp.h"

#include <string.h>

enum {
	SUBTYPE = 1,
	VERSION = 1,
	TLV_ACTOR = 1,
	TLV_PARTNER = 2,
	TLV_COLLECTOR = 3,
	TLV_END_LEN = 20, /* of actor and partner, with their heads */
	TLV_COLLECTOR_LEN = 16,
	AT_ACTOR = 2,
	AT_PARTNER = AT_ACTOR + TLV_END_LEN,
	AT_COLLECTOR = AT_PARTNER + TLV_END_LEN,
	PDU_LEAST = AT_COLLECTOR, /* what we read of one */
	PRIORITY = 0x8000,	  /* of the system and of each port: 6.3.2, the default of most */
	KEY = 1,		  /* a bond has a MAC address, and so a system, of its own */
	OURS = LACP_ACTIVE | LACP_SHORT_TIMEOUT | LACP_AGGREGATION,
};

/* --- PDUs ------------------------------------------------------------------------------------- */

static uint16_t read16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void write16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static struct lacp_end read_end(const uint8_t *at)
{
	struct lacp_end end = {
		.system_priority = read16(at + 2),
		.key = read16(at + 10),
		.port_priority = read16(at + 12),
		.port = read16(at + 14),
		.state = at[16],
	};

	memcpy(end.system, at + 4, sizeof(end.system));
	return end;
}

static void write_end(uint8_t *at, uint8_t type, const struct lacp_end *end)
{
	at[0] = type;
	at[1] = TLV_END_LEN;
	write16(at + 2, end->system_priority);
	memcpy(at + 4, end->system, sizeof(end->system));
	write16(at + 10, end->key);
	write16(at + 12, end->port_priority);
	write16(at + 14, end->port);
	at[16] = end->state;
}

static bool well_formed(const uint8_t *pdu, size_t len)
{
	return len >= PDU_LEAST && pdu[0] == SUBTYPE && pdu[1] >= VERSION &&
	       pdu[AT_ACTOR] == TLV_ACTOR && pdu[AT_ACTOR + 1] == TLV_END_LEN &&
	       pdu[AT_PARTNER] == TLV_PARTNER && pdu[AT_PARTNER + 1] == TLV_END_LEN;
}

static bool same_system(const struct lacp_end *a, const struct lacp_end *b)
{
	return a->system_priority == b->system_priority &&
	       !memcmp(a->system, b->system, sizeof(a->system));
}

/* Of one link aggregation group. */
static bool same_group(const struct lacp_end *a, const struct lacp_end *b)
{
	return same_system(a, b) && a->key == b->key;
}

static bool same_end(const struct lacp_end *a, const struct lacp_end *b)
{
	return same_group(a, b) && a->port_priority == b->port_priority && a->port == b->port &&
	       !((a->state ^ b->state) & LACP_AGGREGATION);
}

/* --- receive ---------------------------------------------------------------------------------- */

static void expire(struct lacp_member *m, uint64_t now_ms)
{
	m->receive = LACP_RX_EXPIRED;
	m->partner.state = (uint8_t)((m->partner.state & ~LACP_SYNC) | LACP_SHORT_TIMEOUT);
	m->actor.state |= LACP_EXPIRED;
	m->current_ms = now_ms + LACP_TIMEOUT_MS;
}

/* Nobody there, as far as we know. */
static void default_partner(struct lacp_member *m)
{
	m->partner = (struct lacp_end){ .state = LACP_SHORT_TIMEOUT };
	m->actor.state = (uint8_t)((m->actor.state & ~LACP_EXPIRED) | LACP_DEFAULTED);
	m->selected = false;
}

void lacp_link(struct lacp *lacp, uint16_t member, bool up, uint64_t now_ms)
{
	struct lacp_member *m = &lacp->member[member];

	if (up == (m->receive != LACP_DISABLED))
		return;
	if (up) {
		expire(m, now_ms);
		m->periodic_ms = now_ms;
		return;
	}
	m->receive = LACP_DISABLED;
	default_partner(m);
}

bool lacp_received(struct lacp *lacp, uint16_t member, const uint8_t *pdu, size_t len,
		   uint64_t now_ms)
{
	const uint8_t told = LACP_ACTIVE | LACP_SHORT_TIMEOUT | LACP_SYNC | LACP_AGGREGATION;
	struct lacp_member *m = &lacp->member[member];
	struct lacp_end theirs, ours;
	bool matched;

	if (m->receive == LACP_DISABLED || !well_formed(pdu, len))
		return false;
	theirs = read_end(pdu + AT_ACTOR);
	ours = read_end(pdu + AT_PARTNER);
	if (!same_end(&theirs, &m->partner))
		m->selected = false;
	matched = same_end(&ours, &m->actor);
	m->need_to_transmit |= !matched || ((ours.state ^ m->actor.state) & told);
	m->partner = theirs;
	if (!matched)
		m->partner.state &= (uint8_t)~LACP_SYNC;
	m->actor.state &= (uint8_t) ~(LACP_DEFAULTED | LACP_EXPIRED);
	m->receive = LACP_CURRENT;
	m->current_ms = now_ms + LACP_TIMEOUT_MS;
	return true;
}

static void receive_step(struct lacp_member *m, uint64_t now_ms)
{
	if (now_ms < m->current_ms)
		return;
	if (m->receive == LACP_CURRENT) {
		expire(m, now_ms);
	} else if (m->receive == LACP_RX_EXPIRED) {
		m->receive = LACP_RX_DEFAULTED;
		default_partner(m);
	}
}

/* --- selection -------------------------------------------------------------------------------- */

/* Does its partner aggregate, and is it another system than ours? (A cable between two of our own
 * ports is none.) */
static bool candidate(const struct lacp_member *m)
{
	return (m->receive == LACP_CURRENT || m->receive == LACP_RX_EXPIRED) &&
	       (m->partner.state & LACP_AGGREGATION) && !same_system(&m->partner, &m->actor);
}

static uint16_t votes(const struct lacp *lacp, const struct lacp_member *of)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < lacp->nb; i++) {
		const struct lacp_member *m = &lacp->member[i];

		n += candidate(m) && same_group(&m->partner, &of->partner);
	}
	return n;
}

/* The group that carries traffic stays; else that of most members, the first of equals. NULL: there
 * is none. */
static const struct lacp_member *choose(const struct lacp *lacp)
{
	const struct lacp_member *best = NULL;

	for (uint16_t i = 0; i < lacp->nb; i++) {
		const struct lacp_member *m = &lacp->member[i];

		if (candidate(m) && m->selected && lacp_distributes(m))
			return m;
	}
	for (uint16_t i = 0; i < lacp->nb; i++) {
		const struct lacp_member *m = &lacp->member[i];

		if (candidate(m) && (!best || votes(lacp, m) > votes(lacp, best)))
			best = m;
	}
	return best;
}

static void select_members(struct lacp *lacp)
{
	const struct lacp_member *chosen = choose(lacp);

	for (uint16_t i = 0; i < lacp->nb; i++) {
		struct lacp_member *m = &lacp->member[i];

		m->selected = chosen && candidate(m) && same_group(&m->partner, &chosen->partner) &&
			      (m->selected || m->mux == LACP_DETACHED);
	}
}

/* --- mux -------------------------------------------------------------------------------------- */

static void mux_enter(struct lacp_member *m, enum lacp_mux mux)
{
	static const uint8_t states[] = {
		[LACP_DETACHED] = 0,
		[LACP_WAITING] = 0,
		[LACP_ATTACHED] = LACP_SYNC,
		[LACP_COLLECTS] = LACP_SYNC | LACP_COLLECTING,
		[LACP_DISTRIBUTES] = LACP_SYNC | LACP_COLLECTING | LACP_DISTRIBUTING,
	};

	m->need_to_transmit |= mux != LACP_WAITING;
	m->mux = mux;
	m->actor.state =
		(uint8_t)((m->actor.state & ~(LACP_SYNC | LACP_COLLECTING | LACP_DISTRIBUTING)) |
			  states[mux]);
}

static void mux_step(struct lacp_member *m, uint64_t now_ms)
{
	bool in_sync = m->partner.state & LACP_SYNC;
	bool collects = in_sync && (m->partner.state & LACP_COLLECTING);

	switch (m->mux) {
	case LACP_DETACHED:
		if (m->selected) {
			mux_enter(m, LACP_WAITING);
			m->wait_ms = now_ms + LACP_WAIT_MS;
		}
		break;
	case LACP_WAITING:
		if (!m->selected)
			mux_enter(m, LACP_DETACHED);
		else if (now_ms >= m->wait_ms)
			mux_enter(m, LACP_ATTACHED);
		break;
	case LACP_ATTACHED:
		if (!m->selected)
			mux_enter(m, LACP_DETACHED);
		else if (in_sync)
			mux_enter(m, LACP_COLLECTS);
		break;
	case LACP_COLLECTS:
		if (!m->selected || !in_sync)
			mux_enter(m, LACP_ATTACHED);
		else if (collects)
			mux_enter(m, LACP_DISTRIBUTES);
		break;
	case LACP_DISTRIBUTES:
		if (!m->selected || !collects)
			mux_enter(m, LACP_COLLECTS);
		break;
	}
}

/* A way down ends where it leads: nothing leaves by a member that was lost a moment longer. */
static void mux_settle(struct lacp_member *m, uint64_t now_ms)
{
	enum lacp_mux before;

	do {
		before = m->mux;
		mux_step(m, now_ms);
	} while (m->mux < before);
}

/* --- transmission ----------------------------------------------------------------------------- */

static void periodic_step(struct lacp_member *m, uint64_t now_ms)
{
	uint64_t every_ms = m->partner.state & LACP_SHORT_TIMEOUT ? LACP_FAST_MS : LACP_SLOW_MS;

	/* One that asks for it fast is not left to wait for the end of a slow round. */
	if (now_ms < m->periodic_ms && m->periodic_ms - now_ms <= every_ms)
		return;
	m->need_to_transmit = true;
	m->periodic_ms = now_ms + every_ms;
}

bool lacp_transmit(struct lacp *lacp, uint16_t member, uint8_t pdu[LACP_PDU_LEN], uint64_t now_ms)
{
	struct lacp_member *m = &lacp->member[member];

	if (m->receive == LACP_DISABLED || !m->need_to_transmit)
		return false;
	if (now_ms - m->window_ms >= LACP_FAST_MS) {
		m->window_ms = now_ms;
		m->sent = 0;
	}
	if (m->sent == LACP_BURST)
		return false;
	m->sent++;
	m->need_to_transmit = false;
	memset(pdu, 0, LACP_PDU_LEN);
	pdu[0] = SUBTYPE;
	pdu[1] = VERSION;
	write_end(pdu + AT_ACTOR, TLV_ACTOR, &m->actor);
	write_end(pdu + AT_PARTNER, TLV_PARTNER, &m->partner);
	pdu[AT_COLLECTOR] = TLV_COLLECTOR;
	pdu[AT_COLLECTOR + 1] = TLV_COLLECTOR_LEN;
	return true;
}

/* --- all of it -------------------------------------------------------------------------------- */

void lacp_init(struct lacp *lacp, const uint8_t system[6], uint16_t nb)
{
	*lacp = (struct lacp){ .nb = nb };
	for (uint16_t i = 0; i < nb; i++) {
		struct lacp_member *m = &lacp->member[i];

		m->actor = (struct lacp_end){
			.system_priority = PRIORITY,
			.key = KEY,
			.port_priority = PRIORITY,
			.port = (uint16_t)(i + 1),
			.state = OURS,
		};
		memcpy(m->actor.system, system, sizeof(m->actor.system));
		default_partner(m);
	}
}

void lacp_step(struct lacp *lacp, uint64_t now_ms)
{
	for (uint16_t i = 0; i < lacp->nb; i++)
		receive_step(&lacp->member[i], now_ms);
	select_members(lacp);
	for (uint16_t i = 0; i < lacp->nb; i++) {
		mux_settle(&lacp->member[i], now_ms);
		periodic_step(&lacp->member[i], now_ms);
	}
}

const char *lacp_state_name(const struct lacp_member *member)
{
	static const char *const names[] = {
		[LACP_DETACHED] = "detached",	     [LACP_WAITING] = "waiting",
		[LACP_ATTACHED] = "attached",	     [LACP_COLLECTS] = "collecting",
		[LACP_DISTRIBUTES] = "distributing",
	};

	if (member->receive == LACP_DISABLED)
		return "no link";
	if (member->receive == LACP_RX_DEFAULTED)
		return "no partner";
	return member->receive == LACP_RX_EXPIRED ? "expired" : names[member->mux];
}
