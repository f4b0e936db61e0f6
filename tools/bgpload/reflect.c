/* Each session has a queue of its own, which grows as far as it must. */
#include "reflect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "talker.h"

struct reflected {
	struct talker talker;
	uint8_t *queue; /* owned; what the talker says */
	size_t size;
};

/* Slot 0 of `fds` is the listener's, slot i + 1 is session i's. */
struct reflector {
	struct reflected sessions[TALKER_PEERS];
	struct pollfd fds[TALKER_PEERS + 1];
	uint32_t nb, addr, asn;
};

static bool queue(struct reflected *to, const uint8_t *octets, size_t len)
{
	struct talker *t = &to->talker;

	if (t->out_done == t->out_len)
		t->out_done = t->out_len = 0;
	if (to->size - t->out_len < len) {
		size_t size = 2 * to->size + (1 << 20);
		uint8_t *grown = realloc(to->queue, size);

		if (!grown)
			return false;
		to->queue = grown;
		to->size = size;
	}
	memcpy(to->queue + t->out_len, octets, len);
	t->out = to->queue;
	t->out_len += len;
	return true;
}

static bool update_heard(void *arg, struct talker *from, const uint8_t *message, size_t len,
			 uint64_t now_ns)
{
	struct reflector *r = arg;
	bool ok = true;

	for (uint32_t i = 0; i < r->nb; i++)
		if (&r->sessions[i].talker != from && r->sessions[i].talker.opened)
			ok = queue(&r->sessions[i], message, len) && ok;
	return ok;
}

static void take(struct reflector *r)
{
	int fd = accept(r->fds[0].fd, NULL, NULL);
	struct talker *t = &r->sessions[r->nb].talker;

	if (fd < 0)
		return;
	if (r->nb == TALKER_PEERS) {
		close(fd);
		return;
	}
	*t = (struct talker){ .fd = -1, .addr = r->addr, .asn = r->asn };
	if (talker_take(t, fd))
		r->nb++;
}

/* Sessions that are over go; the others move up. */
static void sweep(struct reflector *r)
{
	for (uint32_t i = 0; i < r->nb;) {
		if (r->sessions[i].talker.fd >= 0) {
			i++;
			continue;
		}
		free(r->sessions[i].queue);
		r->sessions[i] = r->sessions[--r->nb];
		r->sessions[r->nb] = (struct reflected){ 0 };
	}
}

static void turn(struct reflector *r)
{
	for (uint32_t i = 0; i < r->nb; i++)
		r->fds[i + 1] = (struct pollfd){ .fd = r->sessions[i].talker.fd,
						 .events = talker_idle(&r->sessions[i].talker)
								   ? POLLIN
								   : POLLIN | POLLOUT };
	if (poll(r->fds, r->nb + 1, 1000) < 0)
		return;
	uint64_t now = clock_ns();

	for (uint32_t i = 0, nb = r->nb; i < nb; i++) {
		struct talker *t = &r->sessions[i].talker;

		if (r->fds[i + 1].revents & ~POLLOUT)
			talker_read(t, update_heard, r, now);
		talker_keep_alive(t, now);
		if (t->fd >= 0)
			talker_write(t, now);
	}
	if (r->fds[0].revents)
		take(r);
	sweep(r);
}

int reflect(uint32_t addr, uint16_t port, uint32_t asn)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(addr),
				    .sin_port = htons(port) };
	struct reflector *r = calloc(1, sizeof(*r));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	if (!r || fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&here, sizeof(here)) || listen(fd, TALKER_PEERS)) {
		fprintf(stderr, "bascule-bgpload: listen: %s\n", strerror(errno));
		free(r);
		return 1;
	}
	r->fds[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
	r->addr = addr;
	r->asn = asn;
	for (;;)
		turn(r);
}
