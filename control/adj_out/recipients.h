/* Which members of a batch get what. Most get what is encoded for their group; two kinds of members
 * do not. Members whose own address is the next hop get our address as next hop (RFC 4271 5.1.3):
 * struct batch_split separates them from the others, batch by batch. A member from which a route is
 * withheld (withheld.h) gets a withdrawal: struct recipients separates these, one part of a batch
 * after the other, since the attributes as they are sent decide. Nothing is encoded or sent here.
 * Thread: the RIB lcore. */
#ifndef BASCULE_RECIPIENTS_H
#define BASCULE_RECIPIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "group.h"

#ifdef __cplusplus
extern "C" {
#endif

struct outbound_part;
struct adj_out;
struct update_group;

struct batch_split {
	struct group_batch batch; /* as the group has it; borrowed like that */
	uint8_t left;		  /* a bit for each half that is still to be sent */
	uint32_t nb_plain, nb_itself;
	/* itself: members that are themselves the next hop */
	uint16_t plain[CONFIG_PEERS], itself[CONFIG_PEERS];
};

/* Split the members of a batch that is announced. */
void batch_split_begin(struct batch_split *split, const struct adj_out *adj_out,
		       const struct update_group *group, const struct group_batch *batch);
/* The batch for the next half of the members. `*itself`: those that are themselves the next hop.
 * False: both halves have been taken. */
bool batch_split_next(struct batch_split *split, struct group_batch *batch, bool *itself);

/* The members that get one part of a batch. */
struct recipients {
	const uint16_t *to; /* borrowed from the batch, or one of the lists below */
	uint32_t nb_to;
	uint32_t
		/* members that get a withdrawal instead, after the others */
		nb_withheld;
	uint16_t announced[CONFIG_PEERS], withheld[CONFIG_PEERS];
};

/* Sort the members that the batch is for. `wire`: the attributes as they are sent; `len` 0: the
 * part is withdrawn. */
void recipients_begin(struct recipients *recipients, struct adj_out *adj_out,
		      const struct group_batch *batch, const struct outbound_part *part,
		      const uint8_t *wire, uint16_t len);
/* Go on with the members from which the part is withheld. False: there are none, or they have been
 * taken. */
bool recipients_withheld(struct recipients *recipients);

#ifdef __cplusplus
}
#endif
#endif
