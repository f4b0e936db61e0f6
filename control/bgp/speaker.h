/* A speaker is one session lcore's share of BGP: its peers' sessions, their sockets and timers. It
 * frames, decodes and judges what peers send and hands the RIB lcore finished records; it writes
 * the bytes that the RIB lcore encoded. It knows no routes. Two mailboxes join it to the RIB lcore,
 * one each way, and nothing else is shared but the statistics.
 *
 *   peer ─► session_readable ─► message_next ─► fsm_step ─► update_decode ─► to_rib
 *   peer ◄─ session_flush (writev) ◄─ tx queue of shared buffers ◄───────── from_rib
 *
 * What travels in them is a struct speaker_event to the RIB, a struct speaker_command from it.
 *
 * If `to_rib` is full, the speaker stops reading sockets until there is room: TCP carries the
 * pressure to the peer. Keepalives and hold timers go on meanwhile. */
#ifndef BASCULE_SPEAKER_H
#define BASCULE_SPEAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mailbox.h"
#include "records.h"
#include "speaker_params.h"

#ifdef __cplusplus
extern "C" {
#endif

struct speaker;
struct turns;

/* Takes the port to listen on if the parameters say so: -EADDRINUSE, -EACCES … -ENOMEM; nobody can
 * connect before the commands that wait at the first turn have been carried out. Mailboxes are
 * borrowed; -EINVAL if the longest record of `to_rib` is below SPEAKER_RECORD_MAX. */
int speaker_new(const struct speaker_params *params, struct mailbox *to_rib,
		struct mailbox *from_rib, struct speaker **speaker);
void speaker_free(struct speaker *speaker);

/* One turn: commands, sockets that are ready, timers; bounded by the clock. `now_ms` is monotonic.
 * Returns how much was done: 0 lets the caller idle. */
unsigned int speaker_turn(struct speaker *speaker, uint64_t now_ms);

/* A descriptor that is readable when a socket has news for speaker_turn(); borrowed. */
int speaker_poller(const struct speaker *speaker);

/* The parts of a speaker's turn, and how long its turns take. Lives until speaker_free(). */
enum speaker_part {
	SPEAKER_PART_COMMANDS,
	SPEAKER_PART_WALKS, /* over all peers, and over listeners whose TTLs change */
	SPEAKER_PART_ACCEPT,
	SPEAKER_PART_SESSIONS,
	SPEAKER_PART_TIMERS,
	SPEAKER_PARTS
};
const char *speaker_part_name(unsigned int part);
const struct turns *speaker_turns(const struct speaker *speaker);

/* Live numbers of a peer; NULL if this speaker does not have it. Lives until speaker_free(). */
const struct session_stats *speaker_stats(const struct speaker *speaker, uint16_t peer);

#ifdef __cplusplus
}
#endif
#endif
