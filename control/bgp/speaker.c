/* A speaker's turn: commands from the RIB lcore, walks over all peers, new connections, sessions
 * that have something to do, timers. Each part ends by the clock, and sessions take their turns in
 * a queue, so that none can hold up another. */
#include "speaker.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callers.h"
#include "log.h"
#include "session.h"
#include "turn.h"

enum {
	READY_MAX = 64,
	REST = 64, /* buffers given back between two looks at the clock */
	FOLLOW_MS = 1000,
	/* a turn: each part does one thing at least, however long that takes */
	COMMANDS_NS = 150 * 1000,
	WALKS_NS = 100 * 1000,
	ACCEPT_NS = 100 * 1000,
	NEWS_NS = 200 * 1000,
	BULK_NS = 200 * 1000,
	TIMERS_NS = 100 * 1000,
};

enum walk { WALK_STOP, WALK_ANEW, WALKS };

struct speaker {
	struct session_host host;
	struct mailbox *from_rib; /* borrowed */
	struct session *sessions; /* owned; nb_peers, by peer index */
	struct callers callers;
	/* How many peers each walk over all of them has behind it; nb_peers: none is under way. */
	uint16_t walked[WALKS];
	struct speaker_peer_reset farewell; /* WALK_STOP's */
	struct timer follow;
	uint8_t followed;			/* interface that is looked at next */
	unsigned int index[SPEAKER_INTERFACES]; /* of each interface, as the sockets have it */
	uint32_t anew, anew_failed; /* WALK_ANEW's: a bit an interface that was made anew */
	uint16_t nb_quiet;	    /* stopping: peers known to have nothing open any more */
	bool stopped;		    /* SPEAKER_STOPPED has been posted */
	struct turns turns;
};

/* --- life ------------------------------------------------------------------------------------- */

static void follow(struct timer *timer, uint64_t now_ms);

static int open_sockets(struct speaker *speaker)
{
	speaker->host.poller = transport_poller();
	if (speaker->host.poller < 0)
		return speaker->host.poller;
	return callers_open(&speaker->callers, &speaker->host, speaker->sessions);
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
	speaker->host.clock_ns = params->clock_ns ? params->clock_ns : clock_ns;
	speaker->host.poller = -1;
	TAILQ_INIT(&speaker->host.news);
	TAILQ_INIT(&speaker->host.busy);
	speaker->from_rib = from_rib;
	speaker->follow.fire = follow;
	speaker->turns.cpu_ns = thread_ns;
	speaker->sessions = calloc(params->nb_peers, sizeof(struct session));
	for (int walk = 0; walk < WALKS; walk++)
		speaker->walked[walk] = params->nb_peers;
	err = speaker->sessions || !params->nb_peers ? 0 : -ENOMEM;
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
	if (params->nb_interfaces)
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
	sendq_rest_free(&speaker->host.rest, UINT32_MAX);
	discard_commands(speaker->from_rib);
	callers_free(&speaker->callers);
	if (speaker->host.poller >= 0)
		transport_poller_close(speaker->host.poller);
	timers_free(&speaker->host.timers);
	free(speaker->sessions);
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
static void follow_one(struct speaker *speaker, uint8_t interface, const struct transport *t)
{
	const char *name = speaker->host.params.interfaces[interface].name;

	if (t->fd >= 0 && transport_hold(t, name))
		speaker->anew_failed |= 1u << interface;
}

static void follow_listeners(struct speaker *speaker, uint8_t interface)
{
	const struct listeners *ls = &speaker->callers.listeners;

	for (unsigned int i = 0; i < ls->n; i++)
		if (ls->listener[i].interface == interface)
			follow_one(speaker, interface, &ls->listener[i].t);
}

static void follow_step(struct speaker *speaker, struct session *session)
{
	uint8_t interface = session->peer.interface;

	if (!session->used || !(speaker->anew >> interface & 1))
		return;
	for (int c = 0; c < 2; c++)
		follow_one(speaker, interface, &session->conns[c].t);
}

static void follow_end(struct speaker *speaker)
{
	for (uint8_t i = 0; i < speaker->host.params.nb_interfaces; i++) {
		const char *name = speaker->host.params.interfaces[i].name;

		if (speaker->anew_failed >> i & 1)
			log_error("BGP: interface %s is a new one, and not all sockets could "
				  "follow",
				  name);
		else if (speaker->anew >> i & 1)
			log_info("BGP: interface %s is a new one, and its sockets follow", name);
	}
	speaker->anew = speaker->anew_failed = 0;
}

/* Each interface is looked at once a FOLLOW_MS. */
static void follow(struct timer *timer, uint64_t now_ms)
{
	struct speaker *speaker = container_of(timer, struct speaker, follow);
	const struct speaker_params *params = &speaker->host.params;
	uint8_t i = speaker->followed;
	unsigned int index = transport_interface(params->interfaces[i].name);

	if (index && index != speaker->index[i]) {
		speaker->index[i] = index;
		speaker->anew |= 1u << i;
		speaker->walked[WALK_ANEW] = 0;
		follow_listeners(speaker, i);
	}
	speaker->followed = (uint8_t)((i + 1u) % params->nb_interfaces);
	timer_set(&speaker->host.timers, timer, now_ms + FOLLOW_MS / params->nb_interfaces);
}

/* --- walks over all peers --------------------------------------------------------------------- */

static void stop_step(struct speaker *speaker, struct session *session)
{
	if (session->used)
		session_stop(session, &speaker->farewell);
}

static void (*const steps[WALKS])(struct speaker *speaker, struct session *session) = {
	[WALK_STOP] = stop_step,
	[WALK_ANEW] = follow_step,
};

static bool walks(const struct speaker *speaker, enum walk walk)
{
	return speaker->walked[walk] < speaker->host.params.nb_peers;
}

static unsigned int run_walks(struct speaker *speaker)
{
	struct budget budget = budget_make(speaker->host.clock_ns, WALKS_NS);
	unsigned int n = callers_turn(&speaker->callers, &budget);

	for (enum walk walk = 0; walk < WALKS; walk++) {
		while (walks(speaker, walk)) {
			if (n++ && budget_over(&budget))
				return n;
			steps[walk](speaker, &speaker->sessions[speaker->walked[walk]++]);
		}
	}
	if (speaker->anew)
		follow_end(speaker);
	for (; speaker->host.rest; n++) {
		sendq_rest_free(&speaker->host.rest, REST);
		if (budget_over(&budget))
			break;
	}
	return n;
}

/* --- commands --------------------------------------------------------------------------------- */

static void peer_add(struct speaker *speaker, struct session *session,
		     const struct speaker_peer_add *add)
{
	assert(!session->used && add->interface < speaker->host.params.nb_interfaces);
	session_add(session, add);
	callers_add(&speaker->callers, session);
}

static void peer_remove(struct speaker *speaker, struct session *session,
			const struct speaker_peer_reset *reset)
{
	callers_remove(&speaker->callers, session);
	session->removing = true;
	session_stop(session, reset);
}

static void stop(struct speaker *speaker, const struct speaker_peer_reset *reset)
{
	speaker->host.stopping = true;
	callers_stop(&speaker->callers);
	speaker->farewell = *reset;
	speaker->walked[WALK_STOP] = 0;
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
			callers_key(&speaker->callers, session);
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
			session_send_refresh(session, command->family);
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
	struct budget budget = budget_make(speaker->host.clock_ns, COMMANDS_NS);
	unsigned int n = 0;
	size_t len;

	while ((command = mailbox_peek(speaker->from_rib, &len))) {
		if (command->type == SPEAKER_RESTARTED) {
			speaker->host.restarted = true;
		} else if (command->type == SPEAKER_STOP) {
			stop(speaker, (const struct speaker_peer_reset *)command);
		} else {
			assert(command->peer < speaker->host.params.nb_peers);
			run_peer_command(speaker, &speaker->sessions[command->peer], command);
		}
		mailbox_done(speaker->from_rib);
		n++;
		if (budget_over(&budget))
			break;
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

/* Sessions of a list, each once. */
static unsigned int run_list(struct speaker *speaker, struct session_list *list,
			     struct again *again, uint64_t ns)
{
	struct budget budget = budget_make(speaker->host.clock_ns, ns);
	struct session *session;
	unsigned int work = 0;

	while ((session = TAILQ_FIRST(list))) {
		work += run_session(session, list, again);
		if (budget_over(&budget))
			return work + !TAILQ_EMPTY(list);
	}
	return work;
}

/* Those with news first. Then those with more than fits a turn. */
static unsigned int run_sessions(struct speaker *speaker)
{
	struct again again = { TAILQ_HEAD_INITIALIZER(again.silent),
			       TAILQ_HEAD_INITIALIZER(again.others) };
	struct session_list *news = &speaker->host.news, *busy = &speaker->host.busy;
	unsigned int work = run_list(speaker, news, &again, NEWS_NS);

	work += run_list(speaker, busy, &again, BULK_NS);
	TAILQ_CONCAT(busy, &again.silent, busy);
	TAILQ_CONCAT(busy, &again.others, busy);
	return work;
}

static unsigned int run_callers(struct speaker *speaker)
{
	struct budget budget = budget_make(speaker->host.clock_ns, ACCEPT_NS);

	return callers_accept(&speaker->callers, &budget);
}

static unsigned int run_timers(struct speaker *speaker)
{
	struct budget budget = budget_make(speaker->host.clock_ns, TIMERS_NS);
	unsigned int n = 0;

	while (timers_run(&speaker->host.timers, speaker->host.now_ms, 1)) {
		n++;
		if (budget_over(&budget))
			break;
	}
	return n;
}

static void report_stopped(struct speaker *speaker)
{
	struct mailbox *to_rib = speaker->host.to_rib;
	struct speaker_event *event;

	if (walks(speaker, WALK_STOP))
		return;
	/* One that is quiet stays so. */
	for (; speaker->nb_quiet < speaker->host.params.nb_peers; speaker->nb_quiet++)
		if (!session_quiet(&speaker->sessions[speaker->nb_quiet]))
			return;
	event = mailbox_reserve(to_rib, sizeof(*event));
	if (!event)
		return;
	*event = (struct speaker_event){ SPEAKER_STOPPED, 0, 0 };
	mailbox_post(to_rib, sizeof(*event));
	speaker->stopped = true;
}

static void part_end(struct speaker *speaker, enum speaker_part part)
{
	turn_part(&speaker->turns, (uint8_t)part, speaker->host.clock_ns());
}

unsigned int speaker_turn(struct speaker *speaker, uint64_t now_ms)
{
	unsigned int work;
	size_t len;

	speaker->host.now_ms = now_ms;
	turn_begin(&speaker->turns, speaker->host.clock_ns());
	work = run_commands(speaker);
	part_end(speaker, SPEAKER_PART_COMMANDS);
	work += run_walks(speaker);
	part_end(speaker, SPEAKER_PART_WALKS);
	callers_listen(&speaker->callers, !mailbox_peek(speaker->from_rib, &len));
	poll_sockets(speaker);
	work += run_callers(speaker);
	part_end(speaker, SPEAKER_PART_ACCEPT);
	work += run_sessions(speaker);
	part_end(speaker, SPEAKER_PART_SESSIONS);
	work += run_timers(speaker);
	if (speaker->host.stopping && !speaker->stopped)
		report_stopped(speaker);
	part_end(speaker, SPEAKER_PART_TIMERS);
	turn_end(&speaker->turns, speaker->host.clock_ns());
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
		[SPEAKER_PART_COMMANDS] = "commands", [SPEAKER_PART_WALKS] = "walks",
		[SPEAKER_PART_ACCEPT] = "accept",     [SPEAKER_PART_SESSIONS] = "sessions",
		[SPEAKER_PART_TIMERS] = "timers",
	};

	return part < SPEAKER_PARTS ? names[part] : "?";
}
