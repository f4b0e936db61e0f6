/* One field of a row as text for people: numbers with units, times as times, lists joined. What is
 * missing or of another type than expected is "-": a newer process may send more, an older one
 * less. */
#ifndef BASCULE_CELL_H
#define BASCULE_CELL_H

#include <jansson.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CELL_TEXT = 512 };

/* Write row[field] into `buf` of CELL_TEXT octets; returns the text (in `buf`, or static). */
typedef const char *cell_fn(const json_t *row, const char *field, char *buf);

/* strings and numbers as they are, booleans as yes and no, control characters as '?' */
cell_fn cell_text;
cell_fn cell_duration;	    /* seconds: "42s", "12m03s", "5h07m", "3d04h" */
cell_fn cell_bytes;	    /* octets: "512 B", "1.5 MiB" */
cell_fn cell_list;	    /* an array of strings: "a b c" */
cell_fn cell_members;	    /* of a bond: "eth1 distributing, 0000:3b:00.1 no link" */
cell_fn cell_on_off;	    /* a boolean as "on" and "off" */
cell_fn cell_by_route;	    /* "10.9.0.0/24 of nva-a, via 10.0.2.4" */
cell_fn cell_path_next_hop; /* next_hop, and what leads to it */
cell_fn cell_gateway;	    /* an address to send to: "on link" for 0.0.0.0 */
cell_fn cell_peer_state;    /* of a peer: "Established", "Established,drained", "Idle,shutdown" */
cell_fn cell_restarting;    /* of a summary: "no", or for how much longer at most */
/* of a summary: the longest turns, "recent" or "longest" ever, and what they were spent on */
cell_fn cell_turns;
cell_fn cell_partner;	  /* of a summary: the other instance, and why it does not answer */
cell_fn cell_path_mark;	  /* of a path: ">" best, "=" used beside it, "~" stale, "!" unusable */
cell_fn cell_path_reason; /* of a path: why it won, lost, is unusable or not in every view */
cell_fn cell_next_hops;	  /* of a FIB entry: "10.0.0.1 via er0, 10.0.0.2 via er0 (unresolved)" */

#ifdef __cplusplus
}
#endif
#endif
