/* What ICMP errors are in IPv6 (RFC 4443): icmp.h's for both families uses it.
 *
 * We send Destination Unreachable, Packet Too Big and Time Exceeded. Parameter Problem is due where
 * a header or an option is processed, which transit's are not (RFC 8200 4, 4.3): the kernel sends
 * it about packets to ourselves. Of those that the gate or a filter stops, nobody is told (3.1,
 * code 1), as in IPv4. */
#ifndef BASCULE_ICMP6_H
#define BASCULE_ICMP6_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ip.h>
#include <rte_mbuf.h>

#include "fib_prefix.h"
#include "punt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* May an error be sent about this packet, whose header is good (2.4 e)? Not about an ICMPv6 error
 * or redirect, nor about what could be one behind extension headers or in a later fragment; nor to
 * an address of many or none, nor about what is to many (of which none is forwarded: so the
 * exception of e.3 is never needed). */
bool icmp6_permitted(const struct rte_ipv6_hdr *ip);

/* Append the error about `cause` to `answer`, which has the header of its frame and room for 1,280
 * octets. */
void icmp6_append(struct rte_mbuf *answer, const struct rte_ipv6_hdr *cause, enum punt_error error,
		  uint16_t mtu, const struct fib_addr *from);

#ifdef __cplusplus
}
#endif
#endif
