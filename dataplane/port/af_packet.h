/* net_af_packet's sockets, and three things of them that its driver does not ask us about.
 *
 * It makes every socket, also the only one of a port, a member of a fan-out group that has the
 * kernel reassemble fragments (packet(7), PACKET_FANOUT_FLAG_DEFRAG). A router must not: what comes
 * out is larger than the MTU, is cut to the ring's slot, and would have to be taken apart again. No
 * argument turns it off, so the call is met on its way: af_packet.c defines setsockopt() for the
 * process. A port's only socket joins no group, several join one that leaves fragments alone. Nor
 * may what finds its lcore's ring full go to another's (PACKET_FANOUT_FLAG_ROLLOVER), where it
 * overtakes what came before it: it is lost, as on a NIC.
 *
 * And a socket stays bound to a device that was deleted, though one of the same name was made in
 * its place: bind it to the new one. And it has no call to receive frames to groups. */
#ifndef BASCULE_AF_PACKET_H
#define BASCULE_AF_PACKET_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { AF_PACKET_SOCKETS = 256 };

/* Bind the sockets that were bound to device `from` (an index of the kernel's) to device `to`; the
 * rings stay. -ENOTSUP: they are a fan-out group, which cannot move; another -errno of bind(2). */
int af_packet_rebind(int from, int to);

/* Have them hear only what comes in by device `ifindex`, not what leaves by it. -errno: they still
 * hear both. */
int af_packet_ignore_outgoing(int ifindex);

/* Have the device receive frames to all groups, as long as the sockets are there; a device that
 * they are bound to later too. -errno. */
int af_packet_hear_groups(int ifindex);

/* The socket of a device's receive queue, which gets readable when a packet comes; borrowed,
 * -ENOENT if there is none. */
int af_packet_socket(int ifindex, uint16_t queue);

/* How many sockets are bound to device `ifindex`. */
uint32_t af_packet_sockets(int ifindex);

#ifdef __cplusplus
}
#endif
#endif
