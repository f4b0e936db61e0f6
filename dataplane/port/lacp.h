/* The Link Aggregation Control Protocol (IEEE 802.1AX-2014, clause 6.4): which members of a bond
 * may carry traffic, as both ends agree. No packet and no clock: whoever calls hands in what was
 * received and how late it is, and sends what is due.
 *
 * A bond is one aggregator. Members whose partner does not aggregate, or is another one than that
 * of most, carry nothing; an end that speaks no LACP has no bond with us. We speak first, and ask
 * the partner to speak each second, so that a silent one is missed after three. */
#ifndef BASCULE_LACP_H
#define BASCULE_LACP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	LACP_PDU_LEN = 110, /* octets from the subtype on */
	LACP_FAST_MS = 1000,
	LACP_SLOW_MS = 30000,
	LACP_TIMEOUT_MS = 3000, /* the short one, which is ours */
	LACP_WAIT_MS = 2000,	/* others may be about to join: Aggregate_Wait_Time */
	LACP_BURST = 3,		/* PDUs at most in LACP_FAST_MS */
};

/* Bits of a state octet, 6.4.2.3. */
enum {
	LACP_ACTIVE = 0x01,
	LACP_SHORT_TIMEOUT = 0x02,
	LACP_AGGREGATION = 0x04,
	LACP_SYNC = 0x08,
	LACP_COLLECTING = 0x10,
	LACP_DISTRIBUTING = 0x20,
	LACP_DEFAULTED = 0x40,
	LACP_EXPIRED = 0x80,
};

/* What one end says of itself, host order. */
struct lacp_end {
	uint16_t system_priority, key, port_priority, port;
	uint8_t system[6];
	uint8_t state;
};

/* Of the partner's word, and of what that allows. */
enum lacp_receive { LACP_DISABLED, LACP_RX_EXPIRED, LACP_RX_DEFAULTED, LACP_CURRENT };
enum lacp_mux { LACP_DETACHED, LACP_WAITING, LACP_ATTACHED, LACP_COLLECTS, LACP_DISTRIBUTES };

struct lacp_member {
	struct lacp_end actor, partner;
	enum lacp_receive receive;
	enum lacp_mux mux;
	bool selected;	       /* its partner is the bond's */
	bool need_to_transmit; /* NTT */
	uint64_t current_ms;   /* end of the partner's word */
	uint64_t wait_ms;      /* end of the wait for others */
	uint64_t periodic_ms;  /* when to speak again */
	uint64_t window_ms;    /* since when, and */
	uint8_t sent;	       /* how many were sent */
};

struct lacp {
	uint16_t nb;
	struct lacp_member member[CONFIG_MEMBERS];
};

/* Members 0 to nb - 1 of the system with this MAC address, all without a link. */
void lacp_init(struct lacp *lacp, const uint8_t system[6], uint16_t nb);

void lacp_link(struct lacp *lacp, uint16_t member, bool up, uint64_t now_ms);

/* A PDU, from its subtype on. False: it is none of LACP's, or cut, and changes nothing. */
bool lacp_received(struct lacp *lacp, uint16_t member, const uint8_t *pdu, size_t len,
		   uint64_t now_ms);

/* What follows from that and from the time. To be called ten times a second or more often. */
void lacp_step(struct lacp *lacp, uint64_t now_ms);

/* Does the member have something to say? Then it is in `pdu`, and taken as sent. */
bool lacp_transmit(struct lacp *lacp, uint16_t member, uint8_t pdu[LACP_PDU_LEN], uint64_t now_ms);

/* May traffic come by it, and leave by it? */
static inline bool lacp_collects(const struct lacp_member *m)
{
	return m->actor.state & LACP_COLLECTING;
}
static inline bool lacp_distributes(const struct lacp_member *m)
{
	return m->actor.state & LACP_DISTRIBUTING;
}

/* "distributing", "collecting", "attached", "waiting", "detached", or "expired" and "no partner"
 * for why it is that; "no link". */
const char *lacp_state_name(const struct lacp_member *member);

#ifdef __cplusplus
}
#endif
#endif
