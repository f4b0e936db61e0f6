/* The records that the lcores of BGP exchange: commands of the RIB lcore to a speaker, and events
 * that a speaker reports to the RIB lcore. A record lies in a mailbox (mailbox.h) until its reader
 * is done with it. */
#ifndef BASCULE_RECORDS_H
#define BASCULE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr_policy.h"
#include "attrs.h"
#include "prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	SPEAKER_LISTENING = 0, /* index, among an instance's speakers, of the one that listens */
	SPEAKER_NAME = 32,
	SPEAKER_PASSWORD = 80,
	SPEAKER_REASON = 160,
	SPEAKER_COMMUNICATION = 256, /* with its NUL (RFC 9003 2) */
	SPEAKER_NOTIFY_DATA = 256,   /* octets of a NOTIFICATION's data that are passed on */
	SPEAKER_TX_HIGH = 4 << 20,   /* octets queued for one peer; past it the peer is lagging */
	/* octets of all that one message may turn into, an UPDATE of each family at most: receive.c
	 * holds it against the message's */
	SPEAKER_RECORD_MAX = 26 << 10,
};

/* --- RIB lcore to speaker --------------------------------------------------------------------- */

enum speaker_command_type {
	SPEAKER_PEER_ADD = 1, /* struct speaker_peer_add */
	/* struct speaker_peer_reset: as reset, and the peer is forgotten; confirmed by
	 * SPEAKER_REMOVED */
	SPEAKER_PEER_REMOVE,
	/* struct speaker_peer_reset: NOTIFICATION, then peer again (after hold_off_s) */
	SPEAKER_PEER_RESET,
	/* struct speaker_command: a route leads to the peer now: connect without waiting any
	 * longer */
	SPEAKER_PEER_CALL,
	SPEAKER_SEND, /* struct speaker_send */
	/* struct speaker_command: ROUTE-REFRESH for its family, if the peer has the capability */
	SPEAKER_SEND_REFRESH,
	/* struct speaker_accepted: a socket that another speaker accepted for this peer */
	SPEAKER_CONNECTION,
	/* struct speaker_command, peer ignored: the restart is over, R bit off in later OPENs */
	SPEAKER_RESTARTED,
	/* struct speaker_peer_reset, peer ignored: every session, then SPEAKER_STOPPED */
	SPEAKER_STOP,
};

struct speaker_command {
	uint16_t type, peer;
	/* of the session meant (SPEAKER_UP); commands for one that has gone are ignored. 0: any */
	uint32_t epoch;
	uint8_t family; /* enum family: of SPEAKER_SEND_REFRESH */
};

struct speaker_peer_add {
	struct speaker_command head;
	char name[SPEAKER_NAME];
	struct addr addr; /* link-local: on the interface */
	/* length 0: none; else the peer is whoever comes from it (passive only), and addr is
	 * unspecified, of its family */
	struct prefix subnet;
	/* our address to connect from, of addr's family; unspecified: the interface's first of it,
	 * link-local if addr is */
	struct addr local;
	uint32_t asn;
	uint16_t hold_s, port;
	uint8_t interface;    /* index into speaker_params.interfaces */
	uint8_t ttl_security; /* hops that it may be away at most (RFC 5082), 1: on link; 0: any */
	uint16_t hold_min_s;  /* an OPEN with a hold time below it is refused; 0: none is */
	bool multihop, passive;
	/* a set of families (family_bit()): those that we offer, of which one at least must be the
	 * peer's too */
	uint8_t families;
	bool extended_next_hop; /* offer IPv4 prefixes with IPv6 next hops (RFC 8950) */
	bool restarting;	/* R bit in OPEN (RFC 4724) while the restart lasts */
	/* F bits: a set of families: truthfully, for which of them the dataplane kept forwarding
	 * over our restart */
	uint8_t forwarding_kept;
	/* shut down by an operator: nobody connects, nobody is let in, until a reset says
	 * otherwise */
	bool shut;
	/* The session is another speaker's; the listening speaker gets its peers too, to admit
	 * their connections (with their TCP-MD5 key) and hand them over by SPEAKER_ACCEPTED. */
	bool elsewhere;
	struct attr_policy attributes; /* of those that come in */
	uint8_t password_len;
	uint8_t password[SPEAKER_PASSWORD];
};

struct speaker_peer_reset {
	struct speaker_command head;
	uint8_t code, subcode; /* NOTIFICATION; code 0: close without one */
	bool shut;	       /* shut down by an operator: do not peer again until another reset */
	uint8_t reserved;
	uint32_t hold_off_s; /* do not peer again before this has passed */
	/* Cease/1: the bound, which the NOTIFICATION tells (RFC 4486 4) */
	uint32_t max_prefixes;
	/* shutdown communication (RFC 9003) for Cease/2 and Cease/4; may be empty */
	char text[SPEAKER_COMMUNICATION];
};

/* Encoded messages that several peers share. Counted: the maker holds one reference and adds one
 * for each SPEAKER_SEND; the speaker gives it back when the last octet is written or the session
 * has gone. Immutable. */
struct wire_buf {
	uint32_t refs; /* atomic */
	uint32_t len;
	uint8_t data[];
};
struct wire_buf *wire_buf_new(size_t len); /* one reference; NULL: no memory */
void wire_buf_get(struct wire_buf *buf);
void wire_buf_put(struct wire_buf *buf);

struct speaker_send {
	struct speaker_command head;
	struct wire_buf *buf; /* one reference goes with it */
};

/* --- speaker to RIB lcore --------------------------------------------------------------------- */

enum speaker_event_type {
	SPEAKER_UP = 1, /* struct speaker_up: Established */
	SPEAKER_DOWN,	/* struct speaker_down: was Established, is no more */
	SPEAKER_STATE,	/* struct speaker_state: any other change that an operator wants to see */
	SPEAKER_UPDATE, /* struct speaker_update */
	SPEAKER_EOR,	/* struct speaker_event: End-of-RIB for its family */
	/* struct speaker_event: the peer asks for our Adj-RIB-Out again, of its family */
	SPEAKER_REFRESH,
	/* struct speaker_event: more than SPEAKER_TX_HIGH is queued; send no more */
	SPEAKER_LAGGING,
	SPEAKER_DRAINED, /* struct speaker_event: its queue is empty again */
	/* struct speaker_accepted: a connection from a peer that is another speaker's */
	SPEAKER_ACCEPTED,
	SPEAKER_REMOVED, /* struct speaker_event: nothing of this peer is left here */
	SPEAKER_STOPPED, /* struct speaker_event, peer 0: all sessions are closed */
};

struct speaker_event {
	uint16_t type, peer;
	uint32_t epoch; /* counts the peer's Established sessions from 1 */
	uint8_t family; /* enum family: of SPEAKER_EOR and SPEAKER_REFRESH */
};

enum {
	SPEAKER_CAP_REFRESH = 1 << 0,	    /* RFC 2918 */
	SPEAKER_CAP_AS4 = 1 << 1,	    /* RFC 6793 */
	SPEAKER_CAP_GR = 1 << 2,	    /* RFC 4724, IPv4 unicast listed */
	SPEAKER_CAP_GR_RESTARTING = 1 << 3, /* R bit */
	SPEAKER_CAP_GR_FORWARDING = 1 << 4, /* F bit for IPv4 unicast */
	SPEAKER_CAP_MP_IPV4 = 1 << 5,	    /* listed, or no MP capability at all */
	/* RFC 4724, whatever is listed: it sends End-of-RIB */
	SPEAKER_CAP_GR_AWARE = 1 << 6,
	/* of IPv6 unicast, as those of IPv4 */
	SPEAKER_CAP_GR_IPV6 = 1 << 7,
	SPEAKER_CAP_GR_FORWARDING_IPV6 = 1 << 8,
	SPEAKER_CAP_MP_IPV6 = 1 << 9,
	/* RFC 8950: IPv4 unicast with IPv6 next hops */
	SPEAKER_CAP_EXTENDED_NEXT_HOP = 1 << 10,
};

struct speaker_up {
	struct speaker_event head;
	uint32_t remote_id;	      /* host order */
	struct addr local_addr;	      /* the session's own end */
	struct addr remote_addr;      /* the peer's: news only with a subnet */
	struct addr link_local;	      /* ours on its interface; 0.0.0.0: none */
	uint16_t hold_s, keepalive_s; /* negotiated */
	uint16_t restart_s;	      /* the peer's (RFC 4724) */
	/* SPEAKER_CAP_*: what the peer has; of what belongs to a family, what we have too */
	uint16_t caps;
	uint16_t message_max; /* 4096 */
	bool ibgp;
};

struct speaker_down {
	struct speaker_event head;
	/* NOTIFICATION sent or received; 0/0: none, the connection was lost */
	uint8_t code, subcode;
	bool received; /* the peer sent it */
	bool reset;    /* the connection was reset */
	/* graceful restart: the loss is of a kind that RFC 4724 4.2 lets a helper ride out */
	bool keep;
	/* one line for people, with the RFC clause where there is one */
	char reason[SPEAKER_REASON];
	uint16_t data_len; /* of what was received: see below */
	uint8_t data[SPEAKER_NOTIFY_DATA];
};

enum session_state {
	SESSION_IDLE,
	SESSION_CONNECT,
	SESSION_ACTIVE,
	SESSION_OPENSENT,
	SESSION_OPENCONFIRM,
	SESSION_ESTABLISHED
};
const char *session_state_name(enum session_state state); /* "Idle", "Connect", ... */

struct speaker_state {
	struct speaker_event head;
	uint8_t state; /* enum session_state */
	uint8_t code, subcode;
	bool received;
	/* why it is not Established; empty if there is nothing to say */
	char reason[SPEAKER_REASON];
};

struct speaker_accepted {
	struct speaker_event head; /* as command: struct speaker_command */
	int fd;			   /* owned by whoever holds the record */
	struct addr remote;
};

/* One UPDATE, judged. Treat-as-withdraw has been applied: its prefixes stand among the withdrawn.
 * Behind it lie
 *   uint8_t attrs[attrs_len]; the prefixes withdrawn, withdrawn_len octets; those announced,
 *   announced_len; NLRI_SLACK octets that say nothing
 * where prefixes are as on the wire, checked, for nlri_load() (nlri.h) to read. One that names no
 * prefix, and about which there is nothing to tell, is not passed on. */
struct speaker_update {
	struct speaker_event head;
	struct attr_keys keys;
	uint16_t attrs_len; /* canonical wire form (attrs.h); 0 if nothing is announced */
	uint16_t withdrawn_len, announced_len; /* octets of prefixes ... */
	uint16_t nb_withdrawn, nb_announced;   /* ... and how many those are */
	/* the last of the withdrawn, which the message announces */
	uint16_t refused_len, nb_refused;
	uint16_t
		/* prefixes announced that no route can be for, passed over (nlri.h) ... */
		nb_martians;
	struct prefix martian; /* ... and the first of them */
	uint64_t stripped[4];  /* attributes that policy took out, a bit a code */
	/* attribute for which policy drops the routes, which stand among the withdrawn; 0: none */
	uint8_t drop;
	const char *fault;  /* what was malformed, with the clause; static text, or NULL */
	uint8_t fault_code; /* attribute that it was about; 0: none */
	uint8_t verdict;    /* enum bgp_verdict: what the fault cost */
	/* enum speaker_loop: announced nothing because of it; its prefixes stand among the
	 * withdrawn */
	uint8_t loop;
	uint8_t family; /* enum family: of all its prefixes */
};
enum speaker_loop {
	SPEAKER_LOOP_NONE,
	SPEAKER_LOOP_AS,	 /* own AS in AS_PATH (RFC 4271 9.1.2) */
	SPEAKER_LOOP_ORIGINATOR, /* own router ID (RFC 4456 8) */
	SPEAKER_LOOP_CLUSTER,
	SPEAKER_LOOP_COUNT
};

static inline const uint8_t *speaker_update_attrs(const struct speaker_update *u)
{
	return (const uint8_t *)(u + 1);
}
static inline const uint8_t *speaker_update_withdrawn(const struct speaker_update *u)
{
	return speaker_update_attrs(u) + u->attrs_len;
}
static inline const uint8_t *speaker_update_announced(const struct speaker_update *u)
{
	return speaker_update_withdrawn(u) + u->withdrawn_len;
}
static inline const uint8_t *speaker_update_refused(const struct speaker_update *u)
{
	return speaker_update_announced(u) - u->refused_len;
}
/* Behind the last prefix; NLRI_SLACK octets follow. */
static inline const uint8_t *speaker_update_end(const struct speaker_update *u)
{
	return speaker_update_announced(u) + u->announced_len;
}

/* --- statistics: written by the speaker, read by anybody (relaxed loads) ---------------------- */

struct session_stats {
	uint64_t rx_messages, tx_messages, rx_updates, tx_updates, rx_bytes, tx_bytes;
	uint64_t attr_discard, treat_as_withdraw; /* UPDATEs */
	uint64_t attr_stripped;			  /* UPDATEs that policy took an attribute from */
	uint64_t attr_dropped;			  /* prefixes that it dropped for one */
	uint64_t loops[SPEAKER_LOOP_COUNT];	  /* prefixes refused for it */
	/* prefixes refused for AS 0 in their path (RFC 7607) */
	uint64_t as_zero;
	/* prefixes that no route can be for, passed over (nlri.h) */
	uint64_t martians;
	uint64_t established; /* times */
	uint64_t tx_queued;   /* octets waiting now */
	uint64_t
		/* octets of SPEAKER_SEND in this session that the connection has taken */
		tx_shared;
};

#ifdef __cplusplus
}
#endif
#endif
