/* Which members of a batch are told it in other words than the rest: the one that the next hop is the address of (RFC 4271
 * 5.1.3: it is told ours), and those that it is withheld from (withheld.h). One batch becomes up to three. Thread: the RIB
 * lcore. */
#ifndef BASCULE_TELLING_H
#define BASCULE_TELLING_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "group.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;
struct update_group;

struct telling {
	struct group_batch batch; /* as the group has it; borrowed like that */
	uint8_t left;		  /* a bit each of the three: still to be told */
	uint16_t itself;	  /* the member that is the next hop */
	uint32_t nb_plain, nb_without;
	uint16_t plain[CONFIG_PEERS], without[CONFIG_PEERS];
};

/* Sort the members of a batch that is announced. */
void telling_begin(struct telling *telling, struct route_server *rs,
		   const struct update_group *group, const struct group_batch *batch);
/* The next batch of it; `*itself`: its only member is the next hop. False: that was all. */
bool telling_next(struct telling *telling, struct group_batch *batch, bool *itself);

#ifdef __cplusplus
}
#endif
#endif
