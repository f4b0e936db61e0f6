/* A group's queue of changed prefixes. Each source has a lane of its own, in which what it caused
 * stands in order, and the lanes take turns: QUANTUM entries each. A source that had nothing in the
 * queue comes before those that wait for another turn; when it has had its first turn it waits
 * behind them, even with nothing left, so that one which says a little often holds up nobody (the
 * scheduler of RFC 8290 4.2, with entries for octets). A prefix is in the queue once, in the lane
 * of whoever changed it first, and has no order with others: any order of prefixes is right.
 *
 * What had been put off (rib_put_off()) is one lane for all sources, with longer turns; it has
 * waited, so it never comes before others. While there is nothing else, and more of it is on the
 * way, some of it gathers: what is announced together has fewer, larger writes to each peer. */
#include <errno.h>
#include <stdlib.h>

#include "group.h"
#include "rib_private.h"

enum {
	QUANTUM = 32,
	PUT_OFF_QUANTUM = 256,
	GATHERED = 2048, /* entries, or flushes of none, and it goes */
	GATHER_FLUSHES = 8,
};

int queue_init(struct queue *queue, uint16_t nb_peers)
{
	queue->lanes = (struct lane *)calloc((size_t)nb_peers + 2, sizeof(*queue->lanes));
	queue->put_off = (uint16_t)(nb_peers + 1);
	return queue->lanes ? 0 : -ENOMEM;
}

void queue_fini(struct queue *queue)
{
	free(queue->lanes);
	queue->lanes = NULL;
}

static struct entry *entry_at(const struct groups *groups, uint32_t id)
{
	return (struct entry *)slab_at(&groups->entries, id);
}

void entry_spare(struct groups *groups, uint32_t id)
{
	entry_at(groups, id)->next = groups->spare;
	groups->spare = id;
	groups->nb_spare++;
}

void entry_drop(struct rib *rib, const struct entry *entry)
{
	if (entry->top)
		attrs_put(rib->params.attrs, entry->top);
	if (entry->alt)
		attrs_put(rib->params.attrs, entry->alt);
}

/* --- lanes ------------------------------------------------------------------------------------ */

static void lane_append(struct queue *queue, struct lanes *lanes, uint16_t number)
{
	if (lanes->last)
		queue->lanes[lanes->last - 1].next = number;
	else
		lanes->first = number;
	lanes->last = number;
	queue->lanes[number - 1].next = 0;
}

static uint16_t lane_pop(struct queue *queue, struct lanes *lanes)
{
	uint16_t number = lanes->first;

	lanes->first = queue->lanes[number - 1].next;
	if (!lanes->first)
		lanes->last = 0;
	return number;
}

/* The turn of the first lane is over. */
static void lane_rotate(struct queue *queue)
{
	struct lanes *from = queue->fresh.first ? &queue->fresh : &queue->rest;
	bool was_fresh = from == &queue->fresh;
	uint16_t number = lane_pop(queue, from), first;
	struct lane *lane = &queue->lanes[number - 1];

	if (lane->head || was_fresh)
		lane_append(queue, &queue->rest, number);
	else
		lane->listed = false;
	first = queue->fresh.first ? queue->fresh.first : queue->rest.first;
	queue->quantum = first == queue->put_off + 1 ? PUT_OFF_QUANTUM : QUANTUM;
}

/* The lane whose turn it is, with something in it; the queue is not empty. */
static struct lane *lane_current(struct queue *queue)
{
	for (;;) {
		uint16_t first = queue->fresh.first ? queue->fresh.first : queue->rest.first;
		struct lane *lane = &queue->lanes[first - 1];

		if (lane->head && queue->quantum)
			return lane;
		lane_rotate(queue);
	}
}

/* --- entries ---------------------------------------------------------------------------------- */

/* An entry behind those of a lane. */
static void lane_push(struct groups *groups, struct lane *lane, const struct entry *with)
{
	uint32_t id = groups->spare;
	struct entry *entry = entry_at(groups, id);

	groups->spare = entry->next;
	groups->nb_spare--;
	__builtin_prefetch(entry_at(groups, groups->spare), 1); /* in no order by now */
	*entry = *with;
	entry->next = 0;
	if (lane->head)
		entry_at(groups, lane->tail)->next = id;
	else
		lane->head = id;
	lane->tail = id;
}

/* An entry into the lane of a source. */
static void lane_add(struct group *group, uint16_t source, const struct entry *with)
{
	struct queue *queue = &group->queue;
	struct lane *lane = &queue->lanes[source];

	lane_push(&group->rib->groups, lane, with);
	queue->count++;
	queue->nb_put_off += source == queue->put_off;
	if (lane->listed)
		return;
	lane->listed = true;
	if (source == queue->put_off) {
		lane_append(queue, &queue->rest, (uint16_t)(source + 1));
		return;
	}
	/* One that interrupts a turn begins a turn of its own. */
	if (!queue->fresh.first)
		queue->quantum = QUANTUM;
	lane_append(queue, &queue->fresh, (uint16_t)(source + 1));
}

void queue_add(struct group *group, uint32_t node, const struct outlook *outlook)
{
	const struct offers *before = &outlook->offers[group->class];
	struct entry entry = {
		.top = before->top.attrs ? attrs_get(before->top.attrs) : NULL,
		.alt = before->alt.attrs ? attrs_get(before->alt.attrs) : NULL,
		.node = node,
		.notes = notes_write(group, &outlook->backups),
		.top_peer = before->top.peer,
		.alt_peer = before->alt.peer,
		.top_yields = before->top.yields,
		.alt_yields = before->alt.yields,
	};

	lane_add(group, group->rib->cause, &entry);
}

void queue_back(struct group *group, const struct entry *taken, const struct backups *backups)
{
	struct entry entry = *taken;

	entry.notes = notes_write(group, backups);
	bitmap_add(&group->dirty, entry.node);
	lane_add(group, group->rib->params.nb_peers, &entry);
}

bool queue_gathers(struct queue *queue, bool more)
{
	if (!queue->count || !more || queue->nb_put_off < queue->count ||
	    queue->flushes == GATHER_FLUSHES)
		return false;
	queue->flushes = queue->count < GATHERED ? queue->flushes + 1 : GATHER_FLUSHES;
	return queue->flushes < GATHER_FLUSHES;
}

bool queue_take(struct group *group, struct entry *taken, struct backups *backups)
{
	struct groups *groups = &group->rib->groups;
	struct queue *queue = &group->queue;
	struct lane *lane;
	uint32_t id;

	if (!queue->count)
		return false;
	lane = lane_current(queue);
	id = lane->head;
	*taken = *entry_at(groups, id);
	lane->head = taken->next;
	if (!--queue->count)
		queue->flushes = 0;
	queue->nb_put_off -= lane == &queue->lanes[queue->put_off];
	queue->quantum--;
	entry_spare(groups, id);
	notes_read(groups, taken->notes, backups);
	bitmap_remove(&group->dirty, taken->node);
	return true;
}
