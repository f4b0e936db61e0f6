/* The management socket: clients, lines in, lines out. One question of a client is under way at a
 * time, and the next page of its rows is asked for only when the client has read the last one. */
#include "ctl.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "log.h"
#include "request.h"
#include "unix_socket.h"

enum {
	LINE_MAX_OCTETS = 4096, /* the longest request */
	/* a client that reads nothing of its answer for so long is dropped */
	STALLED_MS = 30 * 1000,
	/* without a descriptor for a connection the listener is left alone for so long: poll()
	 * would return at once */
	REST_MS = 1000,
};

/* One connection. */
struct client {
	int fd;
	struct inquiry *inquiry; /* owned; NULL: no command under way */
	bool asked;		 /* the inquiry will be answered */
	bool hangup;		 /* close when everything is written */
	bool shows;		 /* may not change anything */
	uint64_t moved_ms;	 /* when it last read, wrote or came */
	char *out;		 /* owned: [out_pos, out_len) is to be written */
	size_t out_pos, out_len, out_size;
	size_t in_len;
	char in[LINE_MAX_OCTETS];
};

struct ctl {
	struct ctl_params params;
	int listener, show_listener;
	bool rests;			     /* the listeners, */
	uint64_t until_ms;		     /* for so long */
	struct client *clients[CTL_CLIENTS]; /* owned; NULL: free */
};

/* --- output ----------------------------------------------------------------------------------- */

static bool out_put(struct client *c, const char *text, size_t len)
{
	size_t size = c->out_size ? c->out_size : 4096;
	char *bigger;

	while (size < c->out_len + len)
		size *= 2;
	if (size != c->out_size) {
		bigger = realloc(c->out, size);
		if (!bigger)
			return false;
		c->out = bigger;
		c->out_size = size;
	}
	memcpy(c->out + c->out_len, text, len);
	c->out_len += len;
	return true;
}

/* One JSON object as a line; takes the reference. Without memory the client gets nothing
 * more. */
static void out_json(struct client *c, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	if (!text || !out_put(c, text, strlen(text)) || !out_put(c, "\n", 1))
		c->hangup = true;
	free(text);
	json_decref(object);
}

static void out_error(struct client *c, const char *error, const char *hint)
{
	json_t *object = json_pack("{s:s}", "error", error);

	if (hint[0])
		json_object_set_new(object, "hint", json_string(hint));
	out_json(c, object);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void sink_row(void *ctx, json_t *row)
{
	out_json(ctx, json_pack("{s:o}", "row", row));
}

static void sink_end(void *ctx, const char *error, const char *hint, uint64_t left)
{
	if (error[0])
		out_error(ctx, error, hint);
	else if (left)
		out_json(ctx, json_pack("{s:b, s:I}", "end", 1, "left", (json_int_t)left));
	else
		out_json(ctx, json_pack("{s:b}", "end", 1));
}

/* The rows of an answer become lines; then the end, or an error, or nothing: more will be asked
 * for. */
static void client_answer(struct client *c)
{
	const struct sink sink = { .row = sink_row, .end = sink_end, .ctx = c };

	if (inquiry_tell(c->inquiry, &sink))
		return;
	inquiry_end(c->inquiry);
	c->inquiry = NULL;
}

static void client_answered(struct inquiry *inquiry, void *ctx, uint64_t now_ms)
{
	struct client *c = ctx;

	(void)inquiry;
	c->asked = false;
	c->moved_ms = now_ms;
	client_answer(c);
}

static void client_ask(struct client *c)
{
	c->asked = true;
	inquiry_go_on(c->inquiry);
}

static void client_drop(struct ctl *ctl, struct client *c)
{
	for (size_t i = 0; i < CTL_CLIENTS; i++)
		if (ctl->clients[i] == c)
			ctl->clients[i] = NULL;
	if (c->inquiry)
		inquiry_end(c->inquiry);
	close(c->fd);
	free(c->out);
	free(c);
}

/* --- one client ------------------------------------------------------------------------------- */

static bool client_may(const struct client *c, struct page *page)
{
	if (!c->shows || !request_changes(page))
		return true;
	page_error(page, "permission denied: this changes something, and you may only look");
	page_hint(page, "run bascule as root, or as a member of group " CONFIG_GROUP_STEER);
	return false;
}

/* Take the first whole line out of the input and begin what it asks for. */
static bool client_line(struct ctl *ctl, struct client *c)
{
	char *end = memchr(c->in, '\n', c->in_len);
	size_t len = end ? (size_t)(end - c->in) : c->in_len;
	struct page *page;

	if (!end) {
		if (c->in_len == sizeof(c->in)) {
			out_error(c, "the request is too long", "");
			c->hangup = true;
			c->in_len = 0;
		}
		return false;
	}
	c->inquiry = inquiry_new(ctl->params.desk, client_answered, c);
	if (!c->inquiry) {
		out_error(c, "no memory, or too many questions at once", "");
		c->hangup = true;
		return false;
	}
	page = inquiry_page(c->inquiry);
	if (request_parse(page, c->in, len) && client_may(c, page))
		client_ask(c);
	else
		client_answer(c);
	c->in_len -= len + 1;
	memmove(c->in, end + 1, c->in_len);
	return true;
}

/* False: the connection has gone. */
static bool client_read(struct client *c)
{
	ssize_t n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->in_len += (size_t)n;
	if (!n)
		c->hangup = true; /* half-closed: what it asked for is still answered */
	return n > 0 || c->inquiry || c->out_len || memchr(c->in, '\n', c->in_len);
}

static bool client_write(struct client *c, uint64_t now_ms)
{
	ssize_t n = send(c->fd, c->out + c->out_pos, c->out_len - c->out_pos,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->moved_ms = now_ms;
	c->out_pos += (size_t)n;
	if (c->out_pos < c->out_len)
		return true;
	free(c->out);
	c->out = NULL;
	c->out_pos = c->out_len = c->out_size = 0;
	return true;
}

/* Whatever can go on without waiting. False: the connection has gone. */
static bool client_serve(struct ctl *ctl, struct client *c, short events, uint64_t now_ms)
{
	if (events & (POLLERR | POLLNVAL))
		return false;
	if (events & (POLLIN | POLLHUP) && !c->hangup && c->in_len < sizeof(c->in)) {
		c->moved_ms = now_ms;
		if (!client_read(c))
			return false;
	}
	if (c->out_len && !client_write(c, now_ms))
		return false;
	if (c->out_len)
		return now_ms - c->moved_ms < STALLED_MS;
	if (c->inquiry && !c->asked)
		client_ask(c); /* the next rows */
	else if (!c->inquiry && client_line(ctl, c))
		return true;
	return c->inquiry || c->out_len || !c->hangup;
}

/* --- connections ------------------------------------------------------------------------------ */

/* A free place; if there is none, that of the client which has done nothing for longest. -1: all
 * are being served. */
static int place_find(struct ctl *ctl)
{
	int oldest = -1;

	for (int i = 0; i < CTL_CLIENTS; i++) {
		struct client *c = ctl->clients[i];

		if (!c)
			return i;
		if (!c->inquiry && !c->out_len &&
		    (oldest < 0 || c->moved_ms < ctl->clients[oldest]->moved_ms))
			oldest = i;
	}
	if (oldest >= 0)
		client_drop(ctl, ctl->clients[oldest]);
	return oldest;
}

/* No descriptor is free, or no memory. */
static void listener_rest(struct ctl *ctl, uint64_t now_ms)
{
	static struct log_limit limit = { .burst = 1, .period_ms = 60000 };
	uint32_t held;

	ctl->rests = true;
	ctl->until_ms = now_ms + REST_MS;
	if (log_limit(&limit, now_ms, &held))
		log_error("management: cannot accept a client: %s", strerror(errno));
}

static void clients_accept(struct ctl *ctl, int listener, uint64_t now_ms)
{
	static const char busy[] = "{\"error\":\"too many clients\"}\n";
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *c;
	int place;

	if (fd < 0) {
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			listener_rest(ctl, now_ms);
		return;
	}
	place = place_find(ctl);
	c = place < 0 ? NULL : calloc(1, sizeof(*c));
	if (!c) {
		send(fd, busy, sizeof(busy) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		close(fd);
		return;
	}
	c->fd = fd;
	c->shows = listener == ctl->show_listener;
	c->moved_ms = now_ms;
	ctl->clients[place] = c;
}

int ctl_open(const struct ctl_params *params, struct ctl **out)
{
	const int type = SOCK_STREAM | SOCK_NONBLOCK;
	struct ctl *ctl = calloc(1, sizeof(*ctl));

	if (!ctl)
		return -ENOMEM;
	ctl->params = *params;
	/* Those that a killed control left give way: the caller holds the instance's lock. */
	ctl->listener = unix_socket_offer(params->socket_path, type, CONFIG_GROUP_STEER);
	ctl->show_listener = unix_socket_offer(params->show_path, type, CONFIG_GROUP_SHOW);
	if (ctl->listener < 0 || ctl->show_listener < 0) {
		int err = ctl->listener < 0 ? ctl->listener : ctl->show_listener;

		close(ctl->listener); /* whichever there is */
		close(ctl->show_listener);
		free(ctl);
		return err;
	}
	*out = ctl;
	return 0;
}

void ctl_close(struct ctl *ctl)
{
	for (size_t i = 0; i < CTL_CLIENTS; i++) {
		if (ctl->clients[i])
			client_drop(ctl, ctl->clients[i]);
	}
	close(ctl->listener);
	close(ctl->show_listener);
	unlink(ctl->params.socket_path);
	unlink(ctl->params.show_path);
	free(ctl);
}

unsigned int ctl_poll(const struct ctl *ctl, struct pollfd *fds)
{
	unsigned int n = 0;

	fds[n++] = (struct pollfd){ .fd = ctl->rests ? -1 : ctl->listener, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = ctl->rests ? -1 : ctl->show_listener, .events = POLLIN };
	for (size_t i = 0; i < CTL_CLIENTS; i++) {
		const struct client *c = ctl->clients[i];
		struct pollfd *fd = &fds[n++];

		*fd = (struct pollfd){ .fd = -1 };
		if (!c)
			continue;
		fd->fd = c->fd;
		if (c->out_len)
			fd->events |= POLLOUT;
		if (!c->hangup && c->in_len < sizeof(c->in))
			fd->events |= POLLIN;
		if (!fd->events)
			fd->fd = -1; /* only the RIB lcore's answer moves it on */
	}
	return n;
}

void ctl_serve(struct ctl *ctl, const struct pollfd *fds, uint64_t now_ms)
{
	ctl->rests = ctl->rests && now_ms < ctl->until_ms;
	if (fds[0].revents)
		clients_accept(ctl, ctl->listener, now_ms);
	if (fds[1].revents)
		clients_accept(ctl, ctl->show_listener, now_ms);
	for (size_t i = 0; i < CTL_CLIENTS; i++) {
		struct client *c = ctl->clients[i];
		short events = c && fds[2 + i].fd == c->fd ? fds[2 + i].revents : 0;

		if (c && !client_serve(ctl, c, events, now_ms))
			client_drop(ctl, c);
	}
}
