/* The way from the RIB lcore to the session lcores, for commands and for encoded messages. A
 * command for which a mailbox has no room waits here, in order. An encoded message is refused then,
 * and adj_out, which encoded it, offers it again. Thread: the RIB lcore. */
#ifndef BASCULE_OUTBOX_H
#define BASCULE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct out_session;
struct route_server;
struct rs_speaker;
struct wire_buf;

/* The session lcores; `speakers` is copied. 0 or -ENOMEM. */
int outbox_open(struct route_server *rs, const struct rs_speaker *speakers, unsigned int n);
void outbox_close(struct route_server *rs);

/* Post commands that wait, as far as there is room. Returns whether none waits any more. */
bool outbox_post(struct rs_speaker *speaker);
/* Give a speaker a command; never refused: what its mailbox has no room for waits, in order. */
void outbox_command(struct route_server *rs, unsigned int speaker, const void *record, size_t len);
/* Give it to each of them. */
void outbox_command_all(struct route_server *rs, const void *record, size_t len);

/* Have `buf` sent in the peer's current session (adj_out.send; `rs` is the route server); the
 * speaker gets a reference of its own. False: no room now. */
bool outbox_send(void *rs, const struct out_session *to, struct wire_buf *buf);
/* Octets that the peer's connection has taken in this session, as its session lcore counts them
 * (adj_out.taken). */
uint64_t outbox_taken(void *rs, const struct out_session *to);

#ifdef __cplusplus
}
#endif
#endif
