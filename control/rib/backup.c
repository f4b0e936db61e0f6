/* Backups: whose own path is as good as what it would learn, or better. */
#include <errno.h>

#include "rib_private.h"

uint16_t rib_gateway(const struct rib *rib, uint16_t peer)
{
	uint16_t gateway = rib->sources[peer].gateway;

	return gateway ? RIB_PEERS + gateway : peer;
}

uint16_t instance_first(const struct rib *rib, uint16_t gateway)
{
	return gateway < RIB_PEERS ? gateway : rib->groups.instances[gateway - RIB_PEERS];
}

uint16_t instance_next(const struct rib *rib, uint16_t gateway, uint16_t peer)
{
	return gateway < RIB_PEERS ? RIB_NOBODY : rib->peers[peer].next_instance;
}

void instance_move(struct rib *rib, uint16_t index, uint16_t gateway)
{
	uint16_t *heads = rib->groups.instances, was = rib->sources[index].gateway;
	struct rib_peer *peer = &rib->peers[index];

	if (was) {
		uint16_t *link = &heads[was];

		while (*link != index)
			link = &rib->peers[*link].next_instance;
		*link = peer->next_instance;
	}
	peer->next_instance = RIB_NOBODY;
	if (gateway) {
		peer->next_instance = heads[gateway];
		heads[gateway] = index;
	}
}

bool backups_have(const struct backups *backups, uint16_t gateway)
{
	for (uint32_t i = 0; i < backups->n; i++) {
		if (backups->gateway[i] == gateway)
			return true;
	}
	return false;
}

bool backups_include(const struct rib *rib, const struct backups *backups, uint16_t peer)
{
	return backups->n && backups_have(backups, rib_gateway(rib, peer));
}

static void backups_add(struct backups *backups, uint16_t gateway)
{
	/* A peer on its own has one path and is met once. */
	if (gateway < RIB_PEERS || !backups_have(backups, gateway))
		backups->gateway[backups->n++] = gateway;
}

/* The place of the last top in the chain; below 0: there is no top. */
static int last_top(const struct offers offers[CLASSES])
{
	int last = -1;

	for (unsigned int class = 0; class < CLASSES; class ++) {
		if (offers[class].top.attrs && offers[class].top.place > last)
			last = offers[class].top.place;
	}
	return last;
}

void backups_find(const struct rib *rib, uint32_t id, const struct offers offers[CLASSES],
		  struct backups *backups)
{
	const struct path *path = path_at(rib, node_at(rib, id)->first);
	int place = 0, run = 0, last; /* run: where paths begin that are equal to this one */

	backups->n = 0;
	if (!path || !path->next || (last = last_top(offers)) < 0)
		return;
	for (; path && !(path->flags & PATH_UNUSED); path = path_at(rib, path->next), place++) {
		const struct source *source = &rib->sources[path->peer];
		const struct offer *top = &offers[class_of(source)].top;

		if (!path->tie)
			run = place;
		if (run > last)
			return;
		if (source->role != ROLE_VNET && top->attrs && top->peer != path->peer &&
		    top->place >= run)
			backups_add(backups, rib_gateway(rib, path->peer));
	}
}

void backups_forget(const struct rib *rib, struct backups *backups, unsigned int class)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < backups->n; i++) {
		uint16_t peer = instance_first(rib, backups->gateway[i]);

		if (class_of(&rib->sources[peer]) != class)
			backups->gateway[kept++] = backups->gateway[i];
	}
	backups->n = kept;
}

/* --- what groups keep of them ----------------------------------------------------------------- */

static bool has_member(const struct group *group, uint16_t gateway)
{
	const struct rib *rib = group->rib;

	for (uint16_t peer = instance_first(rib, gateway); peer != RIB_NOBODY;
	     peer = instance_next(rib, gateway, peer)) {
		if (rib->peers[peer].group == group && !rib->peers[peer].cohort &&
		    class_of(&rib->sources[peer]) == group->class)
			return true;
	}
	return false;
}

static struct note *note_at(const struct groups *groups, uint32_t id)
{
	return (struct note *)slab_at(&groups->notes, id);
}

int notes_reserve(struct groups *groups)
{
	while (groups->nb_spare_notes < groups->members) {
		uint32_t id = slab_alloc(&groups->notes);

		if (!id)
			return -ENOMEM;
		note_at(groups, id)->next = groups->spare_notes;
		groups->spare_notes = id;
		groups->nb_spare_notes++;
	}
	return 0;
}

void notes_begin(struct groups *groups, const struct backups *backups)
{
	for (uint32_t i = 0; i < backups->n; i++)
		groups->seen[backups->gateway[i]] = 1;
	groups->noting = backups;
}

void notes_end(struct groups *groups)
{
	for (uint32_t i = 0; i < groups->noting->n; i++)
		groups->seen[groups->noting->gateway[i]] = 0;
	groups->noting = NULL;
}

static uint32_t note_add(struct groups *groups, uint16_t gateway, uint32_t next)
{
	uint32_t id = groups->spare_notes;
	struct note *note = note_at(groups, id);

	groups->spare_notes = note->next;
	groups->nb_spare_notes--;
	*note = (struct note){ .next = next, .gateway = gateway };
	return id;
}

/* Between notes_begin() and notes_end(): a gateway that is noted for the group is a 2 in `seen`. */
static uint32_t notes_of_members(struct group *group)
{
	const struct rib *rib = group->rib;
	struct groups *groups = &group->rib->groups;
	uint32_t first = 0;

	for (uint32_t i = 0; i < group->stream.n; i++) {
		uint16_t peer = group->stream.peers[i], gateway = rib_gateway(rib, peer);

		if (groups->seen[gateway] != 1 || class_of(&rib->sources[peer]) != group->class)
			continue;
		groups->seen[gateway] = 2;
		first = note_add(groups, gateway, first);
	}
	for (uint32_t id = first; id; id = note_at(groups, id)->next)
		groups->seen[note_at(groups, id)->gateway] = 1;
	return first;
}

/* A peer is in one group, so all groups together need no more notes than they have members. */
uint32_t notes_write(struct group *group, const struct backups *backups)
{
	struct groups *groups = &group->rib->groups;
	uint32_t first = 0;

	if (group->backups == GROUP_BACKUPS_AS_BEST)
		return 0;
	if (groups->noting == backups && group->stream.n < backups->n)
		return notes_of_members(group);
	for (uint32_t i = 0; i < backups->n; i++)
		if (has_member(group, backups->gateway[i]))
			first = note_add(groups, backups->gateway[i], first);
	return first;
}

void notes_read(struct groups *groups, uint32_t id, struct backups *backups)
{
	backups->n = 0;
	while (id) {
		struct note *note = note_at(groups, id);
		uint32_t next = note->next;

		backups->gateway[backups->n++] = note->gateway;
		note->next = groups->spare_notes;
		groups->spare_notes = id;
		groups->nb_spare_notes++;
		id = next;
	}
}
