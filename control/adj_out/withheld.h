/* What a peer has reset its session for. An implementation that cannot take an attribute may end
 * the session with each UPDATE that has it, and would do so for as long as the route is there. So
 * the culprit is looked for in the NOTIFICATION (RFC 4271 4.5: the data of code 3 is the
 * attribute), else in what the peer was told just before; after the second time what is like it is
 * withheld from that peer, until it is told otherwise or somebody asks for everything to be told
 * again. Likeness is of what is sent: after export policy, route map and all.
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
uint8_t withheld_standing(const struct withheld *withheld);
/* What the peer is told has changed, and with it what needs a seat at its circuit, and what can
 * come back from it. */
void withheld_changed(struct adj_out *adj_out, const struct receiver *peer);
/* It is told things again, and so is not told what stands. */
void withheld_joined(struct adj_out *adj_out, const struct receiver *peer);
/* All is to be told again. */
void withheld_forget(struct adj_out *adj_out, struct receiver *peer);

/* The suspect for which these attributes, as the peer would be sent them, are withheld from it; -1:
 * they are not. */
int withheld_match(const struct withheld *withheld, const uint8_t *wire, uint16_t len);
/* Are these prefixes to be withheld from the peer? If so, they are counted and people are told. */
bool withheld_from(struct adj_out *adj_out, struct receiver *peer, const struct outbound_part *part,
		   const uint8_t *wire, uint16_t len);
/* What the peer is told of these prefixes is not withheld, or there is nothing to tell any more. */
void withheld_over(struct receiver *peer, const struct outbound_part *part);
/* Of what it has been told to last: is this withheld? */
bool withheld_has(const struct receiver *peer, struct prefix prefix);
/* How many prefixes are withheld from the peer. Some fewer, if there was no memory to count
 * them. */
uint32_t withheld_count(const struct receiver *peer);
/* It is told nothing any more, or everything anew. */
void withheld_uncount(struct receiver *peer);

/* "attribute 40 (Prefix-SID)", for people. Returns buf. */
char *suspect_text(const struct suspect *suspect, char *buf, size_t size);

#ifdef __cplusplus
}
#endif
#endif
