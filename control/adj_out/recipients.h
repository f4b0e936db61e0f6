/* Which members of a batch are told it in other words than the rest: the one that the next hop is
 * the address of (RFC 4271 5.1.3: it is told ours), by batch; and those that it is withheld from
 * (withheld.h), by part of a batch, as that is judged by what is sent. Thread: the RIB lcore. */
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
	uint8_t left;		  /* a bit each of the two: still to be told */
	uint16_t itself;	  /* the member that is the next hop */
	uint32_t nb_plain;
	uint16_t plain[CONFIG_PEERS];
};

/* Sort the members of a batch that is announced. */
void batch_split_begin(struct batch_split *split, const struct adj_out *adj_out,
		       const struct update_group *group, const struct group_batch *batch);
/* The next batch of it; `*itself`: its only member is the next hop. False: that was all. */
bool batch_split_next(struct batch_split *split, struct group_batch *batch, bool *itself);

/* Who is told a part of a batch. */
struct recipients {
	const uint16_t *to; /* borrowed from the batch, or one of the lists below */
	uint32_t nb_to;
	uint32_t
		/* those that it is withheld from: they are told, after the others, that it is
		 * gone */
		nb_withheld;
	uint16_t announced[CONFIG_PEERS], withheld[CONFIG_PEERS];
};

/* Sort those that the batch is for. `wire`: the attributes as they are sent; `len` 0: it is
 * withdrawn. */
void recipients_begin(struct recipients *recipients, struct adj_out *adj_out,
		      const struct group_batch *batch, const struct outbound_part *part,
		      const uint8_t *wire, uint16_t len);
/* Those that it is withheld from; false: there are none, or that was they. */
bool recipients_withheld(struct recipients *recipients);

#ifdef __cplusplus
}
#endif
#endif
