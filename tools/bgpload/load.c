/* The phases of a load, and the loop under them. */
#include "load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "update.h"

enum {
	EVENTS = 64,
	QUIET_MS = 300, /* nothing has changed for so long: the speaker has said all */
	TURN_MS = 10,
	RETRY_US = 50000,
};

static bool fails(struct load *load, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(load->error, sizeof(load->error), format, args);
	va_end(args);
	return false;
}

static uint32_t nb_peers(const struct load *load)
{
	return load->options->peers;
}

static bool is_sender(const struct load *load, uint32_t peer)
{
	return peer < load->options->senders;
}

/* --- the loop --------------------------------------------------------------------------------- */

static bool update_heard(void *arg, struct talker *t, const uint8_t *message, size_t len,
			 uint64_t now_ns)
{
	struct load *load = arg;
	struct load_peer *peer = (struct load_peer *)t; /* its first member */

	return tally_update(&peer->tally, &load->workload, &load->timing, message, len, now_ns);
}

/* The samples that the socket has taken by now have been said. */
static void marks_said(struct load *load, struct load_peer *peer, uint64_t now_ns)
{
	const struct talker *t = &peer->talker;

	if (t->out != peer->feed.announce)
		return;
	while (peer->next_mark < peer->feed.nb_marks &&
	       peer->feed.marks[peer->next_mark].end <= t->out_done) {
		uint32_t sample = peer->feed.marks[peer->next_mark++].prefix / FEED_SAMPLE;

		if (!load->timing.said_ns[sample])
			load->timing.said_ns[sample] = now_ns;
	}
}

static bool watch(struct load *load, struct load_peer *peer, int op)
{
	struct epoll_event event = { .events = talker_idle(&peer->talker) ? EPOLLIN
									  : EPOLLIN | EPOLLOUT,
				     .data.ptr = peer };

	return !epoll_ctl(load->epoll, op, peer->talker.fd, &event);
}

static bool serve(struct load *load, struct load_peer *peer, uint32_t events)
{
	struct talker *t = &peer->talker;
	uint64_t now = clock_ns();
	bool was_idle = talker_idle(t);

	if (events & ~EPOLLOUT && !talker_read(t, update_heard, load, now))
		return false;
	if (!talker_idle(t)) {
		/* Said is when it begins to be written: what the socket takes may be on its way
		 * before write() returns. */
		now = clock_ns();
		if (!talker_write(t, now))
			return false;
		marks_said(load, peer, now);
	}
	return talker_idle(t) == was_idle || watch(load, peer, EPOLL_CTL_MOD);
}

/* What the sockets have, or TURN_MS at most. */
static bool turn(struct load *load)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(load->epoll, events, EVENTS, TURN_MS);

	for (int i = 0; i < n; i++) {
		struct load_peer *peer = events[i].data.ptr;

		if (peer->talker.fd >= 0 && !serve(load, peer, events[i].events))
			return fails(load, "peer %zu: %s", (size_t)(peer - load->peers),
				     peer->talker.error);
	}
	return n >= 0 || errno == EINTR || fails(load, "epoll: %s", strerror(errno));
}

static bool say(struct load *load, struct load_peer *peer, const uint8_t *octets, size_t len)
{
	talker_say(&peer->talker, octets, len);
	return watch(load, peer, EPOLL_CTL_MOD) || fails(load, "epoll: %s", strerror(errno));
}

static void keep_alive(struct load *load)
{
	uint64_t now = clock_ns();

	for (uint32_t i = 0; i < nb_peers(load); i++) {
		struct load_peer *peer = &load->peers[i];

		if (peer->talker.fd < 0)
			continue;
		talker_keep_alive(&peer->talker, now);
		if (!talker_idle(&peer->talker))
			watch(load, peer, EPOLL_CTL_MOD);
	}
}

/* When anybody's table changed last; 0: not in this phase. */
static uint64_t last_change(const struct load *load)
{
	uint64_t last = 0;

	for (uint32_t i = 0; i < nb_peers(load); i++)
		if (load->peers[i].tally.changed_ns > last)
			last = load->peers[i].tally.changed_ns;
	return last;
}

typedef bool (*peer_done_fn)(const struct load *load, const struct load_peer *peer);

static const struct load_peer *first_undone(const struct load *load, peer_done_fn done)
{
	for (uint32_t i = 0; i < nb_peers(load); i++)
		if (load->peers[i].talker.fd >= 0 && !done(load, &load->peers[i]))
			return &load->peers[i];
	return NULL;
}

/* Turns until all peers are done; `what` says of what, if that never comes. */
static bool turn_until(struct load *load, peer_done_fn done, const char *what)
{
	uint64_t began = clock_ns(), limit_ns = load->options->timeout_s * 1000000000ull,
		 said = began;
	const struct load_peer *undone;

	while ((undone = first_undone(load, done))) {
		uint64_t now, last;

		if (!turn(load))
			return false;
		now = clock_ns();
		last = last_change(load);
		if (now - (last > began ? last : began) > limit_ns)
			return fails(load,
				     "%s: peer %zu holds %u prefixes after %u s without a change",
				     what, (size_t)(undone - load->peers), undone->tally.nb_held,
				     load->options->timeout_s);
		if (now - said < 1000000000ull)
			continue;
		said = now;
		keep_alive(load);
		if (load->options->progress)
			fprintf(stderr, "\r%s: %.0f s, peer %zu holds %u ", what,
				(double)(now - began) / 1e9, (size_t)(undone - load->peers),
				undone->tally.nb_held);
	}
	return true;
}

static bool settle(struct load *load)
{
	uint64_t now = clock_ns();
	uint64_t since = now;

	for (uint64_t last; now - since < QUIET_MS * 1000000ull; now = clock_ns()) {
		if (!turn(load))
			return false;
		last = last_change(load);
		if (last > since)
			since = last;
	}
	return true;
}

/* --- phases ----------------------------------------------------------------------------------- */

static bool peer_open(struct load *load, uint32_t i)
{
	const struct load_options *o = load->options;
	struct load_peer *peer = &load->peers[i];

	peer->talker = (struct talker){ .fd = -1, .addr = o->from + i, .asn = o->asn + i };
	if (is_sender(load, i) && !workload_feed(&load->workload, &peer->feed, i, o->senders,
						 o->same, peer->talker.asn, peer->talker.addr))
		return false;
	return tally_init(&peer->tally, &load->workload, peer->feed.own,
			  is_sender(load, i) ? i : UINT32_MAX);
}

bool load_open(struct load *load, const struct load_options *o)
{
	*load = (struct load){ .options = o, .epoll = -1 };
	if (o->file) {
		if (!workload_read(&load->workload, o->file, load->error, sizeof(load->error)))
			return false;
	} else if (!workload_generate(&load->workload,
				      (uint64_t)o->prefixes * (o->same ? 1 : o->senders))) {
		return fails(load, "%u prefixes of %u senders: no room for so many", o->prefixes,
			     o->senders);
	}
	load->timing.said_ns =
		calloc(load->workload.nb_prefixes / FEED_SAMPLE + 1, sizeof(*load->timing.said_ns));
	load->peers = calloc(o->peers, sizeof(*load->peers));
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!load->timing.said_ns || !load->peers || load->epoll < 0)
		return fails(load, "no memory");
	for (uint32_t i = 0; i < o->peers; i++)
		load->peers[i].talker.fd = -1;
	for (uint32_t i = 0; i < o->peers; i++)
		if (!peer_open(load, i))
			return fails(load, "no memory");
	return true;
}

void load_close(struct load *load)
{
	for (uint32_t i = 0; load->peers && i < nb_peers(load); i++) {
		talker_close(&load->peers[i].talker);
		tally_free(&load->peers[i].tally);
		feed_free(&load->peers[i].feed);
	}
	free(load->peers);
	free(load->timing.said_ns);
	workload_free(&load->workload);
	if (load->epoll >= 0)
		close(load->epoll);
}

static bool is_up(const struct load *load, const struct load_peer *peer)
{
	return peer->talker.up;
}

static bool connect_until(struct load *load, struct load_peer *peer, uint64_t until_ns)
{
	while (!talker_connect(&peer->talker, load->options->target, load->options->port)) {
		if (clock_ns() > until_ns)
			return fails(load, "peer %zu: %s", (size_t)(peer - load->peers),
				     peer->talker.error);
		usleep(RETRY_US);
	}
	return watch(load, peer, EPOLL_CTL_ADD) || fails(load, "epoll: %s", strerror(errno));
}

bool load_join(struct load *load)
{
	uint64_t until = clock_ns() + load->options->timeout_s * 1000000000ull;

	for (uint32_t i = 0; i < nb_peers(load); i++)
		if (!connect_until(load, &load->peers[i], until))
			return false;
	return turn_until(load, is_up, "sessions");
}

/* Everybody has heard of every sender's prefix but its own. */
static bool is_warm(const struct load *load, const struct load_peer *peer)
{
	bool sends = is_sender(load, (uint32_t)(peer - load->peers));

	return peer->tally.nb_warm == load->options->senders - sends;
}

static bool is_cold(const struct load *load, const struct load_peer *peer)
{
	return !peer->tally.nb_warm;
}

/* One prefix of the sender's own, announced and withdrawn: next hops are found, and sessions are
 * through with what they do at their beginning. */
bool load_warm(struct load *load)
{
	uint32_t senders = load->options->senders;
	uint8_t(*octets)[2][BGP_MESSAGE_MAX] = calloc(senders, sizeof(*octets));
	bool ok = octets || fails(load, "no memory");

	for (int gone = 0; ok && gone < 2; gone++) {
		for (uint32_t i = 0; ok && i < senders; i++) {
			struct load_peer *peer = &load->peers[i];
			struct prefix prefix = prefix4_make((WARM_SLASH24 + i) << 8, 24);
			size_t len = gone ? feed_withdraw_one(octets[i][1], prefix)
					  : feed_announce_one(octets[i][0], prefix,
							      peer->talker.asn, peer->talker.addr);

			ok = say(load, peer, octets[i][gone], len);
		}
		ok = ok && turn_until(load, gone ? is_cold : is_warm,
				      gone ? "warm-up withdrawn" : "warm-up");
		ok = ok && settle(load);
	}
	free(octets);
	return ok;
}

static bool has_all(const struct load *load, const struct load_peer *peer)
{
	return peer->wanted == UINT32_MAX || peer->tally.nb_held == peer->wanted;
}

static void restart(struct load *load)
{
	for (uint32_t i = 0; i < nb_peers(load); i++)
		tally_restart(&load->peers[i].tally);
}

/* Between two peers' last octets: the counts of all that receive. */
static void add_up(const struct load *load, struct load_phase *phase, uint64_t began_ns,
		   uint64_t had_all_ns)
{
	phase->seconds = (double)(had_all_ns - began_ns) / 1e9;
	for (uint32_t i = 0; i < nb_peers(load); i++) {
		const struct tally *tally = &load->peers[i].tally;

		phase->updates += tally->updates;
		phase->announced += tally->announced;
		phase->again += tally->again;
		phase->withdrawn += tally->withdrawn;
		phase->echoed += tally->echoed;
		phase->strange += tally->strange;
		phase->octets += tally->octets;
	}
}

/* Of distinct prefixes everybody hears all but its own. Of the same ones, a sender hears those that
 * another's path won, which is the speaker's business. */
static uint32_t wanted_of(const struct load *load, uint32_t i, const struct load_peer *dead)
{
	if (load->options->same)
		return is_sender(load, i) || dead ? UINT32_MAX : load->workload.nb_prefixes;
	return load->workload.nb_prefixes - load->peers[i].feed.nb_prefixes -
	       (dead ? dead->feed.nb_prefixes : 0);
}

/* Say it, wait for it, let it settle. Without a receiver that knows what it must come to, the phase
 * has ended with the last change. */
static bool phase_run(struct load *load, struct load_phase *phase, uint64_t began_ns,
		      const char *what)
{
	bool open = true;
	uint64_t had_all, last;

	for (uint32_t i = 0; i < nb_peers(load); i++)
		open = open &&
		       (load->peers[i].talker.fd < 0 || load->peers[i].wanted == UINT32_MAX);
	if (!turn_until(load, has_all, what))
		return false;
	had_all = clock_ns();
	if (!settle(load))
		return false;
	last = last_change(load);
	add_up(load, phase, began_ns, open && last ? last : had_all);
	return true;
}

bool load_announce(struct load *load)
{
	uint64_t began = clock_ns();

	restart(load);
	for (uint32_t i = 0; i < nb_peers(load); i++) {
		struct load_peer *peer = &load->peers[i];

		peer->wanted = wanted_of(load, i, NULL);
		if (is_sender(load, i) &&
		    !say(load, peer, peer->feed.announce, peer->feed.announce_len))
			return false;
	}
	return phase_run(load, &load->announce, began, "announced");
}

static bool end_by_withdrawal(struct load *load)
{
	for (uint32_t i = 0; i < nb_peers(load); i++) {
		struct load_peer *peer = &load->peers[i];

		peer->wanted = 0;
		if (is_sender(load, i) &&
		    !say(load, peer, peer->feed.withdraw, peer->feed.withdraw_len))
			return false;
	}
	return true;
}

bool load_end(struct load *load)
{
	uint64_t began = clock_ns();

	restart(load);
	load->timing.over = true;
	switch (load->options->ending) {
	case LOAD_NONE:
	case LOAD_WATCH: return true;
	case LOAD_WITHDRAW:
	case LOAD_REPEAT:
		return end_by_withdrawal(load) && phase_run(load, &load->end, began, "withdrawn");
	case LOAD_DIE:
		for (uint32_t i = 1; i < nb_peers(load); i++)
			load->peers[i].wanted = wanted_of(load, i, &load->peers[0]);
		talker_close(&load->peers[0].talker);
		return phase_run(load, &load->end, began, "lost with the first sender");
	}
	return false;
}

/* --- the speaker's switch --------------------------------------------------------------------- */

bool load_watch(struct load *load, load_told_fn told)
{
	for (bool all = false;; all = !all) {
		struct load_phase phase = { 0 };
		uint64_t first = 0;

		restart(load);
		for (uint32_t i = 0; i < nb_peers(load); i++)
			load->peers[i].wanted = all ? wanted_of(load, i, NULL) : 0;
		while (first_undone(load, has_all)) {
			if (!turn(load))
				return false;
			keep_alive(load);
			first = first ? first : last_change(load);
		}
		add_up(load, &phase, first, last_change(load));
		told(&phase, all, first, last_change(load));
	}
}
