/* Makes a socket filter (classic BPF) that drops packets from further away than their peer may be
 * (RFC 5082 3). It judges by source address, so that one listener can have it for many peers. An
 * accepted connection inherits it: so data, FIN and RST are judged from the handshake on, when
 * there is no socket yet that IP_MINTTL could be set on. SYN and bare ACK pass. A connection from
 * too far away is refused, visibly, when it is accepted: by the TTL of its SYN (attempt.c). A blind
 * attacker gains nothing by either. Pure: makes a program, and knows no socket. */
#ifndef BASCULE_TTL_FILTER_H
#define BASCULE_TTL_FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ttl_rule {
	struct prefix from;
	uint8_t ttl_min; /* TTL or hop limit; 0: all may pass */
};

/* The program for these rules of one family, of which the first that has the source counts; what
 * none has passes. `out` has room for BPF_MAXINSNS. Returns how many instructions it has; -E2BIG:
 * it does not fit, as may be with more than half as many rules, or with addresses of IPv6 of which
 * few that follow one another have the first 96 bits in common. */
int ttl_filter_make(const struct ttl_rule *rules, size_t nb_rules, struct sock_filter *out);

#ifdef __cplusplus
}
#endif
#endif
