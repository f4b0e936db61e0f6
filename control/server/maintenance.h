/* What operators have taken out of service, and where that survives: a state file (state_file.h).
 * The instance may be drained; a peer may be drained, or shut down with a text for it (RFC 9003).
 * Peers are known by name. It knows no session and no route: service.h does what follows.
 *
 *   bascule maintenance 1
 *   instance drained
 *   peer NAME drained
 *   peer NAME shutdown TEXT     the text may be absent
 *
 * Nothing here waits for the disk but maintenance_open(). Thread: the RIB lcore. */
#ifndef BASCULE_MAINTENANCE_H
#define BASCULE_MAINTENANCE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

struct state_file;

enum {
	MAINTENANCE_TEXT = 256,	    /* with its NUL: RFC 9003 2 has room for 255 octets */
	MAINTENANCE_SLOW_MS = 3000, /* a disk that takes longer is in trouble */
};

struct maintenance_peer {
	char name[CONFIG_NAME];
	bool drained, shut;
	char text[MAINTENANCE_TEXT]; /* of the shutdown; may be empty */
};

struct maintenance {
	char path[PATH_MAX];		/* of the state file */
	struct state_file *file;	/* owned */
	uint64_t now_ms;		/* monotonic; the owner turns it */
	uint64_t wanted_ms;		/* when the file was last wanted to say something else */
	bool drained;			/* the whole instance */
	struct maintenance_peer *peers; /* owned: those with something to say, in no order */
	size_t nb_peers, room;
	char broken[128]; /* what of the file was not understood at the start; empty: nothing */
};

/* Read the state file at `path`. Without a file nothing is out of service. Lines that say something
 * else are passed over, said in the log and kept in `broken`: what the others say holds. 0, or
 * -errno: there is no thread for the file. */
int maintenance_open(struct maintenance *m, const char *path);
/* Close the file. A slow disk has two seconds for what is still to be stored. */
void maintenance_close(struct maintenance *m);

/* What is said of a peer; NULL: nothing. Borrowed until the next change. */
const struct maintenance_peer *maintenance_find(const struct maintenance *m, const char *name);
/* Say it, instead of what was said. 0 or -ENOMEM. */
int maintenance_set(struct maintenance *m, const struct maintenance_peer *peer);
/* Forget the peers that `config` does not have. */
void maintenance_prune(struct maintenance *m, const struct config *config);

/* May this be the text of a shutdown? UTF-8 without control characters, up to 255 octets. */
bool maintenance_text_valid(const char *text);

/* Have it stored as it is now. Returns a ticket for maintenance_stored(). */
uint64_t maintenance_store(struct maintenance *m);
/* 0: it is on disk; -EINPROGRESS; -ECANCELED: something else came after it, which says this too;
 * else why it cannot be written yet. */
int maintenance_stored(const struct maintenance *m, uint64_t ticket);
/* What is wrong with the file at this moment. NULL: nothing. `buf` has `size` octets. */
const char *maintenance_trouble(const struct maintenance *m, char *buf, size_t size);

#ifdef __cplusplus
}
#endif
#endif
