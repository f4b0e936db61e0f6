/* Merges TCP segments that follow each other in a burst of punted packets, so that the kernel gets
 * them as one: a walk through its IP and TCP, and a system call, for many.
 *
 * It is what the kernel's own GRO would make of them, and the kernel can tell each segment's end
 * from the size (tso_segsz): all have it but the last. Merged is only what says nothing but octets:
 * plain headers (no options of IPv4, no extension headers of IPv6), no TCP option but timestamps
 * (never TCP-MD5, whose digest is over the segment), no flag but ACK and PSH, the same
 * acknowledgement and window, and a checksum that was found good, as a merged packet's is not
 * looked at again. An acknowledgement without octets that the next one overtakes is left out (RFC
 * 3449 5.2.1), unless it says more: it repeats one, or has SACK blocks. librte_gro asks for no
 * checksum, takes any option that is alike, and sorts segments that came out of order, which is
 * TCP's to see. */
#ifndef BASCULE_TCP_MERGE_H
#define BASCULE_TCP_MERGE_H

#include <stdint.h>

#include <rte_mbuf.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { TCP_MERGE_BURST = 64, TCP_MERGE_SEGMENTS = 64 };

/* Merge within `pkts`, at most TCP_MERGE_BURST frames that were received: a merged packet is the
 * chain of mbufs behind its first segment, with one header, the later ones without; l2_len, l3_len,
 * l4_len and tso_segsz are set, and its TCP checksum is the sum of the pseudo header. A packet of
 * one mbuf is as it came. Each flow's segments stay in order. Returns how many packets there are
 * now, from the front of `pkts`; `overtaken`: how many acknowledgements were left out, and
 * freed. */
uint16_t tcp_merge(struct rte_mbuf **pkts, uint16_t n, uint16_t *overtaken);

#ifdef __cplusplus
}
#endif
#endif
