/* A BGP session as a load needs it: it opens, keeps itself alive, says octets that somebody else
 * wrote, and hands over each UPDATE that it hears. What it hears is otherwise not judged. */
#ifndef BASCULE_TALKER_H
#define BASCULE_TALKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TALKER_RX = 256 << 10, TALKER_PEERS = 1024, TALKER_HOLD_S = 240, TALKER_KEEPALIVE_S = 30 };

struct talker {
	int fd;		    /* owned; -1: closed */
	uint32_t addr, asn; /* its own, host order */
	bool opened, up;    /* the other's OPEN has come; and its first KEEPALIVE */
	uint8_t *rx;	    /* owned, TALKER_RX octets */
	size_t rx_len;
	uint8_t own[128]; /* OPEN and KEEPALIVEs that are not written yet */
	size_t own_len;
	const uint8_t *out; /* borrowed; whole messages */
	size_t out_len, out_done;
	uint64_t said_ns; /* when it last wrote anything */
	char error[128];  /* why it is closed, when it should not be */
};

/* Called for each UPDATE, `len` octets with its header, which was read `now_ns`. False: it is
 * malformed, and the session ends. */
typedef bool (*talker_heard_fn)(void *arg, struct talker *talker, const uint8_t *message,
				size_t len, uint64_t now_ns);

/* Connected to `to` from `talker->addr`; or with the connection `fd`, which it then owns. Says OPEN
 * at once. False: `error` says why. */
bool talker_connect(struct talker *talker, uint32_t to, uint16_t port);
bool talker_take(struct talker *talker, int fd);
void talker_close(struct talker *talker);

/* Say these octets when the ones before have been said; they are borrowed until talker_idle(). */
void talker_say(struct talker *talker, const uint8_t *octets, size_t len);
static inline bool talker_idle(const struct talker *talker)
{
	return !talker->own_len && talker->out_done == talker->out_len;
}

/* Read what there is, once; write as much as the socket takes, 64 KiB at most. False: the session
 * is over, and `error` says why. */
bool talker_read(struct talker *talker, talker_heard_fn heard, void *arg, uint64_t now_ns);
bool talker_write(struct talker *talker, uint64_t now_ns);
/* A KEEPALIVE, if it has been silent for long. */
void talker_keep_alive(struct talker *talker, uint64_t now_ns);

#endif
