/* TCP for BGP, and the only file that knows sockets: non-blocking, watched by one edge-triggered
 * poller a speaker. It carries octets and knows no messages. Errors are negative errno values;
 * -EAGAIN means later, and is no error. */
#ifndef BASCULE_TRANSPORT_H
#define BASCULE_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "addr.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	TRANSPORT_BACKLOG = 128, /* connections that wait at a listener, at most */
	TRANSPORT_DEAD_S = 60,
	/* of all that we send (RFC 5082 3): a peer sees by it how far we are */
	TRANSPORT_TTL = 255,
};

/* A socket and what is known about it. Embedded in its owner; fd -1: there is none.
 * transport_poll() sets the flags, and the call that meets -EAGAIN clears them: a socket that was
 * left unread stays readable without another system call. */
struct transport {
	int fd;
	bool readable, writable;
	bool hung_up; /* the peer has closed its side, or the connection has failed */
	uint8_t kind; /* the owner's: what to make of a ready one */
};

/* Where to connect, and how. */
struct transport_target {
	/* borrowed: the one that it leaves by, whatever the kernel's routes say */
	const char *interface;
	struct addr remote, local; /* of one family; local unspecified: the kernel chooses */
	uint16_t port;
	/* what comes with a lower TTL (hop limit) is dropped (RFC 5082); 0: nothing is */
	uint8_t ttl_min;
	uint8_t key_len; /* TCP-MD5 (RFC 2385) key, at most 80 octets; 0: none */
	const uint8_t *key;
};

/* A poller is a file descriptor; close it with transport_poller_close(). */
int transport_poller(void);
void transport_poller_close(int poller);

/* The sockets on which something happened since the last call, at most `max` (<= 64). Never
 * waits. */
int transport_poll(int poller, struct transport **ready, int max);

/* A listener for the address and port that takes what comes in by `interface` and nothing else; two
 * of them, on different interfaces, may have the same port. Nobody can connect before
 * transport_listen(). -ENODEV: there is no such interface. */
int transport_bind(struct transport *t, const char *interface, struct addr addr, uint16_t port);
int transport_listen(int poller, struct transport *t);

/* The index of an interface, 0 if there is none. */
unsigned int transport_interface(const char *interface);
/* The link-local address that an interface has by its MAC address (RFC 4291 appendix A);
 * unspecified: there is no such interface. */
struct addr transport_link_local(const char *interface);
/* Hold a socket to the interface that has the name now. */
int transport_hold(const struct transport *t, const char *interface);

/* The TCP-MD5 key that connections from `remote`, of the listener's family, must carry from now on;
 * key_len 0 removes it. What was established before lies in the queue still. */
int transport_listen_key(const struct transport *listener, struct addr remote, const uint8_t *key,
			 uint8_t key_len);

/* What comes for connections that have not been adopted yet goes through this program
 * (ttl_filter.h), and through it alone from now on; n 0: through none. What was established before
 * lies in the queue still. -ENOMEM: net.core.optmem_max is reached. */
struct sock_filter;
int transport_listen_filter(const struct transport *listener, const struct sock_filter *program,
			    uint16_t n);

/* The next connection: its descriptor, not yet watched, and the peer's address. -EAGAIN: no
 * more. */
int transport_accept(struct transport *listener, struct addr *remote);
/* Refuse what transport_accept() gave: the peer sees a reset. */
void transport_refuse(int fd);
/* The TTL or hop limit that the first packet of what transport_accept() gave came with; may be
 * asked once. -errno. */
int transport_first_ttl(int fd);
/* Take over what transport_accept() gave, here or in another speaker. `ttl_min` as in struct
 * transport_target. On error `fd` is closed. */
int transport_adopt(int poller, struct transport *t, int fd, uint8_t ttl_min);

/* The end here of what transport_accept() gave, or is attached; unspecified if there is none. */
struct addr transport_local(int fd);

/* Begin to connect. When the socket gets writable, transport_connected() says how it went. */
int transport_connect(int poller, struct transport *t, const struct transport_target *target);
int transport_connected(const struct transport *t);

/* Hand a socket over from one owner to another, flags and all; `from` is left without. 0 or -errno:
 * nothing has changed. */
int transport_move(int poller, struct transport *from, struct transport *to);

/* Octets read, 0 at the end of the stream. */
ssize_t transport_read(struct transport *t, void *buf, size_t size);
/* Octets written, maybe fewer than asked. */
ssize_t transport_writev(struct transport *t, const struct iovec *iov, int n);

/* Have TCP find out by itself that the peer is dead (RFC 9293 3.8.4), within TRANSPORT_DEAD_S: for
 * want of a hold timer. */
int transport_probe(const struct transport *t);

/* Say that no more will be written; the peer reads on to the end. */
void transport_finish(struct transport *t);
/* Let go of the socket: in order, or with a reset that also drops what was not yet acknowledged.
 * Both forgive fd -1. */
void transport_close(struct transport *t);
void transport_abort(struct transport *t);

#ifdef __cplusplus
}
#endif
#endif
