/* How many prefixes ExpressRoute circuits take, counted as they are announced: after the outbound
 * route maps of the gateways, whether these are up or not. A prefix counts if it is announced to
 * one gateway at least; whether it is withheld from a gateway is known only while that is up. Each
 * summary of their maps keeps a place for itself, since it comes and goes with its contributors.
 * Contributors count for nothing, and a route for the summary's own prefix takes the summary's
 * place. Which prefixes are held back is the RIB's decision (rib_set_expressroute_max()).
 *
 *   reload ─► expressroute_bound_configure: other announcements to gateways
 *               └─► rib_seats_review ─► expressroute_bound_count of each prefix
 *
 * When maps change, gateways keep what they have until the new announcements are through. Until
 * then what the former maps let pass counts beside what the new ones do, so that at no time a
 * circuit has more than it takes. Thread: the RIB lcore. */
#ifndef BASCULE_EXPRESSROUTE_BOUND_H
#define BASCULE_EXPRESSROUTE_BOUND_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct backups;
struct path;
struct adj_out;
struct announcer;
struct update_group;

struct expressroute_bound {
	struct adj_out *adj_out; /* borrowed */
	/* owned: gateways with the same announcements are one kind, which has a reference to its
	 * map */
	struct update_group *kinds;
	uint32_t nb, leaving; /* leaving: of former maps, among them */
	uint32_t summaries;   /* prefixes that maps of `kinds` make */
};

void expressroute_bound_fini(struct expressroute_bound *bound);

/* The configuration is new: at most `max` prefixes for each gateway (0: no bound). Without memory
 * each prefix counts. */
void expressroute_bound_configure(struct expressroute_bound *bound, uint32_t max);
/* About once a second: has everything been announced to all gateways by their new maps? Then the
 * former ones count no more. */
void expressroute_bound_turn(struct expressroute_bound *bound, const struct announcer *announcer);

/* See rib_params.counts. */
bool expressroute_bound_count(const struct expressroute_bound *bound, const struct path *path,
			      bool ibgp, const struct backups *backups);

#ifdef __cplusplus
}
#endif
#endif
