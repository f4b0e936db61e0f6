/* The inside of the RIB, for the files of this folder alone: rib.c changes it, sweep.c and resort.c
 * do so in slices, view.c reads it, fib_changes.c hands on what the FIB has to follow; for the
 * update groups mark.c notes what has changed, group.c who is a member, flush.c works it off. */
#ifndef BASCULE_RIB_PRIVATE_H
#define BASCULE_RIB_PRIVATE_H

#include "bitmap.h"
#include "group.h"
#include "prefix_table.h"
#include "rib.h"
#include "slab.h"

enum {
	NODES_MAX = 1 << 24, /* prefixes */
	PATHS_MAX = 1 << 26,
	/* expressroute, vpn, nva and those who learn VNets alone, each by eBGP and iBGP: one class
	 * learns the same paths */
	CLASSES = 8,
	IBGP_CLASSES = 0xaa, /* odd ones */
	ALL_CLASSES = 0xff,
};

/* A prefix. Kept while it has paths, or while somebody still has to learn that it has none. */
struct node {
	uint32_t addr; /* the table's */
	uint8_t len;
	uint8_t refused; /* bit a role: its view has no room; its peers learn no path */
	uint16_t paths;
	uint32_t first; /* path id of the best, 0: none */
};
PREFIX_TABLE_ITEM(struct node);
static_assert(sizeof(struct node) == 12, "a million prefixes in 12 MB");

/* What the rib keeps of a peer beside its source. */
struct rib_peer {
	uint16_t epoch;	      /* counts session losses: paths of earlier epochs are stale */
	uint16_t sweep_age;   /* paths at least so many epochs old are being withdrawn; 0: none */
	uint32_t paths;	      /* in the table; of those: */
	uint32_t stale;	      /* of earlier epochs */
	uint32_t unusable;    /* their next hops do not resolve */
	uint32_t reflections; /* what we announce to it, come back */
	struct prefix reflected; /* of the last one */
	uint64_t digest;	 /* of its paths: attrs_digest() */
	struct group *group;	 /* borrowed; NULL: no member of any */
	struct cohort *cohort;	 /* borrowed; NULL: in its group's stream */
	uint16_t next_instance;	 /* of its gateway; RIB_NOBODY: the last, or on its own */
};

/* Which paths use which next hop, and which next hops have changed: see hops.c. */
struct hops {
	struct range items, links; /* owned */
	uint32_t end;		   /* ids below have been in use */
	size_t first_bytes;	   /* that the hops own */
	uint32_t due, due_last;	   /* the queue: hop ids, 0: it is empty */
	uint32_t seen;		   /* paths that the one in front has had looked at in this turn */
};

/* What a class of groups may learn about a prefix. Borrowed attributes; peer is 0 if there are
 * none. */
struct offer {
	const struct attrs *attrs;
	uint16_t peer;
	uint16_t place; /* in the chain, from 0; counts for nothing when offers are compared */
	bool yields;	/* a backup to any member of an iBGP class: path.yields */
};

static inline bool offer_equal(const struct offer *a, const struct offer *b)
{
	return a->attrs == b->attrs && a->peer == b->peer && a->yields == b->yields;
}

struct offers {
	struct offer top, alt; /* alt: the best of another peer than top's */
};

/* What there is to announce for a prefix, to everybody. */
struct outlook {
	struct offers offers[CLASSES];
	struct backups backups; /* of the class that a gateway is in */
};

/* A prefix in a group's queue, with what its members had learned. */
struct entry {
	const struct attrs *top, *alt; /* one reference each, if not NULL */
	uint32_t next, node;
	uint32_t notes; /* whom it had been a backup to */
	uint16_t top_peer, alt_peer;
	bool top_yields, alt_yields;
};

/* Entries that one source has caused, oldest first, and the source whose turn comes after its. */
struct lane {
	uint32_t head, tail; /* entry ids */
	uint16_t next;	     /* lane + 1 */
	bool listed;
};

struct lanes {
	uint16_t first, last; /* lane + 1; 0: none */
};

/* A group's queue: see queue.c. */
struct queue {
	/* owned: nb_peers, one for what no peer caused, and one for what had been put off */
	struct lane *lanes;
	uint16_t put_off; /* the last lane */
	struct lanes fresh, rest;
	uint32_t quantum;	    /* entries that the first lane may still give */
	uint32_t count, nb_put_off; /* entries; of them, in that lane */
	uint8_t flushes;	    /* of none since it was empty: queue_gathers() */
};

/* A gateway that has members in an entry's group, to whom top had been a backup. */
struct note {
	uint32_t next;
	uint16_t gateway;
	uint16_t reserved;
};

/* The offer that a peer gets: nobody hears its own route back. */
static inline const struct offer *offer_to(const struct offers *offers, uint16_t peer)
{
	return offers->top.attrs && offers->top.peer == peer ? &offers->alt : &offers->top;
}

struct audience {
	uint16_t *peers; /* owned */
	uint32_t n, capacity;
};

/* Members of a group outside its stream that must all learn the same. A prefix up to `dumped`
 * changes: it is pending. One above will be seen by the dump; if `knows`, they may have learned it
 * before, so it is pending as well. */
struct cohort {
	struct cohort *next;
	struct audience audience;
	struct bitmap pending; /* nodes to announce anew, or to withdraw */
	uint32_t cursor;       /* into `pending` */
	uint32_t dumped;       /* node ids up to here have been announced; DUMP_DONE: all */
	bool knows, end_of_rib, lagging;
	uint64_t stamp; /* as of a group */
};
enum { DUMP_DONE = UINT32_MAX };

/* Has it been told everything? */
static inline bool cohort_told(const struct cohort *cohort)
{
	return cohort->dumped == DUMP_DONE && !cohort->pending.count;
}

/* A group that somebody watches. Prefixes up to `seen` have been shown; those of them that changed
 * since are pending. */
struct watch {
	bool on;
	uint32_t seen;	 /* node ids; DUMP_DONE: all */
	uint32_t cursor; /* into `pending` */
	struct bitmap pending;
};

struct group {
	struct group *next; /* of its class */
	struct rib *rib;    /* borrowed */
	uint8_t class;
	bool vnets; /* learns VNet prefixes */
	enum group_backups backups;
	uint32_t members;
	uint64_t
		/* rib->version of the last change that makes a difference to one of the stream by
		 * its gateway */
		stamp;
	struct audience stream;
	struct cohort *cohorts;
	struct bitmap dirty; /* nodes in the queue */
	struct queue queue;
	struct watch watch;
};

/* The matrix as announcements see it. While a change is applied, nodes from `cursor` on are still
 * under the old one. */
struct matrix_walk {
	uint64_t allow, next;
	uint32_t cursor; /* 0: no walk */
	bool again;	 /* `next` differs: walk again after this */
	bool review;	 /* likewise, to ask which prefixes count */
	bool reviewing;	 /* this walk does */
	uint8_t classes[ROLE_COUNT],
		classes_old[ROLE_COUNT]; /* by the source's role: bit mask of classes */
};

/* The bound on what ExpressRoute gateways learn. A prefix that they might learn takes one of `max`
 * seats; it is held back while none is free, or is exempt if it does not count (rib_params.counts).
 * A bit a node each. */
struct seats {
	uint32_t max;
	struct bitmap taken, held, exempt;
};

struct groups {
	struct group *of_class[CLASSES];
	struct group *leaving; /* owned: freed, and not let go of yet */
	uint32_t nb_groups;
	struct matrix_walk matrix;
	struct seats seats;
	uint32_t tops[CLASSES];	 /* prefixes that have a top */
	uint32_t vnets[CLASSES]; /* of those: VNet prefixes */
	uint32_t *sole[CLASSES]; /* owned, by peer: tops of that peer without an alt */
	/* Prefixes that members do not learn if they do not learn backups: owned, by gateway: to
	 * which top is a backup; by peer: tops of its own, but for those that are backups to its
	 * gateway. */
	uint32_t *backups, *own;
	uint16_t instances[RIB_GATEWAYS]; /* the first of each gateway; RIB_NOBODY: none */
	uint8_t *seen;			  /* owned, by gateway: scratch, all 0 between calls */
	const struct backups *noting;	  /* those that `seen` is of; NULL: others, or none */
	struct slab notes;
	uint32_t spare_notes, nb_spare_notes; /* in no entry */
	uint32_t members; /* of all groups: as many notes as one node may need */
	struct slab entries;
	uint32_t spare, nb_spare; /* entries not in a queue */
	uint32_t capacity;	  /* of every bitmap */
	struct flush *flush;	  /* owned: flush.c's workspace */
};

struct rib {
	struct rib_params params;
	struct prefix_table nodes;
	struct slab paths;
	uint32_t prefixes;	 /* nodes with paths */
	uint32_t refused;	 /* nodes that some view has no room for */
	struct source *sources;	 /* owned, nb_peers */
	struct rib_peer *peers;	 /* owned, nb_peers */
	struct path **sort;	 /* owned, nb_peers: to sort one chain */
	struct reflect *reflect; /* owned: reflection.c's workspace */
	uint64_t version;	 /* see rib_version() */
	uint64_t spent;		 /* see rib_spent() */
	/* the peer whose doing changes are at present; nb_peers: nobody's; and one more: that of
	 * several, whose announcements were put off */
	uint16_t cause;
	struct bitmap changes; /* for the FIB */
	uint32_t changes_cursor;
	struct bitmap put_off; /* nodes with undecided paths: undecided.c */
	uint32_t put_off_cursor;
	uint16_t put_off_sources;	  /* as rib_put_off() was told */
	struct bitmap wide;		  /* likewise, one by one */
	uint32_t wide_cursor, wide_taken; /* taken: by rib_wide_begin(); 0: none */
	uint64_t wide_rounds;
	struct slab_round sweep;  /* of paths */
	struct slab_round resort; /* of nodes */
	struct hops hops;
	struct groups groups;
};

static inline struct node *node_at(const struct rib *rib, uint32_t id)
{
	return (struct node *)rib->nodes.items.items.base + id; /* slab_at(), of a known size */
}

static inline struct path *path_at(const struct rib *rib, uint32_t id)
{
	return id ? (struct path *)rib->paths.items.base + id : NULL;
}

/* What a change of this node costs beyond the change of a node that has few paths, in units of the
 * latter (rib_spent()): all its paths and all groups are looked at. */
static inline uint32_t node_cost(const struct rib *rib, uint32_t id)
{
	return node_at(rib, id)->paths / 4u + rib->groups.nb_groups / 16;
}

/* `seen` things were looked at, and changed, since rib->spent was `before`. */
static inline size_t cost_since(const struct rib *rib, uint64_t before, size_t seen)
{
	return seen + (size_t)(rib->spent - before);
}

/* The node of `prefix`, with paths or without; 0: none. */
uint32_t node_find(const struct rib *rib, const struct prefix *prefix);
/* Free the node if it has no paths and nobody needs it any more. */
void node_release(struct rib *rib, uint32_t id);
/* The same for several, each named once: their memory is waited for together. `ids` is scratch
 * afterwards. */
void nodes_release(struct rib *rib, uint32_t *ids, size_t n);

/* --- hops.c ----------------------------------------------------------------------------------- */

int hops_init(struct rib *rib);
void hops_fini(struct rib *rib);
size_t hops_bytes(const struct rib *rib);
/* Room for what stands for a next hop, and for any path there is and one more by way of it.
 * -ENOMEM. hop_put() if no path is linked to it after all. */
int hop_get(struct rib *rib, uint32_t hop);
void hop_put(struct rib *rib, uint32_t hop);
/* The path uses the next hop from now on; or no longer. */
void hop_link(struct rib *rib, uint32_t hop, uint32_t path);
void hop_unlink(struct rib *rib, uint32_t hop, uint32_t path);
/* The next path whose next hop has changed; 0: none is left. */
uint32_t hops_next(struct rib *rib);
bool hops_settled(const struct rib *rib);

/* --- reflection.c ----------------------------------------------------------------------------- */

struct reflect *reflect_new(uint16_t nb_peers);
void reflect_free(struct reflect *reflect);
size_t reflect_bytes(const struct rib *rib);
/* Say of each of a node's paths whether it is a reflection, and sort them anew if that has changed.
 * `classes`: the matrix that the node is under. The caller has taken groups_outlook() before and
 * marks the difference. Returns whether anything has changed. */
bool reflections_judge(struct rib *rib, uint32_t node, const uint8_t *classes);

/* --- rib.c ------------------------------------------------------------------------------------ */

static inline uint32_t path_id(const struct rib *rib, const struct path *path)
{
	return (uint32_t)(((const uint8_t *)path - rib->paths.items.base) / sizeof(*path));
}

/* The path of a peer: what is decided on comes first. */
struct path *chain_find(const struct rib *rib, const struct node *node, uint16_t peer);
void chain_remove(struct rib *rib, struct node *node, const struct path *path);
/* A path that is in no chain takes its place among those that are decided on. */
void chain_insert(struct rib *rib, struct node *node, struct path *path);
/* Sort a node's whole chain. Returns whether the order changed, or what is equal to what, or yields
 * to whom. */
bool chain_sort(struct rib *rib, struct node *node);
void path_set_flags(struct rib *rib, struct path *path, uint8_t flags);
/* The flags of a path with these attributes from `peer`, but for those that depend on other
 * paths. */
uint8_t path_flags(const struct rib *rib, uint16_t peer, const struct attrs *attrs);
/* A new, empty path of `peer` for a prefix, in no chain. NULL: no memory. */
struct path *path_new(struct rib *rib, const struct rib_place *at, uint16_t peer);
/* The peer has said it in this session: no longer stale. */
void path_refresh(struct rib *rib, struct path *path);
/* What `what` is to its peer, which has said `last` before (NULL: nothing). */
enum rib_announced announced(const struct rib *rib, const struct path *last,
			     const struct path *what);
/* groups_mark() for a change that this peer has caused. */
void mark_for(struct rib *rib, uint16_t peer, uint32_t node, const struct outlook *before);

/* Would nobody see a difference if the path had these flags from now on? That it is stale is not
 * seen while the prefix has no other path. */
static inline bool path_flags_alike(const struct rib *rib, const struct path *path, uint8_t flags)
{
	const struct path *first = path_at(rib, node_at(rib, path->node)->first);

	return flags == path->flags || ((flags ^ path->flags) == PATH_STALE && !first->next);
}

/* The views of these roles, a bit each, have no room for the node. */
static inline void node_refuse(struct rib *rib, struct node *node, uint8_t roles)
{
	rib->refused += roles != 0;
	rib->refused -= node->refused != 0;
	node->refused = roles;
}

/* Take out what the path's peer says of its prefix, be it decided on or not, and mark what is lost
 * by it. The caller has reserved. */
void path_withdraw(struct rib *rib, struct path *path);

/* --- undecided.c ------------------------------------------------------------------------------ */

/* The peer's undecided path; NULL: there is none. */
struct path *undecided_find(const struct rib *rib, uint32_t node, uint16_t peer);
/* rib_announce_at() what is put off: `what` has peer, attributes, local_pref and learned_s. */
int path_put_off(struct rib *rib, const struct rib_place *at, const struct path *what);
/* An undecided path is no more; its peer still counts it. */
void undecided_drop(struct rib *rib, struct path *path);
/* Decide on the undecided paths of a node, which has some. The caller has reserved. */
void node_decide(struct rib *rib, uint32_t node);

/* --- sweep.c, resort.c ------------------------------------------------------------------------ */

/* Slices, of `budget` prefixes or paths; each returns how many were looked at. */
size_t sweep_turn(struct rib *rib, size_t budget);
size_t resort_turn(struct rib *rib, size_t budget);
/* Judge the paths whose next hops have changed. */
size_t hops_turn(struct rib *rib, size_t budget);
/* What is to be said of a path now. */
uint8_t path_flags_now(const struct rib *rib, const struct path *path);

/* --- backup.c --------------------------------------------------------------------------------- */

/* The class that the source's groups are of, unless it is held. */
static inline unsigned int class_of(const struct source *source)
{
	return source->role * 2u + source->ibgp;
}
enum { RIB_NOBODY = UINT16_MAX };
/* The instances of a gateway, one after the other; RIB_NOBODY: no more. */
uint16_t instance_first(const struct rib *rib, uint16_t gateway);
uint16_t instance_next(const struct rib *rib, uint16_t gateway, uint16_t peer);
/* The peer becomes an instance of another source.gateway. */
void instance_move(struct rib *rib, uint16_t peer, uint16_t gateway);
/* For each class that has a top: the gateways of that class that have a path beside it which is as
 * good, or better. */
void backups_find(const struct rib *rib, uint32_t node, const struct offers offers[CLASSES],
		  struct backups *backups);
bool backups_have(const struct backups *backups, uint16_t gateway);
/* Take those out that are of this class. */
void backups_forget(const struct rib *rib, struct backups *backups, unsigned int class);
/* Make sure that notes_write() cannot fail, for one node in all groups. 0 or -ENOMEM. */
int notes_reserve(struct groups *groups);
/* A note keeps, for an entry of a group's queue, those gateways of `backups` that have members in
 * the group's stream. notes_write() makes one, and notes_read() reads it once and frees it. Between
 * notes_begin() and notes_end(), which use `seen`, notes of many groups cost as much as the groups
 * have members. */
void notes_begin(struct groups *groups, const struct backups *backups);
void notes_end(struct groups *groups);
uint32_t notes_write(struct group *group, const struct backups *backups);
void notes_read(struct groups *groups, uint32_t notes, struct backups *backups);

/* Does the FIB still have to follow a wide prefix, so that nobody may learn it? */
static inline bool node_waits(const struct rib *rib, uint32_t id)
{
	return rib->wide_taken == id || bitmap_has(&rib->wide, id);
}

/* --- mark.c ----------------------------------------------------------------------------------- */

void matrix_init(struct matrix_walk *matrix, uint64_t allow);
/* For each source role, the classes that may learn its routes under `allow`. The class of
 * ROLE_VNET is of those that learn the VNets' own alone. */
void classes_by_source(uint64_t allow, uint8_t classes[ROLE_COUNT]);
/* The classes that may learn some path for a node, if the views of the roles `refused` have no
 * room for it. */
uint8_t classes_open(const struct rib *rib, uint32_t node, uint8_t refused);
/* What the classes in `want` may learn about a node, before the bound on ExpressRoute gateways;
 * the others' offers stay empty. */
void offers_under(const struct rib *rib, uint32_t node, const uint8_t *classes, uint8_t want,
		  struct offers *offers);
/* Is it for ExpressRoute gateways, so that it needs one of their seats, if it counts? Take what is
 * for them out. */
bool seat_needed(const struct rib *rib, uint32_t node, const struct outlook *outlook);
void seat_deny(const struct rib *rib, struct outlook *outlook);
bool seats_settled(const struct rib *rib); /* nobody waits for a seat that is free */
/* Make sure that the next groups_mark() cannot fail, for one node, even a new one. 0 or -ENOMEM. */
int groups_reserve(struct rib *rib);
/* For each source role, the classes that may learn its routes for this node now. */
const uint8_t *classes_of(const struct rib *rib, uint32_t node);
/* What there is to announce for a node now. */
void groups_outlook(const struct rib *rib, uint32_t node, struct outlook *outlook);
/* A node has changed: `before` is what groups_outlook() said then; its attributes still have a
 * reference. */
void groups_mark(struct rib *rib, uint32_t node, const struct outlook *before);
/* Does some group still have to announce this node, or to withdraw it? */
bool groups_need(const struct rib *rib, uint32_t node);
/* A slice of a matrix change; returns the nodes looked at. */
size_t groups_turn(struct rib *rib, size_t budget);
/* Leave in `offers`, which are those of the group's class for a node, only what this group may
 * learn. */
void offers_restrict(const struct group *group, struct offers *offers);
/* What one group may learn about a node now. */
void group_outlook(const struct group *group, uint32_t node, struct offers *offers,
		   struct backups *backups);

/* --- queue.c ---------------------------------------------------------------------------------- */

int queue_init(struct queue *queue, uint16_t nb_peers); /* -ENOMEM */
/* an empty one, or one that is not initialised */
void queue_fini(struct queue *queue);
/* A node that is not in the queue, with what members had learned for it. groups_reserve() has seen
 * to it that there is a spare entry. */
void queue_add(struct group *group, uint32_t node, const struct outlook *before);
/* What was taken, back into it: a lane of nobody's. */
void queue_back(struct group *group, const struct entry *entry, const struct backups *backups);
/* Before a flush: is it better made later? `more`: there is more that had been put off, and comes
 * soon. */
bool queue_gathers(struct queue *queue, bool more);
/* Take the next entry off the queue. Its references are the caller's, `backups` is what its notes
 * said. False: the queue is empty. */
bool queue_take(struct group *group, struct entry *entry, struct backups *backups);
void entry_spare(struct groups *groups, uint32_t id); /* one more that is in no queue */
void entry_drop(struct rib *rib, const struct entry *entry);

/* --- group.c ---------------------------------------------------------------------------------- */
/* May more be sent to all of them now? */
bool audience_ready(const struct rib *rib, const struct audience *audience);

int groups_init(struct rib *rib);
void groups_fini(struct rib *rib);
size_t groups_bytes(const struct rib *rib);
/* The cohort whose turn it is to be sent something, or to be merged; NULL: none. Abandoned ones
 * too, whose audience is empty. */
struct cohort *cohort_turn(struct group *group);
/* Of a cohort that keeps no nodes. */
void cohort_free(struct group *group, struct cohort *cohort);
/* All members of the cohort have learned everything, and nothing is queued for the stream: they are
 * in it, the cohort is no more. */
void cohort_merge(struct group *group, struct cohort *cohort);

/* --- retire.c --------------------------------------------------------------------------------- */

/* A slice of what groups that have been freed leave behind, and of the memory that queues need no
 * more; returns about how many nodes that is worth. */
size_t groups_retire(struct rib *rib, size_t budget);

/* --- flush.c ---------------------------------------------------------------------------------- */

struct flush *flush_new(void);
void flush_free(struct flush *flush);

#endif
