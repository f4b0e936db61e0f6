/* A mailbox carries records of any length from one thread to another: single producer, single
 * consumer, no lock, no allocation, no copy but the producer's own. Records lie whole in a
 * power-of-two ring, 8-octet aligned; one that does not fit before the end starts at the front. It
 * lives in the process's own heap, so that a killed process leaves nothing behind. Back-pressure:
 * mailbox_reserve() says no, and the producer stops reading its sockets. */
#ifndef BASCULE_MAILBOX_H
#define BASCULE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wake;
struct mailbox; /* owned by whoever made it; outlives both threads' use of it */

/* `size` octets, a power of two of at least 4096. NULL: no memory. */
struct mailbox *mailbox_new(size_t size);
void mailbox_free(struct mailbox *mb);
/* Each record that is posted from now on wakes the consumer (idle.h); borrowed. NULL: it need not
 * be, as at first. */
void mailbox_wakes(struct mailbox *mb, struct wake *consumer);
/* A producer that has found no room, or too much waiting, is woken by mailbox_call(). NULL: it need
 * not be, as at first. */
void mailbox_calls(struct mailbox *mb, struct wake *producer);
/* The longest record that a mailbox of this size can ever take: a quarter of it. */
size_t mailbox_record_max(const struct mailbox *mb);

/* Producer: room for a record of at most `size` octets, or NULL if there is none now. The record is
 * invisible until mailbox_post() with its true length (> 0, <= size). A reservation may simply be
 * abandoned. */
void *mailbox_reserve(struct mailbox *mb, size_t size);
void mailbox_post(struct mailbox *mb, size_t len);
/* The same of a record that means so much work for the consumer (> 0; mailbox_post(): 1). */
void mailbox_post_weighed(struct mailbox *mb, size_t len, uint32_t weight);
/* How much work the consumer has not done yet, as far as the producer knows. */
uint64_t mailbox_waiting(const struct mailbox *mb);
/* Does work of at least `weight` wait? If so, mailbox_call() wakes the producer later, as it does
 * when there was no room. */
bool mailbox_behind(struct mailbox *mb, uint64_t weight);

/* Consumer: the oldest record, or NULL; borrowed until mailbox_done(), which drops it. */
const void *mailbox_peek(struct mailbox *mb, size_t *len);
void mailbox_done(struct mailbox *mb);
/* Consumer, when it has dropped as many records as it will this time: a producer that waits for
 * that goes on. */
void mailbox_call(struct mailbox *mb);

#ifdef __cplusplus
}
#endif
#endif
