/* Whom the loss of a session is put down to: an attribute that the peer names (RFC 4271 4.5), or
 * what its group was told just before. What stands as the culprit is withheld (withheld.h).
 *
 *   announce.c ─ announced_note ─► what was told last ─┐
 *   SPEAKER_DOWN ─► suspects_note_reset ──────────┴─► suspects of the peer
 *
 * Thread: the RIB lcore. */
#ifndef BASCULE_SUSPECTS_H
#define BASCULE_SUSPECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct adj_out;
struct receiver;
struct speaker_down;
struct suspect;
struct announced_part;
struct announced_last;

enum {
	SUSPECTS_RECENT_MS = 1000, /* what was told so long before a reset may be why */
	/* a session that is lost without a word sooner may have many reasons */
	SUSPECTS_STEADY_MS = 5000,
};

/* A group is told this. */
void announced_note(struct announced_last *last, const struct announced_part *announced);

/* The peer's session, which is still up as far as its group knows, has gone like this. */
void suspects_note_reset(struct adj_out *adj_out, struct receiver *peer,
			 const struct speaker_down *down);
/* Is the route that the suspect is named after still withheld from the peer? */
bool suspect_stands(const struct receiver *peer, const struct suspect *suspect);

#ifdef __cplusplus
}
#endif
#endif
