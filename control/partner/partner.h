/* Two instances of one route server, compared: ours and its partner (instance.partner). The same
 * peers connect to both and should announce the same to both. Each has its own routes and forwards
 * by them alone; nothing here changes a route.
 *
 *   management thread: partner_watch.c ─ asks both ─► partner_compare ─► struct partner_view ─┐
 *   RIB lcore:         alarm.c, show_partner.c ◄────── the view, until the next one comes ◄───┘
 *
 * Routes on their way make a difference that changes from look to look and then ends. So a
 * difference becomes an alarm only if PARTNER_STILL looks in a row find the same one, or
 * PARTNER_MOVING looks in a row find any. The alarm ends with the first look that finds none. Peers
 * are not compared while an instance has just started and its peers have not all announced
 * everything. */
#ifndef BASCULE_PARTNER_H
#define BASCULE_PARTNER_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "instance_query.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	PARTNER_PERIOD_MS = 2000, /* between two looks */
	PARTNER_STILL = 5,
	PARTNER_MOVING = 30,
	PARTNER_TEXT = 160,
};

/* How long something has differed, in looks. */
struct partner_condition {
	uint8_t looks; /* in a row, at most PARTNER_MOVING */
	uint8_t still; /* of those the last ones, which found the same difference */
	bool stands;   /* it is an alarm */
	bool turned;   /* with this look: it has become one, or is none any more */
};

/* What must be the same with both, and what must not. */
enum partner_matter {
	PARTNER_ANSWERS,
	PARTNER_NAME,
	PARTNER_ROUTER_ID,
	PARTNER_ASN,
	PARTNER_EXCHANGE,
	PARTNER_NVA_TO_NVA,
	PARTNER_PREFERENCE,
	PARTNER_MATTERS
};

enum partner_verdict {
	PARTNER_SAME,
	PARTNER_UP_HERE,  /* and not there */
	PARTNER_UP_THERE, /* and not here */
	PARTNER_ROUTES,	  /* announces other routes to each */
};

/* A peer by its address: what it is called and does here and there. */
struct partner_peer {
	struct addr addr;
	struct partner_side {
		char name[CONFIG_NAME]; /* empty: it has no such peer */
		char state[LOOK_WORD];
		uint32_t learned;
		uint64_t digest;
	} here, there;
	uint8_t verdict; /* enum partner_verdict */
	struct partner_condition condition;
};

/* The outcome of a look; immutable. */
struct partner_view {
	char partner[CONFIG_PARTNER]; /* as configured */
	char instance[CONFIG_NAME];   /* the name that it gives itself; empty: it never answered */
	char error[LOOK_ERROR];	      /* why it does not answer; empty: it did */
	struct partner_condition matter[PARTNER_MATTERS];
	char text[PARTNER_MATTERS][PARTNER_TEXT]; /* what the difference is, or was */
	size_t nb_peers;
	struct partner_peer peers[]; /* by address */
};

/* What two finished looks say, after `before` (NULL: nothing is known of this partner). `here` has
 * succeeded. If `there` has not, peers are as they were, until that is an alarm; then none is
 * compared. Released with free(); NULL: no memory. */
struct partner_view *partner_compare(const struct partner_view *before, const char *partner,
				     const struct instance_query *here,
				     const struct instance_query *there);

/* The difference in words: "up here, Active at rs1". Returns buf. */
const char *partner_text(const struct partner_view *view, const struct partner_peer *peer,
			 char buf[PARTNER_TEXT]);
/* What the partner is called: by itself, or else in the configuration. */
const char *partner_name(const struct partner_view *view);

#ifdef __cplusplus
}
#endif
#endif
