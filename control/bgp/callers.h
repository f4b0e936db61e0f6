/* Who may connect to a speaker: from which address, by which interface, from how far away (RFC
 * 5082) and with which key (RFC 2385). It has the listeners, sets at the kernel what they must
 * check, and hands each connection to the session of its peer. What follows on the connection is
 * the session's. */
#ifndef BASCULE_CALLERS_H
#define BASCULE_CALLERS_H

#include <stdbool.h>
#include <stdint.h>

#include "address_book.h"
#include "listener.h"
#include "log.h"
#include "session.h"

#ifdef __cplusplus
extern "C" {
#endif

struct budget;
struct ttl_rule;

struct callers {
	struct session_host *host; /* borrowed */
	struct session *sessions;  /* borrowed; host->params.nb_peers, by peer index */
	struct listeners listeners;
	struct address_book book; /* of those that are not being removed */
	uint64_t change;	  /* number of the last change at a listener (listener.h) */
	bool listening;
	bool ttl_due;		    /* some listener may have ttl_due */
	struct ttl_rule *ttl_rules; /* owned; room for nb_peers */
	struct timer keys; /* set while a peer is barred, or the listeners lack their TTLs */
	uint16_t nb_keys;  /* peers behind the walk that sets keys again; nb_peers: it has ended */
	struct log_limit refused, failed;
	uint64_t accept_ms; /* no connection is accepted before: there was no descriptor for one */
};

/* Zeroed at first. Takes the ports; nobody can connect yet. -errno: callers_free() all the same. */
int callers_open(struct callers *callers, struct session_host *host, struct session *sessions);
void callers_free(struct callers *callers);
/* Nobody can connect any more. */
void callers_stop(struct callers *callers);

/* The session has a peer from now on; it has none any more. */
void callers_add(struct callers *callers, struct session *session);
void callers_remove(struct callers *callers, const struct session *session);
/* Set the peer's TCP-MD5 key at the listeners: the peer is barred as long as they refuse it. */
void callers_key(struct callers *callers, struct session *session);

/* Set a part of what the kernel must know yet. Returns how much was done; 0: it knows all. */
unsigned int callers_turn(struct callers *callers, const struct budget *budget);
/* Let peers connect once all peers are known that the speaker begins with (`all_known`), and the
 * kernel knows their TTLs. */
void callers_listen(struct callers *callers, bool all_known);
/* Accept connections that wait, one at least. Returns how many were looked at. */
unsigned int callers_accept(struct callers *callers, const struct budget *budget);

#ifdef __cplusplus
}
#endif
#endif
