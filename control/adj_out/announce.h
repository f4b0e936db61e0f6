/* From the update groups to the speakers. Peers that get the same routes in the same octets share a
 * group (update_group.h). A batch of a group goes through export policy and is encoded once; every
 * member gets the octets as one counted buffer. Which path is announced is the RIB's decision.
 *
 *   summaries_turn (summaries.h), then:
 *   group_flush ─► batch ─► export_attrs ─► update_encode_announce ─► out (64 KiB)
 *     └─► wire_buf ─► SPEAKER_SEND each
 *
 * If a speaker's mailbox is full, or the time is over, the flush stops where it is and goes on in
 * the next turn. Until the flush has ended, the RIB must not change: the caller sees that by
 * `flushing`. Thread: the RIB lcore. */
#ifndef BASCULE_ANNOUNCE_H
#define BASCULE_ANNOUNCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "group.h"
#include "message.h"
#include "outbound.h"
#include "summaries.h"
#include "recipients.h"
#include "turn.h"

#ifdef __cplusplus
extern "C" {
#endif

struct adj_out;
struct update_group;
struct wire_buf;

enum { ANNOUNCE_BYTES = 64 << 10 };

struct announcer {
	struct adj_out *adj_out;     /* borrowed */
	struct update_group *groups; /* owned */
	struct update_group *turn;   /* which is flushed next; NULL: the first */
	/* The flush under way. */
	struct update_group *flushing; /* NULL: none */
	bool blocked;		       /* a full mailbox has stopped it, and not the clock */
	uint32_t batches;	       /* since the last look at the clock */
	struct group_batch batch;
	struct batch_split split;	   /* of which `batch` is a part */
	bool itself;			   /* its only member is the next hop */
	bool in_batch;			   /* `batch` is not through yet */
	uint32_t at;			   /* prefixes of the part that are encoded */
	struct outbound_part part;	   /* of the batch: what is being encoded */
	struct recipients recipients;	   /* of the part */
	size_t attrs_len;		   /* of the part; 0: its prefixes are withdrawn */
	uint8_t attrs[BGP_MESSAGE_MAX];	   /* as they go on the wire */
	uint8_t exported[BGP_MESSAGE_MAX]; /* the batch's, before the route map */
	struct outbound outbound;
	bool began;		/* the summaries that begin have been announced; they come first */
	bool ending;		/* `end` is still to come, after everything else */
	struct group_batch end; /* End-of-RIB */
	struct summaries_news news;
	/* Encoded and not handed over yet: out[0..out_len) is for to[0..nb_to). */
	/* owned: `out` as the speakers get it; NULL: still being filled */
	struct wire_buf *sending;
	uint32_t nb_sent; /* members that have it */
	uint32_t nb_to;
	uint16_t to[CONFIG_PEERS];
	size_t out_len;
	uint8_t out[ANNOUNCE_BYTES];
	uint64_t updates; /* UPDATEs encoded: one for all members that share it */
	uint64_t version; /* differs whenever a peer has joined or left */
};

void announcer_init(struct announcer *a, struct adj_out *adj_out);
void announcer_fini(struct announcer *a);

/* Encode and send, one group after the other, until everything is announced or the budget is over;
 * at least one slice. Returns how many prefixes were taken. While `flushing` is set afterwards,
 * nothing else may touch the RIB. */
size_t announcer_flush(struct announcer *a, const struct budget *budget);
/* Has everything been announced to every member that keeps up? */
bool announcer_idle(const struct announcer *a);

#ifdef __cplusplus
}
#endif
#endif
