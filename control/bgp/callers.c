/* Connections are accepted and given to the session that they are for, or handed to the RIB lcore
 * for another speaker's. The TTL and the key that each caller must have are set here and checked by
 * the kernel. */
#include "callers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ttl_filter.h"
#include "turn.h"

enum {
	ACCEPT_REST_MS = 100,
	KEYS_MS = 5000, /* between two tries to set the TCP-MD5 keys that the kernel has refused */
};

/* --- connections ------------------------------------------------------------------------------ */

/* An address as the subnet that it alone is in. */
static struct prefix host(struct addr addr)
{
	return prefix_make(addr, family_bits(addr.family));
}

static struct session *session_find(struct callers *callers, uint8_t interface, struct addr addr)
{
	struct address_book_range range = address_book_find(&callers->book, interface, host(addr));

	if (range.at == range.end)
		return NULL;
	return &callers->sessions[address_book_peer(&callers->book, range.at)];
}

/* Of those of a subnet: one that nobody has had yet, or the one that came up the longest ago. */
static struct session *session_of_subnet(struct callers *callers, struct address_book_range range)
{
	struct session *best = NULL;

	for (size_t at = range.at; at < range.end; at++) {
		struct session *session = &callers->sessions[address_book_peer(&callers->book, at)];

		if (!session_idle(session))
			continue;
		if (addr_unspecified(session->peer.addr))
			return session;
		if (!best || session->up_ms < best->up_ms)
			best = session;
	}
	return best;
}

/* An instance of a gateway from a new address: the session that it may have. */
static struct session *session_for_new(struct callers *callers, uint8_t interface, struct addr addr)
{
	struct session *session = NULL;

	for (uint8_t len = family_bits(addr.family) - 1; !session && len; len--)
		session = session_of_subnet(callers, address_book_find(&callers->book, interface,
								       prefix_make(addr, len)));
	return session;
}

static void book_add(struct callers *callers, const struct speaker_peer_add *peer)
{
	if (!addr_unspecified(peer->addr))
		address_book_add(&callers->book, peer->interface, host(peer->addr),
				 peer->head.peer);
	if (peer->subnet.len)
		address_book_add(&callers->book, peer->interface, peer->subnet, peer->head.peer);
}

static void book_remove(struct callers *callers, const struct speaker_peer_add *peer)
{
	address_book_remove(&callers->book, peer->interface, host(peer->addr), peer->head.peer);
	address_book_remove(&callers->book, peer->interface, peer->subnet, peer->head.peer);
}

static void take(struct callers *callers, struct session *session, struct addr addr)
{
	book_remove(callers, &session->peer);
	session_take(session, addr);
	book_add(callers, &session->peer);
}

static void refused(struct callers *callers, int fd, uint8_t interface, struct addr remote)
{
	char text[ADDR_TEXT];
	uint32_t held;

	transport_refuse(fd);
	if (log_limit(&callers->refused, callers->host->now_ms, &held))
		log_warning("connection from %s refused: not a configured peer on interface %s, or "
			    "its gateway has all its instances (%u more lines like this held "
			    "back)",
			    addr_text(remote, text),
			    callers->host->params.interfaces[interface].name, held);
}

/* May the connection have begun before what is asked of the peer now, its key or its TTL, was asked
 * of it? It comes again. */
static bool came_before(const struct session *session, const struct listener *l)
{
	if (session->peer.ttl_security && (l->ttl_due || listener_before(l, l->ttl_change)))
		return true;
	return listener_before(l, session->keyed);
}

static void hand_over(struct callers *callers, const struct session *session, int fd,
		      struct addr remote)
{
	struct speaker_accepted *record = mailbox_reserve(callers->host->to_rib, sizeof(*record));

	record->head = (struct speaker_event){ SPEAKER_ACCEPTED, session->peer.head.peer, 0 };
	record->fd = fd;
	record->remote = remote;
	mailbox_post(callers->host->to_rib, sizeof(*record));
}

static void accepted(struct callers *callers, int fd, const struct listener *l, struct addr remote)
{
	struct session *session = session_find(callers, l->interface, remote);

	if (!session)
		session = session_for_new(callers, l->interface, remote);
	if (!session) {
		refused(callers, fd, l->interface, remote);
		return;
	}
	if (session->barred || came_before(session, l)) {
		transport_refuse(fd);
		return;
	}
	if (!addr_equal(session->peer.addr, remote))
		take(callers, session, remote);
	if (session->peer.elsewhere)
		hand_over(callers, session, fd, remote);
	else
		session_admit(session, fd);
}

unsigned int callers_accept(struct callers *callers, const struct budget *budget)
{
	unsigned int n = 0;
	struct addr remote;
	uint32_t held;
	bool waiting = true;
	struct listener *l;

	if (callers->host->now_ms < callers->accept_ms)
		return 0;
	/* Each may have to be handed on, for which there must be room. */
	while (mailbox_reserve(callers->host->to_rib, sizeof(struct speaker_accepted))) {
		int fd = listeners_accept(&callers->listeners, &remote, &l, &waiting);

		if (!waiting)
			break;
		n++;
		if (fd >= 0) {
			accepted(callers, fd, l, remote);
		} else if (fd != -EAGAIN) {
			if (log_limit(&callers->failed, callers->host->now_ms, &held))
				log_error("cannot accept connections: %s", strerror(-fd));
			callers->accept_ms = callers->host->now_ms + ACCEPT_REST_MS;
			break;
		}
		if (budget_over(budget))
			break;
	}
	return n;
}

/* --- TTL (RFC 5082) --------------------------------------------------------------------------- */

/* Peers by address come before the subnets that they may lie in. */
static size_t ttl_rules_of(struct callers *callers, const struct listener *l)
{
	struct address_book_range range = address_book_of(&callers->book, l->interface, l->family);
	struct ttl_rule *rules = callers->ttl_rules;
	bool any = false;
	size_t n = 0;

	for (size_t at = range.at; at < range.end; at++) {
		const struct session *session =
			&callers->sessions[address_book_peer(&callers->book, at)];
		bool by_address = address_book_is_host(&callers->book, at);
		struct prefix from = session->peer.subnet;

		any |= session->peer.ttl_security;
		if (by_address && from.len)
			continue;
		if (by_address)
			from = host(session->peer.addr);
		/* a gateway's instances share their subnet */
		if (!by_address && n && prefix_equal(rules[n - 1].from, from))
			continue;
		rules[n++] = (struct ttl_rule){ from, session_ttl_min(session) };
	}
	return any ? n : 0;
}

/* All listeners of an interface must be set anew to how far away peers may be. */
static void ttl_changed(struct callers *callers, uint8_t interface)
{
	struct listeners *ls = &callers->listeners;

	for (unsigned int i = 0; i < ls->n; i++)
		if (ls->listener[i].interface == interface)
			ls->listener[i].ttl_due = callers->ttl_due = true;
}

static void ttl_again(struct callers *callers)
{
	struct listeners *ls = &callers->listeners;

	for (unsigned int i = 0; i < ls->n; i++)
		if (ls->listener[i].ttl_refused)
			ls->listener[i].ttl_due = callers->ttl_due = true;
}

/* What would help against the kernel's refusal. Linux commit 5d39580f68e6, and what has it since,
 * asks CAP_NET_ADMIN of who filters what comes to a TCP socket, which we do without. */
static const char *ttl_hint(int err)
{
	switch (err) {
	case -ENOMEM: return "; raise net.core.optmem_max (tools/setup does)";
	case -EPERM: return "; this kernel asks CAP_NET_ADMIN for more, which we do without";
	default: return "";
	}
}

/* Without it only the SYN is judged of what comes before a connection is accepted. */
static void ttl_apply(struct callers *callers, struct listener *l)
{
	int err = listener_ttl(l, callers->ttl_rules, ttl_rules_of(callers, l));
	uint32_t held;

	l->ttl_due = false;
	l->ttl_refused = err && err != -EPERM; /* that it will be for ever */
	l->ttl_change = ++callers->change;
	listener_changed(l, l->ttl_change);
	if (!err)
		return;
	if (l->ttl_refused)
		timer_set(&callers->host->timers, &callers->keys, callers->host->now_ms + KEYS_MS);
	if (log_limit(&callers->failed, callers->host->now_ms, &held))
		log_error("BGP: ttl_security holds for a connection only once it is accepted: %s%s",
			  strerror(-err), ttl_hint(err));
}

static unsigned int ttl_turn(struct callers *callers, const struct budget *budget)
{
	struct listeners *ls = &callers->listeners;
	unsigned int n = 0;

	for (unsigned int i = 0; callers->ttl_due && i < ls->n; i++) {
		if (!ls->listener[i].ttl_due)
			continue;
		if (n && budget_over(budget))
			return n;
		ttl_apply(callers, &ls->listener[i]);
		n++;
	}
	callers->ttl_due = false;
	return n;
}

void callers_listen(struct callers *callers, bool all_known)
{
	uint32_t held;
	int err;

	if (callers->listening || callers->ttl_due || !all_known)
		return;
	err = listeners_begin(&callers->listeners, callers->host->poller);
	callers->listening = !err;
	if (err && log_limit(&callers->failed, callers->host->now_ms, &held))
		log_error("BGP, port %u: %s", callers->host->params.listen_port, strerror(-err));
}

/* --- TCP-MD5 keys ----------------------------------------------------------------------------- */

/* What a socket may have for its keys is bounded; a key is some 150 octets. */
static void bar(struct callers *callers, struct session *session, int err)
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
	timer_set(&callers->host->timers, &callers->keys, callers->host->now_ms + KEYS_MS);
}

/* Who waits already came without it. */
static void key_changed(struct callers *callers, struct session *session)
{
	struct listeners *ls = &callers->listeners;

	session->keyed = ++callers->change;
	for (unsigned int i = 0; i < ls->n; i++)
		if (ls->listener[i].interface == session->peer.interface)
			listener_changed(&ls->listener[i], session->keyed);
}

/* Without its key at the listeners, the kernel would take unsigned connections from the peer. */
void callers_key(struct callers *callers, struct session *session)
{
	const struct speaker_peer_add *peer = &session->peer;
	int err = listeners_key(&callers->listeners, peer->interface, peer->addr, peer->password,
				peer->password_len);

	if (err) {
		bar(callers, session, err);
		return;
	}
	key_changed(callers, session);
	session_unbar(session);
}

/* What was in the way may be out of it: the bound was raised, other peers have gone. */
static void keys_retry(struct timer *timer, uint64_t now_ms)
{
	struct callers *callers = container_of(timer, struct callers, keys);

	ttl_again(callers);
	callers->nb_keys = 0;
}

static unsigned int keys_turn(struct callers *callers, const struct budget *budget)
{
	unsigned int n = 0;

	for (; callers->nb_keys < callers->host->params.nb_peers; callers->nb_keys++) {
		struct session *session = &callers->sessions[callers->nb_keys];

		if (n++ && budget_over(budget))
			return n;
		if (session->used && !session->removing && session->barred)
			callers_key(callers, session);
	}
	return n;
}

/* --- peers come and go ------------------------------------------------------------------------ */

int callers_open(struct callers *callers, struct session_host *host, struct session *sessions)
{
	const struct speaker_params *params = &host->params;
	int err;

	callers->host = host;
	callers->sessions = sessions;
	callers->keys.fire = keys_retry;
	callers->nb_keys = params->nb_peers;
	callers->refused = (struct log_limit){ .burst = 5, .period_ms = 10000 };
	callers->failed = (struct log_limit){ .burst = 1, .period_ms = 10000 };
	callers->ttl_rules = calloc(params->nb_peers + 1u, sizeof(*callers->ttl_rules));
	if (!callers->ttl_rules)
		return -ENOMEM;
	err = address_book_init(&callers->book, params->nb_peers);
	return err ? err : listeners_bind(&callers->listeners, params);
}

void callers_stop(struct callers *callers)
{
	listeners_close(&callers->listeners);
	timer_stop(&callers->host->timers, &callers->keys);
	callers->nb_keys = callers->host->params.nb_peers;
}

void callers_free(struct callers *callers)
{
	listeners_close(&callers->listeners);
	address_book_free(&callers->book);
	free(callers->ttl_rules);
}

void callers_add(struct callers *callers, struct session *session)
{
	const struct speaker_peer_add *peer = &session->peer;

	book_add(callers, peer);
	if (peer->ttl_security)
		ttl_changed(callers, peer->interface);
	if (peer->password_len)
		callers_key(callers, session);
}

void callers_remove(struct callers *callers, const struct session *session)
{
	const struct speaker_peer_add *peer = &session->peer;

	if (peer->password_len)
		listeners_key(&callers->listeners, peer->interface, peer->addr, NULL, 0);
	book_remove(callers, peer);
	if (peer->ttl_security)
		ttl_changed(callers, peer->interface);
}

unsigned int callers_turn(struct callers *callers, const struct budget *budget)
{
	unsigned int n = ttl_turn(callers, budget);

	return n && budget_over(budget) ? n : n + keys_turn(callers, budget);
}
