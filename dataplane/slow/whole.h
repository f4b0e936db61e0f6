/* TCP of many segments that leaves as the kernel handed it over, where the device takes it so: a
 * port of net_af_packet (gso_socket.h). Every other one gets segments (tcp_cut.h). */
#ifndef BASCULE_WHOLE_H
#define BASCULE_WHOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "slowpath_state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Send the frame of `port`'s LCP interface that is to be cut, and has not been yet, behind what was
 * gathered for the port that it leaves by. Returns how many segments it was; it is sent or,
 * counted, lost. 0: it cannot go whole, and is to be cut; then each segment says why if it cannot
 * go at all. */
uint32_t whole_send(struct slowpath *s, uint16_t port);

#ifdef __cplusplus
}
#endif
#endif
