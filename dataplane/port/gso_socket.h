/* The way of whole TCP segments into the kernel device under a port of net_af_packet: a packet
 * socket beside the driver's, which takes a frame of up to 64 KiB for many segments, as a NIC with
 * TSO would (PACKET_VNET_HDR; virtio 1.2, 5.1.6). The device, or the kernel before it, cuts it: the
 * driver's ring has a slot, a walk through the kernel and a turn of its softirqs for each segment.
 *
 * It only sends. What it sends passes the device's queueing discipline, which the driver does not
 * ask; a veth pair has none. */
#ifndef BASCULE_GSO_SOCKET_H
#define BASCULE_GSO_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define class class_ /* it has a member of that name */
#endif
#include <linux/virtio_net.h>
#undef class

#include "tag_map.h"

#ifdef __cplusplus
extern "C" {
#endif

struct gso_socket {
	int fd; /* owned, while */
	bool open;
	uint64_t packets, octets; /* atomic: segments that were sent; the main lcore writes */
};

/* For device `ifindex` of the kernel's. -errno. */
int gso_socket_open(struct gso_socket *s, int ifindex);
void gso_socket_close(struct gso_socket *s);
/* From now on for another device. Closed: nothing. -errno. */
int gso_socket_rebind(struct gso_socket *s, int ifindex);

/* What is sent as one frame. */
struct gso_frame {
	struct virtio_net_hdr offload; /* of the frame as it leaves, tags included */
	const uint8_t *macs;	       /* its first 12 octets; borrowed, as all */
	const struct tag_header *tags;
	const uint8_t *rest; /* from the EtherType behind the tags on */
	size_t rest_len;
};

/* Does not block. -EAGAIN, -ENOBUFS: the device is busy with others, and the frame is lost; another
 * -errno: it was not taken. */
int gso_socket_send(const struct gso_socket *s, const struct gso_frame *frame);

#ifdef __cplusplus
}
#endif
#endif
