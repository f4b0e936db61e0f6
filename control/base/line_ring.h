/* A ring of lines between many threads that have something to say and one that writes it down. No
 * lock, no allocation, no system call: putting a line takes a copy of it, and a full ring refuses
 * it and counts. Lines come out in the order in which they were put. How many were refused is said
 * by the line behind the gap, or by line_ring_refused() when there is none.
 *
 * Each slot has a number: `i` while it waits for the i-th line, i + 1 when it holds that, and i +
 * LINE_RING when it waits for the one that comes a round later. */
#ifndef BASCULE_LINE_RING_H
#define BASCULE_LINE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	LINE_RING = 512,      /* lines; a power of two */
	LINE_RING_LEN = 1024, /* octets of one */
};

struct line {
	uint64_t number;
	uint32_t refused; /* between the line before and this one */
	uint32_t len;
	char text[LINE_RING_LEN];
};

struct line_ring {
	struct line lines[LINE_RING];
	uint64_t next;	  /* number of the next line to be put: producers' */
	uint64_t done;	  /* of the next one to come out: the consumer's */
	uint32_t refused; /* since the last one that was put */
};

void line_ring_init(struct line_ring *ring);

/* Any thread: `len` octets, at most LINE_RING_LEN. False: there is no room; counted. */
bool line_ring_put(struct line_ring *ring, const char *text, size_t len);
/* How many have been put so far, and how many of those are through. */
uint64_t line_ring_count(const struct line_ring *ring);
uint64_t line_ring_through(const struct line_ring *ring);

/* Consumer: the next line, borrowed until line_ring_done(); NULL: there is none, or a thread is
 * about to put it. */
const struct line *line_ring_peek(const struct line_ring *ring);
void line_ring_done(struct line_ring *ring);
/* Consumer, behind the last line: how many were refused since. Answered once. */
uint32_t line_ring_refused(struct line_ring *ring);

#ifdef __cplusplus
}
#endif
#endif
