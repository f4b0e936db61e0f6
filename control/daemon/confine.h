/* What a daemon gives up when it has all that it will need, so that who takes it over by a fault of
 * ours gets little: capabilities, and system calls. Our systemd unit gives no more capabilities
 * than are kept; its filter of system calls is wider than ours, which comes on top of it. */
#ifndef BASCULE_CONFINE_H
#define BASCULE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A bit each of linux/capability.h. */
#define CONFINE_CAPABILITY(number) (UINT64_C(1) << (number))

/* Have no capability but those of `keep` from now on, nor get another one by execve(2). For the
 * calling thread and those that it makes, so: before there are any. 0 or -errno. */
int confine_capabilities(uint64_t keep);

/* Who is to be confined: one that has sockets of IPv4, IPv6 and UNIX, as any daemon; or one that
 * has devices too, so also netlink, AF_PACKET, and memory on a node or locked. */
enum confine_who { CONFINE_SOCKETS, CONFINE_DEVICES };

/* From now on no thread of the process may make another system call than those that a daemon's
 * loops make: what is refused fails with EPERM, and confine_refused() tells of it. No new program,
 * no new process, no debugger's call, no mount, no namespace, no key ring, no module.
 * For all threads, for ever. Another filter may be in force already: then what either refuses is
 * refused, and what ours does is told of. 0 or -errno; -EPERM if the other refuses seccomp(2). */
int confine_calls(enum confine_who who);

/* The next kind of call that was refused for the first time since the last look: its name ("call
 * 321" if it has none that we know), for the log. False: none. One thread looks. */
bool confine_refused(char *name, size_t size);

#ifdef __cplusplus
}
#endif
#endif
