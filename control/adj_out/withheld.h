/* What is withheld from a peer because it reset its session for it. An implementation that cannot
 * take an attribute may end the session at each UPDATE that has it, and would do so for as long as
 * the route is there. suspects.h finds out which attribute or route that was. After WITHHELD_AFTER
 * resets, whatever is like the suspect is withheld from that peer, prefix by prefix until something
 * else is announced for the prefix, or until somebody asks for everything to be announced again.
 * Likeness is judged by the attributes as they are sent: after export policy and route map. Other
 * peers get the route.
 *
 *   suspects.c ─► suspects ─► withheld_from ◄─ recipients.c, for each part of a batch
 *
 * Thread: the RIB lcore. */
#ifndef BASCULE_WITHHELD_H
#define BASCULE_WITHHELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adj_out.h"
#include "prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

struct outbound_part;

enum { WITHHELD_AFTER = 2 }; /* resets */

/* Is this like what the suspect is? `wire`: attributes as they are sent. */
bool suspect_is_like(const struct suspect *suspect, const uint8_t *wire, uint16_t len);
/* How many of the suspects stand: what is like them is withheld. */
uint8_t suspects_standing(const struct suspects *suspects);
/* What is announced to the peer has changed, of each family. So have the prefixes that need a seat
 * at its circuit (ExpressRoute), or the routes that can come back from it. */
void withheld_changed(const struct out_session *session);
/* The peer joins a group: what stands is withheld from it. */
void withheld_joined(const struct receiver *peer);
/* Everything is to be announced to it again: there are no suspects any more. */
void withheld_forget(struct out_session *session);

/* The suspect for which these attributes, as the peer would be sent them, are withheld from it; -1:
 * they are not. */
int withheld_match(const struct suspects *suspects, const uint8_t *wire, uint16_t len);
/* Are these prefixes to be withheld from the peer? If so, they are counted, and an event says
 * so. */
bool withheld_from(struct adj_out *adj_out, struct receiver *peer, const struct outbound_part *part,
		   const uint8_t *wire, uint16_t len);
/* These prefixes are announced to the peer, or withdrawn: they are not withheld any more. */
void withheld_over(struct receiver *peer, const struct outbound_part *part);
/* Was this prefix withheld when it was last to be announced? */
bool withheld_has(const struct receiver *peer, struct prefix prefix);
/* How many prefixes are withheld from the peer. Some fewer, if there was no memory to count
 * them. */
uint32_t withheld_count(const struct receiver *peer);
/* Nothing is announced to the peer any more, or everything anew: nothing is counted as withheld. */
void withheld_uncount(struct receiver *peer);

/* "attribute 40 (Prefix-SID)", for people. Returns buf. */
char *suspect_text(const struct suspect *suspect, char *buf, size_t size);

#ifdef __cplusplus
}
#endif
#endif
