/* A speaker's turn: commands from the RIB lcore, new connections, sessions that have something to
 * do, timers. Each part does a bounded amount of work, and sessions take their turns in a queue, so
 * that none can hold up another. */
#include "speaker.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listener.h"
#include "log.h"
#include "session.h"
#include "ttl_filter.h"
#include "turn.h"

enum {
	COMMANDS_MAX = 256, /* a turn */
	ACCEPT_REST_MS = 100,
	ACCEPT_MAX = 8,
	READY_MAX = 64,
	SESSIONS_MAX = 32,
	TIMERS_MAX = 64,
	FOLLOW_MS = 1000,
	KEYS_MS = 5000, /* between two tries to set the TCP-MD5 keys that the kernel has refused */
};

struct speaker {
	struct session_host host;
	struct mailbox *from_rib; /* borrowed */
	struct listeners listeners;
	bool listening;
	struct session *sessions; /* owned; nb_peers, by peer index */
	struct timer keys;	  /* set while a peer is barred, or the listeners lack their TTLs */
	struct ttl_rule *ttl_rules; /* owned; room for nb_peers */
	bool ttl_changed;	    /* the listeners do not know yet who may be how far away */
	struct timer follow;
	unsigned int index[SPEAKER_INTERFACES]; /* of each interface, as the sockets have it */
	struct log_limit refused, accept_failed;
	uint64_t accept_ms; /* no connection is accepted before: there was no descriptor for one */
	bool stopped;	    /* SPEAKER_STOPPED has been posted */
	struct turns turns;
};

/* --- life ------------------------------------------------------------------------------------- */

static void keys_retry(struct timer *timer, uint64_t now_ms);
static void follow(struct timer *timer, uint64_t now_ms);

static int open_sockets(struct speaker *speaker)
{
	speaker->host.poller = transport_poller();
	if (speaker->host.poller < 0)
		return speaker->host.poller;
	return listeners_bind(&speaker->listeners, &speaker->host.params);
}

int speaker_new(const struct speaker_params *params, struct mailbox *to_rib,
		struct mailbox *from_rib, struct speaker **out)
{
	struct speaker *speaker;
	int err;

	if (mailbox_record_max(to_rib) < SPEAKER_RECORD_MAX)
		return -EINVAL;
	speaker = calloc(1, sizeof(*speaker));
	if (!speaker)
		return -ENOMEM;
	speaker->host.params = *params;
	speaker->host.to_rib = to_rib;
	speaker->host.random = params->router_id ^ (uint32_t)clock_ms();
	speaker->host.poller = -1;
	TAILQ_INIT(&speaker->host.news);
	TAILQ_INIT(&speaker->host.busy);
	speaker->from_rib = from_rib;
	speaker->keys.fire = keys_retry;
	speaker->follow.fire = follow;
	speaker->refused = (struct log_limit){ .burst = 5, .period_ms = 10000 };
	speaker->accept_failed = (struct log_limit){ .burst = 1, .period_ms = 10000 };
	speaker->turns.cpu_ns = thread_ns;
	speaker->sessions = calloc(params->nb_peers, sizeof(struct session));
	speaker->ttl_rules = calloc(params->nb_peers, sizeof(*speaker->ttl_rules));
	err = (speaker->sessions && speaker->ttl_rules) || !params->nb_peers ? 0 : -ENOMEM;
	if (!err)
		err = timers_init(&speaker->host.timers,
				  params->nb_peers * (2u * CONN_TIMERS + 1) + 2);
	for (uint16_t i = 0; !err && i < params->nb_peers; i++)
		session_init(&speaker->sessions[i], &speaker->host);
	if (!err)
		err = open_sockets(speaker);
	if (err) {
		speaker_free(speaker);
		return err;
	}
	for (uint8_t i = 0; i < params->nb_interfaces; i++)
		speaker->index[i] = transport_interface(params->interfaces[i].name);
	timer_set(&speaker->host.timers, &speaker->follow, 0);
	*out = speaker;
	return 0;
}

/* Commands that nobody will carry out still own things. */
static void discard_commands(struct mailbox *mb)
{
	const struct speaker_command *command;
	size_t len;

	while ((command = mailbox_peek(mb, &len))) {
		if (command->type == SPEAKER_SEND)
			wire_buf_put(((const struct speaker_send *)command)->buf);
		else if (command->type == SPEAKER_CONNECTION)
			transport_refuse(((const struct speaker_accepted *)command)->fd);
		mailbox_done(mb);
	}
}

void speaker_free(struct speaker *speaker)
{
	for (uint16_t i = 0; speaker->host.timers.heap && i < speaker->host.params.nb_peers; i++)
		session_end(&speaker->sessions[i]);
	discard_commands(speaker->from_rib);
	listeners_close(&speaker->listeners);
	if (speaker->host.poller >= 0)
		transport_poller_close(speaker->host.poller);
	timers_free(&speaker->host.timers);
	free(speaker->sessions);
	free(speaker->ttl_rules);
	free(speaker);
}

const struct session_stats *speaker_stats(const struct speaker *speaker, uint16_t peer)
{
	const struct session *session = NULL;

	if (peer < speaker->host.params.nb_peers)
		session = &speaker->sessions[peer];
	return session && __atomic_load_n(&session->mine, __ATOMIC_ACQUIRE) ? &session->stats
									    : NULL;
}

/* --- interfaces ------------------------------------------------------------------------------- */

/* The interface was made anew, and the sockets are held to one that has gone. */
static void hold_anew(struct speaker *speaker, uint8_t interface)
{
	const char *name = speaker->host.params.interfaces[interface].name;
	struct listeners *ls = &speaker->listeners;
	int err = 0;

	for (unsigned int i = 0; i < ls->n; i++) {
		if (ls->listener[i].interface == interface)
			err |= transport_hold(&ls->listener[i].t, name);
	}
	for (uint16_t i = 0; i < speaker->host.params.nb_peers; i++) {
		struct session *session = &speaker->sessions[i];

		for (int c = 0; session->used && session->peer.interface == interface && c < 2; c++)
			if (session->conns[c].t.fd >= 0)
				err |= transport_hold(&session->conns[c].t, name);
	}
	if (err)
		log_error("BGP: interface %s is a new one, and not all sockets could follow", name);
	else
		log_info("BGP: interface %s is a new one, and its sockets follow", name);
}

static void follow(struct timer *timer, uint64_t now_ms)
{
	struct speaker *speaker = container_of(timer, struct speaker, follow);
	const struct speaker_params *params = &speaker->host.params;

	for (uint8_t i = 0; i < params->nb_interfaces; i++) {
		unsigned int index = transport_interface(params->interfaces[i].name);

		if (!index || index == speaker->index[i])
			continue;
		speaker->index[i] = index;
		hold_anew(speaker, i);
	}
	timer_set(&speaker->host.timers, timer, now_ms + FOLLOW_MS);
}

/* --- connections ------------------------------------------------------------------------------ */

static struct session *session_find(struct speaker *speaker, uint8_t interface, uint32_t addr)
{
	for (uint16_t i = 0; i < speaker->host.params.nb_peers; i++) {
		struct session *session = &speaker->sessions[i];

		if (session->used && !session->removing && session->peer.addr == addr &&
		    session->peer.interface == interface)
			return session;
	}
	return NULL;
}

/* An instance of a gateway from a new address: it gets a session that nobody has had yet, or the
 * one that came up the longest ago of those that have gone. */
static struct session *session_for_new(struct speaker *speaker, uint8_t interface, uint32_t addr)
{
	struct session *best = NULL;

	for (uint16_t i = 0; i < speaker->host.params.nb_peers; i++) {
		struct session *session = &speaker->sessions[i];

		if (!session->used || session->removing || !session->peer.subnet.len ||
		    session->peer.interface != interface ||
		    !prefix_has(session->peer.subnet, addr) || !session_idle(session))
			continue;
		if (!session->peer.addr) {
			best = session;
			break;
		}
		if (!best || session->up_ms < best->up_ms)
			best = session;
	}
	if (best)
		session_take(best, addr);
	return best;
}

static void refused(struct speaker *speaker, int fd, uint8_t interface, uint32_t remote)
{
	char text[ADDR_TEXT];
	uint32_t held;

	transport_refuse(fd);
	if (log_limit(&speaker->refused, speaker->host.now_ms, &held))
		log_warning("connection from %s refused: not a configured peer on interface %s, or "
			    "its gateway has all its instances (%u more lines like this held "
			    "back)",
			    addr_text(remote, text),
			    speaker->host.params.interfaces[interface].name, held);
}

static void accepted(struct speaker *speaker, int fd, uint8_t interface, uint32_t remote)
{
	struct session *session = session_find(speaker, interface, remote);

	if (!session)
		session = session_for_new(speaker, interface, remote);
	if (!session) {
		refused(speaker, fd, interface, remote);
		return;
	}
	if (session->barred) {
		transport_refuse(fd);
		return;
	}
	if (session->peer.elsewhere) {
		struct speaker_accepted *record =
			mailbox_reserve(speaker->host.to_rib, sizeof(*record));

		record->head =
			(struct speaker_event){ SPEAKER_ACCEPTED, session->peer.head.peer, 0 };
		record->fd = fd;
		record->remote = remote;
		mailbox_post(speaker->host.to_rib, sizeof(*record));
		return;
	}
	session_admit(session, fd);
}

static unsigned int accept_connections(struct speaker *speaker)
{
	unsigned int n = 0;
	uint32_t remote, held;
	bool waiting = true;
	uint8_t interface;

	if (speaker->host.now_ms < speaker->accept_ms)
		return 0;
	/* Each may have to be handed on, for which there must be room. */
	for (int i = 0; i < ACCEPT_MAX && waiting &&
			mailbox_reserve(speaker->host.to_rib, sizeof(struct speaker_accepted));
	     i++) {
		int fd = listeners_accept(&speaker->listeners, &remote, &interface, &waiting);

		if (fd == -EAGAIN)
			continue;
		if (fd < 0) {
			if (log_limit(&speaker->accept_failed, speaker->host.now_ms, &held))
				log_error("cannot accept connections: %s", strerror(-fd));
			speaker->accept_ms = speaker->host.now_ms + ACCEPT_REST_MS;
			break;
		}
		n++;
		accepted(speaker, fd, interface, remote);
	}
	return n;
}

/* Is it said of somebody there how far away he may be? */
static bool is_near(const struct speaker *speaker, uint8_t interface, uint32_t addr)
{
	for (uint16_t i = 0; i < speaker->host.params.nb_peers; i++) {
		const struct session *session = &speaker->sessions[i];
		const struct speaker_peer_add *peer = &session->peer;

		if (session->used && !session->removing && peer->ttl_security &&
		    peer->interface == interface &&
		    (peer->addr == addr || (peer->subnet.len && prefix_has(peer->subnet, addr))))
			return true;
	}
	return false;
}

/* Who waits at a listener came before what is asked of the peer now, its key, or with `addr` 0 its
 * TTL: its connections are refused, those of others are taken while they may be handed on. */
static void refuse_waiting(struct speaker *speaker, struct listener *l, uint32_t addr)
{
	uint32_t remote;

	l->t.readable = true;
	for (int i = 0; i <= TRANSPORT_BACKLOG && l->t.readable; i++) {
		int fd = transport_accept(&l->t, &remote);

		if (fd == -EAGAIN)
			continue;
		if (fd < 0)
			break;
		if (remote == addr || (!addr && is_near(speaker, l->interface, remote)) ||
		    !mailbox_reserve(speaker->host.to_rib, sizeof(struct speaker_accepted)))
			transport_refuse(fd);
		else
			accepted(speaker, fd, l->interface, remote);
	}
}

static void refuse_unsigned(struct speaker *speaker, const struct session *session)
{
	struct listeners *ls = &speaker->listeners;

	for (unsigned int i = 0; i < ls->n; i++) {
		struct listener *l = &ls->listener[i];

		if (l->open && l->interface == session->peer.interface)
			refuse_waiting(speaker, l, session->peer.addr);
	}
}

/* --- TTL (RFC 5082) --------------------------------------------------------------------------- */

static void ttl_rule_add(struct speaker *speaker, size_t *n, struct prefix from, uint8_t ttl_min)
{
	/* a gateway's instances share their subnet */
	for (size_t i = from.len < 32 ? 0 : *n; i < *n; i++)
		if (prefix_equal(speaker->ttl_rules[i].from, from))
			return;
	speaker->ttl_rules[(*n)++] = (struct ttl_rule){ from, ttl_min };
}

/* Peers by address come before the subnets that they may lie in. */
static size_t ttl_rules_of(struct speaker *speaker, uint8_t interface)
{
	bool any = false;
	size_t n = 0;

	for (int subnets = 0; subnets < 2; subnets++) {
		for (uint16_t i = 0; i < speaker->host.params.nb_peers; i++) {
			const struct session *session = &speaker->sessions[i];
			const struct speaker_peer_add *peer = &session->peer;

			if (!session->used || session->removing || peer->interface != interface ||
			    (peer->subnet.len > 0) != subnets)
				continue;
			any |= peer->ttl_security;
			ttl_rule_add(speaker, &n,
				     subnets ? peer->subnet : prefix_make(peer->addr, 32),
				     session_ttl_min(session));
		}
	}
	return any ? n : 0;
}

/* Tell the listeners how far away peers may be. Without it only the SYN is judged of what comes
 * before a connection is accepted. */
static void ttl_set(struct speaker *speaker)
{
	struct listeners *ls = &speaker->listeners;
	uint32_t held;
	int err = 0;

	if (!speaker->ttl_changed || !ls->n || speaker->host.stopping)
		return;
	speaker->ttl_changed = false;
	for (uint8_t i = 0; i < speaker->host.params.nb_interfaces; i++) {
		int one = listeners_ttl(ls, i, speaker->ttl_rules, ttl_rules_of(speaker, i));

		err = err ? err : one;
	}
	for (unsigned int i = 0; i < ls->n; i++)
		if (ls->listener[i].open)
			refuse_waiting(speaker, &ls->listener[i], 0);
	if (!err)
		return;
	timer_set(&speaker->host.timers, &speaker->keys, speaker->host.now_ms + KEYS_MS);
	if (log_limit(&speaker->accept_failed, speaker->host.now_ms, &held))
		log_error("BGP: ttl_security holds for a connection only once it is accepted: %s%s",
			  strerror(-err),
			  err == -ENOMEM ? "; raise net.core.optmem_max (tools/setup does)" : "");
}

/* Not before all peers are known that it begins with, and their keys. */
static void listen_begin(struct speaker *speaker)
{
	uint32_t held;
	size_t len;
	int err;

	if (speaker->listening || mailbox_peek(speaker->from_rib, &len))
		return;
	err = listeners_begin(&speaker->listeners, speaker->host.poller);
	speaker->listening = !err;
	if (err && log_limit(&speaker->accept_failed, speaker->host.now_ms, &held))
		log_error("BGP, port %u: %s", speaker->host.params.listen_port, strerror(-err));
}

/* --- TCP-MD5 keys ----------------------------------------------------------------------------- */

/* What a socket may have for its keys is bounded; a key is some 150 octets. */
static void bar(struct speaker *speaker, struct session *session, int err)
{
	FILE *file = err == -ENOMEM ? fopen("/proc/sys/net/core/optmem_max", "re") : NULL;
	char why[SPEAKER_REASON];
	unsigned int bound;

	if (file && fscanf(file, "%u", &bound) == 1)
		snprintf(why, sizeof(why),
			 "the kernel has no room for its TCP-MD5 key: raise net.core.optmem_max, "
			 "which is %u (tools/setup does)",
			 bound);
	else
		snprintf(why, sizeof(why), "the kernel refuses the TCP-MD5 key: %s",
			 strerror(-err));
	if (file)
		fclose(file);
	session_bar(session, why);
	timer_set(&speaker->host.timers, &speaker->keys, speaker->host.now_ms + KEYS_MS);
}

/* Without its key at the listeners, the kernel would take unsigned connections from the peer. */
static void key_set(struct speaker *speaker, struct session *session)
{
	const struct speaker_peer_add *peer = &session->peer;
	int err = listeners_key(&speaker->listeners, peer->interface, peer->addr, peer->password,
				peer->password_len);

	if (err) {
		bar(speaker, session, err);
		return;
	}
	refuse_unsigned(speaker, session);
	session_unbar(session);
}

/* What was in the way may be out of it: the bound was raised, other peers have gone. */
static void keys_retry(struct timer *timer, uint64_t now_ms)
{
	struct speaker *speaker = container_of(timer, struct speaker, keys);

	for (uint16_t i = 0; i < speaker->host.params.nb_peers; i++)
		speaker->ttl_changed |= speaker->sessions[i].peer.ttl_security;
	for (uint16_t i = 0; i < speaker->host.params.nb_peers; i++) {
		struct session *session = &speaker->sessions[i];

		if (session->used && !session->removing && session->barred)
			key_set(speaker, session);
	}
}

/* --- commands --------------------------------------------------------------------------------- */

static void peer_add(struct speaker *speaker, struct session *session,
		     const struct speaker_peer_add *add)
{
	assert(!session->used && add->interface < speaker->host.params.nb_interfaces);
	session_add(session, add);
	speaker->ttl_changed |= add->ttl_security;
	if (add->password_len)
		key_set(speaker, session);
}

static void peer_remove(struct speaker *speaker, struct session *session,
			const struct speaker_peer_reset *reset)
{
	if (session->peer.password_len)
		listeners_key(&speaker->listeners, session->peer.interface, session->peer.addr,
			      NULL, 0);
	session->removing = true;
	speaker->ttl_changed |= session->peer.ttl_security;
	session_stop(session, reset);
}

static void stop(struct speaker *speaker, const struct speaker_peer_reset *reset)
{
	speaker->host.stopping = true;
	listeners_close(&speaker->listeners);
	timer_stop(&speaker->host.timers, &speaker->keys);
	for (uint16_t i = 0; i < speaker->host.params.nb_peers; i++) {
		if (speaker->sessions[i].used)
			session_stop(&speaker->sessions[i], reset);
	}
}

/* Is the command for a session that is still there? */
static bool is_current(struct session *session, const struct speaker_command *command)
{
	return session->used &&
	       (!command->epoch || (command->epoch == session->epoch && session_up(session)));
}

static void run_peer_command(struct speaker *speaker, struct session *session,
			     const struct speaker_command *command)
{
	bool current = is_current(session, command);

	switch ((enum speaker_command_type)command->type) {
	case SPEAKER_PEER_ADD:
		peer_add(speaker, session, (const struct speaker_peer_add *)command);
		break;
	case SPEAKER_PEER_REMOVE:
		if (current)
			peer_remove(speaker, session, (const struct speaker_peer_reset *)command);
		break;
	case SPEAKER_PEER_RESET:
		if (current && session->barred)
			key_set(speaker, session);
		if (current)
			session_stop(session, (const struct speaker_peer_reset *)command);
		break;
	case SPEAKER_PEER_CALL:
		if (current)
			session_call(session);
		break;
	case SPEAKER_SEND:
		if (current)
			session_send(session, ((const struct speaker_send *)command)->buf);
		else
			wire_buf_put(((const struct speaker_send *)command)->buf);
		break;
	case SPEAKER_SEND_REFRESH:
		if (current)
			session_send_refresh(session);
		break;
	case SPEAKER_CONNECTION:
		if (session->used)
			session_admit(session, ((const struct speaker_accepted *)command)->fd);
		else
			transport_refuse(((const struct speaker_accepted *)command)->fd);
		break;
	case SPEAKER_RESTARTED:
	case SPEAKER_STOP: break;
	}
}

static unsigned int run_commands(struct speaker *speaker)
{
	const struct speaker_command *command;
	unsigned int n = 0;
	size_t len;

	for (; n < COMMANDS_MAX && (command = mailbox_peek(speaker->from_rib, &len)); n++) {
		if (command->type == SPEAKER_RESTARTED) {
			speaker->host.restarted = true;
		} else if (command->type == SPEAKER_STOP) {
			stop(speaker, (const struct speaker_peer_reset *)command);
		} else {
			assert(command->peer < speaker->host.params.nb_peers);
			run_peer_command(speaker, &speaker->sessions[command->peer], command);
		}
		mailbox_done(speaker->from_rib);
	}
	if (n)
		mailbox_call(speaker->from_rib);
	return n;
}

/* --- a turn ----------------------------------------------------------------------------------- */

static void poll_sockets(struct speaker *speaker)
{
	struct transport *ready[READY_MAX];
	int n = transport_poll(speaker->host.poller, ready, READY_MAX);

	for (int i = 0; i < n; i++) {
		if (ready[i]->kind == CONN_OPEN)
			session_wake(container_of(ready[i], struct conn, t)->session);
		else if (ready[i]->kind == CONN_CLOSING)
			session_wake(container_of(ready[i], struct conn, closing.t)->session);
	}
}

/* Sessions that are not done yet, for the next turn. */
struct again {
	struct session_list silent; /* they had no room to say anything, and come first */
	struct session_list others;
};

/* One session's turn. One that is not done yet queues up behind all others. */
static unsigned int run_session(struct session *session, struct session_list *from,
				struct again *again)
{
	bool more;
	unsigned int work = session_run(session, &more);

	TAILQ_REMOVE(from, session, busy);
	if (more && session->bulk && !session->said)
		TAILQ_INSERT_TAIL(&again->silent, session, busy);
	else if (more)
		TAILQ_INSERT_TAIL(&again->others, session, busy);
	else
		session->is_busy = false;
	return work;
}

/* Those with news first. Then those with more than fits a turn; each once. */
static unsigned int run_sessions(struct speaker *speaker)
{
	struct again again = { TAILQ_HEAD_INITIALIZER(again.silent),
			       TAILQ_HEAD_INITIALIZER(again.others) };
	struct session_list *news = &speaker->host.news, *busy = &speaker->host.busy;
	unsigned int work = 0;
	struct session *session;

	for (int i = 0; i < SESSIONS_MAX && (session = TAILQ_FIRST(news)); i++)
		work += run_session(session, news, &again);
	for (int i = 0; i < SESSIONS_MAX && (session = TAILQ_FIRST(busy)); i++)
		work += run_session(session, busy, &again);
	TAILQ_CONCAT(busy, &again.silent, busy);
	TAILQ_CONCAT(busy, &again.others, busy);
	return work;
}

static void report_stopped(struct speaker *speaker)
{
	struct mailbox *to_rib = speaker->host.to_rib;
	struct speaker_event *event;

	for (uint16_t i = 0; i < speaker->host.params.nb_peers; i++) {
		if (!session_quiet(&speaker->sessions[i]))
			return;
	}
	event = mailbox_reserve(to_rib, sizeof(*event));
	if (!event)
		return;
	*event = (struct speaker_event){ SPEAKER_STOPPED, 0, 0 };
	mailbox_post(to_rib, sizeof(*event));
	speaker->stopped = true;
}

static void part_end(struct speaker *speaker, enum speaker_part part)
{
	turn_part(&speaker->turns, (uint8_t)part, clock_ns());
}

unsigned int speaker_turn(struct speaker *speaker, uint64_t now_ms)
{
	unsigned int work;

	speaker->host.now_ms = now_ms;
	turn_begin(&speaker->turns, clock_ns());
	work = run_commands(speaker);
	part_end(speaker, SPEAKER_PART_COMMANDS);
	ttl_set(speaker);
	listen_begin(speaker);
	poll_sockets(speaker);
	work += accept_connections(speaker);
	part_end(speaker, SPEAKER_PART_ACCEPT);
	work += run_sessions(speaker);
	part_end(speaker, SPEAKER_PART_SESSIONS);
	work += timers_run(&speaker->host.timers, now_ms, TIMERS_MAX);
	if (speaker->host.stopping && !speaker->stopped)
		report_stopped(speaker);
	part_end(speaker, SPEAKER_PART_TIMERS);
	turn_end(&speaker->turns, clock_ns());
	return work;
}

int speaker_poller(const struct speaker *speaker)
{
	return speaker->host.poller;
}

const struct turns *speaker_turns(const struct speaker *speaker)
{
	return &speaker->turns;
}

const char *speaker_part_name(unsigned int part)
{
	static const char *const names[SPEAKER_PARTS] = {
		[SPEAKER_PART_COMMANDS] = "commands",
		[SPEAKER_PART_ACCEPT] = "accept",
		[SPEAKER_PART_SESSIONS] = "sessions",
		[SPEAKER_PART_TIMERS] = "timers",
	};

	return part < SPEAKER_PARTS ? names[part] : "?";
}
