/* The kernel's end of an LCP interface, where a socket pair stands for it: frames behind the header
 * of their offloads. */
#ifndef BASCULE_TEST_KERNEL_END_H
#define BASCULE_TEST_KERNEL_END_H

#include <sys/uio.h>
#include <unistd.h>

#include <cstdint>

#include "tcp_cut.h"

/* The octets of a frame, or what read() says. */
inline ssize_t kernel_read(int fd, void *octets, size_t size, struct virtio_net_hdr *offload)
{
	struct iovec parts[] = { { offload, sizeof(*offload) }, { octets, size } };
	ssize_t len = readv(fd, parts, 2);

	return len > (ssize_t)sizeof(*offload) ? len - (ssize_t)sizeof(*offload) : len;
}

inline ssize_t kernel_read(int fd, void *octets, size_t size)
{
	struct virtio_net_hdr offload;

	return kernel_read(fd, octets, size, &offload);
}

inline ssize_t kernel_write(int fd, const void *octets, size_t len,
			    struct virtio_net_hdr offload = {})
{
	struct iovec parts[] = { { &offload, sizeof(offload) },
				 { const_cast<void *>(octets), len } };

	return writev(fd, parts, 2) - (ssize_t)sizeof(offload);
}

#endif
