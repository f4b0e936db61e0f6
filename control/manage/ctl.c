/* The management socket: clients, lines in, lines out. One question of a client is under way at a
 * time, its rows are fetched a page at a time, and the next page only when the client has read the
 * last one: so neither a slow client nor a long answer holds up anybody else, and what a client can
 * make this process keep is bounded. */
#include "ctl.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_lcore.h>

#include "config.h"
#include "format.h"
#include "log.h"
#include "mailbox.h"
#include "plan.h"
#include "reading.h"
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

/* One connection. Freed only when no page is out for it. */
struct client {
	int fd;		   /* -1: gone, waiting for its page to come back */
	struct page *page; /* owned, unless `asked`; NULL: no command under way */
	bool asked;	   /* the page is with the RIB lcore */
	bool hangup;	   /* close when everything is written */
	bool shows;	   /* may not change anything */
	uint64_t moved_ms; /* when it last read, wrote or came */
	char *out;	   /* owned: [out_pos, out_len) is to be written */
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
	/* of a reload that no client asked for: its page is under way; another one is wanted */
	bool reloading, reload_again;
	/* The configuration that is being read, since when, and the page that waits for it: of a
	 * client, or owned; NULL: nobody waits any more. */
	struct reading reading;
	uint64_t reading_ms;
	struct page *reads;
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

/* --- pages ------------------------------------------------------------------------------------ */

static bool page_send(struct ctl *ctl, struct page *page)
{
	struct page **slot = mailbox_reserve(ctl->params.to_rib, sizeof(page));

	if (!slot)
		return false;
	*slot = page;
	mailbox_post(ctl->params.to_rib, sizeof(page));
	return true;
}

bool ctl_ask(struct ctl *ctl, struct page *page, page_done *done, void *ctx)
{
	page->client = NULL;
	page->done = done;
	page->ctx = ctx;
	return page_send(ctl, page);
}

static void client_ask(struct ctl *ctl, struct client *c)
{
	/* One page a client, so the mailbox cannot be full: see the assertion in ctl_open(). */
	c->asked = page_send(ctl, c->page);
	assert(c->asked);
}

static void page_release(struct page *page)
{
	config_free(page->config);
	config_report_free(&page->report);
	plan_free(page->plan);
	free(page);
}

static void client_command_done(struct client *c)
{
	page_release(c->page);
	c->page = NULL;
}

/* The rows of an answer become lines; then the end, or an error, or nothing: more will be asked
 * for. */
static void client_answer(struct client *c)
{
	struct page *page = c->page;
	const void *row;
	uint32_t at = 0;
	uint16_t type;

	while ((row = page_next(page, &at, &type)))
		out_json(c, json_pack("{s:o}", "row", format_row(type, row, &page->report)));
	for (size_t i = 0; i < page->report.nb_errors; i++)
		out_json(c, json_pack("{s:{s:s}}", "row", "complaint", page->report.errors[i]));
	if (page->error[0])
		out_error(c, page->error, page->hint);
	else if (!page->more)
		out_json(c, json_pack("{s:b}", "end", 1));
	else
		return;
	client_command_done(c);
}

static void client_free(struct ctl *ctl, struct client *c)
{
	if (c->page && c->page == ctl->reads)
		ctl->reads = NULL;
	for (size_t i = 0; i < CTL_CLIENTS; i++)
		if (ctl->clients[i] == c)
			ctl->clients[i] = NULL;
	if (c->page)
		page_release(c->page);
	free(c->out);
	free(c);
}

static void client_drop(struct ctl *ctl, struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (!c->asked)
		client_free(ctl, c);
}

/* --- reload ----------------------------------------------------------------------------------- */

/* Begin to read the configuration for this page. False: page->error says why not. */
static bool reading_try(struct ctl *ctl, struct page *page, uint64_t now_ms)
{
	int err = reading_begin(&ctl->reading, ctl->params.config_path, rte_ctrl_thread_create);

	if (err) {
		page_error(page, "%s: cannot be read: %s; nothing was applied",
			   ctl->params.config_path, strerror(-err));
		return false;
	}
	ctl->reading_ms = now_ms;
	ctl->reads = page;
	return true;
}

/* The reading takes so long that its disk must be in trouble. */
static bool reading_hangs(const struct ctl *ctl, uint64_t now_ms)
{
	return reading_under_way(&ctl->reading) && now_ms - ctl->reading_ms >= CTL_READ_MS;
}

static void error_hangs(const struct ctl *ctl, struct page *page, uint64_t now_ms)
{
	page_error(page, "still reading %s, for %llu s; nothing was applied",
		   ctl->params.config_path, (unsigned long long)(now_ms - ctl->reading_ms) / 1000);
	page_hint(page, "its disk, or one that a file named in it is on, does not answer");
}

static page_done reload_done;

void ctl_reload(struct ctl *ctl, uint64_t now_ms)
{
	struct page *page;

	if (ctl->reloading || reading_under_way(&ctl->reading)) {
		if (reading_hangs(ctl, now_ms))
			log_error("reload: still reading %s; it is read once more when that is "
				  "through",
				  ctl->params.config_path);
		ctl->reload_again = true;
		return;
	}
	page = calloc(1, sizeof(*page));
	if (!page) {
		log_error("reload: no memory");
		return;
	}
	page->command = PAGE_RELOAD;
	ctl->reloading = true;
	if (!reading_try(ctl, page, now_ms))
		reload_done(page, ctl);
}

/* Answered, or refused. */
static void reload_done(struct page *page, void *ctx)
{
	struct ctl *ctl = ctx;

	for (size_t i = 0; i < page->report.nb_errors; i++)
		log_error("reload: %s", page->report.errors[i]);
	if (page->error[0])
		log_error("reload: %s%s%s", page->error, page->hint[0] ? "; " : "", page->hint);
	page_release(page);
	ctl->reloading = false;
}

/* The page that waited goes on: to the RIB lcore, or back with an error. */
static void reload_go_on(struct ctl *ctl, struct page *page)
{
	ctl->reads = NULL;
	if (page->client && page->error[0])
		client_answer(page->client);
	else if (page->client)
		client_ask(ctl, page->client);
	else if (page->error[0] || !ctl_ask(ctl, page, reload_done, ctl))
		reload_done(page, ctl);
}

/* The configuration has been read, or not in time. */
static void reading_serve(struct ctl *ctl, uint64_t now_ms)
{
	struct config_report report;
	struct config *config;
	struct page *page = ctl->reads;

	if (!reading_take(&ctl->reading, &config, &report)) {
		if (page && reading_hangs(ctl, now_ms)) {
			error_hangs(ctl, page, now_ms);
			reload_go_on(ctl, page);
		}
		return;
	}
	if (!page) {
		log_warning("%s has been read at last, after %llu s; nobody waits for it any more, "
			    "and nothing was applied",
			    ctl->params.config_path,
			    (unsigned long long)(now_ms - ctl->reading_ms) / 1000);
		config_free(config);
		config_report_free(&report);
		return;
	}
	page->config = config;
	page->report = report;
	if (!config) {
		page_error(page, "%s is refused: %zu error%s; nothing was applied",
			   ctl->params.config_path, report.nb_errors,
			   report.nb_errors == 1 ? "" : "s");
		page_hint(page, "bascule config check %s", ctl->params.config_path);
	}
	reload_go_on(ctl, page);
}

/* What a client asks for goes to the RIB lcore; a reload once its file has been read, which one at
 * a time can be. */
static void client_go_on(struct ctl *ctl, struct client *c, uint64_t now_ms)
{
	struct page *page = c->page;

	if (page->command != PAGE_RELOAD || page->config) {
		client_ask(ctl, c);
		return;
	}
	if (reading_hangs(ctl, now_ms) && page != ctl->reads)
		error_hangs(ctl, page, now_ms);
	else if (reading_under_way(&ctl->reading) || reading_try(ctl, page, now_ms))
		return;
	client_answer(c);
}

static void answers_take(struct ctl *ctl, uint64_t now_ms)
{
	struct page *const *slot;
	struct client *c;
	struct page *page;
	uint64_t wakes;
	size_t len;

	/* Only clears the descriptor; how often it was raised says nothing. */
	if (read(ctl->params.answered, &wakes, sizeof(wakes)) < 0 && errno != EAGAIN)
		log_warning("management: eventfd: %s", strerror(errno));
	while ((slot = mailbox_peek(ctl->params.from_rib, &len))) {
		page = *slot;
		mailbox_done(ctl->params.from_rib);
		c = page->client;
		if (!c) {
			page->done(page, page->ctx);
			continue;
		}
		c->asked = false;
		c->moved_ms = now_ms;
		if (c->fd < 0)
			client_free(ctl, c);
		else
			client_answer(c);
	}
}

/* --- one client ------------------------------------------------------------------------------- */

static bool client_may(struct client *c)
{
	if (!c->shows || !request_changes(c->page))
		return true;
	page_error(c->page, "permission denied: this changes something, and you may only look");
	page_hint(c->page, "run bascule as root, or as a member of group " CONFIG_GROUP_STEER);
	return false;
}

/* Take the first whole line out of the input and begin what it asks for. */
static bool client_line(struct ctl *ctl, struct client *c, uint64_t now_ms)
{
	char *end = memchr(c->in, '\n', c->in_len);
	size_t len = end ? (size_t)(end - c->in) : c->in_len;

	if (!end) {
		if (c->in_len == sizeof(c->in)) {
			out_error(c, "the request is too long", "");
			c->hangup = true;
			c->in_len = 0;
		}
		return false;
	}
	c->page = calloc(1, sizeof(*c->page));
	if (!c->page) {
		out_error(c, "no memory", "");
		c->hangup = true;
		return false;
	}
	c->page->client = c;
	if (request_parse(c->page, c->in, len) && client_may(c))
		client_go_on(ctl, c, now_ms);
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
	return n > 0 || c->page || c->out_len || memchr(c->in, '\n', c->in_len);
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
	if (c->page && !c->asked)
		client_go_on(ctl, c, now_ms); /* the next rows */
	else if (!c->page && client_line(ctl, c, now_ms))
		return true;
	return c->page || c->out_len || !c->hangup;
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
		if (!c->page && !c->out_len &&
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

	/* Room for a page of each client, one reload and the partner's watch, whatever a record
	 * costs beside its octets. */
	static_assert(CTL_PAGES_SIZE >= (CTL_CLIENTS + 2) * 32, "the mailbox never fills");
	if (!ctl)
		return -ENOMEM;
	ctl->params = *params;
	ctl->reading.fd = -1;
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
		struct client *c = ctl->clients[i];

		if (!c)
			continue;
		c->asked = false; /* the RIB lcore has stopped: what it had is ours again */
		client_drop(ctl, c);
	}
	if (ctl->reads)
		page_release(ctl->reads); /* of no client */
	reading_leave(&ctl->reading);
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
	fds[n++] = (struct pollfd){ .fd = ctl->params.answered, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = ctl->reading.fd, .events = POLLIN };
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
	if (fds[3].revents)
		clients_accept(ctl, ctl->show_listener, now_ms);
	if (fds[1].revents)
		answers_take(ctl, now_ms);
	reading_serve(ctl, now_ms);
	for (size_t i = 0; i < CTL_CLIENTS; i++) {
		struct client *c = ctl->clients[i];
		short events = c && c->fd >= 0 && fds[4 + i].fd == c->fd ? fds[4 + i].revents : 0;

		if (c && c->fd >= 0 && !client_serve(ctl, c, events, now_ms))
			client_drop(ctl, c);
	}
	if (ctl->reload_again && !ctl->reloading && !reading_under_way(&ctl->reading)) {
		ctl->reload_again = false;
		ctl_reload(ctl, now_ms);
	}
}
