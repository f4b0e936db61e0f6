/* The route server: what the RIB lcore runs. It conducts: speakers hand it judged messages, it runs
 * import policy, keeps the RIB, fills the FIB, and sends what update groups yield back to the
 * speakers. It parses nothing and opens no socket.
 *
 *   speakers ─ events ─► peer_session.c ─► rs_update ─► rib ─┬─► fib_sync ─► FIB
 *   speakers ◄─ SPEAKER_SEND ◄─ announce.c ◄─ groups ────────┘
 *   transit.c: the matrix and the gate, in which order
 *   management thread ─ pages ─► rs_answer (questions: show.c), exchange, peer resets, reload.c
 *
 * Everything runs in rs_turn(), in bounded slices, on one thread. Changes reach the FIB before they
 * are announced: what one turn has no time for comes first in the next. A phase says how far the
 * instance is:
 *
 *   FILLING  this writer's generation is not the active one yet. Nothing is announced. After a
 *            restart it ends when every configured peer has said End-of-RIB, or with the restart
 *            timer (RFC 4724 4.1); on a first start at once.
 *   LIVE     published: changes go to the active generation, changes are announced to peers.
 *   STOPPING sessions are being closed with a Cease; the FIB stays as it is and goes on
 *            forwarding. */
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
#include "events.h"
#include "exchange.h"
#include "exchange_wait.h"
#include "far_hop.h"
#include "fib_sync.h"
#include "flap.h"
#include "loop.h"
#include "maps.h"
#include "next_hop.h"
#include "peer.h"
#include "reload.h"
#include "rib.h"
#include "speaker.h"
#include "transit.h"
#include "turn.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	RS_VNET = CONFIG_PEERS, /* the sources of our own routes: VNet prefixes ... */
	RS_VNET_PEERED,		/* ... and those of peered VNets */
	RS_SOURCES,
};

struct page;
struct route_server;
struct rs_backlog; /* a command that waits for room */

/* One session lcore, seen from here. All borrowed. */
struct rs_speaker {
	struct mailbox *to_rib, *from_rib;
	const struct speaker *speaker;	   /* for its statistics only; may be NULL */
	STAILQ_HEAD(, rs_backlog) backlog; /* owned by the route server */
	uint32_t taken;			   /* of the oldest record: prefixes that are through */
};

/* Answer a question of the management thread: at most a page of rows, or an error. False:
 * rs_answered() follows later. */
typedef bool rs_answer(struct route_server *rs, struct page *page);

struct rs_params {
	struct config *config;		   /* becomes the route server's, if rs_new() succeeds */
	struct exchange *exchange;	   /* borrowed: opened */
	struct fib *fib;		   /* borrowed: attached */
	const struct rs_speaker *speakers; /* copied */
	unsigned int nb_speakers;
	struct mailbox *pages, *answers; /* struct page * each; borrowed */
	int answered;			 /* eventfd; borrowed */
	rs_answer *answer;
};

/* The parts of a turn, as `show summary` names them. */
enum rs_part {
	RS_PART_INTAKE, /* records of speakers */
	RS_PART_TIMERS,
	RS_PART_SHOW, /* pages of the management thread */
	RS_PART_HELD, /* UPDATEs that waited for a next hop */
	RS_PART_RIB,
	RS_PART_FIB,
	RS_PART_TRANSIT,
	RS_PART_ANNOUNCE,
	RS_PARTS
};
const char *rs_part_name(unsigned int part);

enum rs_phase { RS_FILLING, RS_LIVE, RS_STOPPING };

enum housekeeping { HOUSE_IN_ORDER, HOUSE_BOUNDS, HOUSE_EVENTS }; /* from the last to the first */

struct route_server {
	struct config *config;	   /* owned */
	struct exchange *exchange; /* borrowed */
	struct exchange_wait exchange_wait;
	struct reload reload;
	struct fib *fib;	   /* borrowed */
	struct fib_writer *writer; /* owned */
	struct attr_table *attrs;  /* owned */
	struct rib *rib;	   /* owned */
	struct next_hops next_hops;
	struct far_hops far_hops;
	struct fib_sync fib_sync;
	struct transit transit;
	struct maps maps;
	struct adj_in adj_in;	/* what the peers' inbound tables share */
	struct adj_out adj_out; /* what all receivers share */
	struct announcer announcer;
	struct expressroute_bound expressroute_bound;
	struct peers peers;
	struct flaps flaps; /* of all peers */
	struct events events;
	struct discard discard;	      /* tables of peers and groups that have gone */
	struct partner_view *partner; /* owned: the last look at the other instance; NULL: none */
	struct rs_speaker *speakers;  /* owned */
	unsigned int nb_speakers, nb_stopped;
	unsigned int next_speaker;	 /* whose turn it is */
	struct mailbox *pages, *answers; /* borrowed */
	int answered;			 /* borrowed */
	rs_answer *answer;
	struct timers timers;
	struct timer restart, housekeeping;
	enum rs_phase phase;
	bool settled;	   /* since the start every peer has finished, or has had time enough */
	bool restarting;   /* the dataplane forwards what an earlier control left */
	bool restart_over; /* the restart timer has fired */
	uint32_t took_part[CONFIG_GATEWAYS]; /* gateways, before the restart: see admission.h */
	bool reconsider; /* next hops came or went: rib_reconsider() when the RIB has settled */
	uint64_t now_ms, started_ms;
	uint64_t paced_ms;	    /* when pace_turn() last ran */
	uint32_t housekeepings;	    /* since the last walk */
	enum housekeeping keeping;  /* what is left of a round, in slices */
	uint16_t bounded;	    /* peers that bounds_turn() has looked at in this round */
	bool holding;		    /* routes are held back from ExpressRoute gateways */
	bool near_total;	    /* alarm: close to limits.total */
	uint64_t (*clock_ns)(void); /* monotonic; the tests' own in tests */
	struct turns turns;
	uint64_t updates; /* UPDATEs received, after the speakers' judgement */
	uint64_t reloads; /* configurations applied since the start */
};

/* 0; -ENOMEM; -EAGAIN: a forwarding lcore hangs on the spare generation. On failure the
 * configuration is still the caller's. The VNet prefixes are in the RIB and the peers at their
 * speakers when it returns. */
int rs_new(const struct rs_params *params, struct route_server **rs);
void rs_free(struct route_server *rs);

/* One turn. Returns how much was done: 0 lets the caller idle. */
unsigned int rs_turn(struct route_server *rs, uint64_t now_ms);

/* Give a page back to the management thread, answered. */
void rs_answered(struct route_server *rs, struct page *page);

/* Close every session with Cease/`subcode` and this text (RFC 9003). Then turn until
 * rs_stopped(). */
void rs_stop(struct route_server *rs, uint8_t subcode, const char *text);
bool rs_stopped(const struct route_server *rs);

/* A slice of one UPDATE of a peer whose session is up: withdrawals, import policy, announcements.
 * *taken, 0 to begin with, counts its prefixes that are through. Returns whether all of them are;
 * if not, call again before anything else of the peer. */
bool rs_update(struct route_server *rs, struct peer *peer, const struct speaker_update *update,
	       uint32_t *taken);

/* From now on the peer's route for a prefix has these attributes, before its map (NULL: there is
 * none). Returns what inbound_announce() or inbound_withdraw() does; without memory the route goes,
 * or if that is not possible, the session. */
int rs_route(struct route_server *rs, struct peer *peer, const struct inbound_place *at,
	     const struct attrs *attrs);

/* How strictly a peer's routes are judged before policy. */
struct import_rule rs_import_rule(const struct route_server *rs, const struct peer *peer);

/* Give a speaker a command; never refused: what its mailbox has no room for waits, in order
 * (outbox.h). */
void rs_command(struct route_server *rs, unsigned int speaker, const void *record, size_t len);

/* VNet prefixes in and out of the RIB, as the configuration says. */
/* -ENOMEM. */
int rs_vnet_announce(struct route_server *rs, const struct config_vnet *vnet);
int rs_vnet_withdraw(struct route_server *rs, const struct config_vnet *vnet);

#ifdef __cplusplus
}
#endif
#endif
