/* The state, and its text. */
#include "maintenance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "state_file.h"
#include "text.h"

static const char first_line[] = "bascule maintenance 1";

enum {
	LINE = CONFIG_NAME + MAINTENANCE_TEXT + 16, /* octets of the longest line */
	FILE_MAX = (2 * CONFIG_PEERS + 2) * LINE,
};

/* --- state ------------------------------------------------------------------------------------ */

static struct maintenance_peer *find(const struct maintenance *m, const char *name)
{
	for (size_t i = 0; i < m->nb_peers; i++)
		if (!strcmp(m->peers[i].name, name))
			return &m->peers[i];
	return NULL;
}

const struct maintenance_peer *maintenance_find(const struct maintenance *m, const char *name)
{
	return find(m, name);
}

static void drop(struct maintenance *m, struct maintenance_peer *peer)
{
	*peer = m->peers[--m->nb_peers];
}

int maintenance_set(struct maintenance *m, const struct maintenance_peer *peer)
{
	struct maintenance_peer *at = find(m, peer->name);

	if (!peer->drained && !peer->shut) {
		if (at)
			drop(m, at);
		return 0;
	}
	if (!at && m->nb_peers == m->room) {
		size_t room = m->room ? 2 * m->room : 8;
		struct maintenance_peer *more = realloc(m->peers, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		m->peers = more;
		m->room = room;
	}
	if (!at)
		at = &m->peers[m->nb_peers++];
	*at = *peer;
	return 0;
}

void maintenance_prune(struct maintenance *m, const struct config *config)
{
	for (size_t i = m->nb_peers; i-- > 0;)
		if (!config_peer_find(config, m->peers[i].name))
			drop(m, &m->peers[i]);
}

bool maintenance_text_valid(const char *text)
{
	return strlen(text) < MAINTENANCE_TEXT && text_is_harmless(text);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* "peer NAME WHAT [TEXT]". False: it says something else. */
static bool read_peer(struct maintenance *m, char *line, int *err)
{
	char *name = line + strlen("peer "), *what = strchr(name, ' '), *text;
	struct maintenance_peer peer = { .drained = false };
	const struct maintenance_peer *before;

	if (!what || what == name || what - name >= CONFIG_NAME)
		return false;
	*what++ = '\0';
	before = maintenance_find(m, name);
	if (before)
		peer = *before;
	memcpy(peer.name, name, strlen(name) + 1);
	if (!strcmp(what, "drained")) {
		peer.drained = true;
		*err |= maintenance_set(m, &peer);
		return true;
	}
	if (strncmp(what, "shutdown", strlen("shutdown")))
		return false;
	text = what + strlen("shutdown");
	if (*text && *text++ != ' ')
		return false;
	if (!maintenance_text_valid(text))
		return false;
	peer.shut = true;
	memcpy(peer.text, text, strlen(text) + 1);
	*err |= maintenance_set(m, &peer);
	return true;
}

static bool read_line(struct maintenance *m, char *line, unsigned int number, int *err)
{
	if (number == 1)
		return !strcmp(line, first_line);
	if (!strcmp(line, "instance drained"))
		return m->drained = true;
	return !strncmp(line, "peer ", strlen("peer ")) && read_peer(m, line, err);
}

static void note_broken(struct maintenance *m, unsigned int number)
{
	if (!m->broken[0])
		snprintf(m->broken, sizeof(m->broken), "line %u says nothing of maintenance",
			 number);
}

static void read_text(struct maintenance *m, char *text)
{
	unsigned int number = 0;
	int err = 0;
	char *end;

	for (; (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		if (!read_line(m, text, ++number, &err))
			note_broken(m, number);
	}
	if (*text || !number)
		note_broken(m, number + 1);
	if (err)
		snprintf(m->broken, sizeof(m->broken), "no memory for all that it says");
}

int maintenance_open(struct maintenance *m, const char *path)
{
	char *text;
	int found, err;

	*m = (struct maintenance){ .drained = false };
	snprintf(m->path, sizeof(m->path), "%s", path);
	err = state_file_open(path, FILE_MAX, &text, &found, &m->file);
	if (err)
		return err;
	if (text)
		read_text(m, text);
	else if (found != -ENOENT)
		snprintf(m->broken, sizeof(m->broken), "%s", strerror(-found));
	free(text);
	if (m->broken[0])
		log_error("%s: %s; what was out of service may be in service again", path,
			  m->broken);
	return 0;
}

void maintenance_close(struct maintenance *m)
{
	state_file_close(m->file);
	free(m->peers);
	*m = (struct maintenance){ .drained = false };
}

/* --- writing ---------------------------------------------------------------------------------- */

/* The whole text, for the caller to free; NULL: no memory. */
static char *text_of(const struct maintenance *m)
{
	size_t size = (2 * m->nb_peers + 2) * LINE, len;
	char *text = malloc(size);

	if (!text)
		return NULL;
	len = (size_t)snprintf(text, size, "%s\n%s", first_line,
			       m->drained ? "instance drained\n" : "");
	for (size_t i = 0; i < m->nb_peers; i++) {
		const struct maintenance_peer *peer = &m->peers[i];

		if (peer->drained)
			len += (size_t)snprintf(text + len, size - len, "peer %s drained\n",
						peer->name);
		if (peer->shut)
			len += (size_t)snprintf(text + len, size - len, "peer %s shutdown%s%s\n",
						peer->name, peer->text[0] ? " " : "", peer->text);
	}
	return text;
}

uint64_t maintenance_store(struct maintenance *m)
{
	char *text = text_of(m);
	uint64_t ticket;

	m->broken[0] = '\0';
	if (!text)
		return 0;
	if (state_file_state(m->file) != -EINPROGRESS)
		m->wanted_ms = m->now_ms;
	ticket = state_file_want(m->file, text);
	free(text);
	return ticket;
}

int maintenance_stored(const struct maintenance *m, uint64_t ticket)
{
	return ticket ? state_file_result(m->file, ticket) : -ENOMEM;
}

const char *maintenance_trouble(const struct maintenance *m, char *buf, size_t size)
{
	uint64_t ms = m->now_ms - m->wanted_ms;
	int state = state_file_state(m->file);

	if (!m->broken[0] && (!state || (state == -EINPROGRESS && ms < MAINTENANCE_SLOW_MS)))
		return NULL;
	if (m->broken[0])
		snprintf(buf, size, "%s", m->broken);
	else if (state == -EINPROGRESS)
		snprintf(buf, size, "has not been written within %llu s",
			 (unsigned long long)ms / 1000);
	else
		snprintf(buf, size, "cannot be written: %s", strerror(-state));
	return buf;
}
