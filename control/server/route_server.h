/* struct route_server: all that the RIB lcore holds. Most of its parts have a header of their own,
 * which describes them; the conductor runs them (conductor.h). A phase says how far the instance
 * is:
 *
 *   FILLING  this writer's generation is not the active one yet. Nothing is announced. After a
 *            restart it ends when every configured peer has said End-of-RIB, or with the restart
 *            timer (RFC 4724 4.1); on a first start at once.
 *   LIVE     published: changes go to the active generation, changes are announced to peers.
 *   STOPPING sessions are being closed with a Cease; the FIB stays as it is and goes on
 *            forwarding.
 *
 * No functions here: every file of this folder sees the struct, and what one of them does for the
 * others is in its own header. */
#ifndef BASCULE_ROUTE_SERVER_H
#define BASCULE_ROUTE_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "adj_out.h"
#include "announce.h"
#include "expressroute_bound.h"
#include "config.h"
#include "discard.h"
#include "due.h"
#include "events.h"
#include "exchange.h"
#include "far_hop.h"
#include "fib_sync.h"
#include "fib_walk.h"
#include "flap.h"
#include "forwarding.h"
#include "loop.h"
#include "maintenance.h"
#include "maps.h"
#include "next_hop.h"
#include "peer.h"
#include "rib.h"
#include "scratch.h"
#include "speaker.h"
#include "turn.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	RS_VNET = CONFIG_PEERS, /* the sources of our own routes: VNet prefixes ... */
	RS_VNET_PEERED,		/* ... and those of peered VNets */
	RS_SOURCES,
	RS_DESKS = 2, /* that ask: the management thread's, and that of HTTP */
};

struct page;
struct route_server;
struct row_reload;
struct rs_backlog; /* a command that waits for room */

/* One session lcore, seen from here. All borrowed. */
struct rs_speaker {
	struct mailbox *to_rib, *from_rib;
	const struct speaker *speaker;	   /* for its statistics only; may be NULL */
	STAILQ_HEAD(, rs_backlog) backlog; /* owned by the route server */
	uint32_t taken; /* of the oldest record: octets of prefixes that are through */
};

/* A thread that asks (manage/desk.h), seen from here: pages come, answered ones go back and raise
 * the eventfd. All borrowed. `pages` NULL: there is none. */
struct rs_desk {
	struct mailbox *pages, *answers; /* struct page * each */
	int answered;
};

/* Answer a question of a desk: at most a page of rows, or an error. False:
 * rs_answered() follows later. */
typedef bool rs_answer(struct route_server *rs, struct page *page);

/* The parts of a turn, as `show summary` names them. */
enum rs_part {
	RS_PART_INTAKE, /* records of speakers */
	RS_PART_TIMERS,
	RS_PART_SHOW, /* pages of the desks */
	RS_PART_HELD, /* UPDATEs that waited for a next hop */
	RS_PART_RIB,
	RS_PART_FIB,
	RS_PART_TRANSIT,
	RS_PART_ANNOUNCE,
	RS_PARTS
};

/* Of sessions whichever family does (pace.h). */
enum { PACE_FAMILY = FAMILY_IPV4 };

enum rs_phase { RS_FILLING, RS_LIVE, RS_STOPPING };

enum housekeeping { HOUSE_EVENTS, HOUSE_BOUNDS }; /* a round goes from the first to the last */

/* How far the role matrix has moved to what is wanted (transit.h). */
enum transit_step {
	TRANSIT_SETTLED,
	/* until it is withdrawn from every peer that keeps up, or TRANSIT_WITHDRAW_MS */
	TRANSIT_WITHDRAWING,
	TRANSIT_PROGRAMMING, /* until a walk has put every prefix into the views */
};

struct transit {
	enum transit_step step;
	uint64_t wanted;    /* the matrix word that is being moved to (matrix_gate()) */
	uint64_t announced; /* what rib_set_allow() was last given */
	uint64_t since_ms;  /* when the step began */
};

/* Who says bulk of a family, and what of it is put off (bulk.h). Times are those at which a turn
 * began. */
struct bulk {
	uint64_t says[CONFIG_PEERS / 64]; /* a bit a peer */
	uint16_t nb_says;
	uint64_t heard_ns; /* bulk, last */
	uint64_t since_ns; /* what is put off now is put off since then, or is `due` */
	size_t due;	   /* prefixes that are to be decided on, of those that are put off */
};

/* Commands that move the exchange switch and wait for the disk (exchange_wait.h). */
struct exchange_wait {
	struct page *first; /* pages that wait, in the order in which they came; linked by `next` */
	bool trouble;	    /* the last turn found the file in trouble */
};

/* Commands that take something out of service or put it back, and wait for the disk (service.h). */
struct service {
	struct page *first; /* pages that wait, in the order in which they came; linked by `next` */
	bool trouble;	    /* the last round found the file in trouble */
};

/* A configuration that is being applied. The RIB lcore's turn does nothing else meanwhile: what is
 * half applied, nobody sees. */
struct reload {
	struct page *page; /* borrowed: whose configuration it is; NULL: none is being applied */
	unsigned int step; /* reload.c */
	uint32_t at;	   /* of what the step goes through */
	struct config *running, *wanted; /* one of them the route server's, the other the page's */
	struct row_reload *row;		 /* borrowed: of the page */
	uint64_t gate;			 /* as it was */
	bool switched;			 /* likewise: route exchange */
	bool vnet_added;
	int err;		  /* of VNets for which there was no memory; 0: none */
	bool known[CONFIG_PEERS]; /* peers of `wanted`, by index: there is one of that name */
};

/* All of one family: its table, what goes into it, and what peers are told of it. */
struct routes {
	struct route_server *rs; /* borrowed: owns this */
	enum family family;
	struct rib *rib; /* owned */
	struct bulk bulk;
	struct adj_in adj_in;	/* what the peers' inbound tables share */
	struct adj_out adj_out; /* what all receivers share */
	struct announcer announcer;
	struct expressroute_bound expressroute_bound;
	bool holding;	 /* routes are held back from ExpressRoute gateways */
	bool near_total; /* alarm: close to limits.total */
};

struct route_server {
	struct config *config;	   /* owned */
	struct exchange *exchange; /* borrowed */
	struct exchange_wait exchange_wait;
	struct maintenance *maintenance; /* borrowed */
	struct service service;
	struct reload reload;
	struct fib *fib;	   /* borrowed */
	struct fib_writer *writer; /* owned */
	struct attr_table *attrs;  /* owned */
	struct routes routes[FAMILY_COUNT];
	uint8_t first; /* enum family: whose announcements come first in the next turn */
	struct next_hops next_hops;
	struct far_hops far_hops;
	struct fib_sync fib_sync[FAMILY_COUNT];
	struct fib_walk fib_walk;
	struct transit transit;
	struct maps maps;
	struct peers peers;
	struct flaps flaps; /* of all peers */
	struct events events;
	struct discard discard;	      /* tables of peers and groups that have gone */
	struct partner_view *partner; /* owned: the last look at the other instance; NULL: none */
	struct rs_speaker *speakers;  /* owned */
	unsigned int nb_speakers, nb_stopped;
	unsigned int next_speaker; /* whose turn it is */
	struct rs_desk desks[RS_DESKS];
	uint8_t next_desk; /* whose question comes next */
	rs_answer *answer;
	struct timers timers;
	struct timer restart, housekeeping;
	enum rs_phase phase;
	bool settled;	   /* since the start every peer has finished, or has had time enough */
	bool restarting;   /* the dataplane forwards what an earlier control left */
	bool restart_over; /* the restart timer has fired */
	uint32_t took_part[CONFIG_GATEWAYS]; /* gateways, before the restart: see admission.h */
	struct due due;			     /* in later turns */
	struct scratch scratch;
	uint64_t now_ms, started_ms;
	uint32_t housekeepings;	    /* since the last walk */
	enum housekeeping keeping;  /* what the round has come to, in slices */
	uint16_t bounded;	    /* peers that bounds_turn() has looked at in this round */
	uint64_t (*clock_ns)(void); /* monotonic; the tests' own in tests */
	struct turns turns;
	uint64_t updates; /* UPDATEs received, after the speakers' judgement */
	uint64_t reloads; /* configurations applied since the start */
};

#ifdef __cplusplus
}
#endif
#endif
