/* Frames of a device with several ports, or with tags: which port each is of. A device with one
 * untagged port, whose driver marks every packet as that port's, does not come here. */
#ifndef BASCULE_DEMUX_H
#define BASCULE_DEMUX_H

#include <stdint.h>

#include <rte_mbuf.h>

#include "forwarder.h"
#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All borrowed. */
struct demux {
	const struct tag_map *map; /* the device's */
	const struct port *ports;  /* by id, as */
	struct counters *counters; /* these are: the lcore's */
};

/* Take the tags off and forward_burst() the frames of each port, which are counted as its own; what
 * is of no port is dropped and counted in f->counters. As forward_burst(), takes 1 to FORWARD_BURST
 * frames over. */
void demux_burst(struct forwarder *f, const struct demux *demux, struct rte_mbuf **pkts,
		 uint16_t n);

#ifdef __cplusplus
}
#endif
#endif
