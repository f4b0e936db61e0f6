/* Which attribute or route a session was probably reset for: the attribute that the peer's
 * NOTIFICATION names (RFC 4271 4.5), else what was announced to its group just before. Here it is
 * only found and counted; what is like a suspect that was found again is withheld (withheld.h).
 *
 *   announce.c ─ announced_note ─► what was announced last ─┐
 *   SPEAKER_DOWN ─► suspects_note_reset ─────────────────────┴─► suspects of the peer
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

struct events;
struct out_session;
struct speaker_down;
struct suspect;
struct announced_part;
struct announced_last;

enum {
	/* what was announced at most so long before a reset may be its reason */
	SUSPECTS_RECENT_MS = 1000,
	/* a session that is lost without a word sooner may have many reasons */
	SUSPECTS_STEADY_MS = 5000,
};

/* Keep a part of a batch that has been announced to a group. */
void announced_note(struct announced_last *last, const struct announced_part *announced);

/* The session has ended like this; the peer is still a member of its groups. */
void suspects_note_reset(struct out_session *session, const struct speaker_down *down,
			 struct events *events, uint64_t now_ms);
/* Is the route that the suspect is named after still withheld from the peer? */
bool suspect_stands(const struct out_session *session, const struct suspect *suspect);

#ifdef __cplusplus
}
#endif
#endif
